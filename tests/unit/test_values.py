"""Tests of values that are equal although a field differs, and of those that hide one."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from vitrina.operations.actor import Actor, ActorKind
from vitrina.operations.answer import Answer, Outcome
from vitrina.ports import Board, NewFile, Stage, Step
from vitrina.texts import sentence
from vitrina.trackers.connection import Connection
from vitrina.usecases.client_page.keep_file import SentFile
from vitrina.web.pages.uploads import SentForm

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (Step("Draw", step_id="1"), Step("Draw", step_id="2"), Step("Write", step_id="1")),
        (Board("1", (), "u"), Board("1", (), "u", ("r",)), Board("1", (Stage("1", "a"),), "u")),
        (
            Actor(ActorKind.PERSON, "a@b"),
            Actor(ActorKind.PERSON, "a@b", "b"),
            Actor(ActorKind.CLIENT, "a@b"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_that_is_not_compared(one: Any, same: Any, other: Any) -> None:
    """Both operators and the hash leave it out."""
    assert (operator.eq(one, same), operator.ne(one, same)) == (True, False)
    assert hash(one) == hash(same)
    assert (operator.eq(one, other), operator.ne(one, other)) == (False, True)


@pytest.mark.parametrize(
    "value",
    [
        Answer(Outcome.DONE, sentence("done"), shown_once={"url": SECRET}),
        Connection("acme", "asana", token=SECRET, options={"key": SECRET}),
        NewFile("a.pdf", "application/pdf", SECRET.encode()),
        SentFile("a.pdf", SECRET.encode(), {}, "", ""),
        SentForm({}, "a.pdf", SECRET.encode()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_log_must_not_have_is_not_in_the_text_of_a_value(value: object) -> None:
    """Secrets, and the contents of files."""
    assert SECRET not in repr(value)
