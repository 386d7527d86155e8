"""How long each entry point waits for an outside system that hangs; see ``benchmarks/README.md``."""
