"""What is special about each source of facts, beside the contract of all."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.emulators.amocrm.amocrm_world import LOST, QUALIFIED, SALES, WON
from tests.harness.metric_worlds import calltouch, crm, tables
from tests.harness.metric_worlds.world import YESTERDAY, ZONE, now
from vitrina.domain.dated_rows import parse_text
from vitrina.errors import FatalServiceError, ServiceError
from vitrina.metric_port import DayValue, Facts, Gap
from vitrina.metrics.calltouch import connect as connect_calltouch
from vitrina.metrics.sheet_range import SheetPlace, place_from_link

TODAY = YESTERDAY + timedelta(days=1)
BEFORE = YESTERDAY - timedelta(days=1)
SHEET = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


# --- Pasted text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "21.11.2026;1 234,5",
        "21.11.2026\t1234,5",
        "2026-11-21,1234.5",
        '"21.11.2026";"1234,50"',
        # A decimal comma beside a comma as separator: what stands behind the first one is the figure.
        "21.11,1234,5",
        "21.11.26 ; 1234.5",
    ],
)
def test_text_is_read_as_people_write_it(line: str) -> None:
    """With any separator, decimal comma and day."""
    assert parse_text(f"Дата;Заявки\n\n{line}\n", TODAY) == ({date(2026, 11, 21): 1234.5}, [])


def test_every_bad_line_is_named() -> None:
    """A heading is none, and an empty line is not counted as one but keeps the numbers right."""
    text = "Дата;Заявки\n21.11.2026;5\n\nвчера;7\n22.11.2026;много\n21.11.2026;8\n23.11.2026 4\n24.11.2026;"

    figures, problems = parse_text(text, TODAY)

    assert figures == {date(2026, 11, 21): 5.0}
    assert [(one.line, one.code) for one in problems] == [
        (4, "no_day"),
        (5, "no_figure"),
        (6, "day_twice"),
        (7, "no_separator"),
    ]


# --- A range of a sheet --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "typed", "place"),
    [
        ("edit#gid=12&range=C2:D400", "", SheetPlace(SHEET, 12, 2, 2, 400)),
        ("edit?gid=0#gid=0", "", SheetPlace(SHEET, 0, 0, 1, 0)),
        ("edit", "$AA$3:ab", SheetPlace(SHEET, 0, 26, 3, 0)),
        ("edit", "A1:C9", None),
        ("edit", "A1", None),
        ("edit#gid=x", "", None),
    ],
)
def test_links_to_ranges(link: str, typed: str, place: SheetPlace | None) -> None:
    """Two columns side by side."""
    assert place_from_link(f"https://docs.google.com/spreadsheets/d/{SHEET}/{link}", typed) == place


@pytest.mark.parametrize(
    "link", ["http://docs.google.com/spreadsheets/d/", "https://x.example/spreadsheets/d/"]
)
def test_other_links_are_refused(link: str) -> None:
    """Only a spreadsheet of Google can be read."""
    assert place_from_link(f"{link}{SHEET}/edit") is None


def test_a_bad_row_of_a_sheet_is_a_gap() -> None:
    """What is around it may be shifted, so nothing is taken."""
    world = tables.SheetWorld()
    world.fill({BEFORE: 5, YESTERDAY: 6})
    world.type("D3", "шесть")

    found = world.service.source(world.account_id).read(["figure"], BEFORE, YESTERDAY)["figure"]

    assert found == Gap("bad_row_no_figure", {"line": "3", "value": "шесть"})


def test_a_sheet_that_is_not_filled_any_more_is_a_gap() -> None:
    """After a week without a row."""
    world = tables.SheetWorld()
    world.fill({YESTERDAY - timedelta(days=8): 5})

    found = world.service.source(world.account_id).read(["figure"], BEFORE, YESTERDAY)["figure"]

    assert isinstance(found, Facts)
    assert found.gap == Gap("not_filled")
    assert found.days == {}


# --- Calltouch -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calls() -> Iterator[calltouch.CalltouchWorld]:
    """Calltouch with one site."""
    with calltouch.open_world() as world:
        yield world


def test_long_lists_are_read_to_their_end(calls: calltouch.CalltouchWorld) -> None:
    """More than one page, and more than 90 days."""
    days = {YESTERDAY - timedelta(days=number): 1 for number in range(200)}
    calls.fill({**days, YESTERDAY: 1500})
    source = calls.service.source(calls.account_id)

    found = source.read(["calls"], min(days), YESTERDAY)["calls"]

    assert isinstance(found, Facts)
    assert found.days == {**dict.fromkeys(days, DayValue(1.0)), YESTERDAY: DayValue(1500.0)}


def test_flags_may_be_texts(calls: calltouch.CalltouchWorld) -> None:
    """«False» is not true."""
    calls.fill({YESTERDAY: 2})
    calls.control("/switches", {"has_texts": True})
    calls.control(
        "/do",
        {"action": "add_calls", "site_id": calltouch.SITE, "calls": [{"at": f"{YESTERDAY}T10:00:00"}]},
    )

    found = calls.service.source(calls.account_id).read(["calls", "target"], YESTERDAY, YESTERDAY)

    counts = {name: one.days[YESTERDAY].value for name, one in found.items() if isinstance(one, Facts)}
    assert counts == {"calls": 3, "target": 2}


@pytest.mark.parametrize("shape", ["not_json", "list", "no_total", "endless", "wrong_day"])
def test_calls_of_another_form_are_no_figures(calls: calltouch.CalltouchWorld, shape: str) -> None:
    """Nothing is guessed."""
    calls.fill({YESTERDAY: 2})
    calls.control("/switches", {"shape": shape})

    with pytest.raises(FatalServiceError):
        calls.service.source(calls.account_id).read(["calls"], YESTERDAY, YESTERDAY)


def test_the_token_is_in_no_log_and_no_error(calls: calltouch.CalltouchWorld) -> None:
    """It is a parameter of the address: httpx logs addresses, and its errors name them."""
    calls.fill({YESTERDAY: 2})
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("", "httpx", "vitrina")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    log = logging.getLogger("vitrina.test")
    try:
        source = calls.service.source(calls.account_id)
        source.read(["calls"], YESTERDAY, YESTERDAY)
        calls.close()
        for call in (source.measures, lambda: source.read(["calls"], YESTERDAY, YESTERDAY)):
            try:
                call()
            except ServiceError:
                log.exception("refused")
    finally:
        logging.getLogger().removeHandler(handler)
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)

    assert "calls-diary" in stream.getvalue()
    assert "refused" in stream.getvalue()
    assert calltouch.TOKEN not in stream.getvalue()
    assert calltouch.TOKEN not in repr(connect_calltouch({"1": calltouch.TOKEN}, zone=ZONE, now=now))


# --- Deals ---------------------------------------------------------------------------------------


def test_won_deals_are_counted_on_the_day_of_their_end() -> None:
    """Sums in roubles; a lost one and one of another day are none of them."""
    with crm.open_world() as world:
        world.fill({})
        for day, status, price in (
            (YESTERDAY, WON, 1000),
            (YESTERDAY, WON, 250),
            (YESTERDAY, LOST, 9000),
            (BEFORE, WON, 70),
        ):
            deal_id = world.add_deal(YESTERDAY - timedelta(days=20), price=price)
            world.move(deal_id, status, day)
        world.move(world.add_deal(BEFORE), QUALIFIED, YESTERDAY)
        measures = [
            f"won:{SALES}",
            f"sum:{SALES}",
            f"lost:{SALES}",
            f"new:{SALES}",
            f"at:{SALES}:{QUALIFIED}",
        ]

        found = world.service.source("1").read(measures, BEFORE, YESTERDAY)

        values = [
            [one.days[day].value for day in (BEFORE, YESTERDAY)]
            for one in found.values()
            if isinstance(one, Facts)
        ]
        assert values == [[1.0, 2.0], [70.0, 1250.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
