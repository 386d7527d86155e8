"""Workbooks of resources that tests make."""

from __future__ import annotations

from typing import Any

import orjson

from vitrina.google.services import as_spreadsheet
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.shape import Shape


def parsed(resource: dict[str, Any], known: Shape | None = None) -> Book:
    """The workbook of a Spreadsheet resource with decoded rows."""
    return parse_book(as_spreadsheet(orjson.dumps(resource)), known)
