"""Assertions about answers: they are sentences in the user's language, and a refusal changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.harness.office import Office
from tests.harness.snapshots import Snapshot, difference, take_snapshot

#: Names that may stand in a Russian sentence.
NAMES = frozenset({"Google", "Kaiten", "Cloud", "Tasks", "ID", "Firestore", "SQLite"})

#: Quotations, IDs and e-mail addresses: they come from people and may be in any language.
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|[А-ЯЁ]{2,8}-\d+|[\w.+-]+@[\w.-]+")
_TECHNICAL = re.compile(r"[{}<>]|None|nan|Traceback|Error|HTTP|\bhours\.[a-z]|[a-z]_[a-z]")


def assert_sentence(text: str, locale: str = "ru") -> None:
    """Assert that *text* is in the language of *locale* and has no technical words."""
    assert not _TECHNICAL.search(text), text
    own = _QUOTED.sub("", text)
    foreign = set(re.findall(r"[A-Za-z]{2,}", own)) - NAMES
    has_cyrillic = re.search(r"[а-яё]", own, re.IGNORECASE) is not None
    assert has_cyrillic == (locale == "ru"), text
    assert (not foreign) == (locale == "ru"), text


def assert_answer(answer: Mapping[str, Any], outcome: str, http_status: int, locale: str = "ru") -> None:
    """Assert the outcome, and that message, details and messages of cells are sentences for people."""
    assert (answer["outcome"], answer["http_status"]) == (outcome, http_status), answer
    assert answer["message"].endswith("."), answer["message"]
    assert_sentence(answer["message"], locale)
    for detail in answer["details"]:
        assert_sentence(detail, locale)
    for cell in answer["cells"]:
        assert re.fullmatch(r"[A-Z]{1,2}[1-9]\d*", cell["cell"]), cell
        assert_sentence(cell["message"], locale)


def assert_unchanged(office: Office, before: Snapshot) -> None:
    """Assert that sheets and tracker equal the snapshot; the message names the first difference."""
    now = take_snapshot(office)
    place = difference(vars(before), vars(now))
    assert place is None, place
