"""Measurements that are run by hand and by CI. The product imports none of them."""

import sys
from pathlib import Path

# Run as ``python -m benchmarks.…`` from the root of the repository.
sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))
