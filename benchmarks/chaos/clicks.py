"""Clicks of the managers, each repeated until it is answered."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos.check import QUICK_ACTIONS
from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.history import Json
from benchmarks.chaos.http import TIMEOUT_S, Waiting, post_json
from benchmarks.chaos.world import ChaosWorld
from emulators.world.processes import AUDIENCE

#: Waits before an operation is asked for its progress: from the first to the longest.
FIRST_POLL_S, LAST_POLL_S = 0.05, 0.25
OPEN = ("accepted", "running")


@dataclass
class Identity:
    """Signs people in."""

    world: ChaosWorld
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def token(self, email: str) -> str:
        """An ID token of a person."""
        token, until = self._tokens.get(email, ("", 0.0))
        if time.monotonic() > until:
            url = f"{self.world.servers.google}/_emulator/identity/token"
            answer = post_json(url, {"email": email, "audience": AUDIENCE}, {}, Waiting())
            token, until = str(answer["id_token"]), time.monotonic() + 600
            self._tokens[email] = token, until
        return token


@dataclass(frozen=True)
class Clicks:
    """Clicks of a run.

    Parameters
    ----------
    repeats_click
        Whether the same click is repeated after a lost answer, as the page does; otherwise a new one is made.
    on_lost_task
        Called when an operation waits that the queue did not take.
    """

    identity: Identity
    waiting: Waiting
    repeats_click: bool
    on_lost_task: Callable[[], None]

    @property
    def world(self) -> ChaosWorld:
        """Where the clicks are made."""
        return self.identity.world

    def click(
        self, email: str, spreadsheet_id: str, action: str, *, is_same: bool | None = None, **params: Any
    ) -> ClickResult:
        """The result of a click of a person.

        Parameters
        ----------
        is_same
            Overrides ``repeats_click`` for clicks that people repeat in one way only.

        Raises
        ------
        TimeoutError
            If it is never answered.
        """
        give_up_at = time.monotonic() + TIMEOUT_S
        answer: Json | None = None
        click_id = str(uuid.uuid4())
        lost, wait_s = 0, FIRST_POLL_S
        while answer is None or answer["outcome"] in OPEN:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{action} is not answered: {answer}")
            try:
                if answer is None:
                    answer = self._ask(email, spreadsheet_id, action, params, click_id)
                    continue
                time.sleep(wait_s)
                wait_s = min(1.5 * wait_s, LAST_POLL_S)
                # Tasks that were created for later, as decisions that can be taken back, are of other work.
                is_queued = bool(self.world.tasks.pending(include_later=False))
                progress = {"operation_id": answer["operation_id"]}
                answer = self._ask(email, spreadsheet_id, "operation", progress, click_id)
                if answer["outcome"] in OPEN and not is_queued and action not in QUICK_ACTIONS:
                    # The queue did not take its task: it waits for the timer.
                    self.on_lost_task()
            except OSError:
                lost += answer is None
                if not (self.repeats_click if is_same is None else is_same):
                    click_id = str(uuid.uuid4())
        message, details = answer["message"], tuple(answer["details"])
        return ClickResult(
            action,
            answer["outcome"],
            answer["http_status"],
            message,
            details,
            answer["data"],
            lost,
            spreadsheet_id,
        )

    def _ask(self, email: str, spreadsheet_id: str, action: str, params: Json, click_id: str) -> Json:
        """Send one request to any of the workers; raises ``OSError`` if there is no answer."""
        body = {
            "action": action,
            "spreadsheet_id": spreadsheet_id,
            "request_id": click_id,
            "locale": "ru",
            "params": params,
        }
        token = {"Authorization": f"Bearer {self.identity.token(email)}"}
        return post_json(f"{self.world.servers.functions}/menu", body, token, self.waiting)
