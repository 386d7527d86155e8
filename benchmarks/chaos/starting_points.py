"""States in which runs begin: a client's workbook at one of several stages of work.

Clients of even variants are Маяк's, who works in Kaiten, those of odd ones Волна's, who works in Asana.
Beside each there is a project of the other agency.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from benchmarks.chaos import agency
from benchmarks.chaos.agency import ChaosAgency
from benchmarks.chaos.expected import ExpectedState
from benchmarks.chaos.grid import MAIN_COLUMNS
from benchmarks.chaos.person import Person
from benchmarks.chaos.site import Site, Titles
from benchmarks.chaos.world import ChaosWorld, SavedWorld
from tests.emulators.telegram.telegram_world import OLGA, PETR
from tests.harness.chat_servers import token_of
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.usecases.decisions.decide import Verdict, decide

VARIANTS = 6
#: The variant of a project that stands beside.
BESIDE = 9

#: Names of the starting points; each is made from the one before.
STARTS = ("typed", "estimated", "previewed", "started", "pushed", "shown", "accepted")
#: Deals that people may move.
DEALS = 3
#: Where finished work is shown to the client.
REVIEW = 2
#: How often a click is repeated while a task of another one is busy there.
ATTEMPTS = 5


@dataclass(frozen=True)
class StartingPoint:
    """The state in which a run begins, what is expected in it, and what stands beside."""

    saved: SavedWorld
    site: Site
    beside: Site
    preview_id: str
    #: Ids of deals that nobody has won.
    deals: tuple[int, ...]


class SetupError(RuntimeError):
    """An action failed without any disturbance."""


class StartingPoints:
    """The starting points of one world, each made when it is first needed."""

    def __init__(self, world: ChaosWorld) -> None:
        self._world = world
        self._made: dict[tuple[int, str], StartingPoint] = {}
        self._beside: dict[str, tuple[SavedWorld, Site]] = {}
        world.let_timer_come()
        world.settle()
        self._deals = tuple(world.office.crm.add_deal(name=f"Сделка {n + 1}") for n in range(DEALS))
        world.let_timer_come()
        world.settle()
        self._empty = world.save_state()

    def get(self, variant: int, name: str) -> StartingPoint:
        """A starting point. All those of a variant are made together."""
        if (variant, name) not in self._made:
            self._make(variant)
        return self._made[variant, name]

    # --- The project ---------------------------------------------------------------------------------

    def _make(self, variant: int) -> None:
        world, own = self._world, agency_of(variant)
        beside_saved, beside = self._project_beside(agency.other_agency(own))
        world.restore_state(beside_saved)
        site, preview_id = self._begin(own), ""
        person = site.person(world)
        for name in STARTS:
            match name:
                case "typed":
                    self._type(person, own, variant)
                case "estimated":
                    self._do(site, "estimate")
                    _note_numbers(person)
                case "previewed":
                    preview_id = self._do(site, "build_batch")["data"]["preview_id"]
                case "started":
                    self._do(site, "start_batch", preview_id=preview_id)
                case "pushed":
                    self._do(site, "push")
                    answer = self._do(site, "show_chat")
                    site = replace(site, chat_token=token_of(answer))
                case "shown":
                    site = self._show(site)
                case "accepted":
                    self._accept(site)
            world.settle()
            if name in ("shown", "accepted"):
                # What the queue did not take once more is sent by the timer.
                world.let_timer_come()
                world.settle()
            kept = replace(site, expected=copy.deepcopy(person.expected))
            self._made[variant, name] = StartingPoint(
                world.save_state(), kept, beside, preview_id, self._deals
            )

    def _project_beside(self, own: ChaosAgency) -> tuple[SavedWorld, Site]:
        """A project of an agency whose work has cards, and the world with it."""
        if own.name not in self._beside:
            self._world.restore_state(self._empty)
            site = self._begin(own)
            person = site.person(self._world)
            self._type(person, own, BESIDE)
            self._do(site, "estimate")
            _note_numbers(person)
            preview_id = self._do(site, "build_batch")["data"]["preview_id"]
            self._do(site, "start_batch", preview_id=preview_id)
            self._do(site, "push")
            self._world.settle()
            kept = replace(site, expected=person.expected)
            self._beside[own.name] = self._world.save_state(), kept
        return self._beside[own.name]

    def _begin(self, own: ChaosAgency) -> Site:
        form = {
            "client_name": own.client,
            "project_name": "Сайт",
            "code": own.code,
            "limit_hours": agency.LIMIT_HOURS,
            "tracker": own.tracker,
        }
        answer = self._click(own, self._world.agency_id(own), "new_client", **form)
        spreadsheet_id = answer["data"]["spreadsheet_id"]
        return Site(own, spreadsheet_id, _titles(self._world, spreadsheet_id), ExpectedState())

    def _show(self, site: Site) -> Site:
        """Give the client a link and a group, and move all cards but the last one to review."""
        world, tracker = self._world, site.agency.tracker
        url = self._do(site, "make_client_link", scope="act")["data"]["url"]
        chat_id = claim_group(world, site)
        world.settle()
        grid = site.person(world).grid("in_progress")
        started = dict.fromkeys(grid.text(line, "action") for line in grid.used)
        for task in list(started)[:-1]:
            what = {"task": task, "stage": REVIEW, "user_id": site.agency.people[0].number}
            world.work_in_tracker(tracker, what)
        world.settle()
        self._do(site, "refresh")
        return replace(site, page_token=url.rpartition("/")[2], chat_id=chat_id)

    def _accept(self, site: Site) -> None:
        """Have the client accept the first item that is shown to him."""
        agency_id = self._world.agency_id(site.agency)
        page = load_page(self._world.documents_store, site.spreadsheet_id, agency_id)
        seen = {one.number: one.fingerprint for one in page.items if one.is_waiting}
        verdict = Verdict(DecisionKind.ACCEPTED, Channel.STAFF, dict(list(seen.items())[:1]))
        decide(self._world.office.services, site.spreadsheet_id, agency_id, verdict, hold=timedelta())

    # --- Acting --------------------------------------------------------------------------------------

    def _do(self, site: Site, action: str, **params: Any) -> Any:
        return self._click(site.agency, site.spreadsheet_id, action, **params)

    def _click(self, own: ChaosAgency, spreadsheet_id: str, action: str, **params: Any) -> Any:
        for _ in range(ATTEMPTS):
            answer = self._world.office.manager(own.manager).click(spreadsheet_id, action, **params)
            if answer["outcome"] in ("done", "partial"):
                return answer
            if not answer["data"].get("is_busy"):
                break
            self._world.settle()
        raise SetupError(f"{action}: {answer}")

    @staticmethod
    def _type(person: Person, own: ChaosAgency, variant: int) -> None:
        """Type the backlog and add people's own columns."""
        draw = random.Random(f"typing {variant}")
        person.do({"do": "own_columns", "titles": [agency.OWN_COLUMN, agency.DOUBLE_COLUMN]})
        for row in agency.typed_rows(variant, own.word):
            if not person.do({"do": "add", "task": row.task, "cells": row.cells}):
                raise SetupError(f"typing {row} was refused")
            if draw.random() < 0.6:
                person.add_formula(row.task)


