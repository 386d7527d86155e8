"""Contract of every task tracker, run for each of them with its emulator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import httpx
import pytest

from emulators.common.server import running
from emulators.kaiten import create_app
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError
from vitrina.ports import Board, ChecklistItem, NewCard, TaskTracker
from vitrina.trackers.kaiten.client import KaitenTracker
from vitrina.trackers.kaiten.pace import Pace
from vitrina.trackers.kaiten.wire import KaitenWire

Json = dict[str, Any]
SPACE, BOT, ANNA = 10, 1, 2
STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")
BOOK = "https://docs.google.com/spreadsheets/d/book"


class Patience:
    """A fake ``sleep`` that only adds up the time."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Note the wait."""
        self.slept_s.append(seconds)


@dataclass
class World:
    """A tracker, and people who work in it."""

    tracker: TaskTracker
    #: Creates another tracker, as in a new process.
    make_tracker: Callable[[], TaskTracker]
    url: str
    #: The waits between repeated calls.
    patience: Patience

    def __post_init__(self) -> None:
        self.control = httpx.Client(base_url=f"{self.url}/_emulator", trust_env=False)
        self.people = httpx.Client(base_url=f"{self.url}/api/latest", trust_env=False)

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

        def make_tracker() -> TaskTracker:
            return KaitenTracker(base_url=url, token="bot", space_id=str(SPACE), wire=wire)

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
        lane_id=board.lane_id,
        title="ЗРН-14 · Тексты для каталога",
        description="Двадцать описаний",
        due_on=date(2026, 11, 25),
        estimate_hours=7.5,
        assignee_id=str(ANNA),
        checklist=(
            ChecklistItem("Копирайтинг — Анна", assignee_id=str(ANNA), due_on=date(2026, 11, 24)),
            ChecklistItem("Дизайн — Борис", due_on=date(2026, 11, 25)),
        ),
        link_url=BOOK,
        link_title="Книга клиента",
    )


@pytest.fixture
def card_id(tracker: TaskTracker, new_card: NewCard) -> str:
    """The card, complete."""
    made = tracker.create_card(new_card)
    tracker.complete_card(made, new_card)
    return made


# Boards


def test_board_has_the_stages_in_order(tracker: TaskTracker, board: Board) -> None:
    """The stages have the given order, each with its own id."""
    assert [stage.title for stage in board.stages] == list(STAGES)
    assert len({stage.stage_id for stage in board.stages}) == 4


def test_board_is_found_by_its_title(tracker: TaskTracker, board: Board) -> None:
    """The board is found by its exact title; a similar title is another board."""
    tracker.create_board("Зерно — Сайт (ЗРН2)", STAGES)

    assert tracker.find_board("Зерно — Сайт (ЗРН)") == board
    assert tracker.find_board("Зерно — Сайт") is None


def test_boards_have_addresses_of_their_own(tracker: TaskTracker, board: Board) -> None:
    """Each client gets a link to his own board; a board that is found again has the same."""
    other = tracker.create_board("Улыбка — Реклама (УЛБ)", ["Онбординг", "Выполнено"])
    found = tracker.find_board("Улыбка — Реклама (УЛБ)")

    assert found is not None
    assert found.url == other.url != board.url


def test_last_stage_means_done(world: World, board: Board, card_id: str) -> None:
    """A card is finished in the last stage, and not before."""
    states = [
        world.person("PATCH", f"/cards/{card_id}", {"column_id": int(stage.stage_id)})["state"]
        for stage in board.stages
    ]

    assert states == [1, 2, 2, 3]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_board_of_few_stages(tracker: TaskTracker, count: int) -> None:
    """A board may have few stages."""
    assert len(tracker.create_board("Мало", STAGES[:count]).stages) == count


# Cards


