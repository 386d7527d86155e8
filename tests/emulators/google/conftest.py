"""An emulator on a loopback port, and Google's own client pointed at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

import googleapiclient.discovery
import pytest
from google.auth.credentials import AnonymousCredentials

from emulators.common.server import running
from emulators.google.app import create_app
from emulators.google.discovery import DOCUMENTS

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""A Monday. Every test lives at this moment."""


def service(name: str, base: str) -> Any:
    """Google's client for an API, sent to the emulator."""
    document = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    document |= {
        "rootUrl": f"{base}/",
        "mtlsRootUrl": f"{base}/",
        "baseUrl": f"{base}/{document['servicePath']}",
    }
    return googleapiclient.discovery.build_from_document(document, credentials=AnonymousCredentials())


def control(base: str, path: str, body: Any = None, method: str = "POST") -> Any:
    """Call an endpoint of the emulator itself."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{base}{path}", data=data, method=method)  # noqa: S310 - loopback
    with urlopen(request) as response:  # noqa: S310 - loopback
        return json.loads(response.read())


class Google(SimpleNamespace):
    """The clients of one emulator, and helpers for common calls of tests."""

    base: str
    spreadsheets: Any
    values: Any
    drive: Any

    def create(self, *sheets: dict[str, Any], **properties: Any) -> str:
        """A workbook; each tab is a ``Sheet`` resource."""
        body = {"properties": {"title": "Книга", **properties}, "sheets": list(sheets) or [{}]}
        return self.spreadsheets.create(body=body).execute()["spreadsheetId"]

    def grid(self, rows: list[list[Any]], **properties: Any) -> str:
        """A workbook with one tab with *rows*, as a person would type them."""
        book = self.create(**properties)
        self.type(book, "A1", rows)
        return book

    def type(self, book: str, cell: str, rows: list[list[Any]]) -> Any:
        """Write values as typed."""
        return self.values.update(
            spreadsheetId=book, range=cell, valueInputOption="USER_ENTERED", body={"values": rows}
        ).execute()

    def batch(self, book: str, *requests: dict[str, Any], **options: Any) -> Any:
        """One batchUpdate."""
        body = {"requests": list(requests), **options}
        return self.spreadsheets.batchUpdate(spreadsheetId=book, body=body).execute()

    def read(self, book: str, text: str, option: str = "FORMATTED_VALUE") -> list[list[Any]]:
        """Values of a range."""
        answer = self.values.get(spreadsheetId=book, range=text, valueRenderOption=option).execute()
        return answer.get("values", [])

    def get(self, book: str, fields: str, **options: Any) -> Any:
        """A masked answer of ``spreadsheets.get``."""
        return self.spreadsheets.get(spreadsheetId=book, fields=fields, **options).execute()

    def cells(self, book: str, ranges: str, fields: str) -> list[list[dict[str, Any]]]:
        """Cells of a range under a mask."""
        answer = self.get(book, f"sheets.data.rowData.values({fields})", ranges=ranges)
        return [row.get("values", []) for row in answer["sheets"][0]["data"][0].get("rowData", [])]

    def edit(self, book: str, *edits: dict[str, Any], **options: Any) -> Any:
        """Edits of a person."""
        body = {"spreadsheet_id": book, "edits": list(edits), **options}
        return control(self.base, "/_emulator/edit", body)

    def metadata(self, book: str) -> dict[int, Any]:
        """Row or column number by metadata id."""
        body = {"dataFilters": [{"developerMetadataLookup": {}}]}
        found = self.spreadsheets.developerMetadata().search(spreadsheetId=book, body=body).execute()
        return {
            item["developerMetadata"]["metadataId"]: item["developerMetadata"]["location"]
            .get("dimensionRange", {})
            .get("startIndex", item["developerMetadata"]["location"])
            for item in found.get("matchedDeveloperMetadata", [])
        }


def clients(base: str) -> Google:
    """The clients for an emulator at *base*."""
    spreadsheets = service("sheets.v4", base).spreadsheets()
    return Google(
        base=base, spreadsheets=spreadsheets, values=spreadsheets.values(), drive=service("drive.v3", base)
    )


@pytest.fixture(scope="session")
def shared_google() -> Iterator[Google]:
    """One emulator for all tests: building the client takes longer than the tests."""
    with running(create_app(clock=lambda: NOW)) as base:
        yield clients(base)


@pytest.fixture
def google(shared_google: Google) -> Google:
    """The emulator, empty."""
    control(shared_google.base, "/_emulator/reset", {})
    return shared_google


@pytest.fixture
def mark_row() -> Callable[..., dict[str, Any]]:
    """Makes a request that attaches metadata to a row or column."""

    def make(metadata_id: int, index: int, *, sheet_id: int = 0, dimension: str = "ROWS") -> dict[str, Any]:
        span = {"sheetId": sheet_id, "dimension": dimension, "startIndex": index, "endIndex": index + 1}
        return {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataId": metadata_id,
                    "metadataKey": "r",
                    "visibility": "DOCUMENT",
                    "location": {"dimensionRange": span},
                }
            }
        }

    return make
