"""Kaiten as a tracker: what it does on the wire. The rules of the port are in ``tests/contract``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from emulators.common.client import local_client
from emulators.common.server import running
from emulators.kaiten import create_app
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError
from vitrina.ports import (
    Board,
    CardChange,
    Link,
    NewCard,
    Received,
    Step,
    TaskTracker,
    TrackerMemory,
    WebhookRequest,
)
from vitrina.records.cards import StoredTrackerMemory
from vitrina.store.memory import MemoryStore
from vitrina.trackers.kaiten.client import KaitenTracker
from vitrina.trackers.kaiten.pace import Pace
from vitrina.trackers.kaiten.wire import KaitenWire

Json = dict[str, Any]
SPACE, BOT, ANNA = 10, 1, 2
STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")
BOOK = "https://docs.google.com/spreadsheets/d/book"
WEBHOOK_URL = "http://127.0.0.1:9/webhook/kaiten/secret"
#: For tests to which it is all the same on which board a card is.
ANY_BOARD = ""


class Patience:
    """A fake ``sleep`` that only adds up the time."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Note the wait."""
        self.slept_s.append(seconds)


def number_of(board: Board) -> int:
    """Kaiten's own number of a board."""
    return int(board.board_id.partition("/")[0])


@dataclass
class World:
    """A tracker, and people who work in it."""

    tracker: TaskTracker
    #: Creates another tracker, as in a new process.
    make_tracker: Callable[..., TaskTracker]
    url: str
    #: The waits between repeated calls.
    patience: Patience

    def __post_init__(self) -> None:
        self.control = local_client(base_url=f"{self.url}/_emulator")
        self.people = local_client(base_url=f"{self.url}/api/latest")

    def person(self, method: str, path: str, body: Json | None = None, *, who: str = "anna") -> Any:
        """Make a call as a person in the tracker."""
        headers = {"Authorization": f"Bearer {who}"}
        return self.people.request(method, path, json=body, headers=headers).raise_for_status().json()

    def fail(self, status: int | str, method: str, count: int = 1, **more: Any) -> None:
        """Let the next calls fail."""
        body = {"status": status, "method": method, "count": count, **more}
        self.control.post("/fail-next", json=body).raise_for_status()

    def calls(self, name: str) -> int:
        """Count of calls with this name."""
        return int(self.control.get("/calls").json()["counts"].get(name, 0))

    def card_ids(self) -> list[int]:
        """Ids of all live cards."""
        return [card["id"] for card in self.person("GET", "/cards")]


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    """One emulator and one tracker for all tests."""
    patience = Patience()
    with running(create_app()) as url:
        wire = KaitenWire(url, "bot", pace=Pace(sleep=Patience()), sleep=patience)

        def make_tracker(webhook_url: str = WEBHOOK_URL, memory: TrackerMemory | None = None) -> TaskTracker:
            return KaitenTracker(
                base_url=url,
                token="bot",
                space_id=str(SPACE),
                webhook_url=webhook_url,
                memory=memory,
                wire=wire,
            )

        world = World(make_tracker(), make_tracker, url, patience)
        yield world
        world.control.close()
        world.people.close()
        wire.close()


@pytest.fixture
def world(served: World) -> World:
    """The tracker with an empty space of the agency."""
    users = [
        {"id": user_id, "full_name": token, "email": f"{token}@a.test", "username": token, "token": token}
        for user_id, token in ((BOT, "bot"), (ANNA, "anna"))
    ]
    seed = {
        "users": users,
        "spaces": [{"id": SPACE, "title": "Клиенты", "users": {BOT: "admin", ANNA: "writer"}}],
        "limit_per_s": 100_000,
    }
    served.control.post("/reset").raise_for_status()
    served.control.post("/seed", json=seed).raise_for_status()
    served.patience.slept_s.clear()
    return served


@pytest.fixture
def tracker(world: World) -> TaskTracker:
    """The tracker itself."""
    return world.tracker


@pytest.fixture
def board(tracker: TaskTracker) -> Board:
    """A board of a client."""
    return tracker.create_board("Зерно — Сайт (ЗРН)", STAGES)


