"""*Обновить книги*: workbooks of release 0.1 are brought along, with everything that people did in them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.old_release import Loaded, OldOffice, bring_back
from tests.harness.fakes.workbooks import EVERYTHING
from tests.harness.people_changes import change_by_chance
from tests.harness.servers import Servers
from tests.harness.untouched import differences
from vitrina.bootstrap import application
from vitrina.ports import Json

Opener = Callable[[str], OldOffice]

WELL = ("done", "partial")
#: Worlds of the old release: nothing begun, and both clients at work.
WORLDS = ("backlog_estimated", "in_progress")


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """Worlds that were loaded by an earlier test of this module."""
    return {}


@pytest.fixture
def open_old(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded
) -> Iterator[Opener]:
    """Opens a world that the old release left."""
    office = OldOffice(servers, tmp_path)
    yield lambda name: bring_back(name, office, monkeypatch, loaded)
    office.settle()
    office.http.close()
    application.cache_clear()


def everything(office: OldOffice) -> dict[str, Json]:
    """All that can be seen of all workbooks."""
    google = office.servers.google
    return {
        key: orjson.loads(
            office.http.get(f"{google}/v4/spreadsheets/{key}", params={"fields": EVERYTHING})
            .raise_for_status()
            .content
        )
        for key in (office.agency_id, *office.clients.values())
    }


def ends_well(answer: dict[str, Any], *also: str) -> dict[str, Any]:
    """The answer of an action that did what was asked."""
    assert answer["outcome"] in (*WELL, *also), answer
    return answer


def do_everything(office: OldOffice, code: str) -> None:
    """Every action of both menus, in the order of a week, at the client whose items begin with *code*."""
    ends_well(office.click_agency("recalculate_norms"))
    office.add(code, task="Ещё один плакат", hours_design="2", priority="Срочно")
    place = office.book().field("limit_hours")
    office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": ""})
    ends_well(office.do("estimate"))
    previews = (ends_well(office.do("build_batch", period=period)) for period in ("current", "next"))
    preview = next(one for one in previews if one["data"]["chosen"])
    ends_well(office.do("start_batch", preview_id=preview["data"]["preview_id"]))
    for action in ("push", "refresh", "show_as_client", "check_book", "undo"):
        ends_well(office.do(action))
    for action in ("update_load", "check_all"):
        ends_well(office.click_agency(action))
    office.settle()


@pytest.mark.parametrize("seed", range(int(os.environ.get("UPGRADES", "4"))))
def test_what_people_did_stays_and_every_action_works(open_old: Opener, seed: int) -> None:
    """Random changes in all three workbooks of an old agency; the judge compares cell by cell."""
    rng = random.Random(f"upgrade {seed}")
    office = open_old(rng.choice(WORLDS))
    changes = {
        key: change_by_chance(office, key, rng, count=rng.randint(3, 12))
        for key in (office.agency_id, *office.clients.values())
    }
    before = everything(office)

    answer = ends_well(office.click_agency("upgrade_books"))

    assert answer["data"] == {"books": 3, "left": 0}, answer
    after = everything(office)
    found = [line for key in before for line in differences(before[key], after[key])]
    assert found == [], changes
    do_everything(office, rng.choice(list(office.clients)))
