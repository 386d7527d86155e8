"""*Показать глазами клиента*: what the client's workbook shows, what he may edit, and what is too much in it.

It reads the file itself, hidden tabs, notes and choices too: anyone who can open a file can copy it and see
them. The answer is for staff: it names other clients where their words are found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from vitrina.errors import CellProblem
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.ports import Json
from vitrina.project.agency_book import StoredAgency, read_stored_agency
from vitrina.project.protection import locale_of_book
from vitrina.records.books import Project, load_project
from vitrina.records.layouts import shape_from, shape_key
from vitrina.texts import sentence
from vitrina.usecases.tracker.two_way import conflict_note
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.client_view import SeenCell, SeenTab, seen_tabs
from vitrina.workbook.template.definition import LOCALES, BookTemplate, Profile
from vitrina.workbook.writing.protection import client_cells, client_columns

#: What the sidebar shows of each tab, and how much of each text.
MOST_ROWS = 12
MOST_FORM_ROWS = 40
MOST_CELLS = 16
MOST_CHARACTERS = 240
#: Nobody reads more lines than this.
MOST_FINDINGS = 60
#: Shorter words are found in too many texts.
SHORTEST_WORD = 3

#: Formulas that take values from another file: whoever opens a copy may see more of it.
_FROM_OUTSIDE = re.compile(r"\bIMPORT(RANGE|XML|HTML|DATA|FEED)\b", re.IGNORECASE)


#: What a text is split into where strange words are looked for.
_TOKEN = re.compile(r"\w+")


class _Stranger(Struct, frozen=True, dict=True):
    """A word that the client should not read, and the code of the message about it."""

    word: str
    code: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the word; a code that ends in a hyphen with the number of any task behind it."""
        word = re.escape(self.word)
        if self.word.endswith("-"):
            return re.compile(rf"(?<!\w){word}\d")
        return re.compile(rf"(?<!\w){word}(?!\w)", re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Whether the text has the word."""
        return self.pattern.search(text) is not None


class _Strangers:
    """Finds the strangers whose first token a cell has, so that not every word is searched in every cell."""

    def __init__(self, strangers: Iterable[_Stranger]) -> None:
        self._by_token: defaultdict[str, list[_Stranger]] = defaultdict(list)
        for one in strangers:
            # Words of signs only, which have no token, are near every text.
            token = next(iter(_TOKEN.findall(one.word)), "")
            self._by_token[token.casefold()].append(one)
        self._in_choices: dict[tuple[str, ...], list[_Stranger]] = {}

    def near(self, cell: SeenCell) -> list[_Stranger]:
        """Strangers with a token that the cell has."""
        if cell.choices not in self._in_choices:
            self._in_choices[cell.choices] = self._with_tokens_of(cell.choices)
        return list(
            dict.fromkeys(
                [*self._with_tokens_of((cell.text, cell.formula, cell.note)), *self._in_choices[cell.choices]]
            )
        )

    def _with_tokens_of(self, texts: Iterable[str]) -> list[_Stranger]:
        tokens = dict.fromkeys(["", *(token.casefold() for text in texts for token in _TOKEN.findall(text))])
        return [one for token in tokens for one in self._by_token.get(token, ())]


def show_as_client(run: Run, spreadsheet_id: str) -> Answer:
    """What the client sees of each tab, and a line for each cell that says more than it should: one read."""
    services = run.services
    agency_id = run.agency_id or load_project(services.store, spreadsheet_id).agency_id
    stored = read_stored_agency(run, agency_id, more=[shape_key(spreadsheet_id)])
    resource = services.workbooks.read_as_shown(spreadsheet_id)
    book = parse_book(resource, shape_from(stored.more.get(shape_key(spreadsheet_id))))
    project = next(one for one in stored.projects.value if one.spreadsheet_id == spreadsheet_id)
    template = services.templates["client"]
    tabs = seen_tabs(resource, book)
    found = [
        *_foreign_words(tabs, _strangers(stored, project, book)),
        *_notes_and_formulas(tabs, _own_notes(template, stored.agency.profiles)),
        *_unprotected(tabs, book),
    ]
    hidden = [tab.title for tab in tabs if tab.is_hidden]
    return Answer(
        Outcome.DONE,
        sentence("view.found" if found else "view.clean", count=len(found)),
        details=(
            *([sentence("view.hidden", tabs=hidden)] if hidden else []),
            *(
                [sentence("list.more", count=len(found) - MOST_FINDINGS)]
                if len(found) > MOST_FINDINGS
                else []
            ),
        ),
        cells=tuple(found[:MOST_FINDINGS]),
        data={
            "found": len(found),
            "tabs": [_tab_data(tab, book, template) for tab in tabs if not tab.is_hidden],
        },
    )


# --- What should not be there ------------------------------------------------------------------------


def _strangers(stored: StoredAgency, project: Project, book: Book) -> _Strangers:
    """Names and codes of other clients, and people who do nothing here."""
    own = {project.client_name.casefold(), project.project_name.casefold()}
    words: dict[str, str] = {}
    for other in stored.projects.value:
        if other.spreadsheet_id == project.spreadsheet_id:
            continue
        words |= dict.fromkeys(
            (other.client_name, other.project_name, other.spreadsheet_id), "view.other_client"
        )
        words[f"{other.code}-"] = "view.other_client"
    here = _people_here(book)
    people = stored.team.specialists if stored.team else ()
    words |= {one.name: "view.other_person" for one in people if one.name.casefold() not in here}
    return _Strangers(
        _Stranger(word, code)
        for word, code in words.items()
        if len(word) >= SHORTEST_WORD and word.casefold() not in own
    )


def _people_here(book: Book) -> set[str]:
    return {
        tab.cell(row, "specialist").text.casefold()
        for tab in book.tabs.values()
        if "specialist" in tab.columns
        for row in tab.rows
    }


def _foreign_words(tabs: Sequence[SeenTab], strangers: _Strangers) -> Iterator[CellProblem]:
    for tab in tabs:
        told: set[tuple[int, str]] = set()
        for cell in tab.cells:
            for stranger in strangers.near(cell):
                # The choices of a column are the same in all of its cells.
                place = _place_of(cell, stranger)
                if place is None or (place == "choice" and (cell.column, stranger.word) in told):
                    continue
                told.add((cell.column, stranger.word))
                where = (("word", stranger.word.rstrip("-")), ("place", sentence(f"view.place.{place}")))
                yield CellProblem(tab.title, cell.address, stranger.code, where)


def _place_of(cell: SeenCell, stranger: _Stranger) -> str | None:
    if stranger.word.endswith("-"):
        texts = [cell.text, cell.note, *cell.choices]
        return "value" if any(stranger.is_in(text) for text in texts) else None
    if stranger.is_in(cell.text) or stranger.is_in(cell.formula):
        return "value"
    if stranger.is_in(cell.note):
        return "note"
    return "choice" if any(stranger.is_in(one) for one in cell.choices) else None


def _notes_and_formulas(tabs: Sequence[SeenTab], ours: Collection[str]) -> Iterator[CellProblem]:
    """Notes of people, and values from other files: both may be meant for the client, or not."""
    for tab in tabs:
        for cell in tab.cells:
            if cell.note and cell.note not in ours:
                yield CellProblem(tab.title, cell.address, "view.note", (("text", _short(cell.note)),))
            if _FROM_OUTSIDE.search(cell.formula):
                yield CellProblem(tab.title, cell.address, "view.from_outside")


def _own_notes(template: BookTemplate, profiles: Mapping[str, str]) -> set[str]:
    """The notes that explain fields and columns."""
    named = [Profile(key, title) for key, title in profiles.items()]
    notes = {
        template.column_note(tab.key, column, locale)
        for locale in LOCALES
        for tab in template.tabs
        for column in tab.expand(named)
    }
    notes |= {conflict_note(locale) for locale in LOCALES}
    return notes | {text for texts in template.texts.values() for text in texts.values()}


def _unprotected(tabs: Sequence[SeenTab], book: Book) -> Iterator[CellProblem]:
    """Tabs of ours that are not protected as a whole: a client with edit rights may change all of them."""
    protected = {one.sheet_id for one in book.protected_ranges if one.is_whole_sheet and not one.is_warning}
    for tab in tabs:
        if tab.key and tab.sheet_id not in protected:
            yield CellProblem(tab.title, "A1", "view.not_protected")


# --- What is there -----------------------------------------------------------------------------------


def _tab_data(tab: SeenTab, book: Book, template: BookTemplate) -> Json:
    headings, rows = tab.headings(), tab.shown_rows()
    most = MOST_ROWS if headings else MOST_FORM_ROWS
    own = client_columns(book.tabs[tab.key], template) if tab.key else []
    ticks = client_cells(book, book.tabs[tab.key], template) if tab.key else []
    named = [template.text(locale_of_book(book), "client.section.needs")] if ticks else []
    return {
        "title": tab.title,
        "may_edit": [*named, *(headings[column] for column in own if column in headings)],
        "rows": [_entries(row, headings)[:MOST_CELLS] for row in rows[:most]],
        "rows_left": max(0, len(rows) - most),
    }


def _entries(row: Sequence[SeenCell], headings: Mapping[int, str]) -> list[Json]:
    """The cells of a row with their headings; in a form a text right before a value is its label."""
    if headings:
        return [{"label": headings.get(cell.column, ""), "text": _short(cell.text)} for cell in row]
    entries: list[Json] = []
    label: SeenCell | None = None
    for cell in row:
        if label is not None and cell.column == label.column + 1:
            entries[-1] = {"label": label.text, "text": _short(cell.text)}
            label = None
        else:
            entries.append({"label": "", "text": _short(cell.text)})
            label = cell
    return entries


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