@pytest.fixture
def new_card(board: Board) -> NewCard:
    """A card with two actions."""
    return NewCard(
        external_id="vitrina:book:14",
        board_id=board.board_id,
        stage_id=board.stages[0].stage_id,
        title="ЗРН-14 · Тексты для каталога",
        facts=(("Результат", "Двадцать описаний"),),
        due_on=date(2026, 11, 25),
        estimate_hours=7.5,
        assignee_id=str(ANNA),
        steps=(
            Step("Копирайтинг — Анна", assignee_id=str(ANNA), due_on=date(2026, 11, 24)),
            Step("Дизайн — Борис", due_on=date(2026, 11, 25)),
        ),
        links=(Link(BOOK, "Книга клиента"),),
    )


@pytest.fixture
def card_id(tracker: TaskTracker, new_card: NewCard) -> str:
    """The card, complete."""
    made = tracker.create_card(new_card)
    tracker.complete_card(made, new_card)
    return made


# Boards


def test_last_stage_means_done(world: World, board: Board, card_id: str) -> None:
    """A card is finished in the last stage, and not before."""
    states = [
        world.person("PATCH", f"/cards/{card_id}", {"column_id": int(stage.stage_id)})["state"]
        for stage in board.stages
    ]

    assert states == [1, 2, 2, 3]


# Cards


def test_estimate_and_link_reach_the_tracker(world: World, card_id: str) -> None:
    """The tracker has the hours as size, and a link to the workbook."""
    shown = world.person("GET", f"/cards/{card_id}")

    assert (shown["size"], shown["size_text"]) == (7.5, "7.5")
    assert [(link["url"], link["description"]) for link in shown["external_links"]] == [
        (BOOK, "Книга клиента")
    ]
    assert shown["description"] == "**Результат:** Двадцать описаний"


def test_too_long_texts_are_cut(tracker: TaskTracker, new_card: NewCard) -> None:
    """Long texts are cut, and a repeat recognises the cut lines of the checklist."""
    long = replace(new_card, title="ы" * 2000, facts=(("Результат", "ы" * 40000),), steps=(Step("ы" * 5000),))
    made = tracker.create_card(long)
    tracker.complete_card(made, long)
    tracker.complete_card(made, long)

    card = tracker.get_card(ANY_BOARD, made)
    assert card is not None
    assert card.title.endswith("…")
    assert len(card.steps) == 1


@pytest.mark.parametrize("lost", ["checklists.create", "checklist_items.create", "external_links.add"])
def test_complete_continues_after_a_lost_answer(
    world: World, tracker: TaskTracker, new_card: NewCard, lost: str
) -> None:
    """Parts that were created by a call with a lost answer are found, and the rest is added."""
    made = tracker.create_card(new_card)
    world.fail("timeout", lost)
    with pytest.raises(RetriableServiceError):
        tracker.complete_card(made, new_card)

    tracker.complete_card(made, new_card)

    card = tracker.get_card(ANY_BOARD, made)
    shown = world.person("GET", f"/cards/{made}")
    assert card is not None
    assert card.steps == new_card.steps
    assert len(shown["checklists"]) == len(shown["external_links"]) == 1


