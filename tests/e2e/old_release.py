"""Brings back worlds that release 0.1.0 left: its store, its workbooks and its boards.

``tests/fixtures/release_0_1/README.md`` says what they hold and how they were made.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulators.world.processes import STORE_NAME
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.office import NOW, Office
from vitrina.bootstrap import application
from vitrina.records.books import Agency

FIXTURES = Path(__file__).parents[1] / "fixtures" / "release_0_1"

#: The servers whose addresses and states are in a fixture.
SERVERS = ("google", "kaiten", "tasks", "functions")

#: When the new release is installed: the same day, so that the same week is the current one.
UPGRADED_AT = NOW + timedelta(hours=1)

#: Worlds that were loaded once; on the same servers they come back quickly.
Loaded = dict[str, tuple[SavedOffice, dict[str, Any]]]


@dataclass
class OldOffice(Office):
    """An office whose store, workbooks and boards were made by release 0.1.0."""

    #: The fixture but for the states of the servers: ids, and what the old release showed and knew.
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def agency_id(self) -> str:
        """Id of the agency's workbook."""
        return str(self.known["agency"]["spreadsheet_id"])

    @property
    def clients(self) -> Mapping[str, str]:
        """Ids of the clients' workbooks by the prefix of their items."""
        clients: Mapping[str, str] = self.known["clients"]
        return clients

    def at(self, code: str) -> OldOffice:
        """The same office with this client's workbook open."""
        self.client_id = self.clients[code]
        return self

    def click_agency(self, action: str, **params: Any) -> dict[str, Any]:
        """A click in the agency's workbook."""
        return self.click(self.agency_id, action, **params)

    def add(self, code: str, **values: str) -> None:
        """Type one more row below the backlog of a client; ``hours_copy`` is ``hours.copy``."""
        tab = self.at(code).book().tab("backlog")
        used = [row.index for row in tab.rows if tab.cell(row, "task").text]
        keys = {key.replace("hours_", "hours."): text for key, text in values.items()}
        self.type("backlog", max(used, default=tab.header_index) + 1, **keys)

    def card(self, item_code: str) -> Any:
        """The card of an item, whole; there is exactly one."""
        [card] = [one for one in self.cards() if one["title"].startswith(f"{item_code} · ")]
        return self.kaiten("GET", f"/cards/{card['id']}", user_id=1)

    def move_card(self, item_code: str, column: int) -> None:
        """A specialist moves a card to a column of its board, by its place."""
        card = self.card(item_code)
        columns = self.kaiten("GET", f"/boards/{card['board_id']}/columns")
        self.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[column]["id"])

    def log_hours(self, item_code: str, minutes: int) -> None:
        """Somebody logs time on a card."""
        body = {"role_id": -1, "time_spent": minutes, "for_date": NOW.date().isoformat()}
        self.kaiten("POST", f"/cards/{self.card(item_code)['id']}/time-logs", **body)

    def lose_webhooks(self) -> None:
        """The tracker's webhooks do not arrive from now on."""
        url = f"{self.servers.kaiten}/_emulator/webhooks"
        self.http.post(url, json={"mode": "drop"}).raise_for_status()

    def status(self, item_code: str) -> str:
        """What the first row of an item in *В работе* says."""
        tab, row = self.at(item_code.partition("-")[0]).row("in_progress", item_code)
        return tab.cell(row, "status").text

    def cell(self, item_code: str, column: str) -> Any:
        """A cell of the first row of an item in *В работе*."""
        tab, row = self.at(item_code.partition("-")[0]).row("in_progress", item_code)
        return tab.cell(row, column).value

    def external_ids(self, code: str) -> list[str]:
        """Keys of a client's cards."""
        prefix = f"vitrina:{self.clients[code]}:"
        return sorted(card["external_id"] for card in self.cards() if card["external_id"].startswith(prefix))


def bring_back(name: str, office: OldOffice, monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> OldOffice:
    """Let *office* become what the old release left, before anything is asked of the new one."""
    office.reset_for_test(monkeypatch, now=UPGRADED_AT)
    if name not in loaded:
        world = _read(name, office)
        for server in ("google", "kaiten"):
            url = f"{office.servers.url(server)}/_emulator/seed"
            office.http.post(url, json=world.pop(server)).raise_for_status()
        path = office.folder / STORE_NAME
        path.unlink()
        with closing(sqlite3.connect(path)) as store:
            # As the old release had it.
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(world.pop("store"))
        office.agency = Agency(**world["agency"])
        loaded[name] = office.save_state(), world
    saved, office.known = loaded[name]
    office.restore_state(saved)
    office.desk = KaitenDesk(office.http, office.servers)
    office.desk.space_id = office.known["space_id"]
    monkeypatch.setenv("VITRINA_KAITEN_SPACE_ID", str(office.space_id))
    monkeypatch.setenv("VITRINA_DRIVE_FOLDER_ID", office.known["folder_id"])
    monkeypatch.setenv("VITRINA_RETRY_WAIT_S", "0")
    application.cache_clear()
    return office


def _read(name: str, office: OldOffice) -> dict[str, Any]:
    text = lzma.decompress((FIXTURES / f"{name}.json.xz").read_bytes()).decode()
    for server in SERVERS:
        text = text.replace(f"http://{server}.fixture.example", office.servers.url(server))
    world: dict[str, Any] = json.loads(text)
    return world
