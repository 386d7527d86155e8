"""Who may open a file, write into it, and edit a protected range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulators.google.a1 import Box
from emulators.google.errors import FAULT_MESSAGES, ApiError
from emulators.google.models import Book, Sheet
from emulators.google.store import Store

WRITERS = frozenset({"owner", "organizer", "fileOrganizer", "writer"})
READERS = WRITERS | {"commenter", "reader"}

_BOUNDS = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")


def has_role(store: Store, file_id: str, person: str, roles: frozenset[str]) -> bool:
    """Whether a person has one of *roles*: by the file's permissions, its link, or its folders."""
    return any(
        permission["role"] in roles and _is_meant(store, permission, person.casefold())
        for permission in _permissions(store, file_id)
    )


def open_to_read(store: Store, spreadsheet_id: str, person: str) -> Book:
    """A workbook that a person may read.

    Raises
    ------
    ApiError
        403 if the person may not, 404 if there is no such workbook.
    """
    book = store.book(spreadsheet_id)
    if not has_role(store, spreadsheet_id, person, READERS):
        raise ApiError(403, FAULT_MESSAGES[403])
    return book


def _is_meant(store: Store, permission: dict[str, Any], person: str) -> bool:
    address = permission.get("emailAddress", "").casefold()
    match permission["type"]:
        case "anyone":
            return True
        case "domain":
            return person.endswith("@" + permission["domain"].casefold())
        case "group":
            return is_in_group(store, address, person)
        case _:
            return address == person


def _permissions(store: Store, file_id: str) -> Iterator[dict[str, Any]]:
    """Permissions of a file, including those that it inherits from its folders."""
    file = store.files.get(file_id)
    if file is not None:
        yield from file["permissions"]
        for parent in file["parents"]:
            yield from _permissions(store, parent)


def is_in_group(store: Store, group: str, person: str) -> bool:
    """Whether a person is a member of a Google group, see ``POST /_emulator/people``."""
    members = store.groups.get(group.casefold(), ())
    return person.casefold() in (member.casefold() for member in members)


def may_edit_range(store: Store, protection: dict[str, Any], person: str) -> bool:
    """Whether a protection lets a person edit; without ``editors`` it lets in whoever may edit the file."""
    is_owner = person.casefold() == store.behaviour.account.casefold()
    if protection.get("warningOnly") or "editors" not in protection or is_owner:
        return True
    editors, wanted = protection["editors"], person.casefold()
    if wanted in (user.casefold() for user in editors.get("users", ())):
        return True
    if any(is_in_group(store, group, wanted) for group in editors.get("groups", ())):
        return True
    in_domain = bool(store.domain) and wanted.endswith("@" + store.domain.casefold())
    return bool(editors.get("domainUsersCanEdit")) and in_domain


def is_whole_sheet(grid_range: dict[str, Any]) -> bool:
    """Whether a range is not bounded on any side: its protection is that of a sheet."""
    return not any(name in grid_range for name in _BOUNDS)


def is_free(store: Store, sheet: Sheet, box: Box, person: str) -> bool:
    """Whether every protection that a box touches lets a person edit the whole of it."""
    for protection in sheet.protected_ranges:
        if may_edit_range(store, protection, person):
            continue
        touched = overlap(sheet.box(protection["range"]), box)
        if touched is None:
            continue
        free = [sheet.box(part) for part in protection.get("unprotectedRanges", ())]
        if not _covered(touched, free):
            return False
    return True


def may_change_structure(store: Store, sheet: Sheet, person: str) -> bool:
    """Whether no protection of the whole sheet keeps a person out."""
    return all(
        may_edit_range(store, one, person) for one in sheet.protected_ranges if is_whole_sheet(one["range"])
    )


def may_insert(store: Store, sheet: Sheet, dimension: str, at: int, person: str) -> bool:
    """Whether a person may insert lines: not in a protected sheet, and not inside a protected range."""
    if not may_change_structure(store, sheet, person):
        return False
    for protection in sheet.protected_ranges:
        box = sheet.box(protection["range"])
        first, past = (box.top, box.bottom) if dimension == "ROWS" else (box.left, box.right)
        if first < at < past and not may_edit_range(store, protection, person):
            return False
    return True


def overlap(first: Box, second: Box) -> Box | None:
    """The cells that two boxes share."""
    if not first.meets(second):
        return None
    return Box(
        max(first.top, second.top),
        max(first.left, second.left),
        min(first.bottom, second.bottom),
        min(first.right, second.right),
    )


def _covered(box: Box, parts: list[Box]) -> bool:
    """Whether several boxes together cover *box*."""
    left = [box]
    for part in parts:
        left = [piece for one in left for piece in _without(one, part)]
    return not left


def _without(box: Box, part: Box) -> Iterator[Box]:
    """What is left of a box without the cells of another one."""
    shared = overlap(box, part)
    if shared is None:
        yield box
        return
    pieces = (
        Box(box.top, box.left, shared.top, box.right),
        Box(shared.bottom, box.left, box.bottom, box.right),
        Box(shared.top, box.left, shared.bottom, shared.left),
        Box(shared.top, shared.right, shared.bottom, box.right),
    )
    yield from (piece for piece in pieces if piece.top < piece.bottom and piece.left < piece.right)


def as_seen_by(store: Store, book: Book, resource: dict[str, Any], person: str) -> dict[str, Any]:
    """A spreadsheet as the API shows it to a person.

    The editors of a protected range are shown only to those who may edit both the range and the file (the
    description of ``ProtectedRange.editors`` in the discovery document).
    """
    writes = has_role(store, book.spreadsheet_id, person, WRITERS)
    sheets = []
    for sheet, shown in zip(book.sheets, resource["sheets"], strict=True):
        if "protectedRanges" not in shown:
            sheets.append(shown)
            continue
        ranges = []
        for own, one in zip(sheet.protected_ranges, shown["protectedRanges"], strict=True):
            rest = {name: part for name, part in one.items() if name != "requestingUserCanEdit"}
            if writes and may_edit_range(store, own, person):
                ranges.append(rest | {"requestingUserCanEdit": True})
            else:
                rest.pop("editors", None)
                ranges.append(rest)
        sheets.append(shown | {"protectedRanges": ranges})
    return resource | {"sheets": sheets}
