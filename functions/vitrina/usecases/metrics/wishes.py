"""The tasks that read the facts of metrics and write them into a workbook."""

from __future__ import annotations

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services

#: Seconds in which what people choose is gathered for one reading.
GATHER_S = 5.0


def facts_wish(services: Services, *, wait_s: float = 0.0) -> TaskWish:
    """The task that reads all sources whose time has come."""
    delay_s = max(wait_s, GATHER_S)
    due_at = services.clock.now().timestamp() + delay_s
    return TaskWish(task_name("facts", "", int(due_at // GATHER_S)), {"kind": "facts"}, delay_s)


def cells_wish(
    services: Services, spreadsheet_id: str, *, slot: float | None = None, wait_s: float = 0.0
) -> TaskWish:
    """The task that writes facts into one workbook; *slot* of Google's quota is booked for it."""
    body = {"kind": "metric_cells", "spreadsheet_id": spreadsheet_id}
    if slot is not None:
        name = task_name("metric-cells-slot", spreadsheet_id, int(slot))
        return TaskWish(name, {**body, "slot": slot}, wait_s)
    due_at = services.clock.now().timestamp() + GATHER_S
    return TaskWish(task_name("metric-cells", spreadsheet_id, int(due_at // GATHER_S)), body, GATHER_S)
