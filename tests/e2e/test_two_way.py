"""Changes of both sides through the menu, over the wire of each tracker."""

from __future__ import annotations

from typing import Any

from tests.harness.desks import with_every_tracker
from tests.harness.desks.desk import TrackerCard
from tests.harness.office import Office
from vitrina.domain.quantities import day_of_serial


def banner(office: Office) -> TrackerCard:
    """The card with one action."""
    return next(card for card in office.desk.cards() if "Баннер" in card.title)


def start(office: Office) -> None:
    """One item in progress, with its card."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert office.do("push")["outcome"] == "done"
    office.settle()


def cells(office: Office) -> dict[str, Any]:
    """What both sides may change, as the row has it."""
    tab, row = office.row("in_progress", "ЗРН-1")
    found = {key: tab.cell(row, key).value for key in ("due_on", "specialist", "hours", "quantity", "action")}
    return {**found, "due_on": day_of_serial(found["due_on"]).isoformat()}


def note(office: Office) -> str:
    """The note at the due date."""
    tab, row = office.row("in_progress", "ЗРН-1")
    return tab.cell(row, "due_on").note


def type_into_row(office: Office, **values: str) -> None:
    """Type into the row of the item."""
    _, row = office.row("in_progress", "ЗРН-1")
    office.type("in_progress", row.index, **values)


@with_every_tracker
def test_edits_of_the_sheet_go_to_the_card(office: Office) -> None:
    """With one push; the webhooks of our own changes cause nothing more, and a second click neither."""
    start(office)
    known = banner(office)
    type_into_row(
        office,
        due_on="04.12.2026",
        specialist="Борис Ким",
        hours="7,25",
        quantity="2,5",
        action="Баннер <b>",
    )

    answer = office.do("push")

    assert (answer["outcome"], answer["message"]) == ("done", "Отправили правки таблицы: 1 карточка.")
    card = banner(office)
    assert (card.title, card.due_on, card.hours) == ("ЗРН-1 · Баннер <b>", "2026-12-04", 7.25)
    assert card.assignee_id != known.assignee_id
    assert [(text, day, person) for text, day, person in card.steps] == [
        ("Дизайн — Борис Ким", "2026-12-04", card.assignee_id)
    ]
    assert "2,5" in card.description
    office.settle()
    office.forget_calls()
    office.do("push")
    office.settle()
    assert sum(office.calls(office.desk.server).values()) == 0
    assert banner(office) == card


@with_every_tracker
def test_conflict_is_shown_and_settled_once(office: Office) -> None:
    """Webhook, note, both values, one choice; a repeat of the same click changes nothing."""
    start(office)
    type_into_row(office, due_on="04.12.2026")
    office.desk.set_due(banner(office).card_id, "2026-12-07")
    office.settle()
    assert (cells(office)["due_on"], banner(office).due_on) == ("2026-12-04", "2026-12-07")
    assert note(office).startswith("Не отправлено")

    answer = office.do("refresh")

    [conflict] = answer["data"]["conflicts"]
    assert answer["outcome"] == "partial"
    assert (conflict["id"], conflict["field"]) == ("ЗРН-1", "Срок")
    assert (conflict["sheet"], conflict["tracker"]) == ("04.12.2026", ["07.12.2026"])
    chosen = {"keep": "sheet", "conflicts": [conflict["key"]]}
    settled = [office.do("settle_conflicts", **chosen) for _ in range(2)]
    assert [one["outcome"] for one in settled] == ["done", "done"]
    assert (cells(office)["due_on"], banner(office).due_on) == ("2026-12-04", "2026-12-04")
    assert note(office) == ""


def test_choice_with_nonsense_is_refused(office: Office) -> None:
    """Before anything is read."""
    for params in (
        {"keep": "mine", "conflicts": ["1-1-due_on-0123456789"]},
        {"keep": "sheet", "conflicts": []},
        {"keep": "sheet", "conflicts": ["1; drop"]},
        {"keep": "sheet"},
    ):
        assert office.do("settle_conflicts", **params)["outcome"] == "refused"
