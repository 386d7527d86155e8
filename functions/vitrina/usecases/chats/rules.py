"""Reads what *Настройки* say about chats: topics, which event is told where, how many people are invited."""

from __future__ import annotations

import re
from collections.abc import Mapping

from babel.dates import get_day_names
from msgspec.structs import replace

from vitrina.chat_port import MOST_TOPIC_NAME, shortened
from vitrina.domain.quantities import parse_number
from vitrina.errors import CellProblem
from vitrina.operations.journal import JournalLine
from vitrina.operations.run import Run
from vitrina.project.agency_book import read_agency_book, read_stored_agency
from vitrina.records.outside.chat_rules import (
    CHOSEN,
    GENERAL,
    NOWHERE,
    TOPICS,
    USUAL_PLACES,
    WANTED,
    ChatRules,
    load_rules,
)
from vitrina.texts import LOCALES, Sentence, render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.cells import MINUTES_PER_DAY
from vitrina.workbook.reading.settings import locale_of, read_settings

#: Most people whom a chat lets in with one invitation.
MOST_PEOPLE = 99_999
#: Most working hours before a reminder: two months.
MOST_HOURS = 320.0
#: Most working days between two reminders of finished work.
MOST_DAYS = 60.0
#: How people write a time of day.
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?")


def read_rules(book: Book) -> tuple[ChatRules, tuple[CellProblem, ...]]:
    """The choices, and cells that cannot be used; what these should say is as usual then.

    A workbook that is not brought along yet lacks the rows: all is as usual.
    """
    problems: list[CellProblem] = []
    topics = _topics(book)
    rules = ChatRules(
        book.spreadsheet_id,
        topics,
        _places(book, topics, problems),
        most_people=int(_number(book, "chat_people", 1, MOST_PEOPLE, 10, problems)),
        remind_hours=_number(book, "chat_remind_hours", 0, MOST_HOURS, 4, problems),
        remind_shown_days=int(_number(book, "remind_shown_days", 0, MOST_DAYS, 3, problems)),
        digest_day=_weekday(book, "digest_day", problems),
        digest_minute=_minute(book, "digest_time", 600, problems),
    )
    return rules, tuple(problems)


def renew_rules(run: Run, book: Book) -> ChatRules:
    """The choices as the workbook has them now, kept at the end of the run.

    Cells that cannot be used are told in *Журнал*, once.
    """
    rules, problems = read_rules(book)
    locale = locale_of(book)
    told = tuple(
        f"{one.sheet}!{one.cell}: {render(Sentence(one.code, dict(one.where)), locale)}" for one in problems
    )
    rules = replace(rules, told_problems=told)
    known = load_rules(run.services.store, book.spreadsheet_id)
    if known == rules:
        return rules
    run.at_end(rules.put())
    if known is None or known.told_problems != told:
        run.at_end(*(line.put() for line in _lines(run, book.spreadsheet_id, told)))
    return rules


def rules_of(run: Run, agency_id: str) -> ChatRules:
    """The choices of an agency; its workbook is read if that was never done."""
    known = load_rules(run.services.store, agency_id)
    if known is not None:
        return known
    stored = read_stored_agency(run, agency_id)
    return renew_rules(run, read_agency_book(run, agency_id, stored.shape))


def _lines(run: Run, agency_id: str, texts: tuple[str, ...]) -> list[JournalLine]:
    now = run.services.clock.now()
    return [
        JournalLine(
            operation_id=f"chat-settings-{int(now.timestamp() * 1000)}-{number}",
            agency_id=agency_id,
            spreadsheet_id="",
            at=now.isoformat(),
            who="",
            action="chat_settings",
            outcome="refused",
            message=text,
        )
        for number, text in enumerate(texts)
    ]


def _topics(book: Book) -> Mapping[str, str]:
    locale = locale_of(book)
    names = {}
    for key in TOPICS:
        usual = render(sentence(f"title.settings.chat_topic_{key}.value"), locale)
        text = _text(book, f"chat_topic_{key}", usual)
        if text:
            names[key] = shortened(text, MOST_TOPIC_NAME)
    return names


