"""Contract of every task tracker, in the words of the port: no test here knows a vendor's wire.

Each test runs in the world of each tracker that has the abilities that it needs. What is lacking where:

==========  =============================================================================================
tracker     known differences
==========  =============================================================================================
kaiten      none
asana       a task cannot be archived: people take it out of the project, and then no search finds it
memory      the fake of unit tests: its state is one object, so that no read of it fails and two processes
            make nothing twice
folder      the toy: no hours, no person or date of a step, no webhooks, no faults, because it calls nobody
none        no boards and cards at all: looking finds nothing, making is refused with a sentence
==========  =============================================================================================

What is special about the wire of a tracker is tested in ``tests/integration/test_<tracker>.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.harness.tracker_worlds import asana, folder, kaiten, memory, none, toy
from tests.harness.tracker_worlds.world import FAULTS, FINDS_ARCHIVED, OpenWorld, TrackerWorld
from vitrina.errors import FatalServiceError, RetriableServiceError, UserError
from vitrina.ports import (
    Board,
    Card,
    CardChange,
    FactChange,
    Link,
    NewCard,
    Step,
    StepChange,
    TaskTracker,
)
from vitrina.trackers.registry import KINDS

#: A world for each tracker. A new tracker is added here, and passes without a change of the tests.
WORLDS: Mapping[str, OpenWorld] = {
    "kaiten": kaiten.open_world,
    "asana": asana.open_world,
    "memory": memory.open_world,
    "folder": folder.open_world,
    "none": none.open_world,
}
#: Abilities that are missing in a world, as its tracker or the world itself says.
LACKS: Mapping[str, frozenset[str]] = {
    "kaiten": frozenset(),
    "asana": frozenset({FINDS_ARCHIVED}),
    "memory": frozenset({FAULTS}),
    "folder": frozenset({FAULTS, "tells_hours", "has_dated_steps", "sends_events"}),
    "none": frozenset(
        {FAULTS, FINDS_ARCHIVED, "tells_hours", "has_dated_steps", "sends_events", "has_cards"}
    ),
}
STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")
BOOK = Link("https://docs.google.com/spreadsheets/d/book", "Книга клиента")
BRIEF = Link("https://disk.example/brief?a=1&b=2", "Бриф")

needs = pytest.mark.needs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test in each world that has the abilities which its mark ``needs`` names; by default cards."""
    if "world_name" in metafunc.fixturenames:
        marks = [one for mark in metafunc.definition.iter_markers("needs") for one in mark.args]
        wanted = {*(marks or ["has_cards"])} - {"nothing"}
        names = [name for name in WORLDS if not wanted & LACKS[name]]
        metafunc.parametrize("world_name", names, scope="module")


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], TrackerWorld]]:
    """Opens each world once."""
    worlds: dict[str, TrackerWorld] = {}
    with ExitStack() as stack:

        def opener(name: str) -> TrackerWorld:
            if name not in worlds:
                worlds[name] = stack.enter_context(WORLDS[name]())
            return worlds[name]

        yield opener


@pytest.fixture
def world(opened: Callable[[str], TrackerWorld], world_name: str) -> TrackerWorld:
    """An empty world of the tracker."""
    found = opened(world_name)
    found.reset()
    return found


@pytest.fixture
def tracker(world: TrackerWorld) -> TaskTracker:
    """The tracker itself."""
    return world.tracker


@pytest.fixture
def board(tracker: TaskTracker) -> Board:
    """A board of a client."""
    return tracker.create_board("Зерно — Сайт (ЗРН)", STAGES)


