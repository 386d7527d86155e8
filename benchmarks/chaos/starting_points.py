"""States in which runs begin: a client's workbook at one of several stages of work."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.chaos import agency
from benchmarks.chaos.expected import ExpectedState
from benchmarks.chaos.grid import MAIN_COLUMNS
from benchmarks.chaos.person import Person
from benchmarks.chaos.world import ChaosWorld, SavedWorld

VARIANTS = 6

#: Names of the starting points; each is made from the one before.
STARTS = ("typed", "estimated", "previewed", "started", "pushed")

Titles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class StartingPoint:
    """The state in which a run begins, and what is expected in it."""

    saved: SavedWorld
    expected: ExpectedState
    spreadsheet_id: str
    titles: Titles
    preview_id: str

    def person(self, world: ChaosWorld) -> Person:
        """A person who edits this workbook, with a copy of the expected state."""
        expected = copy.deepcopy(self.expected)
        return Person(world.google, self.spreadsheet_id, self.titles, expected)


class SetupError(RuntimeError):
    """An action failed without any disturbance."""


class StartingPoints:
    """The starting points of one world, each made when it is first needed."""

    def __init__(self, world: ChaosWorld) -> None:
        self._world = world
        self._made: dict[tuple[int, str], StartingPoint] = {}
        self._empty = world.save_state()

    def get(self, variant: int, name: str) -> StartingPoint:
        """A starting point. All those of a variant are made together."""
        if (variant, name) not in self._made:
            self._make(variant)
        return self._made[variant, name]

    def _make(self, variant: int) -> None:
        world, office = self._world, self._world.office
        world.restore_state(self._empty)
        form = {"client_name": "Заря", "project_name": "Сайт", "code": agency.CODE}
        office.create_client(**form, limit_hours=agency.LIMIT_HOURS)
        titles = _titles(world)
        person = Person(world.google, office.client_id, titles, ExpectedState())
        self._type(person, variant)
        preview_id = ""
        for name in STARTS:
            match name:
                case "typed":
                    pass
                case "estimated":
                    self._do(office.client_id, "estimate")
                    _note_numbers(person)
                case "previewed":
                    preview_id = self._do(office.client_id, "build_batch")["data"]["preview_id"]
                case "started":
                    self._do(office.client_id, "start_batch", preview_id=preview_id)
                case "pushed":
                    self._do(office.client_id, "push")
                    world.settle()
            saved, expected = world.save_state(), copy.deepcopy(person.expected)
            self._made[variant, name] = StartingPoint(saved, expected, office.client_id, titles, preview_id)

    def _do(self, spreadsheet_id: str, action: str, **params: str) -> Mapping[str, Mapping[str, str]]:
        answer = self._world.office.click(spreadsheet_id, action, **params)
        if answer["outcome"] not in ("done", "partial"):
            raise SetupError(f"{action}: {answer}")
        return answer

    @staticmethod
    def _type(person: Person, variant: int) -> None:
        """Type the backlog and add people's own columns."""
        draw = random.Random(f"typing {variant}")
        person.do({"do": "own_columns", "titles": [agency.OWN_COLUMN, agency.DOUBLE_COLUMN]})
        for row in agency.typed_rows(variant):
            if not person.do({"do": "add", "task": row.task, "cells": row.cells}):
                raise SetupError(f"typing {row} was refused")
            if draw.random() < 0.6:
                person.add_formula(row.task)


def _titles(world: ChaosWorld) -> Titles:
    """Headings of a new workbook, and of the columns that people will add."""
    book = world.office.book()
    shown = world.google.book(book.spreadsheet_id)
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