def agency_of(variant: int) -> ChaosAgency:
    """Whose client a variant is."""
    return agency.AGENCIES[variant % len(agency.AGENCIES)]


def claim_group(world: ChaosWorld, site: Site) -> int:
    """Id of a new group of people of the client, to which the bot was added with the link of a project."""
    do: Callable[..., Any] = world.chat.do
    chat_id = int(do(action="create_group", title=site.agency.client)["chat_id"])
    for person_id in (PETR, OLGA):
        do(action="add_person", chat_id=chat_id, person_id=person_id)
    do(action="add_bot", chat_id=chat_id, payload=site.chat_token)
    return chat_id


def _titles(world: ChaosWorld, spreadsheet_id: str) -> Titles:
    """Headings of a new workbook, and of the columns that people will add."""
    book = world.office.book(spreadsheet_id)
    shown = world.google.book(spreadsheet_id)
    titles: dict[str, dict[str, str]] = {}
    for key in MAIN_COLUMNS:
        tab = book.tab(key)
        headings = shown.sheet(tab.sheet_id).rows[tab.header_index].cells
        titles[key] = {
            column: headings[index]["userEnteredValue"]["stringValue"]
            for column, index in tab.columns.items()
        }
    titles["backlog"] |= {agency.OWN_COLUMN: agency.OWN_COLUMN, agency.DOUBLE_COLUMN: agency.DOUBLE_COLUMN}
    return titles


def _note_numbers(person: Person) -> None:
    grid = person.grid("backlog")
    for item in person.expected.not_deleted:
        (line,) = grid.find(item.task)
        item.number = line.numbers[0]
