"""Spreadsheets in memory: the model of the Google emulator, called without HTTP.

Requests are checked against Google's discovery document and carried out by the emulator's own functions, so
that guards, metadata and refusals are the same as there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from emulators.google import batch, discovery, edits, formulas, grid, masks, schema, spreadsheets
from emulators.google.a1 import Bounds
from emulators.google.errors import ApiError, BadRequestError
from emulators.google.filters import Area
from emulators.google.models import Book
from emulators.google.store import SavedStore
from emulators.google.store import Store as GoogleState
from tests.harness.fakes.interruptions import Interruptions
from vitrina.errors import FatalServiceError
from vitrina.google.refusals import refused_batch
from vitrina.google.services import SERVICE, as_spreadsheet
from vitrina.google.workbooks import READ_FIELDS, SHOWN_FIELDS, UPGRADE_FIELDS
from vitrina.ports import Clock, Json, Spreadsheet

_DOCUMENT = discovery.load("sheets.v4")
_BATCH_UPDATE = next(one for one in _DOCUMENT.methods if one.id == "sheets.spreadsheets.batchUpdate")
_READ_MASK = masks.parse(READ_FIELDS)

#: Everything that can be written into a workbook. The values that Google derives are ten times as much.
EVERYTHING = (
    "spreadsheetId,properties,namedRanges,developerMetadata,"
    "sheets(properties,developerMetadata,protectedRanges,merges,conditionalFormats,charts,"
    "data(rowMetadata,columnMetadata,"
    "rowData.values(userEnteredValue,effectiveValue,note,userEnteredFormat,dataValidation)))"
)


@dataclass(frozen=True)
class _Shown:
    """What a workbook shows as JSON, as long as it is this one and its formulas have these values."""

    book: Book
    values: Mapping[int, Any]
    text: bytes


@dataclass(frozen=True)
class SavedWorkbooks:
    """All workbooks of one moment."""

    state: SavedStore
    tags: Mapping[str, str]
    shared_ids: frozenset[str]
    shown: Mapping[str, _Shown]


class FakeWorkbooks(Interruptions):
    """``Workbooks`` in memory."""

    def __init__(self, clock: Clock, saved: SavedWorkbooks | None = None) -> None:
        super().__init__()
        self._state = GoogleState(clock.now)
        self._unknown_editors: set[str] = set()
        self._tags: dict[str, str] = {}
        #: Ids of the files that anyone who has the link may read.
        self.shared_ids: set[str] = set()
        #: A workbook is shown anew only where it was changed: most of a test's time would go there.
        self._shown: dict[str, _Shown] = {}
        if saved is not None:
            self._state.restore_state(saved.state)
            self._tags, self.shared_ids = dict(saved.tags), set(saved.shared_ids)
            books = self._state.books
            self._shown = {key: replace(one, book=books[key]) for key, one in saved.shown.items()}

    def read(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        with self._called("read"):
            return as_spreadsheet(self.text(spreadsheet_id))

    def read_as_shown(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        with self._called("read_as_shown"):
            return as_spreadsheet(self._text(spreadsheet_id, SHOWN_FIELDS))

    def read_for_upgrade(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        with self._called("read_for_upgrade"):
            return as_spreadsheet(self._text(spreadsheet_id, UPGRADE_FIELDS))

    def batch_update(self, spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        """See ``Workbooks``. Says of a refusal what ``GoogleWorkbooks`` says of Google's."""
        body = orjson.loads(_checked(json.dumps({"requests": list(requests)})))
        with self._called("batch_update"):
            draft = self._book(spreadsheet_id).clone()
            if any(address in json.dumps(body) for address in self._unknown_editors):
                unknown = ApiError(400, "Invalid requests[0].addProtectedRange: Invalid user")
                raise _refusal(unknown, requests)
            try:
                replies = batch.apply(draft, body.get("requests", []), self._state, self._state.now())
            except ApiError as error:
                raise _refusal(error, requests) from error
            self._state.replace(draft)
        return {"spreadsheetId": spreadsheet_id, "replies": replies}

    def create(self, title: str, *, tag: str) -> str:
        """See ``Workbooks``."""
        with self._called("create"):
            book = spreadsheets.create(self._state, {"properties": {"title": title}})
            self._tags.setdefault(tag, book.spreadsheet_id)
        return book.spreadsheet_id

    def find_by_tag(self, tag: str) -> str | None:
        """See ``Workbooks``."""
        with self._called("find_by_tag"):
            return self._tags.get(tag)

    def is_open_to_edit(self, spreadsheet_id: str) -> bool:  # noqa: ARG002 - nobody shares these
        """See ``Workbooks``."""
        with self._called("is_open_to_edit"):
            return False

    def share_by_link(self, spreadsheet_id: str) -> None:
        """See ``Workbooks``."""
        with self._called("share_by_link"):
            self._book(spreadsheet_id)
            self.shared_ids.add(spreadsheet_id)

    def url(self, spreadsheet_id: str) -> str:
        """See ``Workbooks``."""
        return f"https://sheets.example/{spreadsheet_id}"

    def _select(self, spreadsheet_id: str, fields: str, areas: list[Area] | None = None) -> Json:
        resource: Json = orjson.loads(self._text(spreadsheet_id, fields, areas))
        return resource

    def _text(self, spreadsheet_id: str, fields: str, areas: list[Area] | None = None) -> bytes:
        mask, book = masks.parse(fields), self._book(spreadsheet_id)
        shown = grid.spreadsheet(book, areas, mask, self._state.now(), grid_data=True, keeps_texts=True)
        return orjson.dumps(masks.select(mask, shown))

    def _book(self, spreadsheet_id: str) -> Book:
        if spreadsheet_id not in self._state.books:
            raise FatalServiceError("google.no_file", service=SERVICE, status=404)
        return self._state.book(spreadsheet_id)

    # --- What tests do -----------------------------------------------------------------------------

    def look(self, spreadsheet_id: str) -> Json:
        """What ``read`` gives; it is not counted and nothing happens around it."""
        resource: Json = orjson.loads(self.text(spreadsheet_id))
        return resource

    def text(self, spreadsheet_id: str) -> bytes:
        """The same as JSON: the same object as long as nothing changes."""
        book, now = self._book(spreadsheet_id), self._state.now()
        values = formulas.results(book, now).cells
        known = self._shown.get(spreadsheet_id)
        if known is None or known.book is not book or known.values is not values:
            shown = grid.spreadsheet(book, None, _READ_MASK, now, grid_data=True, keeps_texts=True)
            known = _Shown(book, values, orjson.dumps(masks.select(_READ_MASK, shown)))
            self._shown[spreadsheet_id] = known
        return known.text

    def look_at_all(self, spreadsheet_id: str) -> Json:
        """Everything that can be written into a workbook."""
        return self._select(spreadsheet_id, EVERYTHING)

    def look_at(self, spreadsheet_id: str, title: str, fields: str) -> Json:
        """What Google gives of these fields of a tab; it is not counted."""
        sheet = self._book(spreadsheet_id).by_title(title)
        assert sheet is not None, title
        return self._select(spreadsheet_id, fields, [Area(sheet, Bounds(None, None, None, None))])

    def load(self, state: Json) -> None:
        """Replace all workbooks by a kept state of the emulator."""
        self._state.load(state)

    def edit(self, spreadsheet_id: str, *several: Mapping[str, Any]) -> None:
        """Edit a workbook as a person does; the edits are those of the emulator's control endpoint."""
        edits.apply(self._state, {"spreadsheet_id": spreadsheet_id, "edits": list(several)})

    def edit_as(self, person: str, spreadsheet_id: str, *several: Mapping[str, Any]) -> None:
        """Edit a workbook as a certain person, whom protections may keep out."""
        body = {"spreadsheet_id": spreadsheet_id, "edits": list(several), "as": person}
        edits.apply(self._state, body)

    def let_edit(self, spreadsheet_id: str, *people: str) -> None:
        """Share a file with people who may edit it."""
        permissions = self._state.files[spreadsheet_id]["permissions"]
        permissions += [{"type": "user", "role": "writer", "emailAddress": person} for person in people]

    def refuse_editor(self, address: str) -> None:
        """Refuse protections with this editor, as Google may for an address without an account."""
        self._unknown_editors.add(address)

    def delete(self, spreadsheet_id: str) -> None:
        """Delete a file, as a person may."""
        del self._state.books[spreadsheet_id]
        del self._state.files[spreadsheet_id]

    @property
    def ids(self) -> list[str]:
        """Ids of all files, in the order in which they were made."""
        return list(self._state.books)

    def save(self) -> SavedWorkbooks:
        """All workbooks as they are now, from which others can begin."""
        for spreadsheet_id in self.ids:
            self.look(spreadsheet_id)
        shown = {spreadsheet_id: self._shown[spreadsheet_id] for spreadsheet_id in self.ids}
        return SavedWorkbooks(self._state.save_state(), dict(self._tags), frozenset(self.shared_ids), shown)


@lru_cache(maxsize=128)
def _checked(body: str) -> bytes:
    """A body in canonical form, as JSON. Offices begin alike, so that many tests send the same ones."""
    return orjson.dumps(schema.check_body(_DOCUMENT, _BATCH_UPDATE, json.loads(body)))


def _refusal(error: ApiError, requests: Sequence[Json]) -> Exception:
    if error.code != 400 or isinstance(error, BadRequestError):
        # The emulator does not model a request, or there is none: a mistake of ours.
        return error
    return refused_batch(error.message, requests)