def test_what_is_there_twice_is_removed(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """Two processes completed the card at once; a line that somebody ticked and a list of people stay."""
    before = world.person("GET", f"/cards/{card_id}")
    for name in ("Состав работ", "Проверить"):
        made = world.person("POST", f"/cards/{card_id}/checklists", {"name": name})
        for number, line in enumerate(new_card.steps):
            body = {"text": line.text, "checked": name == "Состав работ" and number == 0}
            world.person("POST", f"/cards/{card_id}/checklists/{made['id']}/items", body)
    world.person("POST", f"/cards/{card_id}/external-links", {"url": BOOK})

    tracker.complete_card(card_id, new_card)

    after = world.person("GET", f"/cards/{card_id}")
    assert after["external_links"] == before["external_links"]
    lines = {
        (one["name"], item["text"], item["checked"])
        for one in after["checklists"]
        for item in one.get("items") or ()
    }
    first, *others = (line.text for line in new_card.steps)
    assert len(lines) == 2 * len(new_card.steps)
    assert {("Состав работ", first, True), *(("Состав работ", one, False) for one in others)} < lines


def test_second_checklist_of_ours_goes(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """With all of its lines, where nobody has ticked one."""
    before = world.person("GET", f"/cards/{card_id}")["checklists"]
    made = world.person("POST", f"/cards/{card_id}/checklists", {"name": "Состав работ"})
    path = f"/cards/{card_id}/checklists/{made['id']}/items"
    world.person("POST", path, {"text": new_card.steps[0].text})

    tracker.complete_card(card_id, new_card)

    assert world.person("GET", f"/cards/{card_id}")["checklists"] == before


# Looking for cards


def test_twins_are_found_in_one_call(
    world: World, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """Live cards with this key on this board are found, oldest first."""
    made = [tracker.create_card(new_card) for _ in range(4)]
    tracker.create_card(replace(new_card, external_id="vitrina:book:140"))
    other = tracker.create_board("Другая", STAGES)
    stage_id = other.stages[0].stage_id
    tracker.create_card(replace(new_card, board_id=other.board_id, stage_id=stage_id))
    world.person("PATCH", f"/cards/{made[0]}", {"condition": 2})
    world.person("DELETE", f"/cards/{made[1]}")
    world.control.delete("/calls")

    assert tracker.find_twins(board.board_id, "vitrina:book:14") == tuple(made[2:])
    assert world.control.get("/calls").json()["total"] == 1


# What people do


def test_plain_member_is_not_the_assignee(world: World, tracker: TaskTracker, new_card: NewCard) -> None:
    """Only the responsible person is the assignee."""
    made = tracker.create_card(replace(new_card, assignee_id=None))
    world.person("POST", f"/cards/{made}/members", {"user_id": ANNA})

    assert tracker.get_card(ANY_BOARD, made).assignee_id is None  # type: ignore[union-attr]


def test_person_with_a_wrong_id_is_named(tracker: TaskTracker, new_card: NewCard) -> None:
    """Of a new card and of one that is there: the sentence is about the person, not about the card."""
    made = tracker.create_card(new_card)
    calls: list[Callable[[], object]] = [
        lambda: tracker.create_card(replace(new_card, assignee_id="999")),
        lambda: tracker.change_card(ANY_BOARD, made, CardChange(assignee_id="999")),
    ]
    for call in calls:
        with pytest.raises(FatalServiceError) as refused:
            call()

        assert (refused.value.code, refused.value.where["person_id"]) == ("tracker.unknown_person", "999")


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-11-25T20:59:00Z", date(2026, 11, 25)),  # 23:59 in Moscow
        ("2026-11-25T21:00:00Z", date(2026, 11, 26)),  # midnight in Moscow
    ],
)
def test_due_date_with_a_time_is_a_day_of_the_agency(
    world: World, tracker: TaskTracker, card_id: str, due: str, expected: date
) -> None:
    """A due moment becomes a day in the agency's time zone, not in UTC."""
    world.person("PATCH", f"/cards/{card_id}", {"due_date": due, "due_date_time_present": True})

    assert tracker.get_card(ANY_BOARD, card_id).due_on == expected  # type: ignore[union-attr]


def test_plan_without_hours_leaves_the_rest(world: World, card_id: str) -> None:
    """Without time logs in the company's plan the rest of the card is still read, each time."""
    tracker = world.make_tracker()
    world.fail(402, "time_logs.list", count=2)

    for _ in range(2):
        card = tracker.get_card(ANY_BOARD, card_id)
        assert card is not None
        assert card.logged_hours is None


def test_a_card_without_hours_is_read_with_one_call(world: World, card_id: str) -> None:
    """Once the plan is known to have time logs; the first hours of the card are read with the next call."""
    tracker = world.make_tracker()
    tracker.get_card(ANY_BOARD, card_id)
    world.control.delete("/calls")

    without = tracker.get_card(ANY_BOARD, card_id)

    assert without is not None
    assert without.logged_hours == {}
    assert world.calls("time_logs.list") == 0
    log = {"role_id": -1, "time_spent": 90, "for_date": "2026-11-24"}
    world.person("POST", f"/cards/{card_id}/time-logs", log)
    card = tracker.get_card(ANY_BOARD, card_id)
    assert card is not None
    assert card.logged_hours == {str(ANNA): 1.5}


def test_a_plan_that_lost_its_hours_is_noticed(world: World, card_id: str) -> None:
    """At the next card with hours: no other card says then that it has none."""
    tracker = world.make_tracker()
    log = {"role_id": -1, "time_spent": 90, "for_date": "2026-11-24"}
    made = world.person("POST", f"/cards/{card_id}/time-logs", log)
    tracker.get_card(ANY_BOARD, card_id)
    world.fail(402, "time_logs.list", count=2)

    with_hours = tracker.get_card(ANY_BOARD, card_id)
    world.person("DELETE", f"/cards/{card_id}/time-logs/{made['id']}")
    without = tracker.get_card(ANY_BOARD, card_id)

    assert with_hours is not None
    assert without is not None
    assert (with_hours.logged_hours, without.logged_hours) == (None, None)


def test_subcolumn_is_the_stage_around_it(
    world: World, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """A card in a subcolumn has the stage of the column around it."""
    sub = world.person(
        "POST", f"/columns/{board.stages[1].stage_id}/subcolumns", {"title": "Ждёт", "type": 2}
    )
    world.person("PATCH", f"/cards/{card_id}", {"column_id": sub["id"]})

    assert tracker.get_card(ANY_BOARD, card_id).stage_id == board.stages[1].stage_id  # type: ignore[union-attr]


# Webhooks


def test_webhook_is_connected_once(world: World, board: Board) -> None:
    """A repeat does nothing; a new secret replaces the old one; a disabled webhook is enabled."""
    path = f"/spaces/{SPACE}/external-webhooks"
    for secret in ("old", "old", "new"):
        tracker = world.make_tracker(f"https://vitrina.test/webhook/kaiten/{secret}")
        tracker.connect_webhook(board.board_id)

    (webhook,) = world.person("GET", path, who="bot")
    assert (webhook["url"], webhook["enabled"]) == ("https://vitrina.test/webhook/kaiten/new", True)
    world.person("PATCH", f"{path}/{webhook['id']}", {"enabled": False}, who="bot")
    tracker.connect_webhook(board.board_id)
    assert world.person("GET", path, who="bot")[0]["enabled"] is True


def test_webhook_of_somebody_else_is_left_alone(world: World, board: Board) -> None:
    """A foreign webhook is not changed, and the error names the problem."""
    path = f"/spaces/{SPACE}/external-webhooks"
    world.person("POST", path, {"url": "https://other.test/webhook/kaiten/x"}, who="bot")
    tracker = world.make_tracker("https://vitrina.test/webhook/kaiten/x")

    with pytest.raises(FatalServiceError) as refused:
        tracker.connect_webhook(board.board_id)

    assert refused.value.code == "tracker.webhook_taken"
    assert world.person("GET", path, who="bot")[0]["url"] == "https://other.test/webhook/kaiten/x"


def events(world: World) -> list[Json]:
    """Bodies of all webhooks that the tracker sent or would have sent."""
    return [row["body"] for row in world.control.get("/webhooks").json()["deliveries"]]


def receive(tracker: TaskTracker, body: Any, *path: str) -> Received:
    """What the tracker makes of a request with this body."""
    return tracker.receive(WebhookRequest(path or ("secret",), {}, b"", lambda: body))


def test_events_name_their_card(world: World, tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """Every event of others has the id of its card, except those of boards; no request is sent."""
    tracker.connect_webhook(board.board_id)
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
    made = tracker.create_card(new_card)
    world.person("PATCH", f"/cards/{made}", {"title": "Другое"})
    world.person("POST", f"/cards/{made}/comments", {"text": "Вопрос"})
    world.person(
        "POST", f"/cards/{made}/time-logs", {"role_id": -1, "time_spent": 5, "for_date": "2026-11-24"}
    )
    world.person("DELETE", f"/cards/{made}/members/{ANNA}")
    tag = world.person("POST", f"/cards/{made}/tags", {"name": "зерно"})
    world.person("DELETE", f"/cards/{made}/tags/{tag['id']}")
    world.person("PATCH", f"/spaces/{SPACE}/boards/{number_of(board)}", {"title": "Другая"})

    bodies = events(world)
    world.control.delete("/calls")
    hints = {body["event"]: receive(tracker, body).card_ids for body in bodies}

    # What Vitrina itself did.
    assert [hints.pop(event) for event in ("card:add", "card_member:add")] == [(), ()]
    assert hints.pop("board:update") == ()
    assert set(hints) == {
        "card:update", "comment:add", "card_time_log:add", "card_member:remove", "tag:add", "tag:remove",
    }  # fmt: skip
    assert set(hints.values()) == {(made,)}
    assert world.control.get("/calls").json()["total"] == 0


def test_events_are_foreign_until_the_own_user_is_known(
    world: World, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """A process without a memory learns its own user from the first card that it creates."""
    tracker.connect_webhook(board.board_id)
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
    made = tracker.create_card(new_card)
    bodies = events(world)
    fresh = world.make_tracker()
    world.control.delete("/calls")

    assert [receive(fresh, body).card_ids for body in bodies] == [(made,)] * 2
    assert world.control.get("/calls").json()["total"] == 0
    fresh.create_card(new_card)
    assert [receive(fresh, body).card_ids for body in bodies] == [()] * 2


def test_own_user_is_known_before_the_first_event(world: World, board: Board, new_card: NewCard) -> None:
    """It is asked for once, when the webhook is connected, and remembered for other processes."""
    memory = StoredTrackerMemory(MemoryStore(), "kaiten")
    tracker, other = (world.make_tracker(memory=memory) for _ in range(2))
    for _ in range(2):
        tracker.connect_webhook(board.board_id)
    assert world.calls("users.current") == 1
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
    made = world.make_tracker().create_card(new_card)
    world.person("PATCH", f"/cards/{made}", {"title": "Другое"})

    hints = [[receive(one, body).card_ids for body in events(world)] for one in (tracker, other)]

    assert hints == [[(), (), (made,)]] * 2


@pytest.mark.parametrize("path", [("other",), ("secret", "more"), ("more", "secret"), ("",)])
def test_request_without_the_secret_is_refused(
    tracker: TaskTracker, new_card: NewCard, path: tuple[str, ...]
) -> None:
    """Kaiten signs nothing, so that only the whole rest of the address tells who sends it."""
    body = {"event": "comment:add", "data": {"card_id": 5}}

    assert receive(tracker, body).card_ids == ("5",)
    assert receive(tracker, body, *path) == Received(status=404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "card:update"},
        {"event": "card:update", "data": {"changes": {"id": 5}}},
        {"event": "card:update", "data": {"old": "5"}},
        {"event": "card:add", "data": {"id": "5; drop"}},
        {"event": "card:add", "data": {"id": True}},
        {"event": ["card:add"], "data": {"id": 5}},
        {"event": "card:add", "data": [5]},
        {"event": "card:add", "data": {"author": [1]}},
        {"event": "card:add", "data": {"author": {"id": True}}},
        {"event": "card:add", "data": {"author": {"id": None}}},
    ],
)
def test_nonsense_names_no_card(world: World, tracker: TaskTracker, new_card: NewCard, body: Json) -> None:
    """A body without sense names no card, with and without a known own user."""
    tracker.create_card(new_card)

    assert receive(tracker, body) == receive(world.make_tracker(), body) == Received()


@pytest.mark.parametrize("body", [None, [], "card:add", 5])
def test_body_that_is_no_object_is_refused(tracker: TaskTracker, body: object) -> None:
    """Kaiten sends objects only."""
    assert receive(tracker, body) == Received(status=400)


# Refusals


Call = Callable[[TaskTracker, Board, NewCard], object]


def make(tracker: TaskTracker, _board: Board, card: NewCard) -> object:
    """A call that creates something."""
    return tracker.create_card(card)


def look(tracker: TaskTracker, board: Board, _card: NewCard) -> object:
    """A call that reads."""
    return tracker.find_cards(board.board_id)


@pytest.mark.parametrize("step", [make, look])
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, FatalServiceError, "service.refused"),
        (401, AccessDeniedError, "tracker.unauthorized"),
        (402, FatalServiceError, "tracker.plan"),
        (403, AccessDeniedError, "tracker.forbidden"),
        (404, FatalServiceError, "tracker.not_found"),
    ],
)
def test_final_refusals_are_not_repeated(
    world: World, board: Board, new_card: NewCard, step: Call, status: int, kind: type[Exception], code: str
) -> None:
    """The call is sent once, and the error says who can help."""
    world.control.delete("/calls")
    world.fail(status, "cards")

    with pytest.raises(kind) as refused:
        step(world.tracker, board, replace(new_card, assignee_id=None))

    assert (refused.value.code, refused.value.status) == (code, status)  # type: ignore[attr-defined]
    assert world.control.get("/calls").json()["total"] == 1