def test_card_comes_back_as_it_was_made(
    tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """Every field of the port is returned as it was created."""
    card = tracker.get_card(card_id)

    assert card is not None
    assert (card.card_id, card.external_id, card.board_id) == (card_id, new_card.external_id, board.board_id)
    assert (card.title, card.stage_id) == (new_card.title, board.stages[0].stage_id)
    assert (card.due_on, card.assignee_id, card.is_archived) == (date(2026, 11, 25), str(ANNA), False)
    assert card.checklist == new_card.checklist
    assert card.logged_hours == {}
    assert card.url == tracker.card_url(board.board_id, card_id)


def test_estimate_and_link_reach_the_tracker(world: World, card_id: str) -> None:
    """The tracker has the hours as size, and a link to the workbook."""
    shown = world.person("GET", f"/cards/{card_id}")

    assert (shown["size"], shown["size_text"]) == (7.5, "7.5")
    assert [(link["url"], link["description"]) for link in shown["external_links"]] == [
        (BOOK, "Книга клиента")
    ]
    assert shown["description"] == "Двадцать описаний"


def test_card_without_anything_optional(tracker: TaskTracker, new_card: NewCard) -> None:
    """A card needs no date, person, hours or actions."""
    bare = replace(new_card, due_on=None, assignee_id=None, estimate_hours=0.0, checklist=())
    made = tracker.create_card(bare)
    tracker.complete_card(made, bare)

    card = tracker.get_card(made)
    assert card is not None
    assert (card.due_on, card.assignee_id, card.checklist) == (None, None, ())


def test_too_long_texts_are_cut(tracker: TaskTracker, new_card: NewCard) -> None:
    """Long texts are cut, and a repeat recognises the cut lines of the checklist."""
    long = replace(
        new_card, title="ы" * 2000, description="ы" * 40000, checklist=(ChecklistItem("ы" * 5000),)
    )
    made = tracker.create_card(long)
    tracker.complete_card(made, long)
    tracker.complete_card(made, long)

    card = tracker.get_card(made)
    assert card is not None
    assert card.title.endswith("…")
    assert len(card.checklist) == 1


def test_complete_twice_changes_nothing(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """A second call adds neither a second checklist nor a second link."""
    before = world.person("GET", f"/cards/{card_id}")
    tracker.complete_card(card_id, new_card)

    assert world.person("GET", f"/cards/{card_id}") == before


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

    card = tracker.get_card(made)
    shown = world.person("GET", f"/cards/{made}")
    assert card is not None
    assert card.checklist == new_card.checklist
    assert len(shown["checklists"]) == len(shown["external_links"]) == 1


def test_item_made_later_stands_in_its_place(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """A removed first action is added again as the first line."""
    (checklist,) = world.person("GET", f"/cards/{card_id}")["checklists"]
    first = checklist["items"][0]["id"]
    world.person("DELETE", f"/cards/{card_id}/checklists/{checklist['id']}/items/{first}")

    tracker.complete_card(card_id, new_card)

    card = tracker.get_card(card_id)
    assert card is not None
    assert [line.text for line in card.checklist] == [line.text for line in new_card.checklist]


def test_two_equal_actions_are_two_lines(world: World, tracker: TaskTracker, new_card: NewCard) -> None:
    """For two equal actions there are two lines; one existing line counts only once."""
    twins = replace(new_card, checklist=(ChecklistItem("Дизайн — Анна"), ChecklistItem("Дизайн — Анна")))
    made = tracker.create_card(twins)
    tracker.complete_card(made, twins)
    (checklist,) = world.person("GET", f"/cards/{made}")["checklists"]
    first = checklist["items"][0]["id"]
    world.person("DELETE", f"/cards/{made}/checklists/{checklist['id']}/items/{first}")

    tracker.complete_card(made, twins)

    card = tracker.get_card(made)
    assert card is not None
    assert [line.text for line in card.checklist] == ["Дизайн — Анна"] * 2


def test_what_is_there_twice_is_removed(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """Two processes completed the card at once; a line that somebody ticked and a list of people stay."""
    before = world.person("GET", f"/cards/{card_id}")
    for name in ("Состав работ", "Проверить"):
        made = world.person("POST", f"/cards/{card_id}/checklists", {"name": name})
        for number, line in enumerate(new_card.checklist):
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
    first, *others = (line.text for line in new_card.checklist)
    assert len(lines) == 2 * len(new_card.checklist)
    assert {("Состав работ", first, True), *(("Состав работ", one, False) for one in others)} < lines


def test_second_checklist_of_ours_goes(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """With all of its lines, where nobody has ticked one."""
    before = world.person("GET", f"/cards/{card_id}")["checklists"]
    made = world.person("POST", f"/cards/{card_id}/checklists", {"name": "Состав работ"})
    path = f"/cards/{card_id}/checklists/{made['id']}/items"
    world.person("POST", path, {"text": new_card.checklist[0].text})

    tracker.complete_card(card_id, new_card)

    assert world.person("GET", f"/cards/{card_id}")["checklists"] == before


# Looking for cards


def test_cards_are_found_by_our_key(
    world: World, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """Cards are found by their key, also archived ones, the older first; cards without a key are left out."""
    first, second = tracker.create_card(new_card), tracker.create_card(new_card)
    archived = tracker.create_card(replace(new_card, external_id="vitrina:book:15"))
    world.person("PATCH", f"/cards/{archived}", {"condition": 2})
    world.person("POST", "/cards", {"title": "Своя", "board_id": int(board.board_id)})

    assert tracker.find_cards(board.board_id) == {
        "vitrina:book:14": (first, second),
        "vitrina:book:15": (archived,),
    }


@pytest.mark.parametrize("archived", [0, 1])
def test_archived_card_keeps_its_place_among_twins(
    world: World, tracker: TaskTracker, board: Board, new_card: NewCard, archived: int
) -> None:
    """The order depends only on the age of the cards."""
    made = [tracker.create_card(new_card) for _ in range(2)]
    world.person("PATCH", f"/cards/{made[archived]}", {"condition": 2})

    assert tracker.find_cards(board.board_id) == {"vitrina:book:14": tuple(made)}


def test_all_pages_are_read(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """All cards are found, also if there are more than fit into one page."""
    made = {
        f"vitrina:book:{n}": (tracker.create_card(replace(new_card, external_id=f"vitrina:book:{n}")),)
        for n in range(205)
    }

    assert tracker.find_cards(board.board_id) == made


def test_cards_of_other_boards_are_not_found(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """Only cards of the given board are found."""
    tracker.create_card(new_card)

    assert tracker.find_cards(tracker.create_board("Другая", STAGES).board_id) == {}


def test_twins_are_found_in_one_call(
    world: World, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """Live cards with this key on this board are found, oldest first."""
    made = [tracker.create_card(new_card) for _ in range(4)]
    tracker.create_card(replace(new_card, external_id="vitrina:book:140"))
    other = tracker.create_board("Другая", STAGES)
    stage_id = other.stages[0].stage_id
    tracker.create_card(replace(new_card, board_id=other.board_id, stage_id=stage_id, lane_id=other.lane_id))
    world.person("PATCH", f"/cards/{made[0]}", {"condition": 2})
    world.person("DELETE", f"/cards/{made[1]}")
    world.control.delete("/calls")

    assert tracker.find_twins(board.board_id, "vitrina:book:14") == tuple(made[2:])
    assert world.control.get("/calls").json()["total"] == 1


def test_card_that_was_never_made_has_no_twins(tracker: TaskTracker, board: Board) -> None:
    """Without a card the result is empty, without an error."""
    assert tracker.find_twins(board.board_id, "vitrina:book:14") == ()


# What people do


def test_move_tick_date_and_person_are_seen(
    world: World, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """``get_card`` returns the current state after changes by people."""
    (checklist,) = world.person("GET", f"/cards/{card_id}")["checklists"]
    item = f"/cards/{card_id}/checklists/{checklist['id']}/items/{checklist['items'][1]['id']}"
    world.person("PATCH", item, {"checked": True, "responsible_id": BOT, "due_date": "2026-11-27"})
    world.person(
        "PATCH", f"/cards/{card_id}", {"column_id": int(board.stages[2].stage_id), "due_date": "2026-11-30"}
    )
    world.person("DELETE", f"/cards/{card_id}/members/{ANNA}")

    card = tracker.get_card(card_id)

    assert card is not None
    assert (card.stage_id, card.due_on, card.assignee_id) == (
        board.stages[2].stage_id,
        date(2026, 11, 30),
        None,
    )
    assert card.checklist[1] == ChecklistItem("Дизайн — Борис", True, str(BOT), date(2026, 11, 27))


def test_plain_member_is_not_the_assignee(world: World, tracker: TaskTracker, new_card: NewCard) -> None:
    """Only the responsible person is the assignee."""
    made = tracker.create_card(replace(new_card, assignee_id=None))
    world.person("POST", f"/cards/{made}/members", {"user_id": ANNA})

    assert tracker.get_card(made).assignee_id is None  # type: ignore[union-attr]


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

    assert tracker.get_card(card_id).due_on == expected  # type: ignore[union-attr]


def test_hours_are_given_by_person(world: World, tracker: TaskTracker, card_id: str) -> None:
    """Minutes of the tracker become hours by person: 90 + 15 of Anna, 20 of another person."""
    for minutes, token in ((90, "anna"), (15, "anna"), (20, "bot")):
        log = {"role_id": -1, "time_spent": minutes, "for_date": "2026-11-24"}
        world.person("POST", f"/cards/{card_id}/time-logs", log, who=token)

    card = tracker.get_card(card_id)

    assert card is not None
    assert card.logged_hours == {str(ANNA): pytest.approx(1.75), str(BOT): pytest.approx(1 / 3)}


def test_plan_without_hours_leaves_the_rest(world: World, tracker: TaskTracker, card_id: str) -> None:
    """Without time logs in the company's plan the rest of the card is still read."""
    world.fail(402, "time_logs.list")

    assert tracker.get_card(card_id).logged_hours == {}  # type: ignore[union-attr]


def test_checklists_of_people_come_after_ours(
    world: World, tracker: TaskTracker, new_card: NewCard, card_id: str
) -> None:
    """Lines of people's checklists come after ours, even if their checklist is first on the card."""
    path = f"/cards/{card_id}/checklists"
    theirs = world.person("POST", path, {"name": "Не забыть", "sort_order": 0.5})
    world.person("POST", f"{path}/{theirs['id']}/items", {"text": "Позвонить"})

    card = tracker.get_card(card_id)

    assert card is not None
    assert [line.text for line in card.checklist] == [
        *(line.text for line in new_card.checklist),
        "Позвонить",
    ]


def test_archived_card_is_marked(world: World, tracker: TaskTracker, card_id: str) -> None:
    """An archived card is returned with ``is_archived``."""
    world.person("PATCH", f"/cards/{card_id}", {"condition": 2})

    assert tracker.get_card(card_id).is_archived  # type: ignore[union-attr]


def test_deleted_card_is_none(world: World, tracker: TaskTracker, card_id: str) -> None:
    """A deleted card is ``None`` and not an error."""
    world.person("DELETE", f"/cards/{card_id}")

    assert tracker.get_card(card_id) is None


def test_subcolumn_is_the_stage_around_it(
    world: World, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """A card in a subcolumn has the stage of the column around it."""
    sub = world.person(
        "POST", f"/columns/{board.stages[1].stage_id}/subcolumns", {"title": "Ждёт", "type": 2}
    )
    world.person("PATCH", f"/cards/{card_id}", {"column_id": sub["id"]})

    assert tracker.get_card(card_id).stage_id == board.stages[1].stage_id  # type: ignore[union-attr]


# Webhooks


def test_webhook_is_connected_once(world: World, tracker: TaskTracker) -> None:
    """A repeat does nothing; a new secret replaces the old one; a disabled webhook is enabled."""
    path = f"/spaces/{SPACE}/external-webhooks"
    for secret in ("old", "old", "new"):
        tracker.connect_webhook(f"https://vitrina.test/webhook/kaiten/{secret}")

    (webhook,) = world.person("GET", path, who="bot")
    assert (webhook["url"], webhook["enabled"]) == ("https://vitrina.test/webhook/kaiten/new", True)
    world.person("PATCH", f"{path}/{webhook['id']}", {"enabled": False}, who="bot")
    tracker.connect_webhook("https://vitrina.test/webhook/kaiten/new")
    assert world.person("GET", path, who="bot")[0]["enabled"] is True


def test_webhook_of_somebody_else_is_left_alone(world: World, tracker: TaskTracker) -> None:
    """A foreign webhook is not changed, and the error names the problem."""
    path = f"/spaces/{SPACE}/external-webhooks"
    world.person("POST", path, {"url": "https://other.test/webhook/kaiten/x"}, who="bot")

    with pytest.raises(FatalServiceError) as refused:
        tracker.connect_webhook("https://vitrina.test/webhook/kaiten/x")

    assert refused.value.code == "tracker.webhook_taken"
    assert world.person("GET", path, who="bot")[0]["url"] == "https://other.test/webhook/kaiten/x"


def events(world: World) -> list[Json]:
    """Bodies of all webhooks that the tracker sent or would have sent."""
    return [row["body"] for row in world.control.get("/webhooks").json()["deliveries"]]


def test_events_name_their_card(world: World, tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """Every event of the tracker has the id of its card, except those of boards; no request is sent."""
    tracker.connect_webhook("http://127.0.0.1:9/webhook/kaiten/x")
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
    world.person("PATCH", f"/spaces/{SPACE}/boards/{board.board_id}", {"title": "Другая"})

    bodies = events(world)
    world.control.delete("/calls")
    named = {body["event"]: tracker.card_id_of_event(body) for body in bodies}
    own = {body["event"] for body in bodies if tracker.is_own_event(body)}

    assert named.pop("board:update") is None
    assert set(named) == {
        "card:add", "card_member:add", "card:update", "comment:add", "card_time_log:add",
        "card_member:remove", "tag:add", "tag:remove",
    }  # fmt: skip
    assert set(named.values()) == {made}
    assert own == {"card:add", "card_member:add"}
    assert world.control.get("/calls").json()["total"] == 0


def test_events_are_foreign_until_the_own_user_is_known(
    world: World, tracker: TaskTracker, new_card: NewCard
) -> None:
    """A new process learns its own user from the first card that it creates."""
    tracker.connect_webhook("http://127.0.0.1:9/webhook/kaiten/x")
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
    tracker.create_card(new_card)
    bodies = events(world)
    fresh = world.make_tracker()
    world.control.delete("/calls")

    assert [fresh.is_own_event(body) for body in bodies] == [False, False]
    assert world.control.get("/calls").json()["total"] == 0
    fresh.create_card(new_card)
    assert [fresh.is_own_event(body) for body in bodies] == [True, True]


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
    """A body without sense names no card and is not our own event, with and without a known own user."""
    tracker.create_card(new_card)

    assert tracker.card_id_of_event(body) is None
    assert not tracker.is_own_event(body)
    assert not world.make_tracker().is_own_event(body)


# Refusals


Step = Callable[[TaskTracker, Board, NewCard], object]


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
    world: World, board: Board, new_card: NewCard, step: Step, status: int, kind: type[Exception], code: str
) -> None:
    """The call is sent once, and the error says who can help."""
    world.control.delete("/calls")
    world.fail(status, "cards")

    with pytest.raises(kind) as refused:
        step(world.tracker, board, new_card)

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

    assert world.tracker.get_card(card_id) is not None


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
    hasty = KaitenTracker(base_url="", token="", space_id=str(SPACE), wire=wire)
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
    tracker = KaitenTracker(base_url="", token="", space_id=str(SPACE), wire=wire)
    world.fail(503, "cards.list")

    with pytest.raises(RetriableServiceError):
        tracker.find_cards(board.board_id)

    wire.close()
    assert world.calls("cards.list") == 1


def test_making_is_repeated_when_nobody_listened() -> None:
    """A request that was never sent is repeated; after four attempts there is an error."""
    patience = Patience()
    wire = KaitenWire("http://127.0.0.1:9", "bot", pace=Pace(sleep=Patience()), sleep=patience)
    tracker = KaitenTracker(base_url="", token="", space_id="1", wire=wire)

    with pytest.raises(RetriableServiceError):
        tracker.create_board("Доска", STAGES)

    wire.close()
    assert patience.slept_s == [0.5, 1.0, 2.0]