@pytest.fixture
def new_card(world: TrackerWorld, board: Board) -> NewCard:
    """A card with two actions."""
    can, anna = world.tracker.can, world.people["anna"]
    return NewCard(
        external_id="vitrina:book:14",
        board_id=board.board_id,
        stage_id=board.stages[0].stage_id,
        title="ЗРН-14 · Тексты для каталога за 10\u00a0000\u00a0₽",
        facts=(("Результат", "Двадцать описаний"), ("Вид работ", "Тексты")),
        due_on=date(2026, 11, 25),
        estimate_hours=7.5,
        assignee_id=anna,
        steps=(
            Step("Копирайтинг — Анна", assignee_id=anna, due_on=date(2026, 11, 24)),
            Step("Дизайн — Борис", due_on=date(2026, 11, 25)),
        )
        if can.has_dated_steps
        else (Step("Копирайтинг — Анна"), Step("Дизайн — Борис")),
        links=(BOOK, BRIEF),
        profiles=("Копирайтинг", "Дизайн"),
    )


@pytest.fixture
def card_id(tracker: TaskTracker, new_card: NewCard) -> str:
    """The card, complete."""
    made = tracker.create_card(new_card)
    tracker.complete_card(made, new_card)
    return made


def read(tracker: TaskTracker, board: Board, card_id: str) -> Card:
    """The card, which has to be there."""
    card = tracker.get_card(board.board_id, card_id)
    assert card is not None
    return card


def texts(card: Card) -> list[str]:
    """Texts of the steps."""
    return [step.text for step in card.steps]


# What a tracker says of itself


@needs("nothing")
def test_every_kind_has_a_world() -> None:
    """No tracker of the product is left out."""
    assert set(KINDS) <= set(WORLDS)


@needs("nothing")
def test_what_is_lacking_is_written_down(world: TrackerWorld, world_name: str) -> None:
    """A tracker that can less than it did is noticed, as its tests would run no more."""
    every = {"has_cards", "tells_hours", "has_dated_steps", "sends_events", FAULTS, FINDS_ARCHIVED}

    assert every - world.abilities == LACKS[world_name]


def test_tracker_has_a_name(tracker: TaskTracker) -> None:
    """Sentences name it."""
    assert tracker.name


# Boards


def test_board_has_the_stages_in_order(board: Board) -> None:
    """The stages have the given order, each with its own id."""
    assert [stage.title for stage in board.stages] == list(STAGES)
    assert len({stage.stage_id for stage in board.stages}) == 4


def test_board_is_found_by_its_title(world: TrackerWorld, tracker: TaskTracker, board: Board) -> None:
    """The board is found by its exact title, by another process too; a similar title is another board."""
    tracker.create_board("Зерно — Сайт (ЗРН2)", STAGES)

    for one in (tracker, world.make_tracker()):
        assert one.find_board("Зерно — Сайт (ЗРН)") == board
        assert one.find_board("Зерно — Сайт") is None


def test_boards_have_addresses_of_their_own(tracker: TaskTracker, board: Board) -> None:
    """Each client gets a link to his own board; a board that is found again has the same."""
    other = tracker.create_board("Улыбка — Реклама (УЛБ)", STAGES)
    found = tracker.find_board("Улыбка — Реклама (УЛБ)")

    assert found is not None
    assert found.url == other.url != board.url


@pytest.mark.parametrize("count", [1, 2, 3])
def test_board_of_few_stages(tracker: TaskTracker, count: int) -> None:
    """A board may have few stages."""
    assert len(tracker.create_board("Мало", STAGES[:count]).stages) == count


# People


def test_people_are_found_by_their_email(world: TrackerWorld, tracker: TaskTracker) -> None:
    """However it is capitalised. Who has no account is left out; nobody is asked for nobody."""
    found = tracker.find_people(["ANNA@a.test", "igor@a.test", "client@a.test"])

    assert found == {"anna@a.test": world.people["anna"], "igor@a.test": world.people["igor"]}
    assert tracker.find_people([]) == {}


# Cards


