"""``spreadsheets.batchUpdate``: requests in order, all of them or none."""

from emulators.google.batch import cells, developer_metadata, dimensions, objects, paste, rows, rules, sheets
from emulators.google.batch.registry import apply

__all__ = [
    "apply",
    "cells",
    "developer_metadata",
    "dimensions",
    "objects",
    "paste",
    "rows",
    "rules",
    "sheets",
]