def test_busy_tracker_is_asked_again_even_to_make_something(
    world: World, board: Board, new_card: NewCard
) -> None:
    """After a 429 the call is repeated, after at least the requested time."""
    world.fail(429, "cards.create", count=2, retry_after=3)

    made = world.tracker.create_card(new_card)

    assert world.card_ids() == [int(made)]
    assert world.patience.slept_s == [3.0, 3.0]


def test_tracker_that_stays_busy(world: World, board: Board, new_card: NewCard) -> None:
    """The call fails after four attempts, and the error says how long to wait."""
    world.fail(429, "cards.create", count=4, retry_after=7)

    with pytest.raises(RetriableServiceError) as refused:
        world.tracker.create_card(new_card)

    assert (refused.value.code, refused.value.retry_after_s) == ("service.busy", 7.0)
    assert world.calls("cards.create") == 4


@pytest.mark.parametrize("status", [500, 503, "timeout", "drop"])
def test_reading_is_repeated(world: World, card_id: str, status: int | str) -> None:
    """A read is repeated after any failure of the connection or the server."""
    world.fail(status, "cards.get", count=2)

    assert world.tracker.get_card(ANY_BOARD, card_id) is not None


@pytest.mark.parametrize(("status", "made"), [(500, 0), (503, 0), ("drop", 0), ("timeout", 1)])
def test_making_is_not_repeated_blindly(
    world: World, board: Board, new_card: NewCard, status: int | str, made: int
) -> None:
    """After a lost answer the card is not created again; a search shows whether it exists."""
    world.fail(status, "cards.create")

    with pytest.raises(RetriableServiceError) as lost:
        world.tracker.create_card(new_card)

    assert lost.value.code == "service.no_answer"
    assert world.calls("cards.create") == 1
    assert len(world.tracker.find_cards(board.board_id)) == made


