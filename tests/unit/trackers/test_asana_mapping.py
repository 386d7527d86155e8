"""Asana's JSON and our dataclasses, without calls."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from vitrina.ports import Card, Link, NewCard, Step
from vitrina.trackers.asana import mapping
from vitrina.trackers.asana.mapping import BoardRef

Json = dict[str, Any]
MOSCOW = ZoneInfo("Europe/Moscow")
BOARD = str(BoardRef("1", "2", "3", "4", "9"))
OWN = "11"


def new_card(**fields: Any) -> NewCard:
    """A card to create."""
    blank: Json = {
        "external_id": "vitrina:book:14", "board_id": BOARD, "stage_id": "5", "title": "ЗРН-14", "facts": (),
        "due_on": None, "estimate_hours": 0.0, "assignee_id": None, "steps": (), "links": (),
    }  # fmt: skip
    return NewCard(**{**blank, **fields})


def shown_text(notes: str) -> str:
    """What a person reads of rich text."""
    return "".join(ET.fromstring(notes.encode()).itertext())  # noqa: S314 - our own


def task(**fields: Any) -> Json:
    """A task as Asana returns it."""
    return {
        "gid": "7", "name": "ЗРН-14", "completed": False, "due_on": None, "due_at": None, "assignee": None,
        "notes": "", "memberships": [{"project": {"gid": "1"}, "section": {"gid": "5"}}], "custom_fields": [],
        "actual_time_minutes": None, "created_at": "2026-11-23T09:00:00.000Z", **fields,
    }  # fmt: skip


def read(data: Json, subtasks: list[Json] | None = None, **more: Any) -> Card:
    """The card of a task."""
    given: Json = {
        "board_id": BOARD, "url": "u", "own_user_id": OWN, "side_projects": {"100"}, "logged_hours": {},
        "comment_count": 0, "zone": MOSCOW, **more,
    }  # fmt: skip
    return mapping.card_from(data, subtasks or [], **given)


def test_board_id_comes_back() -> None:
    """A board id of any age is understood."""
    assert BoardRef.parse(BOARD) == BoardRef("1", "2", "3", "4", "9")
    assert BoardRef.parse("1") == BoardRef("1")


def test_hours_are_text_unless_asana_wants_a_number() -> None:
    """The OpenAPI file has texts; 7.256 is rounded to hundredths."""
    card = new_card(estimate_hours=7.256)

    assert mapping.card_body(card, (), is_number=False)["custom_fields"] == {
        "2": "vitrina:book:14",
        "3": "7.26",
    }
    assert mapping.card_body(card, (), is_number=True)["custom_fields"]["3"] == 7.26


def test_card_is_in_the_projects_of_the_agency_too() -> None:
    """The client's project has the section; a project is named once."""
    body = mapping.card_body(new_card(), ("100", "1"), is_number=False)

    assert body["memberships"] == [{"project": "1", "section": "5"}, {"project": "100"}]


def test_plan_without_fields_has_the_key_in_the_notes() -> None:
    """The last line that looks like a key is ours, whatever the client typed."""
    card = new_card(board_id="1", facts=(("Результат", "[vitrina:book:15]"),))
    body = mapping.card_body(card, (), is_number=False)
    notes = shown_text(body["html_notes"])

    assert "custom_fields" not in body
    assert mapping.key_of(task(notes=notes), "") == "vitrina:book:14"


@pytest.mark.parametrize("text", ["<b>&amp;", "]]>", "\x00\x0b\x1f", "a\u00a0b", "\ud800", "😀"])
def test_notes_are_xml(text: str) -> None:
    """Nothing that a client typed breaks the markup; what XML cannot hold is left out."""
    notes = mapping.notes_of(new_card(facts=(("Результат", text),)), has_key=False)
    shown = shown_text(notes)

    kept = "" if text in ("\x00\x0b\x1f", "\ud800") else text
    assert shown == f"Результат: {kept}"


def test_long_notes_are_cut_inside_the_limit() -> None:
    """Escaping makes a text longer: the limit is of what is sent."""
    notes = mapping.notes_of(new_card(facts=(("Результат", "&" * 50_000), ("Вид", "Тексты"))), has_key=True)

    assert len(notes) < mapping.NOTES_LENGTH + 200
    assert shown_text(notes).endswith("[vitrina:book:14]")


