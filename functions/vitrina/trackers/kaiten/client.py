"""``TaskTracker`` for Kaiten."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from functools import cached_property
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from vitrina.errors import FatalServiceError
from vitrina.ports import (
    KEPT,
    Board,
    Capabilities,
    Card,
    CardChange,
    Json,
    Link,
    NewCard,
    Received,
    TrackerMemory,
    WebhookRequest,
)
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S
from vitrina.trackers.connection import Connection, Surroundings
from vitrina.trackers.kaiten import mapping
from vitrina.trackers.kaiten.wire import PAGE, SERVICE, KaitenWire

#: Time zone in which a due date with a time becomes a day, unless another one is given.
TIME_ZONE = ZoneInfo("Europe/Moscow")
#: Name of the text in the tracker's memory that holds the id of the own user.
OWN_USER = "own_user"


def connect(connection: Connection, surroundings: Surroundings) -> KaitenTracker:
    """The adapter of a connection; ``place_id`` is the space."""
    return KaitenTracker(
        base_url=connection.url,
        token=connection.token,
        space_id=connection.place_id,
        webhook_url=surroundings.webhook_url,
        own_user_id=connection.own_user_id,
        name=connection.title or SERVICE,
        memory=surroundings.memory,
        zone=surroundings.zone,
        timeout_s=surroundings.timeout_s,
        wait_s=surroundings.wait_s,
        cards_at_a_time=surroundings.cards_at_a_time,
    )


class KaitenTracker:
    """Boards and cards of one space of the agency.

    Parameters
    ----------
    base_url
        Address of the company, for example ``https://acme.kaiten.ru``.
    token
        API token of the user made for Vitrina, who is an admin of the space.
    space_id
        Id of the space in which boards are made.
    own_user_id
        Id of the user whose token it is. If it is empty, the tracker is asked before a webhook is connected,
        and *memory* tells it to other processes; without both, the first card made by this object tells it.
    webhook_url
        Address of this tracker's webhook; its last part is the secret.
    name
        Name of the tracker for people.
    memory
        Keeps the id of the own user for all processes.
    zone
        Time zone in which a due date with a time becomes a day.
    timeout_s
        Seconds that one attempt of a call waits for the answer.
    wait_s
        Seconds before the first repeat of a call; doubled for each further repeat.
    wire
        Used instead of one made from *base_url*, *token*, *timeout_s* and *wait_s*.
    cards_at_a_time
        Most cards that are read or made at the same time.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        space_id: str,
        webhook_url: str,
        own_user_id: str = "",
        name: str = SERVICE,
        memory: TrackerMemory | None = None,
        zone: tzinfo = TIME_ZONE,
        timeout_s: float = TIMEOUT_S,
        wait_s: float = FIRST_WAIT_S,
        wire: KaitenWire | None = None,
        cards_at_a_time: int = 1,
    ) -> None:
        self.can = Capabilities(cards_at_a_time=cards_at_a_time)
        self._wire = wire or KaitenWire(base_url, token, timeout_s=timeout_s, wait_s=wait_s)
        self.name = name
        self._space_id = space_id
        self._webhook_url = webhook_url
        self._own_user_id: str | None = own_user_id or None
        self._memory = memory
        self._zone = zone
        #: Whether time logs were read: the sum of a card is 0 also where the company's plan has none.
        self._has_time_logs = False

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """See ``TaskTracker``."""
        data = self._wire.post(f"/spaces/{self._space_id}/boards", mapping.board_body(title, stages))
        return mapping.board_from(data, self._board_url(data["id"]))

    def find_board(self, title: str) -> Board | None:
        """See ``TaskTracker``. Lists the boards of the space: ``/boards/{id}`` would return every card."""
        boards = self._wire.get(f"/spaces/{self._space_id}/boards")
        found = next((board for board in boards if board["title"] == title), None)
        return None if found is None else mapping.board_from(found, self._board_url(found["id"]))

    def connect_webhook(self, board_id: str) -> None:  # noqa: ARG002 - other trackers need the board
        """See ``TaskTracker``. A space of Kaiten has one webhook; that of another system is not replaced."""
        # Before the first event comes: those of our own changes are to be told apart from the beginning.
        self._learn_own_user()
        url = self._webhook_url
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

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """See ``TaskTracker``. Only people of the space may be responsible for its cards."""
        wanted = {email.casefold() for email in emails}
        if not wanted:
            return {}
        known = mapping.user_ids_by_email(self._wire.get(f"/spaces/{self._space_id}/users"))
        return {email: known[email] for email in wanted if email in known}

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """See ``TaskTracker``. Kaiten lists live and archived cards in separate lists."""
        number = mapping.board_number(board_id)
        cards: list[Json] = []
        for condition in (mapping.LIVE, mapping.ARCHIVED):
            cards += self._wire.pages("/cards", board_id=number, condition=condition)
        return mapping.card_ids_by_external_id(cards)

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """See ``TaskTracker``. Twins are few, so that one page is enough."""
        cards = self._wire.get(
            "/cards",
            board_id=mapping.board_number(board_id),
            external_id=external_id,
            condition=mapping.LIVE,
            limit=PAGE,
        )
        # Only an exact match counts, in case the filter of Kaiten is wider than its documentation says.
        return mapping.card_ids_by_external_id(cards).get(external_id, ())

    def create_card(self, card: NewCard) -> str:
        """See ``TaskTracker``."""
        try:
            data = self._wire.post("/cards", mapping.card_body(card))
        except FatalServiceError as error:
            self._check_person(card.assignee_id, error)
            raise
        # We name no owner, so that Kaiten makes the user of the token the owner.
        self._own_user_id = self._own_user_id or mapping.owner_id(data)
        return str(data["id"])

    def complete_card(self, card_id: str, card: NewCard) -> tuple[str, ...]:
        """See ``TaskTracker``. Reads the card first: Kaiten would add the same items and links twice."""
        path = f"/cards/{card_id}"
        data = self._wire.get(path)
        placed = mapping.placed_items(data, card.steps)
        step_ids = [str(item["id"]) if item is not None else "" for item in placed]
        if not all(step_ids):
            checklist_id = mapping.own_checklist_id(data)
            if checklist_id is None:
                made = self._wire.post(f"{path}/checklists", {"name": mapping.CHECKLIST_NAME})
                checklist_id = made["id"]
            for place, step in enumerate(card.steps):
                if not step_ids[place]:
                    body = mapping.item_body(step, place + 1)
                    item = self._wire.post(f"{path}/checklists/{checklist_id}/items", body)
                    step_ids[place] = str(item["id"])
        for link in mapping.missing_links(data, card):
            self._wire.post(f"{path}/external-links", mapping.link_body(link))
        for surplus in mapping.surplus_parts(data, card):
            self._delete(f"{path}/{surplus}")
        return tuple(step_ids)

    def change_card(self, board_id: str, card_id: str, change: CardChange) -> None:  # noqa: ARG002
        """See ``TaskTracker``. Reads the card first: people and checklists have addresses of their own."""
        path = f"/cards/{card_id}"
        data = self._wire.get(path)
        body = mapping.change_body(data, change)
        if body:
            self._wire.patch(path, body)
        for place, item in mapping.changed_items(data, change.steps):
            self._wire.patch(f"{path}/{place}", item)
        if change.assignee_id is not KEPT:
            self._make_responsible(path, data, change.assignee_id)

    def _make_responsible(self, path: str, data: Json, user_id: str | None) -> None:
        """Make one person responsible for a card. Who was it before is no member any more."""
        present, responsible = mapping.members(data)
        if user_id is not None and user_id not in present:
            self._add_member(path, user_id)
        if user_id is not None and user_id not in responsible:
            self._wire.patch(f"{path}/members/{user_id}", {"type": mapping.RESPONSIBLE})
        for other in responsible:
            if other != user_id:
                self._delete(f"{path}/members/{other}")

    def _add_member(self, path: str, user_id: str) -> None:
        try:
            self._wire.post(f"{path}/members", {"user_id": int(user_id)})
        except FatalServiceError as error:
            self._check_person(user_id, error)
            raise

    def _check_person(self, user_id: str | None, error: FatalServiceError) -> None:
        """Raise if it is a person without access to the space for whom Kaiten refused a call."""
        if user_id is None or error.status not in (400, 404):
            return
        people = self._wire.get(f"/spaces/{self._space_id}/users")
        if user_id not in {str(one["id"]) for one in people}:
            raise FatalServiceError(
                "tracker.unknown_person", service=SERVICE, status=error.status, person_id=user_id
            ) from error

    def get_card(self, board_id: str, card_id: str) -> Card | None:
        """See ``TaskTracker``. Two calls: a card has the sum of its hours, time logs say whose they are.

        One call for a card without hours, once the company is known to have time logs.
        """
        data = self._find(f"/cards/{card_id}")
        if data is None:
            return None
        url = self.card_url(board_id, card_id)
        logs = self._time_logs(data)
        return mapping.card_from(data, logs, board_id=board_id, url=url, zone=self._zone)

    def comment_card(self, card_id: str, text: str) -> None:
        """See ``TaskTracker``."""
        if self._find(f"/cards/{card_id}") is None:
            return
        path, body = f"/cards/{card_id}/comments", mapping.comment_body(text)
        if all(one["text"].strip() != body["text"] for one in self._wire.get(path)):
            self._wire.post(path, body)

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``."""
        self._delete(f"/cards/{card_id}")

    def set_closed(self, card_id: str, link: Link, *, is_closed: bool) -> None:
        """See ``TaskTracker``. A closed card is archived in its column."""
        path = f"/cards/{card_id}"
        data = self._find(path)
        if data is None:
            return
        present = mapping.link_ids(data, link.url)
        if is_closed and not present:
            self._wire.post(f"{path}/external-links", mapping.link_body(link))
        condition = mapping.ARCHIVED if is_closed else mapping.LIVE
        if data["condition"] != condition:
            self._wire.patch(path, {"condition": condition})
        for link_id in () if is_closed else present:
            self._delete(f"{path}/external-links/{link_id}")

    def card_url(self, board_id: str, card_id: str) -> str:  # noqa: ARG002 - other trackers need the board
        """See ``TaskTracker``."""
        return f"{self._boards_url}/card/{card_id}"

    def receive(self, request: WebhookRequest) -> Received:
        """See ``TaskTracker``. Kaiten signs nothing: only the path, which is a secret, tells who sends it."""
        secret = self._webhook_url.rpartition("/")[2]
        if not hmac.compare_digest("/".join(request.path).encode(), secret.encode()):
            return Received(status=404)
        body = request.read_json()
        if not isinstance(body, dict):
            return Received(status=400)
        card_id = mapping.card_id_of_event(body)
        return Received(card_ids=() if card_id is None or self._is_own(body) else (card_id,))

    def _is_own(self, body: Json) -> bool:
        author_id = mapping.author_id_of_event(body)
        return author_id is not None and author_id == (self._own_user_id or self._remembered_user_id)

    def _learn_own_user(self) -> None:
        if self._own_user_id is None:
            self._own_user_id = str(self._wire.get("/users/current")["id"])
            if self._memory is not None:
                self._memory.save(OWN_USER, self._own_user_id)

    @cached_property
    def _remembered_user_id(self) -> str | None:
        """What another process has learned: looked up once, as each webhook would do it again."""
        return self._memory.load(OWN_USER) if self._memory is not None else None

    def _find(self, path: str) -> Json | None:
        """A card, or ``None`` if it is gone."""
        try:
            data: Json = self._wire.get(path)
        except FatalServiceError as error:
            if error.status == 404:
                return None
            raise
        return None if data["condition"] == mapping.DELETED else data

    def _delete(self, path: str) -> None:
        """Delete what may be gone already."""
        try:
            self._wire.delete(path)
        except FatalServiceError as error:
            if error.status != 404:
                raise

    @property
    def _boards_url(self) -> str:
        """Address of the page with all boards of the space."""
        return f"{self._wire.site_url}/space/{self._space_id}/boards"

    def _board_url(self, board_id: int) -> str:
        """Address of that page with only one board in view: the space has boards of other clients too."""
        return f"{self._boards_url}?focus=board&focusId={board_id}"

    def _time_logs(self, card: Json) -> list[Json] | None:
        """Time logs of a card; ``None`` if the company's plan does not include time logs."""
        if self._has_time_logs and card.get("time_spent_sum") == 0:
            return []
        try:
            logs: list[Json] = self._wire.get(f"/cards/{card['id']}/time-logs")
        except FatalServiceError as error:
            # The company's plan has no time logs: hours are typed into the sheet.
            if error.status == 402:
                self._has_time_logs = False
                return None
            raise
        self._has_time_logs = True
        return logs


def _is_same_receiver(present: str, wanted: str) -> bool:
    """Whether two addresses differ only in the secret, which is the last part of the path."""
    (old, old_path), (new, new_path) = (
        (urlsplit(url), urlsplit(url).path.rpartition("/")[0]) for url in (present, wanted)
    )
    return (old.scheme, old.netloc, old_path) == (new.scheme, new.netloc, new_path)
