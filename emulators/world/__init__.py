"""The local world: emulators, functions and workbench on one machine, with a sample agency."""

import sys
from pathlib import Path

# ``functions-framework`` puts the folder of ``main.py`` on the path; other processes need it too.
sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))