def _places(book: Book, topics: Mapping[str, str], problems: list[CellProblem]) -> Mapping[str, str]:
    """Where each event is told. One that the cell does not name is told nowhere, or where ``WANTED`` is."""
    if "chat_events" not in _settings(book):
        # Where the usual topic is not wanted, the general one.
        return {event: _usual_place(event, topics) for event in USUAL_PLACES}
    locale = locale_of(book)
    events = {render(sentence(f"chat_event.{event}"), locale): event.value for event in CHOSEN}
    places = {name: key for key, name in topics.items()}
    places |= {render(sentence(f"chat_place.{one}"), locale): one for one in (GENERAL, NOWHERE)}
    found = {event.value: _usual_place(event, topics) if event in WANTED else NOWHERE for event in CHOSEN}
    for part in re.split(r"[;\n]", _text(book, "chat_events")):
        if not part.strip():
            continue
        name, _, place = (one.strip() for one in part.partition(":"))
        event, where = _find(events, name), _find(places, place)
        if event is None:
            problems.append(
                _problem(book, "chat_events", "cell.chat_event", value=name, allowed=list(events))
            )
        elif where is None:
            allowed = list(places)
            problems.append(_problem(book, "chat_events", "cell.chat_place", value=place, allowed=allowed))
            found[event] = _usual_place(event, topics)
        else:
            found[event] = where
    return found


def _usual_place(event: str, topics: Mapping[str, str]) -> str:
    place = USUAL_PLACES[event]
    return place if place in topics else GENERAL


def _number(
    book: Book, key: str, least: float, most: float, usual: float, problems: list[CellProblem]
) -> float:
    text = _text(book, key)
    if not text:
        return usual
    try:
        value = parse_number(text)
    except ValueError:
        value = least - 1
    if least <= value <= most:
        return value
    problems.append(_problem(book, key, "cell.chat_number", value=text, least=least, most=most))
    return usual


def _weekday(book: Book, key: str, problems: list[CellProblem]) -> int:
    """A day of the week by its name, 0 for Monday; -1 for an empty or bad cell."""
    text = _text(book, key).rstrip(".").casefold()
    names = {
        name.rstrip(".").casefold(): number
        for locale in LOCALES
        for width in ("wide", "abbreviated")
        for number, name in get_day_names(width, locale=locale).items()
    }
    if text and text not in names:
        wide = get_day_names("wide", locale=locale_of(book))
        allowed = [wide[number] for number in range(len(wide))]
        problems.append(_problem(book, key, "cell.weekday", value=text, allowed=allowed))
    return int(names.get(text, -1))


def _minute(book: Book, key: str, usual: int, problems: list[CellProblem]) -> int:
    """A time of day in minutes; the spreadsheet keeps one as a part of a day."""
    text = _text(book, key)
    if not text:
        return usual
    value = read_settings(book)[key][2].value
    if isinstance(value, float) and 0 < value < 1:
        return round(value * MINUTES_PER_DAY)
    clock = _CLOCK.fullmatch(text)
    if clock is None or int(clock["hour"]) > 23 or int(clock["minute"] or 0) > 59:
        problems.append(_problem(book, key, "cell.time_of_day", value=text))
        return usual
    return int(clock["hour"]) * 60 + int(clock["minute"] or 0)


def _find(known: Mapping[str, str], name: str) -> str | None:
    plain = {" ".join(one.split()).casefold(): key for one, key in known.items()}
    return plain.get(" ".join(name.split()).casefold())


def _problem(book: Book, key: str, code: str, **where: object) -> CellProblem:
    tab, row, _ = read_settings(book)[key]
    return tab.problem(row, "value", code, **where)


def _settings(book: Book) -> Mapping[str, object]:
    return read_settings(book) if "settings" in book.tabs else {}


def _text(book: Book, key: str, usual: str = "") -> str:
    """Text of a setting; *usual* where the workbook has no such row."""
    if key not in _settings(book):
        return usual
    return read_settings(book)[key][2].text.strip()
