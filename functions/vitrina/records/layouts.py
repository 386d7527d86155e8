"""How workbooks looked when they were last read or written: tabs and columns, *Проекты*, protection."""

from __future__ import annotations

from dataclasses import asdict, dataclass

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
    return Put(LAYOUT, agency_id, {**asdict(tab), "rows": [], "header": [], "schema": SCHEMA})


def layout_from_document(document: Document | None) -> Tab | None:
    """The tab without its rows, ``None`` before it was first read."""
    if document is None:
        return None
    data = known_fields(Tab, document.data)
    marks = tuple(Mark(**known_fields(Mark, mark)) for mark in data["marks"])
    return Tab(**{**data, "rows": (), "marks": marks, "header": ()})


@dataclass(frozen=True)
class ShownProtection:
    """The editors that a workbook's protection has, and those that Google refused, each as a digest."""

    written: str = ""
    refused: str = ""


def protection_key(spreadsheet_id: str) -> Key:
    """Where it is kept who the editors of a workbook's protection are."""
    return PROTECTION, spreadsheet_id


def protection_from(document: Document | None) -> ShownProtection:
    """What was written last, empty for a workbook whose protection was never renewed."""
    if document is None:
        return ShownProtection()
    return ShownProtection(**known_fields(ShownProtection, document.data))


def put_protection(spreadsheet_id: str, protection: ShownProtection) -> Put:
    """The write that remembers the editors of a workbook's protection."""
    return Put(PROTECTION, spreadsheet_id, {"schema": SCHEMA, **asdict(protection)})
