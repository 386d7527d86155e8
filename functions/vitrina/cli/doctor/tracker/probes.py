"""The probes of a tracker, in the words of its port: the same ones for each kind that has the assumption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from vitrina.cli.doctor.probe import NotTriedError, expect
from vitrina.cli.doctor.tracker.scratch_board import DUE_ON, STAGES, ScratchBoard
from vitrina.ports import CardChange, FactChange, Link, Step, StepChange
from vitrina.usecases.tracker.calls_ahead import begun_ahead

#: The test of an assumption on a board.
Check = Callable[[ScratchBoard], None]

ONWARD = Link("https://docs.google.com/spreadsheets/d/doctor-onward", "Vitrina doctor, onward")


class TrackerProbe(Struct, frozen=True):
    """The test of one assumption.

    ``numbers`` are its rows of ``docs/assumptions.md`` by kind of tracker. It ``is_vital`` if cards may be
    doubled or read wrongly where it does not hold.
    """

    name: str
    numbers: Mapping[str, int]
    run: Check
    is_vital: bool


TRACKER_PROBES: list[TrackerProbe] = []


def tracker_probe(*, is_vital: bool = False, **numbers: int) -> Callable[[Check], Check]:
    """Add the decorated function to ``TRACKER_PROBES``."""

    def add(run: Check) -> Check:
        TRACKER_PROBES.append(TrackerProbe(run.__name__, numbers, run, is_vital))
        return run

    return add


@tracker_probe(kaiten=17, asana=57, is_vital=True)
def board_has_its_stages_in_order(scratch: ScratchBoard) -> None:
    """The stages are those that were asked for, also when the board is looked for."""
    found = scratch.tracker.find_board(scratch.title) or scratch.board
    for board in (scratch.board, found):
        titles = tuple(stage.title for stage in board.stages)
        expect(titles == STAGES, f"the stages are {', '.join(titles)}")


@tracker_probe(kaiten=16, asana=51, is_vital=True)
def card_is_found_by_its_key(scratch: ScratchBoard) -> None:
    """Live and closed ones; only a live one may be the card of an item."""
    card, card_id, _ = scratch.make_card()
    board_id = card.board_id
    live = scratch.tracker.find_twins(board_id, card.external_id)
    expect(live == (card_id,), f"live cards with its key: {len(live)}")
    scratch.tracker.set_closed(card_id, ONWARD, is_closed=True)
    expect(scratch.tracker.find_twins(board_id, card.external_id) == (), "a closed card counts as live")
    found = scratch.tracker.find_cards(board_id).get(card.external_id, ())
    expect(found == (card_id,), "a closed card is not found")


@tracker_probe(kaiten=101)
def comment_is_written_once(scratch: ScratchBoard) -> None:
    """A repeat finds it, although it has signs of the tracker's markup."""
    card, card_id, _ = scratch.make_card()
    for _ in range(2):
        scratch.tracker.comment_card(card_id, "*Vitrina* doctor: [1] #2, may be deleted")
    found = scratch.tracker.get_card(card.board_id, card_id)
    count = found.comment_count if found is not None else 0
    expect(count == 1, f"there are {count} comments")


@tracker_probe(kaiten=18)
def new_card_has_its_person(scratch: ScratchBoard) -> None:
    """The assignee that the creation names."""
    _, card_id, _ = scratch.make_card()
    card = scratch.read(card_id)
    expect(card is not None and card.assignee_id == scratch.own_user[0], "nobody is responsible for it")


@tracker_probe(kaiten=134)
def cards_are_read_at_a_time(scratch: ScratchBoard) -> None:
    """As many reads as run at the same time are answered like a single one."""
    _, card_id, _ = scratch.make_card()
    single, count = scratch.read(card_id), scratch.tracker.can.cards_at_a_time
    reads = ((number, partial(scratch.read, card_id)) for number in range(count))
    others = [number for number, read in begun_ahead(reads, at_a_time=count) if read() != single]
    expect(not others, f"{len(others)} of {count} answers differ from that of a single read")


@tracker_probe(kaiten=23)
def due_date_is_a_day(scratch: ScratchBoard) -> None:
    """The day that was written comes back."""
    _, card_id, _ = scratch.make_card()
    card = scratch.read(card_id)
    expect(card is not None and card.due_on == DUE_ON, f"{DUE_ON} came back as {card and card.due_on}")


@tracker_probe(kaiten=21, asana=58, is_vital=True)
def steps_keep_their_order(scratch: ScratchBoard) -> None:
    """Each step comes back with its person, its day and its tick."""
    own = scratch.own_user[0]
    steps = (Step("One", is_done=True, assignee_id=own, due_on=DUE_ON), Step("Two"), Step("Three"))
    _, card_id, _ = scratch.make_card(steps)
    card = scratch.read(card_id)
    expect(card is not None and card.steps == steps, f"the steps came back as {card and card.steps}")


