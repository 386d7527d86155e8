"""Spreadsheets from which figures are taken: each is one agency's, the first that has chosen it."""

from __future__ import annotations

from vitrina.ports import ABSENT, Document, Key, Put

LINKED_SHEET = "linked_sheet"


def linked_sheet_key(spreadsheet_id: str) -> Key:
    """Where it is kept whose a spreadsheet is."""
    return LINKED_SHEET, spreadsheet_id


def is_of_another(document: Document | None, agency_id: str) -> bool:
    """Whether another agency has chosen the spreadsheet before."""
    return document is not None and document.data["agency_id"] != agency_id


def put_linked_sheet(spreadsheet_id: str, agency_id: str) -> Put:
    """The write by which an agency chooses a spreadsheet first; refused if there is one."""
    return Put(*linked_sheet_key(spreadsheet_id), {"agency_id": agency_id}, ABSENT)
