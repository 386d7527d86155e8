"""Who each row of a client workbook is, whatever people did to it.

A row has two witnesses: its mark, which Google keeps with the row itself, and the ID text in a cell. A
sort or a drag moves both. Cells that were cut and pasted leave the mark behind on the emptied row; a copy
has the text and no mark; somebody typed over the text or cleared it. What the two say together, and what
the other rows say, tells which is right (decision 0011). Where they cannot tell, the row is a problem
for a person.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from vitrina.errors import CellProblem
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.book import Book, Row, Tab, item_number_of_row

#: Nobody reads more lines than this about repaired rows.
MAX_LINES = 4


class Verdict(Enum):
    """Which witness of a row is believed."""

    BOTH = "they agree"
    TEXT = "the text: the content moved, or the mark was lost"
    MARK = "the mark: somebody typed over the text or cleared it"
    DOUBT = "they name two numbers, and nothing speaks for either"
    NEITHER = "the row is a copy, or nobody knows it"


@dataclass(frozen=True)
class Witnesses:
    """What is known of a row: its mark, and the number that its text names."""

    mark: int | None
    text: int | None
    has_content: bool = True


@dataclass(frozen=True)
class Judgement:
    """What the witnesses of a row come to: its number, unless it has none."""

    verdict: Verdict
    number: int | None


def judge(
    rows: Mapping[int, Witnesses], *, given: Collection[int], elsewhere: Collection[int] = ()
) -> Mapping[int, Judgement]:
    """Who each row with content is, by its index; no number is given twice.

    Parameters
    ----------
    rows
        All rows by index, empty ones too: a mark on an empty row tells that its content went away.
    given
        Numbers that were ever given to a row.
    elsewhere
        Numbers whose marks stand on rows of other tabs and mean nothing there.
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
    """Numbers of the rows whose text is right, by index; and the rows of which nobody can say it."""
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
            # Whatever stands where the mark is does not say that it is this number.
            believed[unmarked[0]] = number
            continue
        if len(claimants) > 1 or number not in given:
            continue
        [index] = claimants
        if number in holders or number in elsewhere or rows[index].mark in claims:
            # The content came here from a row that does not say any more that it is this number, or
            # another row has the content that was here before.
            believed[index] = number
        else:
            doubtful.add(index)
    return believed, doubtful


@dataclass(frozen=True)
class StartedItem:
    """An item that left the backlog, as the store knows it. ``profiles`` are titles by row number."""

    number: int
    task: str
    profiles: Mapping[int, str]
    has_card: bool
    is_done: bool
    is_reserved: bool


@dataclass(frozen=True)
class ProgressIdentity:
    """Who the rows of *В работе* are.

    ``numbers`` are row numbers by index; ``doubles`` the indices of copies, with the item that each is a
    copy of; ``lost`` the numbers of rows that ought to be there.
    """

    tab: Tab
    numbers: Mapping[int, int]
    doubles: Mapping[int, int]
    lost: frozenset[int]
    healed: tuple[Sentence, ...] = ()
    new: frozenset[int] = frozenset()

    @property
    def items(self) -> frozenset[int]:
        """Numbers of the items that have a row."""
        return frozenset(item_number_of_row(number) for number in self.numbers.values())


def identify_progress(book: Book, started: Iterable[StartedItem], *, prefix: str) -> ProgressIdentity:
    """Know the rows of *В работе* by their marks, and by ID text and profile.

    A row that has neither is a person's own.
    """
    tab = book.tab("in_progress")
    items = {item.number: item for item in started}
    by_text = {
        (item.number, title.casefold()): number
        for item in items.values()
        for number, title in item.profiles.items()
    }
    rows: dict[int, Witnesses] = {}
    for row in tab.rows:
        text = by_text.get(
            (number_of_id(tab.cell(row, "id").text, prefix) or 0, tab.cell(row, "profile").text.casefold())
        )
        rows[row.index] = Witnesses(row.number, text, bool(tab.cell(row, "action").text))
    numbers: dict[int, int] = {}
    doubles: dict[int, int] = {}
    moved: list[int] = []
    known = 0
    lines = {row.index: row for row in tab.rows}
    judged = judge(rows, given=by_text.values())
    for index, judgement in judged.items():
        number, text = judgement.number, rows[index].text
        if judgement.verdict is Verdict.DOUBT and number is not None and text is not None:
            # The tasks are known: the one that stands in the row speaks for one of the two.
            task = tab.cell(lines[index], "action").text
            other = items[item_number_of_row(text)]
            mine = items.get(item_number_of_row(number))
            if task == other.task and (mine is None or task != mine.task):
                number = text
        if number is None and text is not None:
            doubles[index] = item_number_of_row(text)
        elif number is not None:
            numbers[index] = number
            if number == rows[index].mark:
                continue
            if number in book.row_numbers:
                moved.append(index)
            else:
                known += 1
    expected = {
        number
        for item in items.values()
        if not item.is_reserved and not item.is_done
        for number in item.profiles
    }
    where = {"sheet": tab.title}
    healed = [sentence("heal.known", count=known, **where)] if known else []
    healed += [
        sentence(
            "heal.action_moved",
            id=f"{prefix}-{item_number_of_row(numbers[index])}",
            row=str(index + 1),
            **where,
        )
        for index in moved
    ]
    healed += [
        sentence("heal.action_copy", id=f"{prefix}-{number}", row=str(index + 1), **where)
        for index, number in doubles.items()
    ]
    return ProgressIdentity(tab, numbers, doubles, frozenset(expected - set(numbers.values())), tuple(healed))


@dataclass(frozen=True)
class BacklogIdentity:
    """Who the rows of the backlog are.

    ``numbers`` of rows with a task by index, of which some are ``new``; ``copies`` the numbers that rows
    with a new number are copies of; ``returned`` the items that the sheet has in the backlog again.
    ``last_number`` is the highest number ever given to an item.
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
    """Give each row that holds a task its number.

    *in_progress* are the items that have rows in *В работе*: no row of the backlog is one of them. An
    item that was started and has neither card nor rows there is where the sheet has it. One that has a
    card and no rows is a question for a person.
    """
    return _BacklogJudge(book, started, in_progress=in_progress, prefix=prefix, given_to=last_number).result()


class _BacklogJudge:
    """Judges the rows of one backlog."""

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
            row_messages += self._row_messages(index, one, numbers[index], copies.get(index))
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
        """Mark and text without those that a row of the backlog cannot have."""
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
        """What only a person can know of a row."""
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


def number_of_id(text: str, prefix: str) -> int | None:
    """The number that an ID text of this project names."""
    found = re.fullmatch(rf"{re.escape(prefix)}-(\d{{1,7}})", text.strip(), re.IGNORECASE)
    # ЗРН-0 is nobody's number.
    return int(found[1]) or None if found else None


def shorten_messages(messages: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The first messages, at most ``MAX_LINES`` with one that counts the others."""
    if len(messages) <= MAX_LINES:
        return tuple(messages)
    return (*messages[: MAX_LINES - 1], sentence("list.more", count=len(messages) - MAX_LINES + 1))
