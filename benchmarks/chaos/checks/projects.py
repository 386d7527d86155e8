"""A deal begins one project, whoever reports it and however often; so does a click with one code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.chaos.agency import AGENCIES, ChaosAgency
from benchmarks.chaos.check import PROJECT, Violation
from benchmarks.chaos.starting_points import StartingPoint
from benchmarks.chaos.trackers import ACCOUNTING
from benchmarks.chaos.visits.deals import WON
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from vitrina.records.books import Project, find_projects

SHEET_TYPE = "application/vnd.google-apps.spreadsheet"


def check_projects(world: ChaosWorld, start: StartingPoint, record: Record) -> Iterator[Violation]:
    """All violations about projects of both agencies."""
    everything: list[Project] = []
    for own in AGENCIES:
        projects = find_projects(world.documents_store, world.agency_id(own))
        everything += projects
        known = [one.agency.code for one in (start.site, start.beside) if one.agency == own]
        yield from _check_codes(own, projects, known, record)
        yield from _check_boards(world, own.tracker, projects)
    yield from _check_deals(everything, record)
    yield from _check_workbooks(world, everything)


def _check_codes(
    own: ChaosAgency, projects: Sequence[Project], known: Sequence[str], record: Record
) -> Iterator[Violation]:
    """Each code that a manager asked for is that of one project, and no other one is there."""
    wanted = {code: told for (name, code), told in record.new_clients.items() if name == own.name}
    codes = Counter(one.code for one in projects if not one.deal_id)
    for code in codes.keys() - {*known, *wanted}:
        yield Violation(PROJECT, f"nobody has asked for the project {code}")
    for code in (*known, *(code for code, is_told in wanted.items() if is_told)):
        if not codes[code]:
            yield Violation(PROJECT, f"there is no project with the code {code}")
    if len({one.code for one in projects}) < len(projects):
        yield Violation(PROJECT, f"a code is given twice: {[one.code for one in projects]}")


def _check_deals(projects: Sequence[Project], record: Record) -> Iterator[Violation]:
    """Each deal that is won has one project, and none that was never won."""
    made = Counter(int(one.deal_id) for one in projects if one.deal_id)
    for deal, count in made.items():
        if count > 1 or deal not in record.ever_won:
            yield Violation(PROJECT, f"{count} projects of deal {deal}, ever won: {sorted(record.ever_won)}")
    for deal, stage in record.deal_stages.items():
        if stage in WON and not made[deal]:
            yield Violation(PROJECT, f"deal {deal} is at «{stage}» and has no project")


def _check_boards(world: ChaosWorld, tracker: str, projects: Sequence[Project]) -> Iterator[Violation]:
    shown = world.trackers[tracker].boards().values()
    boards = [text.partition("\n")[0] for text in shown if not text.startswith(ACCOUNTING)]
    wanted = Counter(one.board_id for one in projects)
    for board_id, count in wanted.items():
        if count > 1:
            yield Violation(PROJECT, f"{count} projects have the board {board_id}")
    if len(boards) != len(projects):
        yield Violation(PROJECT, f"{len(projects)} projects have the boards {boards} in {tracker}")


def _check_workbooks(world: ChaosWorld, projects: Sequence[Project]) -> Iterator[Violation]:
    with world.google.lock:
        files = {key for key, one in world.google.files.items() if one["mimeType"] == SHEET_TYPE}
    wanted = {one.spreadsheet_id for one in projects} | set(world.agency_ids.values())
    if files != wanted:
        spare, missing = sorted(files - wanted), sorted(wanted - files)
        yield Violation(PROJECT, f"workbooks that nobody has: {spare}, that are not there: {missing}")
