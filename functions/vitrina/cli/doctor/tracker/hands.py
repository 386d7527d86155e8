"""What the doctor does in a tracker beside the product: each kind of tracker has its own calls for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Protocol

from vitrina.errors import FatalServiceError
from vitrina.trackers.asana.mapping import BoardRef
from vitrina.trackers.asana.plan import Plan
from vitrina.trackers.asana.wire import AsanaWire
from vitrina.trackers.connection import Connection
from vitrina.trackers.kaiten.mapping import board_number
from vitrina.trackers.kaiten.wire import KaitenWire


class Hands(Protocol):
    """Calls of one kind of tracker. All of them raise ``ServiceError``."""

    def own_user(self) -> tuple[str, str]:
        """User id and e-mail of the user who owns the token."""

    def log_minutes(self, card_id: str, minutes: int, day: date) -> bool:
        """Log own time on a card; ``False`` if the plan of the account has no time tracking."""

    def is_gone(self, part_id: str) -> bool:
        """Whether a step with an id of its own is deleted."""

    def hours_seen_by_guests(self, board_id: str) -> tuple[str, ...]:
        """Names of our fields with hours that guests of a board see."""

    def delete_board(self, board_id: str) -> None:
        """Delete a board whose cards are deleted already."""


class KaitenHands:
    """See ``Hands``."""

    def __init__(self, connection: Connection) -> None:
        self._wire = KaitenWire(connection.url, connection.token)
        self._space_id = connection.place_id

    def own_user(self) -> tuple[str, str]:
        """See ``Hands``."""
        user = self._wire.get("/users/current")
        return str(user["id"]), user["email"]

    def log_minutes(self, card_id: str, minutes: int, day: date) -> bool:
        """See ``Hands``."""
        body = {"role_id": -1, "time_spent": minutes, "for_date": day.isoformat()}
        return _if_in_plan(lambda: self._wire.post(f"/cards/{card_id}/time-logs", body))

    def is_gone(self, part_id: str) -> bool:
        """See ``Hands``. Lines of a checklist have no address of their own."""
        raise NotImplementedError(part_id)

    def hours_seen_by_guests(self, board_id: str) -> tuple[str, ...]:
        """See ``Hands``. Nobody is invited to Kaiten."""
        raise NotImplementedError(board_id)

    def delete_board(self, board_id: str) -> None:
        """See ``Hands``."""
        path = f"/spaces/{self._space_id}/boards/{board_number(board_id)}"
        self._wire.call("DELETE", path, body={"force": True})


class AsanaHands:
    """See ``Hands``."""

    def __init__(self, connection: Connection) -> None:
        self._wire = AsanaWire(connection.url, connection.token)
        self._workspace = connection.place_id

    def own_user(self) -> tuple[str, str]:
        """See ``Hands``."""
        user = self._wire.get("/users/me", ("email",))
        return str(user["gid"]), user["email"]

    def log_minutes(self, card_id: str, minutes: int, day: date) -> bool:
        """See ``Hands``."""
        entry = {"duration_minutes": minutes, "entered_on": day.isoformat()}
        path = f"/tasks/{card_id}/time_tracking_entries"
        return _if_in_plan(lambda: self._wire.post(path, entry, ("duration_minutes",)))

    def is_gone(self, part_id: str) -> bool:
        """See ``Hands``."""
        try:
            self._wire.get(f"/tasks/{part_id}", ("name",))
        except FatalServiceError as error:
            if error.status == 404:
                return True
            raise
        return False

    def hours_seen_by_guests(self, board_id: str) -> tuple[str, ...]:
        """See ``Hands``."""
        return Plan(self._wire, self._workspace).hide_hours(BoardRef.parse(board_id).project)

    def delete_board(self, board_id: str) -> None:
        """See ``Hands``."""
        self._wire.delete(f"/projects/{BoardRef.parse(board_id).project}")


#: By the kind of a connection.
HANDS: Mapping[str, Callable[[Connection], Hands]] = {"kaiten": KaitenHands, "asana": AsanaHands}


def _if_in_plan(do: Callable[[], object]) -> bool:
    try:
        do()
    except FatalServiceError as error:
        if error.status == 402:
            return False
        raise
    return True
