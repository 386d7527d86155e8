"""Writes a change of any length: Google takes at most 10 MB at once (decision 0065)."""

from __future__ import annotations

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.retry_on_conflict import SHEET_CHANGED_PARTLY
from vitrina.operations.run import Run
from vitrina.texts import sentence
from vitrina.workbook.writing.change import WorkbookChange


def write_change(run: Run, spreadsheet_id: str, change: WorkbookChange) -> None:
    """Write *change*, a long one in several batches, between which the leases of *run* are extended.

    Raises
    ------
    ChangedMeanwhileError
        If Google refused a batch. With ``SHEET_CHANGED_PARTLY`` batches before it were written.
    BusyError
        If a lease was taken over between two batches.
    """
    batches = change.batches()
    for number, batch in enumerate(batches):
        if number:
            step = sentence("write.progress", done=number + 1, total=len(batches))
            run.report(number, len(batches), step)
        try:
            run.services.workbooks.batch_update(spreadsheet_id, batch)
        except ChangedMeanwhileError as error:
            if number:
                raise ChangedMeanwhileError(SHEET_CHANGED_PARTLY) from error
            raise
