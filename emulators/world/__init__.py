"""Everything on one machine: the emulators, the functions and the workbench, with a sample agency."""
