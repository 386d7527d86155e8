"""A request against the client's workbook: every figure is computed anew from the cells of *Готово*.

Work goes the whole way: estimated, started, done on its card, shown, accepted by the client. Nothing of the
store is asked for what is expected. With ``--full`` there are 300 projects.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import pytest
from msgspec.structs import replace

from tests.harness.accounting import form
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.mail_port import Letter
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.invoice_requests import (
    INVOICE_REQUEST,
    InvoiceRequest,
    request_from_document,
)
from vitrina.usecases.decisions.decide import Channel, DecisionKind, Verdict, decide

SEED = int(os.environ.get("VITRINA_TEST_SEED", "0")) or random.SystemRandom().randrange(10**9)
PROJECTS, MOST = 2, 300
MOST_ITEMS = 5
#: Fractions that are hard to round: halves of a hundredth, thirds, sums that a float does not hold.
PARTS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.005, 0.015, 0.335, 0.675, 1 / 3, 0.125)
REVIEW = 2


class Box:
    """Keeps letters."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def send(self, letter: Letter) -> None:
        """See ``Mail``."""
        self.letters.append(letter)


@dataclass
class Sheet:
    """What the tab says of one item: its hours, and the day on which it was accepted."""

    title: str
    hours: Fraction
    on: object


def half_up(value: Fraction) -> int:
    """Rounded, a half upwards."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def sheet_of(office: MemoryOffice) -> dict[str, Sheet]:
    """Items of *Готово* by code: an item has a row for each action of it, the first one with its name."""
    found: dict[str, Sheet] = {}
    columns = ("id", "task", "hours", "approved_on")
    for code, task, hours, on in office.table("done", *columns):
        # What a person reads: the shortest decimal of the cell, not the binary number behind it.
        own = Fraction(repr(hours))
        known = found.setdefault(code, Sheet(task, Fraction(0), on))
        known.hours += own
    return found


def rows_of(chance: random.Random) -> list[dict[str, str]]:
    """Random work, whose hours are typed by staff for the first profiles."""
    rows = []
    for number in range(1, chance.randrange(2, MOST_ITEMS + 2)):
        kind = chance.choice(["Баннер", "Статья", "Лендинг"])
        profiles = {"Баннер": ["design"], "Статья": ["copy"], "Лендинг": ["design", "copy", "development"]}
        row = {"task": f"{kind} {number}", "work_type": kind}
        for profile in profiles[kind]:
            hours = chance.randrange(1, 4) + chance.choice(PARTS)
            row[f"hours_{profile}"] = f"{hours:.4f}".rstrip("0").replace(".", ",")
        rows.append(row)
    return rows


def finish(office: MemoryOffice, chance: random.Random) -> None:
    """Move the cards, show the work, and have the client accept some of it, the first of it in any case."""
    for number, card in enumerate(list(office.tracker.cards)):
        if number == 0 or chance.random() < 0.85:
            office.tracker.move(card.card_id, REVIEW)
    office.do("refresh")
    page = load_page(office.store, office.client_id, office.agency_id)
    waiting = [one for one in page.items if one.is_waiting]
    chosen = [one for place, one in enumerate(waiting) if place == 0 or chance.random() < 0.85]
    verdict = Verdict(DecisionKind.ACCEPTED, Channel.PAGE, {one.number: one.fingerprint for one in chosen})
    decide(office.services, office.client_id, office.agency_id, verdict)
    office.clock.advance(minutes=11)
    office.run_job({"kind": "settle", "spreadsheet_id": office.client_id})


def set_rate(office: MemoryOffice, rate_kop: int, *, is_own: bool) -> None:
    """Type the rate, that of the agency or that of the project."""
    roubles = f"{rate_kop // 100},{rate_kop % 100:02d}"
    settings = {"accounting_channel": "письмо", "accounting_email": "b@m.example"}
    if is_own:
        settings |= {"accounting_rate": "777", "accounting_clients": f"ЗРН: ставка {roubles}"}
    else:
        settings["accounting_rate"] = roubles
    tab = office.tab("settings", office.agency_id)
    rows = {tab.cell(row, "key").text: row.index - tab.header_index - 1 for row in tab.rows}
    for key, text in settings.items():
        office.type("settings", rows[key], office.agency_id, value=text)


def play(chance: random.Random) -> int:
    """One project; returns how many lines were compared."""
    office, box = client_office(), Box()
    office.services = replace(office.services, mail=box, decision_hold=timedelta(minutes=10))
    rate = chance.choice([1, 99_999, 250_000, 250_050, 333_333, chance.randrange(1, 10**6)])
    set_rate(office, rate, is_own=chance.random() < 0.5)
    office.start(*rows_of(chance), is_pushed=True)
    finish(office, chance)
    wanted = form(office.client_id, chance.choice(["invoice", "closing", "both"]))
    shown = office.do("preview_accounting", **wanted)
    sheet = sheet_of(office)
    assert sheet
    office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
    office.run_queue(60)
    [document] = office.store.find(INVOICE_REQUEST)
    compare(request_from_document(document), sheet, rate)
    total = sum(sums(sheet, rate).values())
    [row] = office.table("invoices", "lines", "total", spreadsheet_id=office.agency_id)
    assert row == (float(len(sheet)), total / 100)
    whole, part = divmod(total, 100)
    told = f"Итого: {whole:,}".replace(",", "\u00a0") + f",{part:02d} ₽"
    assert told in box.letters[0].text
    return len(sheet)


def sums(sheet: dict[str, Sheet], rate: int) -> dict[str, int]:
    """Kopecks of each line, from the cells."""
    return {code: half_up(Fraction(half_up(one.hours * 100), 100) * rate) for code, one in sheet.items()}


def compare(request: InvoiceRequest, sheet: dict[str, Sheet], rate: int) -> None:
    """Lines, hours, unit, price, sum and day of the request are those of the sheet."""
    expected = sums(sheet, rate)
    lines = {one.code: one for one in request.lines}
    assert lines.keys() == sheet.keys()
    for code, one in sheet.items():
        line = lines[code]
        assert Fraction(line.hours) == Fraction(half_up(one.hours * 100), 100), (code, line, one)
        assert (line.unit, line.price_kop) == ("час", rate)
        assert line.sum_kop == expected[code], (code, line, one)
        assert one.title.startswith(line.title), (line, one)
    assert request.total_kop == sum(expected.values())


@pytest.mark.slow
def test_every_figure(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """The seed and what was compared are printed."""
    count = MOST if request.config.getoption("--full") else PROJECTS
    began, lines = time.monotonic(), []
    for number in range(count):
        seed = f"{SEED}-{number}"
        try:
            lines.append(play(random.Random(seed)))
        except Exception as error:
            raise AssertionError(f"project {seed}") from error
    _print(capsys, lines, began)
    assert sum(lines) >= count, lines


def _print(capsys: pytest.CaptureFixture[str], lines: Sequence[int], began: float) -> None:
    told = f"{len(lines)} projects, {sum(lines)} lines, seed {SEED}, {time.monotonic() - began:.0f} s"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
