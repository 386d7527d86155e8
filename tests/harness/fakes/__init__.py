"""The ports in memory: what unit tests of use cases and jobs run on. No sockets, no files, no waiting."""
