"""What every refusal and failure owes a person: a sentence in his language, and nothing half done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID
from emulators.world.servers import Servers
from tests.office import Office
from vitrina.bootstrap import application

#: Names of systems and units that stand in a sentence of any language.
NAMES = frozenset({"Google", "Kaiten", "Cloud", "Tasks", "ID"})

#: What is quoted, and IDs and addresses: a person wrote them, in whatever language.
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|[А-ЯЁ]{2,8}-\d+|[\w.+-]+@[\w.-]+")
_TECHNICAL = re.compile(r"[{}<>]|None|nan|Traceback|Error|HTTP|\bhours\.|[a-z]_[a-z]")


@contextmanager
def agency_at_work(servers: Servers, folder: Path, **settings: str) -> Iterator[Office]:
    """An agency with people and norms, for all tests of a module; its repeats do not wait."""
    with pytest.MonkeyPatch.context() as patch:
        office = Office(servers, folder)
        office.open(patch, staff=settings.pop("STAFF", ""))
        for name, value in {"RETRY_WAIT_S": "0", **settings}.items():
            patch.setenv(f"VITRINA_{name}", value)
        application.cache_clear()
        office.hire()
        yield office
        office.settle()
        office.http.close()
    application.cache_clear()


def assert_sentence(text: str, locale: str = "ru") -> None:
    """*text* is for people: of the language, without the words of machines."""
    assert not _TECHNICAL.search(text), text
    own = _QUOTED.sub("", text)
    foreign = set(re.findall(r"[A-Za-z]{2,}", own)) - NAMES
    has_cyrillic = re.search(r"[а-яё]", own, re.IGNORECASE) is not None
    assert has_cyrillic == (locale == "ru"), text
    assert (not foreign) == (locale == "ru"), text


def assert_told(answer: Mapping[str, Any], outcome: str, http_status: int, locale: str = "ru") -> None:
    """The ending, and that all that is said of it is for people."""
    assert (answer["outcome"], answer["http_status"]) == (outcome, http_status), answer
    assert answer["message"].endswith("."), answer["message"]
    assert_sentence(answer["message"], locale)
    for detail in answer["details"]:
        assert_sentence(detail, locale)
    for cell in answer["cells"]:
        assert re.fullmatch(r"[A-Z]{1,2}[1-9]\d*", cell["cell"]), cell
        assert_sentence(cell["message"], locale)


@dataclass(frozen=True)
class World:
    """Everything that clients and specialists can see, at one moment."""

    books: Mapping[str, Any]
    boards: list[Any]
    cards: list[Any]


def look(office: Office) -> World:
    """All workbooks whole, all boards and all cards."""
    google = office.servers.google
    ids = [one["spreadsheetId"] for one in office.http.get(f"{google}/_emulator/workbooks").json()]
    return World(
        books={
            key: office.http.get(f"{google}/v4/spreadsheets/{key}?includeGridData=true").json() for key in ids
        },
        boards=office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID),
        cards=[office.kaiten("GET", f"/cards/{card['id']}", user_id=ROBOT_ID) for card in office.cards()],
    )


def assert_unchanged(office: Office, before: World) -> None:
    """Sheets and tracker are as they were; tells the first place that is not."""
    now = look(office)
    place = _difference(
        {"books": before.books, "boards": before.boards, "cards": before.cards},
        {"books": now.books, "boards": now.boards, "cards": now.cards},
    )
    assert place is None, place


def _difference(was: Any, now: Any, place: str = "") -> str | None:
    # pytest's own comparison of two whole workbooks would take minutes.
    if was == now:
        return None
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        return next(_difference(was[key], now[key], f"{place}.{key}") for key in was if was[key] != now[key])
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = enumerate(zip(was, now, strict=True))
        return next(_difference(one, two, f"{place}[{i}]") for i, (one, two) in pairs if one != two)
    return f"{place}: was {str(was)[:300]}, is {str(now)[:300]}"
