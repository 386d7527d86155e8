"""Every request to Asana fits the vendor's OpenAPI file, by the judgement of Prism.

The contract of trackers runs once more over a world that records what the adapter sends, and so do the plans
of Asana that lack something. The last test has all of it judged; the summary of the run tells the counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract import test_task_tracker as contract
from tests.contract.test_task_tracker import board, card_id, new_card, tracker
from tests.harness.prism.judge import reason_to_skip, running_judge
from tests.harness.prism.recorder import Recorder, SentRequest
from tests.harness.tracker_worlds.asana import AsanaWorld, open_world
from vitrina.ports import Board, NewCard
from vitrina.trackers.asana.options import Options

pytestmark = [pytest.mark.servers, pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())]

#: Fixtures of the contract; its world is the one below.
__all__ = ["board", "card_id", "new_card", "tracker"]

STAGES = contract.STAGES
#: Plans of Asana by what they lack.
PLANS = ({"time_tracking": False}, {"custom_fields": False}, {"custom_fields": False, "time_tracking": False})

recorders: list[Recorder] = []


@pytest.fixture(scope="module")
def recorded_world() -> Iterator[AsanaWorld]:
    """A world whose requests are kept."""
    with open_world(recorders.append) as world:
        yield world


@pytest.fixture
def world(recorded_world: AsanaWorld) -> AsanaWorld:
    """The world, empty."""
    recorded_world.reset()
    return recorded_world


def _of_asana(test: Callable[..., Any]) -> bool:
    """Whether a test of the contract runs in the world of Asana."""
    code = test.__code__
    names = code.co_varnames[: code.co_argcount]
    wanted = {one for mark in getattr(test, "pytestmark", ()) if mark.name == "needs" for one in mark.args}
    has_world = {"world", "tracker", "board", "card_id"} & set(names)
    return bool(has_world) and "world_name" not in names and not wanted & contract.LACKS["asana"]


globals().update(
    {name: one for name, one in vars(contract).items() if name.startswith("test_") and _of_asana(one)}
)


@pytest.mark.parametrize("features", PLANS, ids="-".join)
def test_plan_that_lacks_something(features: dict[str, bool], new_card: NewCard) -> None:
    """A board and a card in a workspace whose plan has less."""
    with open_world(recorders.append, features=features) as world:
        world.reset()
        made = world.tracker.create_board("Зерно", STAGES)
        stage_id = made.stages[0].stage_id
        card = contract.replace(new_card, board_id=made.board_id, stage_id=stage_id)
        created = world.tracker.create_card(card)
        world.tracker.complete_card(created, card)

        assert world.tracker.get_card(made.board_id, created) is not None
        assert world.tracker.find_cards(made.board_id) == {card.external_id: (created,)}


def test_client_who_is_invited() -> None:
    """Hiding the fields with hours, the invitation itself, and the look afterwards."""
    options = Options(invites_guests=True)
    with open_world(recorders.append, options=options, features={"field_privacy": True}) as world:
        world.reset()
        made = world.tracker.create_board("Зерно", STAGES)

        assert world.tracker.invite_guest(made.board_id, "client@zarya.test").is_guest


def test_all_requests_fit_the_description(
    board: Board,
    tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    """Prism finds nothing in any of them; it does find something in a wrong one."""
    requests = [request for recorder in recorders for request in recorder.take()]
    wrong = SentRequest("POST", "/tasks", "application/json", b'{"data": {"name": 5}}')
    with running_judge(tmp_path_factory.mktemp("prism")) as judge:
        violations = judge.violations(requests)
        judged = judge.judged
        assert judge.violations([wrong])

    record_property(
        "figure",
        f"Prism judged {len(requests)} requests, {judged} different ones: {len(violations)} violations",
    )
    assert not violations, "\n".join(violations)
