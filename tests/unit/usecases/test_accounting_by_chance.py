"""Random weeks of accepting, asking, answering and withdrawing, against a model in a few lines.

After each step, accepted items are in one live request for each document, or free, and sums equal fractions.
At the end each request has one row, and accounting was told of every revision that was not replaced unsent.
"""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.accounting import accept, accepted, expected_sum, form
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from vitrina.errors import RetriableServiceError, UserError
from vitrina.mail_port import Letter
from vitrina.records.outside.decisions import DecisionState
from vitrina.records.outside.invoice_requests import (
    INVOICE_REQUEST,
    InvoiceRequest,
    request_from_document,
)

SEED = int(os.environ.get("VITRINA_TEST_SEED", "0")) or random.SystemRandom().randrange(10**9)
HISTORIES = int(os.environ.get("VITRINA_HISTORIES", "25"))
STEPS = 14
RATE = 250_050
PARTS = {"invoice": {"invoice"}, "closing": {"closing"}, "both": {"invoice", "closing"}}
LABELS = {
    "received": "принят",
    "invoiced": "выставлен",
    "sent": "отправлен по ЭДО",
    "refused": "отказ",
    "paid": "оплачен",
}
OPEN = ("asked", "received", "refused")


class Letters:
    """A mail server that keeps letters, and sometimes loses its answer."""

    def __init__(self, chance: random.Random) -> None:
        self.taken: list[Letter] = []
        self._chance = chance

    def send(self, letter: Letter) -> None:
        """See ``Mail``."""
        kind = self._chance.randrange(8)
        if kind != 0:
            self.taken.append(letter)
        if kind in (0, 1):
            raise RetriableServiceError("service.no_answer", service="SMTP")


@dataclass
class Chain:
    """What the model knows of the request for one kind of document."""

    revision: int = 0
    state: str = "withdrawn"
    lines: dict[int, int] = field(default_factory=dict)


@dataclass
class Model:
    """Accepted items with their sums, and one chain for each kind."""

    sums: dict[int, int] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)

    def live(self) -> dict[str, Chain]:
        """Chains whose lines are with accounting."""
        return {kind: one for kind, one in self.chains.items() if one.state != "withdrawn"}

    def marked(self) -> set[int]:
        """Items that stand in a request."""
        return {number for one in self.live().values() for number in one.lines}

    def ask(self, kind: str) -> bool:
        """Whether asking is possible, and what follows from it."""
        if any(PARTS[kind] & PARTS[other] for other in self.live() if other != kind):
            return False
        chain = self.chains.get(kind, Chain())
        if chain.state not in (*OPEN, "withdrawn"):
            return False
        others = [one for other, one in self.live().items() if other != kind]
        wanted = {n for n in self.sums if n not in self.marked()}
        wanted |= set(chain.lines) if chain.state != "withdrawn" else set()
        wanted |= {n for one in others for n in one.lines}
        lines = {n: self.sums[n] for n in wanted}
        if not lines or (chain.state in ("asked", "received") and lines == chain.lines):
            return False
        self.chains[kind] = Chain(chain.revision + 1, "asked", lines)
        return True


@pytest.fixture(scope="module")
def saved() -> SavedOffice:
    """An agency that asks by letter."""
    office = client_office()
    tab = office.tab("settings", office.agency_id)
    keys = {tab.cell(row, "key").text: row.index - tab.header_index - 1 for row in tab.rows}
    settings = {
        "accounting_channel": "письмо",
        "accounting_email": "buh@mayak.example",
        "accounting_rate": "2500,50",
    }
    for key, text in settings.items():
        office.type("settings", keys[key], office.agency_id, value=text)
    return office.save()


def requests(office: MemoryOffice) -> dict[str, InvoiceRequest]:
    """All requests by kind."""
    found = map(request_from_document, office.store.find(INVOICE_REQUEST))
    return {one.kind: one for one in found}


def refresh(office: MemoryOffice) -> None:
    """Let the agency's workbook be looked at."""
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})


def settle(office: MemoryOffice) -> None:
    """Send what waits, with repeats after lost answers."""
    for _ in range(60):
        if not any(one.unsent for one in requests(office).values()):
            return
        for request in requests(office).values():
            body = {"kind": "accounting", "spreadsheet_id": "", "request": request.key[1]}
            with contextlib.suppress(RetriableServiceError):
                office.run_job(body)
    raise AssertionError("something is never sent")


