"""Small workbooks in Google's format, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tests.harness.parsing import parsed
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.choices import Choices

TODAY = date(2026, 11, 23)

CHOICES = Choices(
    {
        "priority": {
            "urgent": {"ru": "Срочно", "en": "Urgent"},
            "high": {"ru": "Высокий", "en": "High"},
            "normal": {"ru": "Обычный", "en": "Normal"},
            "low": {"ru": "Низкий", "en": "Low"},
        },
        "source": {"norm": {"ru": "норма", "en": "norm"}},
        "status": {
            "onboarding": {"ru": "Онбординг", "en": "Onboarding"},
            "in_work": {"ru": "В работе", "en": "In work"},
            "done": {"ru": "Выполнено", "en": "Done"},
        },
        "period": {"week": {"ru": "неделя", "en": "week"}, "month": {"ru": "месяц", "en": "month"}},
    }
)

BACKLOG_COLUMNS = (
    "id",
    "priority",
    "task",
    "result",
    "work_type",
    "quantity",
    "hours.design",
    "hours.copy",
    "source",
    "wanted_on",
    "depends_on",
)


def cell(value: Any, *, formula: str | None = None) -> dict[str, Any]:
    """A cell: ``None`` is empty, ``ValueError`` means an error such as #N/A."""
    if value is None:
        return {}
    kind = (
        "boolValue" if isinstance(value, bool) else "stringValue" if isinstance(value, str) else "numberValue"
    )
    shown = {"errorValue": {"type": "N_A"}} if value is ValueError else {kind: value}
    return {
        "effectiveValue": shown,
        "userEnteredValue": {"formulaValue": formula} if formula else shown,
    }


def metadata(key: str, value: str = "", metadata_id: int = 1) -> dict[str, Any]:
    """A piece of developer metadata as Google returns it: without an empty value."""
    data: dict[str, Any] = {"metadataId": metadata_id, "metadataKey": key}
    return data | ({"metadataValue": value} if value else {})


def sheet(
    key: str,
    columns: Sequence[str],
    rows: Sequence[tuple[int | None, Mapping[str, Any]]],
    *,
    sheet_id: int = 7,
    title: str = "Лист",
) -> dict[str, Any]:
    """A tab whose second row is the header; below it rows with their numbers and cells by column."""
    lines = [[], [cell(name) for name in columns]]
    lines += [
        [value if isinstance(value, dict) else cell(value) for value in map(line.get, columns)]
        for _, line in rows
    ]
    marks = [{}, {"developerMetadata": [metadata("h", metadata_id=900 + sheet_id)]}]
    marks += [{"developerMetadata": [metadata("r", "", number)]} if number else {} for number, _ in rows]
    return {
        "properties": {
            "sheetId": sheet_id,
            "title": title,
            "gridProperties": {"rowCount": 100, "columnCount": len(columns), "frozenRowCount": 2},
        },
        "developerMetadata": [metadata("vitrina.tab", key)],
        "data": [
            {
                "rowData": [{"values": line} for line in lines],
                "rowMetadata": marks,
                "columnMetadata": [
                    {"developerMetadata": [metadata("c", name, 100 * sheet_id + at)]} if name else {}
                    for at, name in enumerate(columns)
                ],
            }
        ],
    }


def resource(*sheets: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A spreadsheet of ours with these tabs."""
    return {
        "spreadsheetId": "book",
        "properties": {"title": "Заря — Сайт", "locale": "ru_RU", "timeZone": "Europe/Moscow"},
        "developerMetadata": [metadata("vitrina.book", "client")],
        "sheets": list(sheets),
        **changes,
    }


def backlog(*rows: tuple[int | None, Mapping[str, Any]], columns: Sequence[str] = BACKLOG_COLUMNS) -> Book:
    """A client workbook with this backlog."""
    return parsed(resource(sheet("backlog", columns, rows, title="Бэклог")))
