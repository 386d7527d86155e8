"""How a click in the menu ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.chaos.history import Json


@dataclass(frozen=True)
class ClickResult:
    """The final answer to one click.

    Parameters
    ----------
    lost_answers
        How often the click got no answer at all, so that the person had to click again.
    """

    action: str
    outcome: str
    http_status: int
    message: str
    details: tuple[str, ...] = ()
    data: Json = field(default_factory=dict)
    lost_answers: int = 0
    spreadsheet_id: str = ""

    def __str__(self) -> str:
        lost = f", {self.lost_answers} answers lost before" if self.lost_answers else ""
        undone = f" ({self.data['action']})" if self.action == "undo" and "action" in self.data else ""
        return f"{self.action}{undone}: {self.outcome} {self.http_status}{lost}: {self.message}"

    @property
    def needs_another_click(self) -> bool:
        """Whether the person clicks again: something outside failed, or another action was running.

        Not where the answer says what has changed in the sheet: that has to be read first.
        """
        is_busy = self.outcome == "refused" and self.http_status == 409 and not self.details
        half_done = self.outcome == "partial" and self.action == "push"
        return self.outcome == "failed" or is_busy or half_done
