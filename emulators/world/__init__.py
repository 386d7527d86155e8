"""Everything on one machine: the emulators, the functions and the workbench, with a sample agency."""

import sys
from pathlib import Path

# ``functions-framework`` puts the folder of ``main.py`` on the path; whoever runs beside it does the same.
sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))