def test_card_may_appear_after_the_call_was_given_up(world: World, board: Board, new_card: NewCard) -> None:
    """A search right after the timeout finds nothing, a later one finds the card. The call is sent once."""
    wire = KaitenWire(world.url, "bot", pace=Pace(sleep=Patience()), timeout_s=0.2)
    hasty = KaitenTracker(base_url="", token="", space_id=str(SPACE), webhook_url="", wire=wire)
    step = {"at": 1, "method": "cards.create", "hold": True}
    world.control.post("/plan", json=[step]).raise_for_status()

    with pytest.raises(RetriableServiceError) as lost:
        hasty.create_card(new_card)
    seen = hasty.find_twins(board.board_id, new_card.external_id)
    world.control.post("/plan/release").raise_for_status()
    give_up_at = time.monotonic() + 10
    while not hasty.find_twins(board.board_id, new_card.external_id):
        assert time.monotonic() < give_up_at

    wire.close()
    assert lost.value.code == "service.no_answer"
    assert seen == ()
    assert world.calls("cards.create") == 1


def test_number_of_attempts_can_be_chosen(world: World, board: Board) -> None:
    """With one attempt nothing is repeated."""
    wire = KaitenWire(world.url, "bot", pace=Pace(sleep=Patience()), attempts=1)
    tracker = KaitenTracker(base_url="", token="", space_id=str(SPACE), webhook_url="", wire=wire)
    world.fail(503, "cards.list")

    with pytest.raises(RetriableServiceError):
        tracker.find_cards(board.board_id)

    wire.close()
    assert world.calls("cards.list") == 1


def test_making_is_repeated_when_nobody_listened() -> None:
    """A request that was never sent is repeated; after four attempts there is an error."""
    patience = Patience()
    wire = KaitenWire("http://127.0.0.1:9", "bot", pace=Pace(sleep=Patience()), sleep=patience)
    tracker = KaitenTracker(base_url="", token="", space_id="1", webhook_url="", wire=wire)

    with pytest.raises(RetriableServiceError):
        tracker.create_board("Доска", STAGES)

    wire.close()
    assert patience.slept_s == [0.5, 1.0, 2.0]


def test_body_is_not_read_without_the_secret(tracker: TaskTracker) -> None:
    """A stranger cannot make us read and parse what he sends."""

    def fail() -> bytes:
        raise AssertionError("the body was read")

    assert tracker.receive(WebhookRequest(("other",), {}, fail, fail)) == Received(status=404)
