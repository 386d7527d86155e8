"""What every refusal and failure owes a person: a sentence in his language, and nothing half done."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID
from tests.harness.office import Office
from tests.harness.servers import Servers
from vitrina.bootstrap import application
from vitrina.workbook.reading.book import FENCE_KEY

#: Names of systems and units that stand in a sentence of any language.
NAMES = frozenset({"Google", "Kaiten", "Cloud", "Tasks", "ID"})

#: What is quoted, and IDs and addresses: a person wrote them, in whatever language.
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|[А-ЯЁ]{2,8}-\d+|[\w.+-]+@[\w.-]+")
_TECHNICAL = re.compile(r"[{}<>]|None|nan|Traceback|Error|HTTP|\bhours\.[a-z]|[a-z]_[a-z]")


@dataclass
class SteadyOffice(Office):
    """An office for all tests of a module, whose settings outlive a single test."""

    environment: dict[str, str] = field(default_factory=dict)

    def restart(self, **changes: str) -> None:
        """Start the functions anew, with other settings where *changes* say so."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **changes}.items():
                patch.setenv(f"VITRINA_{name}", value)
            application.cache_clear()
            application()


@contextmanager
def agency_at_work(servers: Servers, folder: Path, **settings: str) -> Iterator[SteadyOffice]:
    """An agency with people and norms, for all tests of a module; its repeats do not wait."""
    office = SteadyOffice(servers, folder)
    with pytest.MonkeyPatch.context() as patch:
        office.open(patch)
        prefix = "VITRINA_"
        given = {key.removeprefix(prefix): os.environ[key] for key in os.environ if key.startswith(prefix)}
    office.environment = {**given, "RETRY_WAIT_S": "0", **settings}
    office.restart()
    office.create_agency()
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


#: All that anybody can write into a workbook. What Google derives from it would be ten times as much.
FIELDS = (
    "properties,namedRanges,developerMetadata,"
    "sheets(properties,developerMetadata,protectedRanges,merges,conditionalFormats,charts,"
    "data(rowMetadata,columnMetadata,"
    "rowData.values(userEnteredValue,effectiveValue,note,userEnteredFormat,dataValidation)))"
)


@dataclass(frozen=True)
class World:
    """Everything that clients and specialists can see, at one moment."""

    titles: list[tuple[str, str]]
    books: Mapping[str, Any]
    boards: list[Any]
    cards: list[Any]


def look(office: Office) -> World:
    """The agency's and the client's workbooks whole, the names of the others, all boards and cards."""
    google = office.servers.google
    assert office.agency is not None
    return World(
        titles=[
            (one["spreadsheetId"], one["title"])
            for one in office.http.get(f"{google}/_emulator/workbooks").json()
        ],
        books={
            key: without_fence(
                office.http.get(f"{google}/v4/spreadsheets/{key}", params={"fields": FIELDS}).json()
            )
            for key in (office.agency.spreadsheet_id, office.client_id)
            if key
        },
        boards=office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID),
        cards=[office.kaiten("GET", f"/cards/{card['id']}", user_id=ROBOT_ID) for card in office.cards()],
    )


def without_fence(book: dict[str, Any]) -> dict[str, Any]:
    """The fence is nobody's content: it may move where nothing else is written."""
    kept = [one for one in book.get("developerMetadata", ()) if one["metadataKey"] != FENCE_KEY]
    return {**book, "developerMetadata": kept}


def assert_unchanged(office: Office, before: World) -> None:
    """Sheets and tracker are as they were; tells the first place that is not."""
    now = look(office)
    place = difference(vars(before), vars(now))
    assert place is None, place


def difference(was: Any, now: Any, place: str = "") -> str | None:
    """The first place where two structures are not equal; ``None`` where they are."""
    # pytest's own comparison of two whole workbooks would take minutes.
    if was == now:
        return None
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        return next(difference(was[key], now[key], f"{place}.{key}") for key in was if was[key] != now[key])
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = enumerate(zip(was, now, strict=True))
        return next(difference(one, two, f"{place}[{i}]") for i, (one, two) in pairs if one != two)
    return f"{place}: was {str(was)[:300]}, is {str(now)[:300]}"
