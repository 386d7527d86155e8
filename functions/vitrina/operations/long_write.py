"""Writes a change of any length: Google takes at most 10 MB at once (decision 0065)."""

from __future__ import annotations

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.retry_on_conflict import SHEET_CHANGED_PARTLY
from vitrina.ports import Workbooks
from vitrina.workbook.writing.change import WorkbookChange


def write_change(workbooks: Workbooks, spreadsheet_id: str, change: WorkbookChange) -> None:
    """Write *change*, a long one in several batches.

    Raises
    ------
    ChangedMeanwhileError
        If Google refused a batch. With ``SHEET_CHANGED_PARTLY`` batches before it were written.
    """
    for number, batch in enumerate(change.batches()):
        try:
            workbooks.batch_update(spreadsheet_id, batch)
        except ChangedMeanwhileError as error:
            if number:
                raise ChangedMeanwhileError(SHEET_CHANGED_PARTLY) from error
            raise
