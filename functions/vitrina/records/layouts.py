"""How workbooks looked when they were last read or written: tabs and columns, *Проекты*, protection."""

from __future__ import annotations

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.ports import Document, Key, Put, Write
from vitrina.records.packing import SCHEMA, known_fields
from vitrina.workbook.reading.book import Book, Mark, Tab
from vitrina.workbook.reading.shape import Shape, shape_from_document

SHAPE = "shape"
LAYOUT = "layout"
PROTECTION = "protection"


def shape_key(spreadsheet_id: str) -> Key:
    """Where the shape of a workbook is kept."""
    return SHAPE, spreadsheet_id


def shape_from(document: Document | None) -> Shape:
    """The shape of a workbook, empty before its first reading."""
    return shape_from_document(document.data) if document else Shape()


def shape_writes(spreadsheet_id: str, known: Shape, book: Book) -> list[Write]:
    """Writes that remember how *book* looks, none where that is known."""
    now = known.renewed(book.shape)
    return [] if now == known else [Put(SHAPE, spreadsheet_id, {"schema": SCHEMA, **now.data()})]


def layout_key(agency_id: str) -> Key:
    """Where the layout of the tab *Проекты* is kept."""
    return LAYOUT, agency_id


def put_layout(agency_id: str, tab: Tab) -> Put:
    """The write that remembers where the header and the columns of a tab stand."""
    return Put(LAYOUT, agency_id, {**to_builtins(replace(tab, rows=(), header=())), "schema": SCHEMA})


def layout_from_document(document: Document | None) -> Tab | None:
    """The tab without its rows, ``None`` before it was first read."""
    if document is None:
        return None
    data = known_fields(Tab, document.data)
    marks = tuple(Mark(**known_fields(Mark, mark)) for mark in data["marks"])
    return Tab(**{**data, "rows": (), "marks": marks, "header": ()})


class ShownProtection(Struct, frozen=True):
    """The editors that a workbook's protection has, and those that Google refused, each as a digest."""

    written: str = ""
    refused: str = ""


class Protections:
    """The protections of an agency's workbooks as they were last written, by the workbook's id.

    If two runs write at once, the entries of one may be lost; those workbooks are written once more then.
    """

    def __init__(self, agency_id: str, document: Document | None) -> None:
        self._agency_id = agency_id
        books = document.data["books"] if document else {}
        self._books = {
            key: ShownProtection(**known_fields(ShownProtection, one)) for key, one in books.items()
        }

    def of(self, spreadsheet_id: str) -> ShownProtection:
        """The protection that was written last; an empty one if none was."""
        return self._books.get(spreadsheet_id, ShownProtection())

    def note(self, spreadsheet_id: str, protection: ShownProtection) -> list[Write]:
        """The write that remembers what a workbook has now, none where that is known."""
        if self._books.get(spreadsheet_id) == protection:
            return []
        self._books[spreadsheet_id] = protection
        books = {key: to_builtins(one) for key, one in self._books.items()}
        return [Put(PROTECTION, self._agency_id, {"schema": SCHEMA, "books": books})]


def protection_key(agency_id: str) -> Key:
    """Where it is kept who the editors of the workbooks' protections are."""
    return PROTECTION, agency_id