@tracker_probe(kaiten=22, asana=53)
def hours_name_their_person(scratch: ScratchBoard) -> None:
    """None before something is logged, and then those of the person."""
    _, card_id, _ = scratch.make_card()
    card = scratch.read(card_id)
    before = dict((card and card.logged_hours) or {})
    expect(not any(before.values()), f"a new card has hours: {before}")
    if not scratch.hands.log_minutes(card_id, 90, DUE_ON):
        raise NotTriedError("the plan of the account has no time tracking")
    card = scratch.read(card_id)
    hours = dict((card and card.logged_hours) or {})
    expect(hours == {scratch.own_user[0]: 1.5}, f"an hour and a half came back as {hours}")


@tracker_probe(asana=52)
def lack_of_time_tracking_is_seen(scratch: ScratchBoard) -> None:
    """The board says so exactly where logging is refused."""
    _, card_id, _ = scratch.make_card()
    can_log = scratch.hands.log_minutes(card_id, 30, DUE_ON)
    says_so = {"asana.hours_in_field", "asana.no_hours"} & {*scratch.board.remarks}
    expect(
        can_log != bool(says_so), f"logging {'works' if can_log else 'is refused'}, the board says {says_so}"
    )


@tracker_probe(asana=54)
def hours_can_be_hidden(scratch: ScratchBoard) -> None:
    """Guests see no field with hours."""
    seen = scratch.hands.hours_seen_by_guests(scratch.board.board_id)
    expect(not seen, f"guests see {', '.join(seen)}")


@tracker_probe(kaiten=69, asana=68)
def closed_card_comes_back(scratch: ScratchBoard) -> None:
    """At its stage, with its steps."""
    _, card_id, _ = scratch.make_card((Step("One"),))
    before = scratch.read(card_id)
    scratch.tracker.set_closed(card_id, ONWARD, is_closed=True)
    closed = scratch.read(card_id)
    expect(closed is not None and before is not None and closed.steps == before.steps, "it cannot be read")
    scratch.tracker.set_closed(card_id, ONWARD, is_closed=False)
    expect(scratch.read(card_id) == before, f"it came back as {scratch.read(card_id)}")


@tracker_probe(kaiten=49)
def people_are_found_by_their_email(scratch: ScratchBoard) -> None:
    """The own user is among the people of the place where boards are made."""
    user_id, email = scratch.own_user
    found = scratch.tracker.find_people([email])
    expect(found.get(email.casefold()) == user_id, "the own user is not found by the e-mail")


@tracker_probe(asana=59)
def removed_card_takes_its_steps(scratch: ScratchBoard) -> None:
    """Nothing of it is left."""
    _, card_id, step_ids = scratch.make_card((Step("One"),))
    scratch.tracker.remove_card(card_id)
    expect(all(scratch.hands.is_gone(step_id) for step_id in step_ids), "its subtask is still there")


@tracker_probe(kaiten=72, asana=75)
def facts_of_a_card_come_back(scratch: ScratchBoard) -> None:
    """As they were written, and with another text after a change; links and steps stay."""
    card, card_id, _ = scratch.make_card((Step("One"),))
    [(about, text)] = card.facts
    made = scratch.read(card_id)
    expect(made is not None and dict(made.facts) == {about: text}, f"it came back as {made and made.facts}")
    change = CardChange(facts=(FactChange(about, text, "Another <text>"),))
    scratch.tracker.change_card(card.board_id, card_id, change)
    changed = scratch.read(card_id)
    expect(
        changed is not None and dict(changed.facts) == {about: "Another <text>"},
        f"the change came back as {changed and changed.facts}",
    )


@tracker_probe(kaiten=74, asana=76)
def card_can_be_changed(scratch: ScratchBoard) -> None:
    """Day, person and hours of the card, and day and person of its step: emptied, and filled again."""
    own = scratch.own_user[0]
    card, card_id, step_ids = scratch.make_card((Step("One", assignee_id=own, due_on=DUE_ON),))
    made = scratch.read(card_id)
    for day, person, hours in ((None, None, None), (DUE_ON, own, card.estimate_hours)):
        steps = tuple(StepChange(one, due_on=day, assignee_id=person) for one in step_ids)
        change = CardChange(due_on=day, assignee_id=person, estimate_hours=hours, steps=steps)
        scratch.tracker.change_card(card.board_id, card_id, change)
        now = scratch.read(card_id)
        has_hours = now is None or not now.has_estimate or now.estimate_hours == hours
        expect(
            now is not None and (now.due_on, now.assignee_id) == (day, person) and has_hours,
            f"{change} came back as {now}",
        )
        expect(
            now is not None and [(one.due_on, one.assignee_id) for one in now.steps] == [(day, person)],
            f"the step came back as {now and now.steps}",
        )
    expect(scratch.read(card_id) == made, f"it is {scratch.read(card_id)} now, and was {made}")
