"""Identifies the rows of a client workbook, whatever people did to them.

A row has two witnesses of its number: its mark, which is metadata of the row, and the ID text in a cell.
Sorting and dragging move both. Cut and pasted cells leave the mark on the emptied row; a copied row has the
text but no mark; and people type over the text or clear it. Both witnesses together with those of the other
rows decide (decision 0011). If they cannot, the row is a problem that a person must solve.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from vitrina.errors import CellProblem
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.book import MOST_KEPT_ROWS, Book, Row, Tab, item_number_of_row

#: Nobody reads more lines than this about repaired rows.
MAX_LINES = 4


class Verdict(Enum):
    """Which witness of a row is believed."""

    BOTH = "they agree"
    TEXT = "the text: the content moved, or the mark was lost"
    MARK = "the mark: somebody typed over the text or cleared it"
    DOUBT = "they name two numbers, and nothing speaks for either"
    NEITHER = "the row is a copy, or nobody knows it"


class Witnesses(Struct, frozen=True):
    """Witnesses of a row: the number of its mark, and the number in its ID text."""

    mark: int | None
    text: int | None
    has_content: bool = True


class Judgement(Struct, frozen=True):
    """The number of a row, ``None`` if it has none, and the verdict that it follows from."""

    verdict: Verdict
    number: int | None


def judge(
    rows: Mapping[int, Witnesses], *, given: Collection[int], elsewhere: Collection[int] = ()
) -> Mapping[int, Judgement]:
    """Decides the number of each row with content, by index; no number is given twice.

    Parameters
    ----------
    rows
        All rows by index, including empty ones: a mark on an empty row means that its content was moved.
    given
        Numbers that were ever given to a row.
    elsewhere
        Numbers whose marks are on rows of other tabs, where they are ignored.
    """
    filled = {index: row for index, row in rows.items() if row.has_content}
    settled = {row.mark for row in filled.values() if row.mark is not None and row.mark == row.text}
    by_text, doubtful = _believed_texts(rows, settled, given=given, elsewhere=elsewhere)
    taken = settled | set(by_text.values())
    judgements: dict[int, Judgement] = {}
    for index, row in filled.items():
        if row.mark in settled:
            judgements[index] = Judgement(Verdict.BOTH, row.mark)
        elif index in by_text:
            judgements[index] = Judgement(Verdict.TEXT, by_text[index])
        elif row.mark is not None and row.mark not in taken:
            judgements[index] = Judgement(Verdict.DOUBT if index in doubtful else Verdict.MARK, row.mark)
        else:
            judgements[index] = Judgement(Verdict.NEITHER, None)
    return judgements


def _believed_texts(
    rows: Mapping[int, Witnesses],
    settled: Collection[int],
    *,
    given: Collection[int],
    elsewhere: Collection[int],
) -> tuple[Mapping[int, int], Collection[int]]:
    """Numbers of the rows whose text is believed, by index, and the indices of doubtful rows."""
    claims: dict[int, list[int]] = defaultdict(list)
    for index, row in rows.items():
        if row.has_content and row.text is not None and row.text not in settled:
            claims[row.text].append(index)
    holders = {row.mark for row in rows.values()}
    believed: dict[int, int] = {}
    doubtful: set[int] = set()
    for number, claimants in claims.items():
        unmarked = [index for index in claimants if rows[index].mark is None]
        if unmarked:
            # The row with the mark of this number has another text.
            believed[unmarked[0]] = number
            continue
        if len(claimants) > 1 or number not in given:
            continue
        [index] = claimants
        if number in holders or number in elsewhere or rows[index].mark in claims:
            # The content was moved here: the row with the mark no longer has the text of this number, or the
            # text of the mark of this row is in another row now.
            believed[index] = number
        else:
            doubtful.add(index)
    return believed, doubtful


class StartedItem(Struct, frozen=True):
    """A started item from the store; ``profiles`` are titles by the row number of the action."""

    number: int
    task: str
    profiles: Mapping[int, str]
    has_card: bool
    is_done: bool
    is_reserved: bool


class ProgressIdentity(Struct, frozen=True):
    """The identity of the rows of *В работе*.

    ``numbers`` are row numbers by index; ``doubles`` the item numbers of copied rows by index; ``lost`` the
    numbers of rows that should be there; ``healed`` the messages about repaired rows.
    """

    tab: Tab
    numbers: Mapping[int, int]
    doubles: Mapping[int, int]
    lost: frozenset[int]
    healed: tuple[Sentence, ...] = ()
    new: frozenset[int] = frozenset()

    @property
    def items(self) -> frozenset[int]:
        """Numbers of the items with at least one row."""
        return frozenset(item_number_of_row(number) for number in self.numbers.values())


def identify_progress(book: Book, started: Iterable[StartedItem], *, prefix: str) -> ProgressIdentity:
    """Identifies the rows of *В работе* by their marks, and by ID text and profile.

    A row with neither was added by a person. *prefix* are the letters of the project's IDs.
    """
    tab = book.tab("in_progress")
    items = {item.number: item for item in started}
    witnesses = _progress_witnesses(tab, items.values(), prefix)
    tasks = {row.index: tab.cell(row, "action").text for row in tab.rows}
    given = {number for item in items.values() for number in item.profiles}
    numbers: dict[int, int] = {}
    doubles: dict[int, int] = {}
    for index, judgement in judge(witnesses, given=given).items():
        number, text = judgement.number, witnesses[index].text
        if judgement.verdict is Verdict.DOUBT and _task_decides_for_text(tasks[index], number, text, items):
            number = text
        if number is not None:
            numbers[index] = number
        elif text is not None:
            doubles[index] = item_number_of_row(text)
    expected = {
        number
        for item in items.values()
        if not item.is_reserved and not item.is_done
        for number in item.profiles
    }
    repaired = {index: number for index, number in numbers.items() if number != witnesses[index].mark}
    moved = {index: number for index, number in repaired.items() if number in book.row_numbers}
    known_count = len(repaired) - len(moved)
    return ProgressIdentity(
        tab,
        numbers,
        doubles,
        frozenset(expected - set(numbers.values())),
        _progress_messages(tab, moved, doubles, known_count, prefix),
    )


def _progress_witnesses(tab: Tab, started: Iterable[StartedItem], prefix: str) -> dict[int, Witnesses]:
    """Witnesses of each row of *В работе*; ID and profile together name the number of an action."""
    number_by_text = {
        (item.number, title.casefold()): number for item in started for number, title in item.profiles.items()
    }
    witnesses: dict[int, Witnesses] = {}
    for row in tab.rows:
        item_number = number_of_id(tab.cell(row, "id").text, prefix) or 0
        text = number_by_text.get((item_number, tab.cell(row, "profile").text.casefold()))
        witnesses[row.index] = Witnesses(row.number, text, bool(tab.cell(row, "action").text))
    return witnesses


def _task_decides_for_text(
    task: str, number: int | None, text: int | None, items: Mapping[int, StartedItem]
) -> bool:
    """Whether the task in a doubtful row is that of the item in its text, and not that of its mark."""
    if number is None or text is None:
        return False
    marked = items.get(item_number_of_row(number))
    return task == items[item_number_of_row(text)].task and (marked is None or task != marked.task)


def _progress_messages(
    tab: Tab, moved: Mapping[int, int], doubles: Mapping[int, int], known_count: int, prefix: str
) -> tuple[Sentence, ...]:
    """Messages about repaired rows: those known by their text only, moved ones, and copies."""
    known = [sentence("heal.known", count=known_count, sheet=tab.title)] if known_count else []
    moves = [
        sentence(
            "heal.action_moved",
            id=f"{prefix}-{item_number_of_row(number)}",
            row=str(index + 1),
            sheet=tab.title,
        )
        for index, number in moved.items()
    ]
    copies = [
        sentence("heal.action_copy", id=f"{prefix}-{number}", row=str(index + 1), sheet=tab.title)
        for index, number in doubles.items()
    ]
    return (*known, *moves, *copies)


class BacklogIdentity(Struct, frozen=True):
    """The identity of the rows of the backlog.

    ``numbers`` are those of rows with a task by index, ``new`` the numbers given now; ``copies`` the numbers
    of the originals of copied rows by index; ``returned`` started items that are in the backlog again.
    ``last_number`` is the highest number ever given to an item, ``healed`` the messages about repaired rows.
    """

    tab: Tab
    numbers: Mapping[int, int]
    copies: Mapping[int, int]
    returned: frozenset[int]
    new: frozenset[int]
    last_number: int
    healed: tuple[Sentence, ...]
    problems: tuple[CellProblem, ...]


def identify_backlog(
    book: Book,
    started: Iterable[StartedItem],
    *,
    in_progress: Collection[int],
    prefix: str,
    last_number: int,
) -> BacklogIdentity:
    """Gives each row with a task its number.

    Parameters
    ----------
    started
        Items of the store. One without a card and without rows in *В работе* may be back in the backlog; one
        with a card but without rows is a problem that a person must solve.
    in_progress
        Numbers of items with rows in *В работе*; no row of the backlog can be one of them.
    prefix
        Letters of the project's IDs.
    last_number
        The highest number that was given to an item so far.
    """
    return _BacklogJudge(book, started, in_progress=in_progress, prefix=prefix, given_to=last_number).result()


class _BacklogJudge:
    """Identifies the rows of one backlog; see ``identify_backlog``."""

    def __init__(
        self,
        book: Book,
        started: Iterable[StartedItem],
        *,
        in_progress: Collection[int],
        prefix: str,
        given_to: int,
    ) -> None:
        self._tab = book.tab("backlog")
        self._prefix = prefix
        self._items = {item.number: item for item in started}
        self._in_progress = in_progress
        self._carded = {
            item.number for item in self._items.values() if item.has_card and item.number not in in_progress
        }
        self._marked = book.row_numbers
        known = {item_number_of_row(number) for number in self._marked} | self._items.keys()
        self._given_to = given_to
        self._highest = max([given_to, *known])
        own = {row.number for row in self._tab.rows}
        self._elsewhere = self._marked - own - set(in_progress)
        self._lines = {row.index: row for row in self._tab.rows}
        self._typed = {
            index: number_of_id(self._tab.cell(row, "id").text, prefix) for index, row in self._lines.items()
        }

    def result(self) -> BacklogIdentity:
        witnesses = {index: self._witnesses(row) for index, row in self._lines.items()}
        given = range(1, self._highest + 1)
        judged = judge(witnesses, given=given, elsewhere=self._elsewhere)
        numbers = {index: one.number for index, one in judged.items() if one.number is not None}
        last_number = max([self._highest, *numbers.values()])
        copies: dict[int, int] = {}
        row_messages: list[Sentence] = []
        problems: list[CellProblem] = []
        taken = set(numbers.values()) | set(self._in_progress)
        for index, one in judged.items():
            typed = self._typed[index]
            if one.number is None:
                last_number = numbers[index] = last_number + 1
                if typed in taken and typed is not None:
                    copies[index] = typed
            if one.verdict is not Verdict.BOTH or index in copies:
                row_messages += self._row_messages(index, one, numbers[index], copies.get(index))
            if one.verdict is Verdict.DOUBT or one.number in self._carded:
                problems += self._question(index, one)
        returned = frozenset(
            number
            for number in numbers.values()
            if number in self._items and number not in self._carded and number not in self._in_progress
        )
        healed = [
            sentence("heal.returned", id=self._code(number), sheet=self._tab.title)
            for number in sorted(returned)
            if not self._items[number].is_reserved
        ]
        by_text = [one.number for one in judged.values() if one.verdict is Verdict.TEXT]
        known = sum(number not in self._marked and number <= self._given_to for number in by_text if number)
        if known:
            healed.append(sentence("heal.known", count=known, sheet=self._tab.title))
        return BacklogIdentity(
            self._tab,
            dict(sorted(numbers.items())),
            copies,
            returned,
            frozenset(numbers.values()) - frozenset(range(1, self._given_to + 1)) - self._marked,
            last_number,
            (*healed, *row_messages),
            tuple(problems),
        )

    def _witnesses(self, row: Row) -> Witnesses:
        """Mark and text of a row, without numbers that a row of the backlog cannot have."""
        mark, text = row.number, self._typed[row.index]
        has_content = bool(self._tab.cell(row, "task").text)
        if mark in self._in_progress or (mark in self._carded and text != mark):
            mark = None
        if text in self._in_progress or (text in self._carded and mark is not None and text != mark):
            text = None
        return Witnesses(mark, text, has_content)

    def _row_messages(self, index: int, one: Judgement, number: int, copy_of: int | None) -> list[Sentence]:
        """Messages about what was repaired in a row."""
        code, row, text = self._code(number), str(index + 1), self._tab.cell(self._lines[index], "id").text
        if copy_of is not None:
            return [sentence("heal.copy", row=row, of=self._code(copy_of), id=code)]
        if one.verdict is Verdict.TEXT and number in self._marked:
            return [sentence("heal.moved", row=row, id=code)]
        if one.verdict is Verdict.MARK:
            return [sentence("heal.id", row=row, id=code)]
        if one.verdict is Verdict.NEITHER and text:
            return [sentence("heal.foreign", row=row, value=text, id=code)]
        return []

    def _question(self, index: int, one: Judgement) -> list[CellProblem]:
        """The problem of a row that only a person can identify."""
        row, typed = self._lines[index], self._typed[index]
        if one.verdict is Verdict.DOUBT and one.number is not None and typed is not None:
            where = {"id": self._code(one.number), "typed": self._code(typed)}
            return [self._tab.problem(row, "id", "cell.id_doubt", **where)]
        if one.number in self._carded and one.number is not None:
            return [self._tab.problem(row, "id", "cell.id_in_tracker", id=self._code(one.number))]
        return []

    def _code(self, number: int) -> str:
        return f"{self._prefix}-{number}"


def misplaced_marks(book: Book, numbers: Mapping[tuple[int, int], int]) -> list[tuple[Tab, Row]]:
    """Rows whose mark must be deleted because they, or another row, have its number now.

    *numbers* are the row numbers as they should be, by sheet id and index.
    """
    places = {number: place for place, number in numbers.items()}
    found: list[tuple[Tab, Row]] = []
    for tab in book.tabs.values():
        for row in tab.rows:
            if row.number is None:
                continue
            place = tab.sheet_id, row.index
            if places.get(row.number, place) != place or numbers.get(place, row.number) != row.number:
                found.append((tab, row))
    return found


@lru_cache(maxsize=MOST_KEPT_ROWS)
def number_of_id(text: str, prefix: str) -> int | None:
    """The number in an ID of this project, ``None`` for another text."""
    found = _pattern_of_id(prefix).fullmatch(text.strip()) if text else None
    # Numbers begin at 1.
    return int(found[1]) or None if found else None


@lru_cache(maxsize=64)
def _pattern_of_id(prefix: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(prefix)}-(\d{{1,7}})", re.IGNORECASE)


def shorten_messages(messages: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The first messages, at most ``MAX_LINES`` with one that counts the others."""
    if len(messages) <= MAX_LINES:
        return tuple(messages)
    return (*messages[: MAX_LINES - 1], sentence("list.more", count=len(messages) - MAX_LINES + 1))
