"""Managers of both agencies at the same time: the project beside, each other's workbooks, new clients."""

from __future__ import annotations

from benchmarks.chaos.agency import AGENCIES, LIMIT_HOURS, ChaosAgency
from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.clicks import Clicks
from benchmarks.chaos.history import Json
from benchmarks.chaos.person import Person
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.record import Record


class NeighbourVisits:
    """What managers do beside the clicks of a history."""

    def __init__(self, clicks: Clicks, site: Site, beside: Site, person: Person, record: Record) -> None:
        self._clicks = clicks
        self._site = site
        self._beside = beside
        self._record = record
        #: Edits the workbook beside.
        self.person = person
        self.results: list[ClickResult] = []

    def do(self, what: Json) -> bool:
        """Do it; returns whether it was possible."""
        match what["do"]:
            case "click":
                self.click(what["action"])
                return True
            case "edit":
                self._record.is_beside_touched = True
                return self.person.do(what["edit"])
            case "card":
                self._record.is_beside_touched = True
                own = self._beside.agency
                moved = {
                    "task": what["task"],
                    "stage": what["stage"],
                    "user_id": own.people[0].number,
                }
                return self._clicks.world.work_in_tracker(own.tracker, moved)
            case "trespass":
                return self._trespass(what["action"])
            case _:
                return self._new_client(self._agency_of(what["is_beside"]), what["code"], what["times"])

    def click(self, action: str) -> ClickResult:
        """Click in the workbook beside."""
        self._record.is_beside_touched = True
        made = self._clicks.click(self._beside.agency.manager, self._beside.spreadsheet_id, action)
        with self._record.lock:
            self.results.append(made)
        return made

    def finish(self) -> None:
        """Ask once more for the projects that nobody was told of: each goes on where it failed."""
        for (name, code), is_told in list(self._record.new_clients.items()):
            if not is_told:
                own = next(one for one in AGENCIES if one.name == name)
                self._new_client(own, code, times=1)

    def _trespass(self, action: str) -> bool:
        """Each manager clicks in the workbook of the other one's client, and of the other agency."""
        world = self._clicks.world
        pairs = (
            (self._site.agency, self._beside.spreadsheet_id, action),
            (self._beside.agency, self._site.spreadsheet_id, action),
            (self._beside.agency, world.agency_id(self._site.agency), "update_load"),
        )
        for own, spreadsheet_id, wanted in pairs:
            made = self._clicks.click(own.manager, spreadsheet_id, wanted)
            with self._record.lock:
                self._record.trespasses.append(f"{made.outcome} {made.http_status}")
        return True

    def _new_client(self, own: ChaosAgency, code: str, times: int) -> bool:
        """Ask for a project with one code; *times* clicks of the same person after each other."""
        form = {
            "client_name": own.client,
            "project_name": code,
            "code": code,
            "limit_hours": LIMIT_HOURS,
            "tracker": own.tracker,
        }
        outcomes = [
            self._clicks.click(
                own.manager, self._clicks.world.agency_id(own), "new_client", is_same=True, **form
            ).outcome
            for _ in range(times)
        ]
        with self._record.lock:
            key = (own.name, code)
            told = self._record.new_clients.get(key, False)
            self._record.new_clients[key] = told or "done" in outcomes
        return True

    def _agency_of(self, is_beside: bool) -> ChaosAgency:
        return self._beside.agency if is_beside else self._site.agency
