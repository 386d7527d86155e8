"""Reads one day of each source of facts that the installation is connected to."""
