"""Identity of rows from mark, ID text and the other rows, after any edits by people."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import BACKLOG_COLUMNS, resource, sheet
from vitrina.workbook.reading.book import Book, row_number_of_action
from vitrina.workbook.reading.identity import (
    MAX_LINES,
    BacklogIdentity,
    ProgressIdentity,
    StartedItem,
    identify_backlog,
    identify_progress,
    misplaced_marks,
    shorten_messages,
)

#: A row: mark, ID text, task. The first row is in line 3 of the sheet.
Line = tuple[int | None, str | None, str | None]

#: Runs of the random test; the name of a run that fails is its seed.
RUNS = 100


def book_of(*lines: Line, progress: Sequence[tuple[int | None, Mapping[str, Any]]] = ()) -> Book:
    """A client workbook with these rows in the backlog and in progress."""
    rows = [(mark, {"id": text, "task": task}) for mark, text, task in lines]
    return parsed(
        resource(
            sheet("backlog", BACKLOG_COLUMNS, rows, title="Бэклог"),
            sheet("in_progress", ("id", "action", "profile"), progress, sheet_id=8, title="В работе"),
        )
    )


def item(
    number: int,
    *profiles: str,
    has_card: bool = False,
    is_done: bool = False,
    is_reserved: bool = False,
) -> StartedItem:
    """An item that was started, with an action for each profile."""
    return StartedItem(
        number=number,
        task=f"Задача {number}",
        profiles={
            row_number_of_action(number, at): title for at, title in enumerate(profiles or ("Дизайн",))
        },
        has_card=has_card,
        is_done=is_done,
        is_reserved=is_reserved,
    )


def read(
    *lines: Line,
    last_number: int = 9,
    started: Sequence[StartedItem] = (),
    in_progress: Sequence[int] = (),
) -> BacklogIdentity:
    """Identity of the rows of a backlog, in which numbers up to *last_number* were used."""
    return identify_backlog(
        book_of(*lines), started, in_progress=in_progress, prefix="ЗРН", last_number=last_number
    )


def numbers(identity: BacklogIdentity | ProgressIdentity) -> list[int]:
    """Numbers of the rows from the top."""
    return [identity.numbers[index] for index in sorted(identity.numbers)]


def repair_codes(identity: BacklogIdentity | ProgressIdentity) -> list[str]:
    """Codes of the repairs."""
    return [one.code for one in identity.healed]


# --- The backlog ---------------------------------------------------------------------------------

EMPTY: Line = (None, None, None)


@pytest.mark.parametrize(
    ("lines", "expected", "healed"),
    [
        # They agree.
        ([(1, "ЗРН-1", "А"), (2, "зрн-2", "Б")], [1, 2], []),
        # New rows, typed by a person.
        ([(1, "ЗРН-1", "А"), (None, None, "Б")], [1, 10], []),
        # Cut and pasted to a free place: the mark stayed behind.
        ([(1, None, None), (2, "ЗРН-2", "Б"), (None, "ЗРН-1", "А")], [2, 1], ["heal.moved"]),
        # Cut and pasted over another row, whose task is gone.
        ([(1, None, None), (2, "ЗРН-1", "А")], [1], ["heal.moved"]),
        # Two rows changed places by cut and paste.
        ([(1, "ЗРН-2", "Б"), (2, "ЗРН-1", "А")], [2, 1], ["heal.moved"] * 2),
        # Three rows moved on by one, and the last one stands in the place of the first.
        (
            [(1, "ЗРН-3", "В"), (2, "ЗРН-1", "А"), (3, "ЗРН-2", "Б")],
            [3, 1, 2],
            ["heal.moved"] * 3,
        ),
        # Cut and pasted, and a new task typed in the place that was free.
        ([(1, None, "Новая"), (None, "ЗРН-1", "А")], [10, 1], ["heal.moved"]),
        # Cut and pasted, and a copy of another row put in the place that was free.
        (
            [(1, "ЗРН-2", "Б"), (2, "ЗРН-2", "Б"), (None, "ЗРН-1", "А")],
            [10, 2, 1],
            ["heal.copy", "heal.moved"],
        ),
        # Only the ID was cleared, or something else typed over it.
        ([(1, None, "А"), (2, "два", "Б"), (3, "УЛБ-3", "В")], [1, 2, 3], ["heal.id"] * 3),
        # A number that nobody was ever given was typed over it.
        ([(1, "ЗРН-77", "А")], [1], ["heal.id"]),
        # The number of another row was typed over it, or that row was copied over this one.
        ([(1, "ЗРН-2", "А"), (2, "ЗРН-2", "Б")], [1, 2], ["heal.id"]),
        # The whole column of IDs was cleared.
        ([(1, None, "А"), (2, None, "Б")], [1, 2], ["heal.id"] * 2),
        # Copied twice.
        (
            [(1, "ЗРН-1", "А"), (None, "ЗРН-1", "А"), (None, "ЗРН-1", "А")],
            [1, 10, 11],
            ["heal.copy"] * 2,
        ),
        # Cut, pasted, and pasted copies of it.
        ([(1, None, None), (None, "ЗРН-1", "А"), (None, "ЗРН-1", "А")], [1, 10], ["heal.moved", "heal.copy"]),
        # All marks are lost, as in a tab that replaces its original.
        ([(None, "ЗРН-1", "А"), (None, "ЗРН-2", "Б")], [1, 2], ["heal.known"]),
        # The row was copied over two others, then deleted.
        ([(1, "ЗРН-3", "В"), (2, "ЗРН-3", "В")], [1, 2], ["heal.id"] * 2),
        # Pasted from the workbook of another client.
        ([(None, "УЛБ-7", "А")], [10], ["heal.foreign"]),
        # A person typed own numbers before the rows had ours.
        ([(None, "ЗРН-20", "А"), (None, None, "Б")], [20, 21], []),
        # ЗРН-0 is no number.
        ([(None, "ЗРН-0", "А")], [10], ["heal.foreign"]),
    ],
)
def test_rows_of_the_backlog(lines: list[Line], expected: list[int], healed: list[str]) -> None:
    """Each row gets its own number, and repairs are reported."""
    identity = read(*lines)

    assert numbers(identity) == expected
    assert repair_codes(identity) == healed
    assert identity.problems == ()


@pytest.mark.parametrize(
    "lines",
    [
        # ЗРН-2 was deleted; was its number typed over ЗРН-1, or its content pasted over it before?
        [(1, "ЗРН-2", "?")],
        [(1, "ЗРН-2", "?"), (3, "ЗРН-3", "В")],
    ],
)
def test_what_nobody_can_know_is_asked(lines: list[Line]) -> None:
    """If mark and ID text differ and nothing decides, the cell is reported with both numbers."""
    identity = read(*lines)

    [problem] = identity.problems
    assert (problem.sheet, problem.cell, problem.code) == ("Бэклог", "A3", "cell.id_doubt")
    assert dict(problem.where) == {"id": "ЗРН-1", "typed": "ЗРН-2"}


@pytest.mark.parametrize(
    ("advised", "expected"),
    [
        ([(1, None, "?")], [1]),  # the ID cleared
        ([(1, None, None), (None, "ЗРН-2", "?")], [2]),  # cut and pasted to a free place
    ],
)
def test_both_answers_to_the_question_are_understood(advised: list[Line], expected: list[int]) -> None:
    """After either advice of the sentence the row is identified."""
    identity = read(*advised)

    assert (numbers(identity), identity.problems) == (expected, ())


def test_numbers_of_any_tab_are_not_given_again() -> None:
    """New numbers are above the last used one, and above those typed or used in any tab."""
    progress = [(row_number_of_action(40, 2), {"action": "Я"})]
    book = book_of((None, None, "А"), (12, "ЗРН-12", "Б"), (None, None, "В"), progress=progress)

    identity = identify_backlog(book, (), in_progress=(40,), prefix="ЗРН", last_number=30)

    assert (numbers(identity), identity.last_number) == ([41, 12, 42], 42)


# --- Items that were started ---------------------------------------------------------------------


@pytest.mark.parametrize("line", [(5, "ЗРН-5", "А"), (None, "ЗРН-5", "А"), (5, None, "А")])
def test_a_number_in_progress_is_no_row_of_the_backlog(line: Line) -> None:
    """A backlog row with the number of an item in progress is a copy and loses its mark."""
    identity = read(line, started=[item(5)], in_progress=[5])

    assert numbers(identity) == [10]


@pytest.mark.parametrize("line", [(5, "ЗРН-5", "А"), (None, "ЗРН-5", "А"), (5, None, "А")])
def test_an_item_that_the_sheet_has_in_the_backlog_again_goes_back(line: Line) -> None:
    """An item without card and row in progress goes back: an older version was restored."""
    identity = read(line, started=[item(5)])

    assert (numbers(identity), identity.returned) == ([5], {5})
    assert repair_codes(identity)[0] == "heal.returned"


def test_a_reservation_that_did_not_reach_the_sheet_is_not_reported() -> None:
    """A reservation whose write failed is not reported, because nobody saw it started."""
    identity = read((5, "ЗРН-5", "А"), started=[item(5, is_reserved=True)])

    assert (identity.returned, repair_codes(identity)) == ({5}, [])


@pytest.mark.parametrize("line", [(5, "ЗРН-5", "А"), (None, "ЗРН-5", "А")])
def test_a_row_whose_card_is_in_the_tracker_is_a_question(line: Line) -> None:
    """A backlog row whose item has a card is reported, because a second card must not be created."""
    identity = read(line, started=[item(5, has_card=True)])

    [problem] = identity.problems
    assert (problem.cell, problem.code, identity.returned) == ("A3", "cell.id_in_tracker", frozenset())


def test_clearing_the_id_makes_it_a_new_task() -> None:
    """After the ID was cleared the row is a new task, and the old mark is removed."""
    book = book_of((5, None, "А"))

    identity = identify_backlog(book, [item(5, has_card=True)], in_progress=(), prefix="ЗРН", last_number=9)

    assert (numbers(identity), identity.problems) == ([10], ())
    assert [row.index for _, row in misplaced_marks(book, {(7, 2): 10})] == [2]


# --- In progress ---------------------------------------------------------------------------------


def action(code: str | None, profile: str | None = "Дизайн", task: str | None = "Задача") -> dict[str, Any]:
    """Cells of a row in progress."""
    return {"id": code, "profile": profile, "action": task}


SECOND = row_number_of_action(5, 1)
FIVE = item(5, "Дизайн", "Тексты")


@pytest.mark.parametrize(
    ("rows", "expected", "doubles", "lost"),
    [
        # As the add-on wrote them.
        ([(5, action("ЗРН-5")), (SECOND, action("ЗРН-5", "Тексты"))], [5, SECOND], [], []),
        # The second one was cut and pasted: an emptied row is no row.
        (
            [(5, action("ЗРН-5")), (SECOND, action(None, None, None)), (None, action("ЗРН-5", "тексты"))],
            [5, SECOND],
            [],
            [],
        ),
        # They changed places.
        ([(5, action("ЗРН-5", "Тексты")), (SECOND, action("ЗРН-5"))], [SECOND, 5], [], []),
        # ID or profile typed over.
        ([(5, action("?")), (SECOND, action("ЗРН-5", "?"))], [5, SECOND], [], []),
        # Copied.
        (
            [(None, action("ЗРН-5")), (5, action("ЗРН-5")), (SECOND, action("ЗРН-5", "Тексты"))],
            [5, SECOND],
            [2],
            [],
        ),
        # No mark is left.
        ([(None, action("ЗРН-5", "Тексты")), (None, action("ЗРН-5"))], [SECOND, 5], [], []),
        # One is lost; a person's own row does not replace it.
        ([(5, action("ЗРН-5")), (None, action(None, "Тексты"))], [5], [], [SECOND]),
        # Emptied.
        ([(5, action("ЗРН-5")), (SECOND, action("ЗРН-5", "Тексты", None))], [5], [], [SECOND]),
        # A row that the store does not know any more is still the add-on's.
        (
            [(5, action("ЗРН-5")), (SECOND, action("ЗРН-5", "Тексты")), (7, action("ЗРН-7"))],
            [5, SECOND, 7],
            [],
            [],
        ),
    ],
)
def test_rows_in_progress(
    rows: list[tuple[int | None, dict[str, Any]]], expected: list[int], doubles: list[int], lost: list[int]
) -> None:
    """Rows in progress are identified by mark, or ID and profile; copies and missing rows are reported."""
    identity = identify_progress(book_of(progress=rows), [FIVE], prefix="ЗРН")

    assert numbers(identity) == expected
    assert sorted(identity.doubles) == doubles
    assert identity.lost == frozenset(lost)


@pytest.mark.parametrize(("task", "expected"), [("Задача 5", 5), ("Задача 6", 6), ("Своё", 6)])
def test_the_task_decides_if_mark_and_id_do_not(task: str, expected: int) -> None:
    """If only one row of two items is left, its task decides which item it is."""
    rows = [(6, action("ЗРН-5", task=task))]

    identity = identify_progress(book_of(progress=rows), [item(5), item(6)], prefix="ЗРН")

    assert numbers(identity) == [expected]


def test_what_is_done_or_only_reserved_is_not_missed() -> None:
    """Rows of finished or only reserved work may be absent."""
    started = [item(5, is_done=True), item(6, is_reserved=True)]

    assert identify_progress(book_of(), started, prefix="ЗРН").lost == frozenset()


def test_only_some_repairs_are_listed() -> None:
    """Only some repairs are listed, the rest is a count."""
    healed = read(*[(None, f"УЛБ-{number}", "А") for number in range(1, 8)]).healed

    lines = shorten_messages(healed)

    assert len(lines) == MAX_LINES
    assert (lines[-1].code, lines[-1].where) == ("list.more", {"count": 4})
    assert shorten_messages(healed[:MAX_LINES]) == healed[:MAX_LINES]


# --- Random edits --------------------------------------------------------------------------------


@dataclass
class Place:
    """A row of the sheet with its mark; ``token`` identifies its task, and a copy gets a new one."""

    mark: int | None = None
    text: str | None = None
    token: str | None = None

    def put(self, other: Place) -> None:
        """Take over the cells of another row."""
        self.text, self.token = other.text, other.token


@dataclass
class Person:
    """Makes random edits of a sheet, and records the tasks whose identity they affect."""

    dice: random.Random
    places: list[Place] = field(default_factory=list)
    #: Tasks that were copied, overwritten, or whose ID was typed over.
    affected: set[str] = field(default_factory=set)
    typed_count: int = 0

    def place(self) -> Place:
        """A random row."""
        return self.dice.choice(self.places)

    def mark_affected(self, *places: Place) -> None:
        """Record the tasks of rows."""
        self.affected |= {place.token for place in places if place.token}

    def mark_affected_by_id(self, text: str | None) -> None:
        """Record the tasks of rows whose ID is now on another row."""
        self.mark_affected(*(place for place in self.places if text and place.text == text))

    def type_task(self) -> None:
        """Type a task into a row without one."""
        place = self.place()
        if place.token is None:
            self.typed_count += 1
            place.token = f"задача {self.typed_count}"
            self.mark_affected(place)
            self.mark_affected_by_id(place.text)

    def copy(self) -> None:
        """Copy a row over another."""
        source, target = self.place(), self.place()
        if source is not target:
            self.mark_affected(source, target)
            target.put(source)
            if source.token:
                self.typed_count += 1
                target.token = f"копия {self.typed_count}"
                self.mark_affected(target)

    def cut(self) -> None:
        """Cut a row and paste it, mostly to a free place."""
        source, target = self.place(), self.place()
        if source is not target and source.token:
            self.mark_affected(target)
            target.put(source)
            source.put(Place())

    def swap(self) -> None:
        """Exchange two rows by cut and paste."""
        first, second = self.place(), self.place()
        first.text, first.token, second.text, second.token = (
            second.text,
            second.token,
            first.text,
            first.token,
        )

    def clear_id(self) -> None:
        """Clear an ID."""
        place = self.place()
        self.mark_affected(place)
        place.text = None

    def type_id(self) -> None:
        """Type an ID over another."""
        place, text = self.place(), f"ЗРН-{self.dice.randint(1, 15)}"
        self.mark_affected(place)
        self.mark_affected_by_id(text)
        place.text = text

    def clear_row(self) -> None:
        """Clear the cells of a row."""
        place = self.place()
        self.mark_affected(place)
        place.put(Place())

    def sort(self) -> None:
        """Sort in a random order."""
        self.dice.shuffle(self.places)

    def insert(self) -> None:
        """Insert an empty row."""
        self.places.insert(self.dice.randrange(len(self.places) + 1), Place())

    def delete(self) -> None:
        """Delete a row."""
        if len(self.places) > 4:
            place = self.places.pop(self.dice.randrange(len(self.places)))
            self.mark_affected(place)

    def act(self) -> None:
        """Make one random edit."""
        acts: Sequence[Callable[[], None]] = (
            self.type_task,
            self.copy,
            self.cut,
            self.swap,
            self.clear_id,
            self.type_id,
            self.clear_row,
            self.sort,
            self.insert,
            self.delete,
        )
        self.dice.choice(acts)()


def heal(places: Sequence[Place], last_number: int) -> tuple[BacklogIdentity, int]:
    """Read the sheet and repair it, as the add-on does."""
    book = book_of(*((place.mark, place.text, place.token) for place in places))
    identity = identify_backlog(book, (), in_progress=(), prefix="ЗРН", last_number=last_number)
    if not identity.problems:
        by_place = {
            (book.tab("backlog").sheet_id, index): number for index, number in identity.numbers.items()
        }
        for _, row in misplaced_marks(book, by_place):
            places[row.index - 2].mark = None
        for index, number in identity.numbers.items():
            places[index - 2].mark, places[index - 2].text = number, f"ЗРН-{number}"
    return identity, identity.last_number


@pytest.mark.parametrize("seed", range(RUNS))
def test_random_edits(seed: int) -> None:
    """Each task has one number and no number is used twice; a task that was not affected keeps its number.

    Cut and paste does not affect a task. A question is asked only about affected tasks, and after its advice
    the row is identified.
    """
    dice = random.Random(seed)
    person = Person(dice, [Place(token=f"своя {n}") for n in range(6)] + [Place() for _ in range(4)])
    _, last_number = heal(person.places, 0)
    for _ in range(8):
        known = {place.token: place.mark for place in person.places if place.token}
        person.affected.clear()
        for _ in range(dice.randint(1, 6)):
            person.act()

        identity, last_number = heal(person.places, last_number)
        while identity.problems:
            asked = person.places[int(identity.problems[0].cell[1:]) - 3]
            assert asked.token in person.affected | {token for token in known if token}
            asked.text = None
            person.mark_affected(asked)
            identity, last_number = heal(person.places, last_number)

        filled = [place for place in person.places if place.token]
        marks = [place.mark for place in person.places if place.mark is not None]
        assert len(marks) == len(set(marks))
        assert all(place.mark is not None and place.text == f"ЗРН-{place.mark}" for place in filled)
        for place in filled:
            if place.token not in person.affected and place.token in known:
                assert place.mark == known[place.token], f"seed {seed}: {place.token}"
        again, _ = heal(person.places, last_number)
        assert (again.healed, again.problems) == ((), ())
