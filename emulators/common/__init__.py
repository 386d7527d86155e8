"""Code shared by all emulators: control endpoints, faults, a state file, a server."""
