"""Failures 4 and 14: one card for each task; the tracker's state in the sheet, whatever webhooks do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.failures.helpers import (
    WRITE,
    estimate_backlog,
    move_card,
    outcomes,
    put_in_progress,
    release_webhooks,
    set_webhook_mode,
    start_period,
    statuses,
)
from tests.harness.assertions import assert_answer
from tests.harness.desks import with_every_tracker
from tests.harness.desks.asana import AsanaDesk
from tests.harness.office import WEBHOOK_SECRET, Office
from tests.harness.stored import forget_cards, touched_cards
from vitrina.jobs.nightly import reconnect_webhooks


def assert_one_card_each(office: Office) -> None:
    """One whole card for each of the three tasks, and a link to it in each row."""
    cards = office.desk.cards()
    parts = {card.title: office.desk.count_of_parts(card.card_id) for card in cards}
    assert Counter(card.title for card in cards).total() == 3
    assert parts == {"ЗРН-1 · Баннер": (1, 1), "ЗРН-2 · Лендинг": (3, 1), "ЗРН-3 · Статья": (1, 1)}
    assert [text for (text,) in office.table("in_progress", "card")] == ["Открыть"] * 5


@with_every_tracker
def test_failure_04_a_double_click_makes_each_card_once(office: Office) -> None:
    """The same click twice, and four clicks of two people at once."""
    estimate_backlog(office)
    start_period(office)
    at_once = threading.Barrier(6)

    def click(number: int) -> dict[str, Any]:
        request_id = f"{min(number, 4)}" * 32
        at_once.wait()
        return office.manager().click(office.client_id, "push", request_id=request_id)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(click, range(6)))
    office.settle()

    assert set(outcomes(answers)) <= {"done", "refused"}
    assert "done" in outcomes(answers)
    assert_one_card_each(office)


#: Calls of each tracker that make something, by what is made.
MAKING = {
    "kaiten": ("cards.create", "external_links.add", "checklists.create"),
    "asana": ("tasks.create", "attachments.create", "subtasks.create"),
}


@with_every_tracker
@pytest.mark.usefixtures("one_card_at_a_time")
def test_failure_04_a_lost_answer_or_write_makes_no_second_card(office: Office) -> None:
    """The tracker made the card and its answer is lost; the cards are made and the sheet's write is lost."""
    card, link, step = MAKING[office.tracker]
    estimate_backlog(office)
    start_period(office)
    faults: tuple[tuple[str, str, int | str], ...] = (
        (office.tracker, card, "timeout"),
        (office.tracker, link, "timeout"),
        (office.tracker, step, 500),
        ("google", WRITE, 503),
        ("google", WRITE, "drop"),
        ("google", WRITE, "timeout"),
    )

    for server, method, status in faults:
        office.fail_next(server, method=method, status=status)
        assert office.do("push")["outcome"] in ("failed", "partial"), (method, status)
    assert_answer(office.do("push"), "done", 200)
    assert_answer(office.do("push"), "done", 200)

    assert_one_card_each(office)


@with_every_tracker
def test_failure_04_a_card_whose_number_was_never_noted_is_found(office: Office) -> None:
    """The process ends between the card and the note of it: the next click finds the card by our key."""
    put_in_progress(office)
    forget_cards(office.services.store, office.client_id)

    assert_answer(office.do("push"), "done", 200)

    assert_one_card_each(office)


# --- Webhooks ------------------------------------------------------------------------------------


def dropped(office: Office) -> None:
    """None arrives; the menu repairs it."""
    set_webhook_mode(office, "drop")
    move_card(office, "Статья", 2)
    office.settle()
    assert statuses(office)["Статья"] == "Онбординг"
    assert office.do("refresh")["outcome"] == "done"


def repeated(office: Office) -> None:
    """Each arrives twice."""
    set_webhook_mode(office, "duplicate")
    move_card(office, "Статья", 1)
    move_card(office, "Статья", 2)


def reversed_order(office: Office) -> None:
    """The last one arrives first."""
    set_webhook_mode(office, "reverse")
    for stage in (3, 0, 1, 2):
        move_card(office, "Статья", stage)
    assert release_webhooks(office) >= 4


def delayed(office: Office) -> None:
    """One arrives when the card has long been somewhere else."""
    set_webhook_mode(office, "hold")
    move_card(office, "Статья", 3)
    set_webhook_mode(office, "deliver")
    move_card(office, "Статья", 2)
    office.settle()
    assert release_webhooks(office) >= 1


def replayed(office: Office) -> None:
    """Somebody who has the address sends old ones again."""
    move_card(office, "Статья", 3)
    office.settle()
    sent = office.desk.deliveries()
    move_card(office, "Статья", 2)
    office.settle()
    office.desk.replay(sent)


def forged(office: Office) -> None:
    """What is not from the tracker is refused, and what cannot be told apart is a reason to look."""
    move_card(office, "Статья", 2)
    office.settle()
    [card_id] = [one.card_id for one in office.desk.cards() if one.title.endswith("· Статья")]
    office.desk.forge(card_id, office.servers.functions, WEBHOOK_SECRET)
    if office.tracker == "asana":
        assert touched_cards(office.services.store) == []


@with_every_tracker
def test_failure_14_the_sheet_ends_as_the_tracker_is(office: Office) -> None:
    """Lost, repeated, reordered, late, replayed, forged: each time the row says *На проверке*."""
    put_in_progress(office)
    ways: tuple[Callable[[Office], None], ...] = (
        dropped,
        repeated,
        reversed_order,
        delayed,
        replayed,
        forged,
    )

    for way in ways:
        set_webhook_mode(office, "drop")
        move_card(office, "Статья", 0)
        set_webhook_mode(office, "deliver")
        assert office.do("refresh")["outcome"] == "done"

        way(office)
        office.settle()

        expected = {"Баннер": "Онбординг", "Лендинг": "Онбординг", "Статья": "На проверке"}
        assert statuses(office) == expected, way.__doc__


@with_every_tracker
def test_failure_14_our_own_changes_do_not_echo(office: Office) -> None:
    """Trackers tell of the cards that we make ourselves: nothing is written into the client's workbook."""
    estimate_backlog(office)
    start_period(office)
    assert office.do("push")["outcome"] == "done"
    before = office.services.workbooks.read(office.client_id)

    office.settle()

    assert office.desk.deliveries() != []
    assert office.services.workbooks.read(office.client_id) == before


@pytest.mark.parametrize("tracker_name", ["asana"], indirect=True)
def test_failure_14_a_webhook_that_died_lives_again_after_the_night(office: Office) -> None:
    """Asana deletes a webhook that nobody answered for a day; what was lost is found by a refresh."""
    put_in_progress(office)
    assert isinstance(office.desk, AsanaDesk)
    office.desk.delete_webhooks()
    move_card(office, "Статья", 1)
    office.settle()
    assert statuses(office)["Статья"] == "Онбординг"

    assert office.agency is not None
    reconnect_webhooks(office.services, office.agency.spreadsheet_id)
    move_card(office, "Статья", 2)
    office.settle()

    assert statuses(office)["Статья"] == "На проверке"
    [(_, is_active)] = office.desk.webhooks()
    assert is_active
