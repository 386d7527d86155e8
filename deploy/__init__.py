"""Makes an installation on Google Cloud: ``make deploy``. docs/deploy.md is its manual.

Needs nothing but Python and the Google Cloud CLI, because it also runs in Cloud Build.
"""

import sys
from pathlib import Path

#: The root of the checkout.
ROOT = Path(__file__).resolve().parents[1]

# ``functions-framework`` puts the folder of ``main.py`` on the path; other processes need it too.
sys.path.insert(0, str(ROOT / "functions"))
