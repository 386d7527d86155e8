"""What every emulator shares: control endpoints, faults, a state file, a server."""
