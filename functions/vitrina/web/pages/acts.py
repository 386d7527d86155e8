"""What a client can do on his page, and what each act needs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from urllib.parse import parse_qs

from flask import Request
from msgspec import Struct

from vitrina.errors import RequestError
from vitrina.records.outside.client_pages import ClientPage, ShownItem
from vitrina.texts import Sentence, sentence
from vitrina.usecases.client_page import ask
from vitrina.usecases.decisions.typed_text import MOST_TEXT, clean_text
from vitrina.web.http import read_body
from vitrina.web.pages.rendering import MOST_ADDRESS, safe_url

#: Most fields of a form; a page shows fewer items.
MOST_FIELDS = 500

#: Who answers. No name is asked for.
ROLES = ("owner", "head", "marketing", "project", "other")


class Kind(StrEnum):
    """An act, as the last part of its address."""

    ACCEPT = "accept"
    RETURN = "return"
    UNDO = "undo"
    QUESTION = "question"
    ORDER = "order"
    REVIEW = "review"
    ATTACHMENT = "attachment"
    #: Its form is sent once: a browser would have to send the file a second time.
    FILE = "file"
    NEED = "need"
    PRIORITY = "priority"


#: Acts about items that are shown.
DECIDING = (Kind.ACCEPT, Kind.RETURN, Kind.UNDO)
#: Acts that begin with a form of their own, in the order of their links.
WRITING = (Kind.QUESTION, Kind.ORDER, Kind.ATTACHMENT, Kind.FILE, Kind.REVIEW)


class Input(Struct, frozen=True):
    """A field of a form; one of the type ``hidden`` is filled by the page.

    ``options`` are the values of a choice; a choice without any has those that the page offers.
    """

    name: str
    type: str = "text"
    most: int = 500
    is_needed: bool = True
    options: tuple[str, ...] = ()


class Wanted(Struct, frozen=True):
    """An act as it was sent.

    Parameters
    ----------
    items
        The items that it is about, as the page shows them now.
    seen
        What of each number the person saw, as the form said it.
    fields
        Texts of the form by name, cleaned.
    wrong
        What is wrong with a field, by its name; under an empty name with all of it.
    """

    kind: Kind
    items: tuple[ShownItem, ...] = ()
    seen: tuple[tuple[int, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    wrong: Mapping[str, Sentence] | None = None

    @property
    def shown(self) -> list[tuple[str, str]]:
        """All that a confirmation shows, as hidden fields."""
        seen = [part for number, text in self.seen for part in (("n", str(number)), (f"seen_{number}", text))]
        return [*seen, *self.fields]


#: Fields of each act.
INPUTS: Mapping[Kind, Sequence[Input]] = {
    Kind.ACCEPT: (),
    Kind.RETURN: (Input("text", "long", MOST_TEXT),),
    Kind.UNDO: (),
    Kind.QUESTION: (Input("text", "long", ask.MOST_QUESTION),),
    Kind.ORDER: (
        Input("title", most=ask.MOST_TITLE),
        Input("text", "long", ask.MOST_TEXT, is_needed=False),
    ),
    Kind.REVIEW: (
        Input("mark", "choice", options=("5", "4", "3", "2", "1")),
        Input("text", "long", ask.MOST_TEXT, is_needed=False),
    ),
    Kind.ATTACHMENT: (
        Input("url", "url", ask.MOST_LINK),
        Input("number", "choice", is_needed=False),
        Input("note", most=ask.MOST_NOTE, is_needed=False),
    ),
    Kind.FILE: (
        Input("number", "choice", is_needed=False),
        Input("note", most=ask.MOST_NOTE, is_needed=False),
    ),
    Kind.NEED: (
        Input("line", "hidden", 3),
        Input("ticked", "hidden", 1),
        Input("text", "hidden", ask.MOST_TEXT, is_needed=False),
    ),
    Kind.PRIORITY: (Input("number", "hidden", 10), Input("direction", "hidden", 4)),
}


def visible(kind: Kind) -> list[Input]:
    """The fields of an act that a person fills in."""
    return [one for one in INPUTS[kind] if one.type != "hidden"]


def read_form(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form that was sent; the body was limited before.

    Raises
    ------
    RequestError
        If it is no form, or has too many fields.
    """
    if request.mimetype != "application/x-www-form-urlencoded":
        raise RequestError("request.not_json")
    try:
        text = read_body(request).decode("utf-8")
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError as error:
        raise RequestError("request.not_json") from error


def wanted_from_form(kind: Kind, form: Mapping[str, list[str]], page: ClientPage) -> Wanted:
    """What a form asks for, and what is wrong with it."""
    one = form.get("one")
    numbers = _numbers(one or form.get("n", []))
    seen = tuple((number, first(form, f"seen_{number}")[:64]) for number in numbers)
    items = tuple(page.by_number[number] for number in numbers if number in page.by_number)
    wrong: dict[str, Sentence] = {}
    if kind in DECIDING and not numbers:
        wrong[""] = sentence("page.nothing_ticked")
    fields = []
    for one_input in INPUTS[kind]:
        text = clean_text(first(form, one_input.name))
        problem = _problem(one_input, text)
        if problem is not None:
            wrong[one_input.name] = problem
        fields.append((one_input.name, text))
    return Wanted(kind, items, seen, tuple(fields), wrong)


def first(form: Mapping[str, list[str]], name: str) -> str:
    """The first value of a field, empty if it was not sent."""
    return form.get(name, [""])[0]


def _problem(wanted: Input, text: str) -> Sentence | None:
    """What is wrong with a text, ``None`` if nothing is."""
    if not text:
        return sentence("page.field_empty") if wanted.is_needed else None
    if len(text) > wanted.most:
        return sentence("page.field_long", most=wanted.most)
    if wanted.type == "url" and not safe_url(text):
        return sentence("page.field_url", most=MOST_ADDRESS)
    if wanted.options and text not in wanted.options:
        return sentence("page.field_choice")
    return None


def _numbers(texts: Sequence[str]) -> list[int]:
    """Numbers of items, each once; other texts are left out."""
    found = (int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 11)
    return list(dict.fromkeys(found))