def test_card_comes_back_as_it_was_made(
    tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """Every field of the port is returned as it was created, to the last no-break space."""
    card = read(tracker, board, card_id)

    assert (card.card_id, card.external_id, card.board_id) == (card_id, new_card.external_id, board.board_id)
    assert (card.title, card.stage_id) == (new_card.title, board.stages[0].stage_id)
    assert (card.due_on, card.assignee_id) == (new_card.due_on, new_card.assignee_id)
    assert (card.is_archived, card.comment_count) == (False, 0)
    assert (card.estimate_hours, card.facts) == (new_card.estimate_hours, dict(new_card.facts))
    assert card.steps == new_card.steps
    assert card.logged_hours == ({} if tracker.can.tells_hours else None)
    assert card.url == tracker.card_url(board.board_id, card_id)


def test_facts_and_links_are_shown(world: TrackerWorld, new_card: NewCard, card_id: str) -> None:
    """A person reads what the card is about, and can open the workbook and the documents."""
    shown = world.text_of(card_id)

    for about, text in new_card.facts:
        assert f"{about}: {text}" in shown
    assert world.links_of(card_id) == [(BOOK.url, BOOK.title), (BRIEF.url, BRIEF.title)]


@pytest.mark.parametrize(
    "text",
    [
        "# Срочно",
        "*важно* _очень_ **да** __нет__ ~~нет~~ `код`",
        "<b>жирно</b> <img src=x onerror=alert(1)> &amp; &nbsp;",
        "[сюда](http://evil.example) ![](http://evil.example/x.png)",
        "1. раз\n2. два\n- три\n> четыре",
        "C:\\новая\\папка | столбец",
        "=HYPERLINK(\"http://evil.example\";\"x\")",
    ],
)  # fmt: skip
def test_texts_of_clients_are_shown_as_they_are(
    world: TrackerWorld, tracker: TaskTracker, new_card: NewCard, text: str
) -> None:
    """Nothing that a client typed is a mark of the tracker's markup."""
    made = tracker.create_card(replace(new_card, facts=(("Результат", text),)))

    assert world.text_of(made) == f"Результат: {text}"


def test_card_without_anything_optional(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """A card needs no facts, date, person, hours, actions and links."""
    bare = replace(
        new_card,
        facts=(), due_on=None, assignee_id=None, estimate_hours=0.0, steps=(), links=(), profiles=(),
    )  # fmt: skip
    made = tracker.create_card(bare)
    tracker.complete_card(made, bare)

    card = read(tracker, board, made)
    assert (card.due_on, card.assignee_id, card.steps) == (None, None, ())


def test_long_texts_do_no_harm(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """What is too long is cut, and a repeat recognises it."""
    long = replace(
        new_card, title="ы" * 2000, facts=(("Результат", "ы*" * 40000),), steps=(Step("ы" * 5000),)
    )
    made = tracker.create_card(long)
    tracker.complete_card(made, long)
    tracker.complete_card(made, long)

    card = read(tracker, board, made)
    assert card.title.startswith("ы" * 100)
    assert len(card.steps) == 1


def test_complete_twice_changes_nothing(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """A second call, of another process, adds neither steps nor links."""
    before, links = read(tracker, board, card_id), world.links_of(card_id)
    step_ids = tracker.complete_card(card_id, new_card)

    assert world.make_tracker().complete_card(card_id, new_card) == step_ids
    assert (read(tracker, board, card_id), world.links_of(card_id)) == (before, links)


def test_steps_have_ids_of_their_own(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """We learn the id of each of our steps, and it stays the same wherever people move the step."""
    step_ids = tracker.complete_card(card_id, new_card)
    world.reverse_steps(card_id)

    card = read(tracker, board, card_id)
    assert texts(card) == [step.text for step in reversed(new_card.steps)]
    assert tuple(step.step_id for step in card.steps if step.step_id) == step_ids[::-1]
    assert len(step_ids) in (0, len(new_card.steps))


def test_step_is_known_by_its_id(tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str) -> None:
    """Its text may be another one now: it is not made a second time."""
    step_ids = tracker.complete_card(card_id, new_card)
    if not step_ids:
        return
    renamed = [
        replace(step, step_id=step_id, text=f"{step.text}!")
        for step, step_id in zip(new_card.steps, step_ids, strict=True)
    ]

    assert tracker.complete_card(card_id, replace(new_card, steps=tuple(renamed))) == step_ids
    assert texts(read(tracker, board, card_id)) == [step.text for step in new_card.steps]


def test_step_made_later_stands_in_its_place(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """A removed first step is added again as the first one."""
    world.remove_step(card_id, 0)

    tracker.complete_card(card_id, new_card)

    assert texts(read(tracker, board, card_id)) == [step.text for step in new_card.steps]


def test_two_equal_actions_are_two_steps(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """For two equal actions there are two steps; one that is there counts only once."""
    twins = replace(new_card, steps=(Step("Дизайн — Анна"), Step("Дизайн — Анна")))
    made = tracker.create_card(twins)
    tracker.complete_card(made, twins)
    world.remove_step(made, 0)

    tracker.complete_card(made, twins)

    assert texts(read(tracker, board, made)) == ["Дизайн — Анна"] * 2


def test_what_people_did_with_steps_stays(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """A step that is done stays done; a step of people stays, after ours."""
    world.finish_step(card_id, 1)
    world.add_step(card_id, "Позвонить")

    tracker.complete_card(card_id, new_card)

    card = read(tracker, board, card_id)
    assert texts(card) == [*(step.text for step in new_card.steps), "Позвонить"]
    assert [step.is_done for step in card.steps] == [False, True, False]


@needs("has_cards", FAULTS)
def test_what_two_processes_added_is_removed(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """Each step and each link is there once afterwards."""
    before, links = read(tracker, board, card_id), world.links_of(card_id)
    world.double_steps(card_id)

    tracker.complete_card(card_id, new_card)

    assert (read(tracker, board, card_id), world.links_of(card_id)) == (before, links)


# Changing cards


def test_change_of_every_field(world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str) -> None:
    """Each field has its new value, and the other facts, links and steps stay. A repeat changes nothing."""
    links, igor = world.links_of(card_id), world.people["igor"]
    change = CardChange(
        title="ЗРН-14 · Тексты",
        due_on=date(2026, 12, 1),
        assignee_id=igor,
        estimate_hours=9.25,
        facts=(FactChange("Результат", "Двадцать описаний", "Тридцать\nописаний <b>"),),
    )

    for _ in range(2):
        tracker.change_card(board.board_id, card_id, change)

    card = read(tracker, board, card_id)
    assert (card.title, card.due_on, card.assignee_id) == (change.title, change.due_on, igor)
    assert card.estimate_hours == 9.25
    assert dict(card.facts) == {"Результат": "Тридцать\nописаний <b>", "Вид работ": "Тексты"}
    assert "Результат: Тридцать\nописаний <b>" in world.text_of(card_id)
    assert (len(card.steps), world.links_of(card_id)) == (2, links)


def test_change_of_one_field_leaves_the_others(
    tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """What people changed meanwhile is not written over."""
    before = read(tracker, board, card_id)

    tracker.change_card(board.board_id, card_id, CardChange(estimate_hours=8.0))

    assert read(tracker, board, card_id) == replace(before, estimate_hours=8.0)


def test_move_to_another_stage(tracker: TaskTracker, board: Board, card_id: str) -> None:
    """A card goes to the last stage, where it is done, and back; a repeat changes nothing."""
    before = read(tracker, board, card_id)
    last, first = board.stages[-1].stage_id, before.stage_id

    for stage_id in (last, last, first):
        tracker.change_card(board.board_id, card_id, CardChange(stage_id=stage_id))
        assert read(tracker, board, card_id) == replace(before, stage_id=stage_id)


def test_fields_are_emptied(tracker: TaskTracker, board: Board, card_id: str) -> None:
    """A person chose the empty value of the sheet."""
    change = CardChange(due_on=None, assignee_id=None, estimate_hours=None)

    tracker.change_card(board.board_id, card_id, change)

    card = read(tracker, board, card_id)
    assert (card.due_on, card.assignee_id, card.estimate_hours) == (None, None, None)


@needs("has_dated_steps")
def test_change_of_a_step(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """Text, day and person; a step that is done stays done, one that is gone is left out."""
    first, second = tracker.complete_card(card_id, new_card)
    world.finish_step(card_id, 1)
    world.remove_step(card_id, 0)
    day, igor = date(2026, 12, 2), world.people["igor"]
    changes = (
        StepChange(first, text="Нет его"),
        StepChange(second, text="Дизайн — Игорь", due_on=day, assignee_id=igor),
    )

    tracker.change_card(board.board_id, card_id, CardChange(steps=changes))

    [step] = read(tracker, board, card_id).steps
    assert step == Step("Дизайн — Игорь", is_done=True, assignee_id=igor, due_on=day)


def test_changed_facts_of_people_stay(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """A fact that people have changed is not replaced; one that is missing is added."""
    world.set_fact(card_id, "Результат", "Десять")
    changes = (FactChange("Результат", "Двадцать описаний", "Сорок"), FactChange("Количество", "", "5"))

    tracker.change_card(board.board_id, card_id, CardChange(facts=changes))

    facts = read(tracker, board, card_id).facts
    assert dict(facts) == {"Результат": "Десять", "Вид работ": "Тексты", "Количество": "5"}
    assert "Количество: 5" in world.text_of(card_id)


def test_hours_of_people_are_seen(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """The estimate of a card is read back as hours."""
    seen = []
    for hours in (12.5, None):
        world.set_estimate(card_id, hours)
        card = read(tracker, board, card_id)
        seen.append((card.estimate_hours, card.has_estimate))

    assert seen == [(12.5, True), (None, True)]


def test_change_of_a_card_that_is_gone(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """It is refused for good."""
    world.delete(card_id)

    with pytest.raises((FatalServiceError, FileNotFoundError)):
        tracker.change_card(board.board_id, card_id, CardChange(title="Тексты"))


# Looking for cards


def test_cards_are_found_by_our_key(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """Cards are found by their key, the older first; cards of people are left out."""
    first, second = tracker.create_card(new_card), tracker.create_card(new_card)
    other = tracker.create_card(replace(new_card, external_id="vitrina:book:15"))
    world.add_card(board.board_id, "Своя")

    assert tracker.find_cards(board.board_id) == {
        "vitrina:book:14": (first, second),
        "vitrina:book:15": (other,),
    }


@needs("has_cards", FINDS_ARCHIVED)
@pytest.mark.parametrize("archived", [0, 1])
def test_archived_card_keeps_its_place_among_twins(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, archived: int
) -> None:
    """The order depends only on the age of the cards."""
    made = [tracker.create_card(new_card) for _ in range(2)]
    world.archive(made[archived])

    assert tracker.find_cards(board.board_id) == {"vitrina:book:14": tuple(made)}


def test_many_cards_are_all_found(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """All cards are found, also if there are more than fit into one page of an answer."""
    made = {
        f"vitrina:book:{n}": (tracker.create_card(replace(new_card, external_id=f"vitrina:book:{n}")),)
        for n in range(205)
    }

    assert tracker.find_cards(board.board_id) == made


def test_cards_of_other_boards_are_not_found(tracker: TaskTracker, board: Board, new_card: NewCard) -> None:
    """Only cards of the given board are found."""
    tracker.create_card(new_card)

    assert tracker.find_cards(tracker.create_board("Другая", STAGES).board_id) == {}


def test_twins_are_live_cards_with_exactly_this_key(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """On this board, oldest first; a card that was archived or deleted is none."""
    made = [tracker.create_card(new_card) for _ in range(4)]
    tracker.create_card(replace(new_card, external_id="vitrina:book:140"))
    other = tracker.create_board("Другая", STAGES)
    tracker.create_card(replace(new_card, board_id=other.board_id, stage_id=other.stages[0].stage_id))
    world.archive(made[0])
    world.delete(made[1])
    before = world.call_count

    assert tracker.find_twins(board.board_id, "vitrina:book:14") == tuple(made[2:])
    assert world.call_count - before <= 3
    assert tracker.find_twins(board.board_id, "vitrina:book:1") == ()


# What people do


def test_changes_of_people_are_seen(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """Stage, title, day, person, comments."""
    world.rename(card_id, "Тексты")
    world.move(board.board_id, card_id, board.stages[2].stage_id)
    world.set_due(card_id, date(2026, 11, 30))
    world.assign(card_id, world.people["igor"])
    world.comment(card_id, "Вопрос")

    card = read(tracker, board, card_id)
    assert (card.title, card.stage_id) == ("Тексты", board.stages[2].stage_id)
    assert (card.due_on, card.assignee_id) == (date(2026, 11, 30), world.people["igor"])
    assert card.comment_count == 1


def test_card_without_a_day_and_a_person(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """People took both away."""
    world.set_due(card_id, None)
    world.assign(card_id, None)

    card = read(tracker, board, card_id)
    assert (card.due_on, card.assignee_id) == (None, None)


def test_card_in_the_last_stage_and_back(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """Done is a stage like the others; a card that is opened again leaves it."""
    stages: list[str] = []
    for place in (-1, 1):
        world.move(board.board_id, card_id, board.stages[place].stage_id)
        stages.append(read(tracker, board, card_id).stage_id)

    assert stages == [board.stages[-1].stage_id, board.stages[1].stage_id]


def test_step_has_a_state_of_its_own(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """One person's part is done, the other's is not, and the card stays where it is."""
    world.finish_step(card_id, 0)

    card = read(tracker, board, card_id)
    assert [step.is_done for step in card.steps] == [True, False]
    assert card.stage_id == board.stages[0].stage_id


@needs("has_dated_steps")
def test_step_has_a_person_and_a_day(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """Both may be changed by people."""
    world.change_step(card_id, 1, world.people["igor"], date(2026, 11, 27))

    step = read(tracker, board, card_id).steps[1]
    assert (step.assignee_id, step.due_on) == (world.people["igor"], date(2026, 11, 27))


@needs("tells_hours")
def test_hours_are_given_by_person(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """1.5 and 0.25 hours of Anna, 20 minutes of Igor."""
    for who, hours in (("anna", 1.5), ("anna", 0.25), ("igor", 1 / 3)):
        world.log_hours(card_id, who, hours)

    assert read(tracker, board, card_id).logged_hours == {
        world.people["anna"]: pytest.approx(1.75),
        world.people["igor"]: pytest.approx(1 / 3),
    }


def test_archived_card_is_marked(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """It is still there."""
    world.archive(card_id)

    assert read(tracker, board, card_id).is_archived


def test_closed_card_leads_on_and_comes_back(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard, card_id: str
) -> None:
    """No search for live cards finds it; its steps can be read; opened again it is as before."""
    link = Link("https://tracker.example/new?a=1&b=2", "Задача теперь здесь")
    before, links = read(tracker, board, card_id), world.links_of(card_id)
    for _ in range(2):
        tracker.set_closed(card_id, link, is_closed=True)

    assert tracker.find_twins(board.board_id, new_card.external_id) == ()
    assert read(tracker, board, card_id).steps == before.steps
    assert sorted(world.links_of(card_id)) == sorted([*links, (link.url, link.title)])

    for _ in range(2):
        tracker.set_closed(card_id, link, is_closed=False)

    assert tracker.find_twins(board.board_id, new_card.external_id) == (card_id,)
    assert read(tracker, board, card_id) == before
    assert sorted(world.links_of(card_id)) == sorted(links)


@needs("has_cards")
def test_comment_is_written_once(world: TrackerWorld, tracker: TaskTracker, card_id: str) -> None:
    """A repeat finds it by its text, whatever marks it has; another text is another comment."""
    first, second = "Редакция 2: *прежнюю* не выставляйте\n- [ссылка](https://x.example)", "Запрос отозван"
    for text in (first, first, second, first):
        tracker.comment_card(card_id, text)

    assert world.comments_of(card_id) == [first, second]


@needs("has_cards")
def test_commenting_a_card_that_is_gone(world: TrackerWorld, tracker: TaskTracker, card_id: str) -> None:
    """There is nobody to tell."""
    world.delete(card_id)

    tracker.comment_card(card_id, "Запрос отозван")


def test_closing_a_card_that_is_gone(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """There is nothing to close."""
    world.delete(card_id)
    link = Link("https://tracker.example/new", "Задача теперь здесь")

    tracker.set_closed(card_id, link, is_closed=True)
    tracker.set_closed(card_id, link, is_closed=False)

    assert tracker.get_card(board.board_id, card_id) is None


def test_card_on_another_board_says_so(
    world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str
) -> None:
    """It is still found by its id."""
    world.move_to_board(card_id, tracker.create_board("Другая", STAGES).board_id)

    assert read(tracker, board, card_id).board_id != board.board_id


def test_deleted_card_is_none(world: TrackerWorld, tracker: TaskTracker, board: Board, card_id: str) -> None:
    """It is no error, and removing it again does nothing."""
    world.delete(card_id)

    assert tracker.get_card(board.board_id, card_id) is None
    tracker.remove_card(card_id)


def test_removed_card_is_gone(tracker: TaskTracker, board: Board, card_id: str) -> None:
    """With its steps; nobody finds it."""
    tracker.remove_card(card_id)
    tracker.remove_card(card_id)

    assert tracker.get_card(board.board_id, card_id) is None
    assert tracker.find_cards(board.board_id) == {}


# Webhooks


@needs("sends_events")
def test_changes_of_people_give_hints(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """A hint names the card or a step of it; what Vitrina did itself gives none. Nothing is called for it."""
    for _ in range(2):
        tracker.connect_webhook(board.board_id)
    made = tracker.create_card(new_card)
    step_ids = tracker.complete_card(made, new_card)
    own = len(world.sent())
    world.move(board.board_id, made, board.stages[1].stage_id)
    world.set_due(made, date(2026, 11, 30))
    world.comment(made, "Вопрос")
    requests = world.sent()
    before = world.call_count

    received = [tracker.receive(one) for one in requests]

    assert own < len(requests)
    assert {one.status for one in received} <= {200, 204}
    assert [one.card_ids for one in received[:own]] == [()] * own
    hints = {card_id for one in received[own:] for card_id in one.card_ids}
    assert made in hints
    assert hints <= {made, *step_ids}
    assert world.call_count == before


@needs("sends_events")
def test_another_process_understands_the_same_requests(
    world: TrackerWorld, tracker: TaskTracker, board: Board, new_card: NewCard
) -> None:
    """What is needed to check them is kept for all; at worst it takes own changes for those of others."""
    tracker.connect_webhook(board.board_id)
    made = tracker.create_card(new_card)
    world.set_due(made, date(2026, 11, 30))
    other = world.make_tracker()

    received = [other.receive(one) for one in world.sent()]

    assert {one.status for one in received} <= {200, 204}
    assert {card_id for one in received for card_id in one.card_ids} == {made}


@needs("nothing")
def test_forged_requests_are_refused(world: TrackerWorld) -> None:
    """They give no hint, and nothing is called."""
    requests = world.forged()
    before = world.call_count

    for request in requests:
        received = world.tracker.receive(request)
        assert (received.status in (401, 403, 404), received.card_ids) == (True, ())
    assert world.call_count == before


@needs("sends_events")
def test_nonsense_gives_no_hint(world: TrackerWorld, tracker: TaskTracker, new_card: NewCard) -> None:
    """Also where the own user is known; the tracker may get any answer that is not a failure of ours."""
    tracker.create_card(new_card)

    for request in world.nonsense():
        received = tracker.receive(request)
        assert (received.card_ids, received.status < 500) == ((), True)


# Faults


@needs("has_cards", FAULTS)
def test_busy_tracker_is_asked_again_even_to_make_something(
    world: TrackerWorld, board: Board, new_card: NewCard
) -> None:
    """It did nothing while it was busy, so that there is one card."""
    world.be_busy(2)

    made = world.tracker.create_card(new_card)

    assert world.tracker.find_cards(board.board_id) == {new_card.external_id: (made,)}


@needs("has_cards", FAULTS)
def test_tracker_that_stays_busy(world: TrackerWorld, board: Board, new_card: NewCard) -> None:
    """The call is given up, with an error that says so: nothing was made."""
    world.be_busy(20)

    with pytest.raises(RetriableServiceError) as refused:
        world.tracker.create_card(new_card)

    assert refused.value.status == 429
    assert world.tracker.find_cards(board.board_id) == {}


@needs("has_cards", FAULTS)
def test_lost_answer_is_found_by_looking(world: TrackerWorld, board: Board, new_card: NewCard) -> None:
    """The card is not made a second time; a search finds it."""
    world.lose_answer()

    with pytest.raises(RetriableServiceError) as lost:
        world.tracker.create_card(new_card)

    assert lost.value.status != 429
    assert len(world.tracker.find_twins(board.board_id, new_card.external_id)) == 1


@needs("has_cards", FAULTS)
def test_refusal_is_final(world: TrackerWorld, board: Board, new_card: NewCard) -> None:
    """It is not repeated."""
    world.refuse(2)

    for _ in range(2):
        with pytest.raises(FatalServiceError):
            world.tracker.create_card(new_card)

    world.tracker.create_card(new_card)
    assert len(world.tracker.find_cards(board.board_id)) == 1


@needs("has_cards", FAULTS)
def test_reading_is_repeated(world: TrackerWorld, board: Board, card_id: str) -> None:
    """Reading again harms nobody."""
    world.fail_reads(2)

    assert world.tracker.get_card(board.board_id, card_id) is not None


# A tracker without cards


@needs("nothing")
def test_without_cards_looking_finds_nothing_and_making_is_refused() -> None:
    """An action that forgets to ask for ``can`` loses nothing, and a person is told why."""
    with none.open_world() as world:
        tracker = world.tracker
        card = NewCard("vitrina:book:14", "", "", "Тексты", (), None, 0.0, None, (), ())

        assert tracker.find_board("Зерно") is None
        assert (tracker.find_cards(""), tracker.find_twins("", card.external_id)) == ({}, ())
        assert (tracker.get_card("", "7"), tracker.card_url("", "7")) == (None, "")
        assert tracker.find_people(["anna@a.test"]) == {}
        tracker.connect_webhook("")
        tracker.remove_card("7")
        for make in (
            lambda: tracker.create_board("Зерно", STAGES),
            lambda: tracker.create_card(card),
            lambda: tracker.complete_card("7", card),
            lambda: tracker.change_card("", "7", CardChange(title="Тексты")),
        ):
            with pytest.raises(UserError) as refused:
                make()
            assert refused.value.code == "tracker.none"


# The toy


def test_toy_is_small() -> None:
    """A tracker with nothing special needs less than 155 lines."""
    assert len(Path(toy.__file__).read_text(encoding="utf-8").splitlines()) < 155