def play(saved: SavedOffice, chance: random.Random, trail: list[Any]) -> None:
    """One history."""
    office, model = MemoryOffice(saved), Model()
    mail = Letters(chance)
    office.services = replace(office.services, mail=mail)
    told: set[str] = set()
    for _ in range(STEPS):
        step = chance.choice(["accept", "accept", "ask", "ask", "answer", "withdraw", "take back", "refresh"])
        kind = chance.choice(["invoice", "closing", "both"])
        trail.append((step, kind))
        match step:
            case "accept":
                number, hours = len(trail), chance.randrange(1, 2000) / chance.choice([4, 100, 1000])
                accept(
                    office.store, office.client_id, office.agency_id, number, office.clock.now(), hours=hours
                )
                model.sums[number] = expected_sum(hours, RATE)
            case "ask":
                try_to_ask(office, model, kind, chance)
            case "answer":
                answer(office, model, kind, chance)
            case "withdraw":
                withdraw(office, model, kind)
            case "take back":
                take_back(office, model, chance)
            case "refresh":
                refresh(office)
        check(office, model)
        told |= {one.request_id for one in requests(office).values() if one.is_live and not one.unsent}
    settle(office)
    refresh(office)
    refresh(office)
    check(office, model)
    rows = office.table("invoices", "number", "state", "revision", spreadsheet_id=office.agency_id)
    labels = {**LABELS, "asked": "запрошен", "withdrawn": "отозван"}
    assert sorted(rows) == sorted(
        (one.human_number, labels[one.state], float(one.revision)) for one in requests(office).values()
    )
    told |= {one.request_id for one in requests(office).values() if one.is_live}
    assert told <= {one.name for one in mail.taken}


def try_to_ask(office: MemoryOffice, model: Model, kind: str, chance: random.Random) -> None:
    """Ask by click, sometimes twice, sometimes with a lost answer of the store."""
    wanted = form(office.client_id, kind)
    try:
        preview_id = office.do("preview_accounting", **wanted).data.get("preview_id")
    except UserError:
        preview_id = None
    is_possible = model.ask(kind)
    assert (preview_id is not None) == is_possible
    if preview_id is None:
        return
    if chance.randrange(4) == 0:
        # The lease, then the commit with the request: its answer is lost.
        office.store.after("commit", lambda: None)
        office.store.after("commit", no_answer("store"))
        with contextlib.suppress(RetriableServiceError):
            office.do("ask_accounting", **wanted, preview_id=preview_id)
        office.clock.advance(minutes=3)
    for _ in range(chance.choice([1, 1, 2])):
        office.do("ask_accounting", **wanted, preview_id=preview_id)


def answer(office: MemoryOffice, model: Model, kind: str, chance: random.Random) -> None:
    """Accounting types a state into the row of a request."""
    request, chain = requests(office).get(kind), model.chains.get(kind)
    refresh(office)
    if request is None or chain is None or chain.state == "withdrawn":
        return
    state = chance.choice(list(LABELS))
    tab = office.tab("invoices", office.agency_id)
    row = next(row for row in tab.rows if tab.cell(row, "request").text == request.key[1])
    office.type("invoices", row.index - tab.header_index - 1, office.agency_id, state=LABELS[state])
    refresh(office)
    chain.state = state


def withdraw(office: MemoryOffice, model: Model, kind: str) -> None:
    """Staff withdraw, which works until it is received."""
    request = requests(office).get(kind)
    if request is None:
        return
    chain = model.chains[kind]
    if chain.state in ("asked", "refused"):
        office.do("withdraw_request", key=request.key[1])
        chain.state = "withdrawn"
    elif chain.state != "withdrawn":
        with pytest.raises(UserError):
            office.do("withdraw_request", key=request.key[1])


def take_back(office: MemoryOffice, model: Model, chance: random.Random) -> None:
    """Staff take an acceptance back, which only works for what no request contains."""
    free = accepted(office.store, office.client_id)
    if free:
        number = chance.choice(sorted(free))
        office.store.commit([free[number].with_state(DecisionState.TAKEN_BACK).put()])
        del model.sums[number]


def check(office: MemoryOffice, model: Model) -> None:
    """Store and model say the same."""
    found = requests(office)
    assert {kind: (one.revision, one.state) for kind, one in found.items()} == {
        kind: (one.revision, one.state) for kind, one in model.chains.items()
    }
    for kind, one in model.chains.items():
        request = found[kind]
        assert {line.number: line.sum_kop for line in request.lines} == one.lines
        assert request.total_kop == request.body["total_kop"] == sum(one.lines.values())
    assert set(accepted(office.store, office.client_id)) == set(model.sums) - model.marked()
    numbers = [one.human_number for one in found.values()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.slow
def test_random_histories(saved: SavedOffice) -> None:
    """The seed is printed; each history has its own chance."""
    print(f"seed {SEED}, {HISTORIES} histories")  # noqa: T201 - shown where the test fails
    for number in range(HISTORIES):
        trail: list[Any] = []
        try:
            play(saved, random.Random(f"{SEED}-{number}"), trail)
        except BaseException:
            print(f"history {number}: {trail}")  # noqa: T201 - shown where the test fails
            raise
