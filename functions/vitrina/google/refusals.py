"""What a refused batch means: the status is always 400, and only Google's sentence tells the reasons apart.

- *changed meanwhile*: a guard of ours was refused, or something that was read is gone. Reading again helps.
- *protected*, *merged*, *too long*, *too large*: a person has to do something, and is told what.
- *our fault*: everything else. The same batch would be refused again, so it is told as a mistake of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vitrina.errors import (
    AccessDeniedError,
    ChangedMeanwhileError,
    FatalServiceError,
    UserError,
    VitrinaError,
)
from vitrina.google.services import SERVICE
from vitrina.ports import Json

OUR_FAULT = "google.our_fault"

#: Characters that Google keeps in a cell.
MOST_CHARACTERS = 50_000
#: Characters of a text that is too long by which a person recognises it.
_SHOWN_CHARACTERS = 60

#: How Google names the request that it refuses: ``Invalid requests[3].updateCells: …``.
_PLACE = re.compile(r"Invalid requests\[(\d+)\]\.(\w+): ")

#: Requests of guards, and those by which Google tells that it does not know an editor.
_GUARDS = frozenset({"createDeveloperMetadata", "deleteDeveloperMetadata", "updateDeveloperMetadata"})
_EDITORS = frozenset({"addProtectedRange", "updateProtectedRange"})

#: Parts of Google's sentences, in lower case.
_PROTECTED = "protected cell or object"
_TOO_LONG = ("characters in a single cell",)
_TOO_LARGE = ("number of cells in the workbook above",)
_MERGED = ("merged", "vertical merges", "merge frozen")
#: Something that was read is not there any more, or something of this name or id is there now.
_GONE = (
    *("no grid with id", "no sheet with id", "no named range", "no protected range", "no conditional format"),
    *("no banded range", "no chart with id", "no filter view", "already exists", "already in use"),
    *("exceeds grid limits", "beyond the last requested", "that doesn't exist", "unable to parse range"),
    *("beyond the grid size", "less than the grid size", "outside the grid", "can't delete all"),
)


def refused_batch(reason: str, requests: Sequence[Json]) -> VitrinaError:
    """Our error for a batch that Google has refused with 400.

    Parameters
    ----------
    reason
        Google's message.
    requests
        The batch, in which the cell is looked for that is too long.
    """
    place, text = _PLACE.match(reason), reason.casefold()
    kind = place[2] if place else ""
    if _PROTECTED in text:
        return AccessDeniedError("google.protected", service=SERVICE, status=400)
    if _has(text, _TOO_LONG):
        longest = max(_texts(requests), key=len, default="")
        return UserError(
            "google.too_long", start=" ".join(longest[:_SHOWN_CHARACTERS].split()), length=len(longest)
        )
    if _has(text, _TOO_LARGE):
        return UserError("google.too_large")
    if _has(text, _MERGED):
        return UserError("google.merged")
    if _is_guard(kind, text) or kind in _EDITORS or _has(text, _GONE):
        is_gone = not _is_guard(kind, text) and kind not in _EDITORS
        changed = ChangedMeanwhileError("sheet.gone" if is_gone else "sheet.changed")
        changed.add_note(reason)
        return changed
    fault = FatalServiceError(OUR_FAULT, service=SERVICE, status=400, kind=kind or "batchUpdate")
    fault.add_note(reason)
    return fault


def _is_guard(kind: str, text: str) -> bool:
    """Whether a guard was refused, and not the form of its request."""
    return kind in _GUARDS and "invalid value at" not in text and "cannot find field" not in text


def _has(text: str, parts: Sequence[str]) -> bool:
    return any(part in text for part in parts)


def _texts(node: Any) -> Iterator[str]:
    """All texts in the cells of a batch."""
    if isinstance(node, dict):
        for name, part in node.items():
            if isinstance(part, str):
                if name in ("stringValue", "formulaValue", "note"):
                    yield part
            else:
                yield from _texts(part)
    elif isinstance(node, list | tuple):
        for part in node:
            yield from _texts(part)
