"""The desk of an office that works in Kaiten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulators.world.processes import ROBOT_ID, Person, local_token, seed_kaiten
from tests.harness.desks.desk import EmulatorDesk, TrackerCard
from vitrina.trackers.kaiten.mapping import ARCHIVED, LIVE

#: Calls a second that the tracker takes. The real limit of 50 would make tests slow.
LIMIT_PER_S = 500
RESPONSIBLE = 2


class KaitenDesk(EmulatorDesk):
    """See ``Desk``."""

    server = "kaiten"
    own_user_settings: Mapping[str, str] = {"KAITEN_USER_ID": str(ROBOT_ID)}
    space_id = 0

    def open(self, people: Sequence[Person]) -> dict[str, str]:
        """See ``Desk``."""
        self.control("POST", "/reset")
        self.space_id = seed_kaiten(self.servers.url(self.server), people, limit_per_s=LIMIT_PER_S)
        return {"VITRINA_KAITEN_SPACE_ID": str(self.space_id)}

    @staticmethod
    def space_of(desk: object) -> int:
        """Number of the space of a desk that is Kaiten's."""
        assert isinstance(desk, KaitenDesk), "the office works in another tracker"
        return desk.space_id

    def call(self, method: str, path: str, *, user_id: int = 11, **body: Any) -> Any:
        """The answer of the API to one of its users."""
        answer = self.http.request(
            method,
            f"{self.servers.url(self.server)}/api/latest{path}",
            headers={"Authorization": f"Bearer {local_token(user_id)}"},
            json=body or None,
        )
        return answer.raise_for_status().json()

    def cards(self) -> list[TrackerCard]:
        """See ``Desk``."""
        path = f"/cards?space_id={self.space_id}&limit=100&condition="
        rows = [row for one in (LIVE, ARCHIVED) for row in self.call("GET", f"{path}{one}", user_id=ROBOT_ID)]
        return [self._card(row["id"]) for row in rows]

    def _card(self, card_id: int) -> TrackerCard:
        card = self.call("GET", f"/cards/{card_id}", user_id=ROBOT_ID)
        items = [item for checklist in card["checklists"] for item in checklist["items"]]
        people = [str(one["id"]) for one in card["members"] if one["type"] == RESPONSIBLE]
        return TrackerCard(
            card_id=str(card["id"]),
            external_id=card["external_id"] or "",
            title=card["title"],
            board=card["board"]["title"],
            stage=card["column"]["title"],
            due_on=(card["due_date"] or "")[:10],
            assignee_id=",".join(people),
            description=card["description"] or "",
            hours=card["size"] or 0.0,
            steps=tuple(
                (item["text"], (item["due_date"] or "")[:10], str(item["responsible_id"])) for item in items
            ),
            links=tuple(link["url"] for link in card["external_links"]),
            minutes=card["time_spent_sum"],
            is_closed=card["condition"] == ARCHIVED,
        )

    def boards(self) -> list[tuple[str, list[str]]]:
        """See ``Desk``."""
        rows = self.call("GET", f"/spaces/{self.space_id}/boards", user_id=ROBOT_ID)
        return [(row["title"], [column["title"] for column in row["columns"]]) for row in rows]

    def webhooks(self) -> list[tuple[str, bool]]:
        """See ``Desk``."""
        rows = self.call("GET", f"/spaces/{self.space_id}/external-webhooks", user_id=ROBOT_ID)
        return [(row["url"], row["enabled"]) for row in rows]

    def addresses(self, cards: Sequence[TrackerCard]) -> dict[str, str]:
        """See ``Desk``."""
        return {f"/card/{card.card_id}": f"/card/<{card.external_id}>" for card in cards}

    def move(self, card_id: str, stage: int, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        card = self.call("GET", f"/cards/{card_id}")
        columns = self.call("GET", f"/boards/{card['board_id']}/columns")
        self.call("PATCH", f"/cards/{card_id}", user_id=user_id, column_id=columns[stage]["id"])

    def finish_step(self, card_id: str, place: int, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        [checklist] = self.call("GET", f"/cards/{card_id}")["checklists"]
        path = f"/cards/{card_id}/checklists/{checklist['id']}/items/{checklist['items'][place]['id']}"
        self.call("PATCH", path, user_id=user_id, checked=True)

    def set_due(self, card_id: str, day: str, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        self.call("PATCH", f"/cards/{card_id}", user_id=user_id, due_date=day)

    def log_minutes(self, card_id: str, minutes: int, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        log = {"role_id": -1, "time_spent": minutes, "for_date": "2026-11-23"}
        self.call("POST", f"/cards/{card_id}/time-logs", user_id=user_id, **log)

    def count_of_parts(self, card_id: str) -> tuple[int, int]:
        """See ``Desk``."""
        card = self._card(int(card_id))
        return len(card.steps), len(card.links)

    def deliveries(self) -> list[Any]:
        """See ``Desk``."""
        rows: list[Any] = self.control("GET", "/webhooks")["deliveries"]
        return rows

    def replay(self, deliveries: Sequence[Any]) -> None:
        """See ``Desk``. Nothing is signed, so that who has the address can send anything."""
        for delivery in deliveries:
            self.http.post(delivery["url"], json=delivery["body"]).raise_for_status()

    def forge(self, card_id: str, functions: str, secret: str) -> None:
        """See ``Desk``."""
        lie = {"event": "card:update", "data": {"old": {"id": int(card_id)}, "changes": {"column_id": 1}}}
        url = f"{functions}/webhook/kaiten/"
        assert self.http.post(url + "0" * 40, json=lie).status_code == 404
        # The secret in the address is all that Kaiten has: a lie that knows it is a reason to look.
        assert self.http.post(url + secret, json=lie).status_code == 200
