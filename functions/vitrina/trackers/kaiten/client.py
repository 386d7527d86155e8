"""``TaskTracker`` over Kaiten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import cached_property
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from vitrina.errors import FatalServiceError, ServiceError
from vitrina.ports import Board, Card, Json, NewCard
from vitrina.trackers.kaiten import mapping
from vitrina.trackers.kaiten.wire import FIRST_WAIT_S, SERVICE, KaitenWire

#: Day of a due date that a person gave with a time.
TIME_ZONE = ZoneInfo("Europe/Moscow")


class KaitenTracker:
    """Boards of one space of the agency.

    Parameters
    ----------
    base_url
        Address of the company: ``https://acme.kaiten.ru``.
    token
        Of a user made for Vitrina, who is an admin of the space.
    space_id
        The space in which boards are made.
    wait_s
        Before the first repeat of a call; it doubles with each further one.
    wire
        In place of one made from the address and the token.
    """

    name = SERVICE

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        space_id: str,
        zone: tzinfo = TIME_ZONE,
        wait_s: float = FIRST_WAIT_S,
        wire: KaitenWire | None = None,
    ) -> None:
        self._wire = wire or KaitenWire(base_url, token, wait_s=wait_s)
        self._space_id = space_id
        self._zone = zone

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """See ``TaskTracker``."""
        data = self._wire.post(f"/spaces/{self._space_id}/boards", mapping.board_body(title, stages))
        return mapping.board_from(data, self._board_url())

    def find_board(self, title: str) -> Board | None:
        """See ``TaskTracker``. Asks for the boards of the space: ``/boards/{id}`` would bring every card."""
        boards = self._wire.get(f"/spaces/{self._space_id}/boards")
        found = next((board for board in boards if board["title"] == title), None)
        return None if found is None else mapping.board_from(found, self._board_url())

    def connect_webhook(self, url: str) -> None:
        """See ``TaskTracker``. Kaiten has one webhook for a space; somebody else's is left alone.

        Raises
        ------
        FatalServiceError
            If the space already tells another system.
        """
        path = f"/spaces/{self._space_id}/external-webhooks"
        present = next(iter(self._wire.get(path)), None)
        if present is None:
            self._wire.post(path, {"url": url})
        elif present["url"] == url and present["enabled"]:
            return
        elif _is_same_receiver(present["url"], url):
            self._wire.patch(f"{path}/{present['id']}", {"url": url, "enabled": True})
        else:
            raise FatalServiceError("tracker.webhook_taken", service=SERVICE)

    def find_cards(self, board_id: str) -> Mapping[str, str]:
        """See ``TaskTracker``. Kaiten lists archived cards only by themselves."""
        cards: list[Json] = []
        for condition in (mapping.LIVE, mapping.ARCHIVED):
            cards += self._wire.pages("/cards", board_id=board_id, condition=condition)
        return mapping.card_ids_by_external_id(cards)

    def create_card(self, card: NewCard) -> str:
        """See ``TaskTracker``."""
        return str(self._wire.post("/cards", mapping.card_body(card))["id"])

    def complete_card(self, card_id: str, card: NewCard) -> None:
        """See ``TaskTracker``. Looks first, as Kaiten would add everything a second time."""
        path = f"/cards/{card_id}"
        data = self._wire.get(path)
        missing = mapping.missing_items(data, card.checklist)
        if missing:
            checklist_id = mapping.own_checklist_id(data)
            if checklist_id is None:
                made = self._wire.post(f"{path}/checklists", {"name": mapping.CHECKLIST_NAME})
                checklist_id = made["id"]
            for position, item in missing:
                self._wire.post(f"{path}/checklists/{checklist_id}/items", mapping.item_body(item, position))
        if not mapping.has_link(data, card.link_url):
            self._wire.post(f"{path}/external-links", mapping.link_body(card))

    def get_card(self, card_id: str) -> Card | None:
        """See ``TaskTracker``. Two calls: a card tells the sum of its hours, not whose they are."""
        try:
            data = self._wire.get(f"/cards/{card_id}")
        except FatalServiceError as error:
            if error.status == 404:
                return None
            raise
        if data["condition"] == mapping.DELETED:
            return None
        url = self.card_url(str(data["board_id"]), card_id)
        return mapping.card_from(data, self._time_logs(card_id), url=url, zone=self._zone)

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``."""
        try:
            self._wire.delete(f"/cards/{card_id}")
        except FatalServiceError as error:
            if error.status != 404:
                raise

    def card_url(self, board_id: str, card_id: str) -> str:  # noqa: ARG002 - other trackers need the board
        """See ``TaskTracker``."""
        return f"{self._board_url()}/card/{card_id}"

    def card_id_of_event(self, body: Json) -> str | None:
        """See ``TaskTracker``. What our own user did is nothing to look at: we wrote it."""
        author_id = mapping.author_id_of_event(body)
        if author_id is not None and self._is_own(author_id):
            return None
        return mapping.card_id_of_event(body)

    def _is_own(self, user_id: int) -> bool:
        try:
            return user_id == self._own_id
        except ServiceError:
            # One look too many costs little; a lost hint leaves the sheet behind.
            return False

    @cached_property
    def _own_id(self) -> int:
        return int(self._wire.get("/users/current")["id"])

    def _board_url(self) -> str:
        """The page that shows the boards of the space; a single board has no address of its own."""
        return f"{self._wire.site_url}/space/{self._space_id}/boards"

    def _time_logs(self, card_id: str) -> list[Json]:
        try:
            logs: list[Json] = self._wire.get(f"/cards/{card_id}/time-logs")
        except FatalServiceError as error:
            # Without time logs in the company's plan there are no hours to read, and all else still holds.
            if error.status == 402:
                return []
            raise
        return logs


def _is_same_receiver(present: str, wanted: str) -> bool:
    """Whether an address is ours with another secret, which is its last part."""
    (old, old_path), (new, new_path) = (
        (urlsplit(url), urlsplit(url).path.rpartition("/")[0]) for url in (present, wanted)
    )
    return (old.scheme, old.netloc, old_path) == (new.scheme, new.netloc, new_path)