def test_ticked_task_is_in_the_last_stage() -> None:
    """People tick a task without moving it."""
    assert read(task(completed=True)).stage_id == "9"
    assert read(task()).stage_id == "5"


@pytest.mark.parametrize(
    ("projects", "board_id", "is_archived"),
    [
        (["1", "100"], BOARD, False),
        (["100"], BOARD, True),  # taken out of the client's project
        ([], BOARD, True),
        (["50", "100"], "50", False),  # moved to another client
    ],
)
def test_where_a_task_is(projects: list[str], board_id: str, is_archived: bool) -> None:
    """Projects of the agency are no boards."""
    places = [{"project": {"gid": gid}, "section": {"gid": f"5{gid}"}} for gid in projects]

    card = read(task(memberships=places))

    assert (card.board_id, card.is_archived) == (board_id, is_archived)


def test_due_moment_is_a_day_of_the_agency() -> None:
    """21:00 UTC is midnight of the next day in Moscow."""
    assert read(task(due_at="2026-11-25T20:59:00.000Z", due_on="2026-11-25")).due_on == date(2026, 11, 25)
    assert read(task(due_at="2026-11-25T21:00:00.000Z", due_on="2026-11-25")).due_on == date(2026, 11, 26)


def test_typed_hours_are_those_of_the_assignee() -> None:
    """Without an assignee they are of nobody, and still counted for a card with one action."""
    field = {"gid": "4", "number_value": 2.5}

    assert mapping.typed_hours(task(custom_fields=[field], assignee={"gid": "12"}), "4") == {"12": 2.5}
    assert mapping.typed_hours(task(custom_fields=[field]), "4") == {"": 2.5}
    assert mapping.typed_hours(task(custom_fields=[{"gid": "4", "number_value": None}]), "4") == {}


def subtask(gid: str, **fields: Any) -> Json:
    """A subtask of ours."""
    made = {"created_by": {"gid": OWN}, "created_at": f"2026-11-23T09:00:0{gid}.000Z"}
    return {**task(gid=gid, name="Дизайн", **made), **fields}


def test_of_equal_steps_the_one_with_work_stays() -> None:
    """A finished one, then one that people changed, then the oldest; those of people are not touched."""
    rows = [
        subtask("1"),
        subtask("2", assignee={"gid": "12"}),
        subtask("3", completed=True),
        subtask("4", created_by={"gid": "12"}),
    ]

    assert mapping.surplus_steps(rows, [Step("Дизайн")], OWN, MOSCOW) == ["1"]
    assert mapping.surplus_steps(rows[:1], [Step("Дизайн")], OWN, MOSCOW) == []


def test_links_are_told_by_their_address() -> None:
    """The title may be changed by people."""
    rows = [{"gid": "1", "view_url": "https://a"}, {"gid": "2", "view_url": "https://a"}, {"gid": "3"}]
    links = [Link("https://a", "А"), Link("https://b", "Б")]

    assert mapping.missing_links(rows, links) == links[1:]
    assert mapping.surplus_links(rows, links) == ["2"]


def test_events_name_tasks_and_their_parents() -> None:
    """Changes of Vitrina are left out; the same task is named once."""
    body = {
        "events": [
            {"user": {"gid": OWN}, "resource": {"gid": "1", "resource_type": "task"}},
            {"user": {"gid": "12"}, "resource": {"gid": "2", "resource_type": "task"}, "parent": None},
            {
                "user": {"gid": "12"},
                "resource": {"gid": "3", "resource_type": "story"},
                "parent": {"gid": "4", "resource_type": "task"},
            },
            {
                "user": {"gid": "12"},
                "resource": {"gid": "2", "resource_type": "task"},
                "parent": {"gid": "5", "resource_type": "section"},
            },
        ]
    }

    assert mapping.tasks_of_events(body, OWN) == ("2", "4")
    assert mapping.tasks_of_events(body, None) == ("1", "2", "4")
    assert mapping.tasks_of_events({"events": []}, OWN) == ()
    assert mapping.tasks_of_events({}, OWN) is None
