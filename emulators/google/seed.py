"""Loads a prepared state: ``POST /_emulator/seed``."""

from __future__ import annotations

from typing import Any

from emulators.google import discovery, schema, spreadsheets
from emulators.google.errors import ApiError
from emulators.google.store import Store


def load(store: Store, body: Any) -> dict[str, Any]:
    """Add workbooks from ``{"spreadsheets": [Spreadsheet, …]}``, or replace all with a snapshot.

    A snapshot is the content of a state file, recognised by its field ``format``.
    """
    if "format" in body:
        store.load(body)
        return {"spreadsheetIds": list(store.books)}
    document = discovery.load("sheets.v4")
    ids = []
    for raw in body.get("spreadsheets", []):
        walker = schema.Walker(document)
        checked = walker.message(document.schemas["Spreadsheet"], raw, "spreadsheet")
        if walker.violations:
            raise ApiError(400, "\n".join(text for _, text in walker.violations))
        ids.append(spreadsheets.create(store, checked).spreadsheet_id)
    return {"spreadsheetIds": ids}
