"""Local servers in place of the outside systems, with their real wire protocols."""
