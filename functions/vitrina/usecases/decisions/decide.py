"""Keeps what a client decides about work that is shown to him, whatever way it came.

Each decision is made once: of two at the same moment the second one finds the first. It is carried out later
by the task ``settle``, and until then the client can take it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import StoreConflictError, UserError
from vitrina.operations.journal import refresh_wish
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.ports import Write
from vitrina.records.outside.client_pages import ClientPage, Decided, ShownItem, load_page
from vitrina.records.outside.decisions import (
    Channel,
    Decision,
    DecisionKind,
    DecisionState,
    decision_from_document,
    decision_key,
    find_open_decisions,
)
from vitrina.usecases.decisions.chat_buttons import asks_wish
from vitrina.usecases.decisions.typed_text import MOST_TEXT, clean_text

#: Most items of one answer.
MOST_ITEMS = 200


class Ending(StrEnum):
    """What became of a wish to decide about an item."""

    MADE = "made"
    #: The same was decided before: a repeat, or another person was faster.
    SAME = "same"
    #: Something else was decided before.
    OTHER = "other"
    #: Something else is shown now than what the person saw.
    CHANGED = "changed"
    #: Nothing is shown to the client any more.
    GONE = "gone"


class Verdict(Struct, frozen=True):
    """A decision that somebody wants to make.

    Parameters
    ----------
    seen
        Fingerprints of what the person saw, by the item's number. An item without one is not checked.
    text
        The client's remark; a return needs one.
    who, note, origin
        See ``Decision``.
    """

    kind: DecisionKind
    channel: Channel
    seen: dict[int, str]
    text: str = ""
    who: str = ""
    note: str = ""
    origin: str = ""


class Outcome(Struct, frozen=True):
    """How it ended for one item: ``decided`` is what holds now, ``None`` where nothing was decided."""

    number: int
    code: str
    ending: Ending
    decided: Decided | None = None


def decide(
    services: Services,
    spreadsheet_id: str,
    agency_id: str,
    verdict: Verdict,
    *,
    hold: timedelta | None = None,
) -> list[Outcome]:
    """Keep the decision for each item of ``verdict.seen`` that can be decided, in one commit.

    Parameters
    ----------
    hold
        How long it can be taken back, if not as long as the installation says.

    Raises
    ------
    UserError
        If work is returned without a remark, or too many items or characters were sent.
    RetriableServiceError
        If the store does not answer; the same call may be made again.
    """
    verdict = _checked(verdict)
    while True:
        page = load_page(services.store, spreadsheet_id, agency_id)
        outcomes, made = _judge(services, page, verdict, services.decision_hold if hold is None else hold)
        if not made:
            return _with_accepted(services, page, verdict, outcomes)
        wish = settle_wish(services, spreadsheet_id, made)
        changed = page.with_items(_decided_item(page.by_number[one.number], one) for one in made)
        refresh = refresh_wish(services, agency_id, draws=False)
        writes: list[Write] = [changed.put(), *(one.put() for one in made)]
        wishes = [wish, refresh, *_chat_wishes(services, spreadsheet_id)]
        try:
            services.store.commit([*writes, *(one.put(services) for one in wishes)])
        except StoreConflictError:
            # Somebody decided at the same moment, or something else is shown now.
            continue
        for one in wishes:
            one.try_to_send(services)
        return outcomes


def _checked(verdict: Verdict) -> Verdict:
    """The verdict with clean texts; raises ``UserError``."""
    text = clean_text(verdict.text)
    if verdict.kind is DecisionKind.RETURNED and not text:
        raise UserError("decision.no_text")
    if len(text) > MOST_TEXT:
        raise UserError("decision.long_text", most=MOST_TEXT)
    if len(verdict.seen) > MOST_ITEMS:
        raise UserError("decision.many_items", most=MOST_ITEMS)
    return replace(verdict, text=text, note=clean_text(verdict.note))


def take_back(
    services: Services, spreadsheet_id: str, agency_id: str, numbers: Iterable[int]
) -> list[Outcome]:
    """Take back decisions that the client can still take back: he is asked again."""
    wanted = list(numbers)
    while True:
        page = load_page(services.store, spreadsheet_id, agency_id)
        now = services.clock.now()
        items = [page.by_number[one] for one in wanted if one in page.by_number]
        open_ones = [one for one in items if one.decided is not None and one.decided.can_be_taken_back(now)]
        keys = {one.number: decision_key(spreadsheet_id, one.number, one.ordinal) for one in open_ones}
        found = services.store.get_many(keys.values()) if keys else {}
        kept = {number: decision_from_document(found[key]) for number, key in keys.items()}
        taken = [one for one in open_ones if kept[one.number].state == DecisionState.MADE]
        outcomes = [
            Outcome(one.number, one.code, Ending.MADE if one in taken else Ending.GONE, one.decided)
            for one in items
        ]
        if not taken:
            return outcomes
        changed = page.with_items(replace(one, decided=None) for one in taken)
        back = [kept[one.number].with_state(DecisionState.TAKEN_BACK).put() for one in taken]
        wishes = _chat_wishes(services, spreadsheet_id)
        try:
            services.store.commit([changed.put(), *back, *(one.put(services) for one in wishes)])
        except StoreConflictError:
            continue
        for wish in wishes:
            wish.try_to_send(services)
        return outcomes


def settle_wish(services: Services, spreadsheet_id: str, made: Sequence[Decision]) -> TaskWish:
    """The task that carries decisions out, once none of *made* can be taken back any more."""
    now = services.clock.now()
    due_s = max(_due_s(one) for one in made)
    body = {"kind": "settle", "spreadsheet_id": spreadsheet_id}
    return TaskWish(
        # The moment in milliseconds: two decisions at the same one share the task.
        task_name("settle", spreadsheet_id, int(due_s * 1000)),
        body,
        max(0.0, due_s - now.timestamp()),
    )


def _chat_wishes(services: Services, spreadsheet_id: str) -> list[TaskWish]:
    """The task that has the message in the chat say what holds, where there are chats."""
    return [] if services.chat is None else [asks_wish(services, spreadsheet_id)]


def _due_s(decision: Decision) -> float:
    return datetime.fromisoformat(decision.settles_at).timestamp()


def _judge(
    services: Services, page: ClientPage, verdict: Verdict, hold: timedelta
) -> tuple[list[Outcome], list[Decision]]:
    now = services.clock.now()
    outcomes: list[Outcome] = []
    made: list[Decision] = []
    for number, seen in verdict.seen.items():
        item = page.by_number.get(number)
        if item is None or item.is_withdrawn:
            outcomes.append(Outcome(number, "", Ending.GONE))
        elif item.decided is not None and seen in ("", item.fingerprint):
            same = item.decided.kind == verdict.kind
            outcomes.append(Outcome(number, item.code, Ending.SAME if same else Ending.OTHER, item.decided))
        elif seen not in ("", item.fingerprint):
            outcomes.append(Outcome(number, item.code, Ending.CHANGED, item.decided))
        else:
            decision = Decision(
                page.spreadsheet_id,
                page.agency_id,
                number,
                item.ordinal + 1,
                item.code,
                item.title,
                item.round,
                item.fingerprint,
                verdict.kind.value,
                verdict.channel.value,
                now.isoformat(),
                (now + hold).isoformat(),
                result_url=item.result_url,
                hours=item.hours,
                text=verdict.text,
                who=verdict.who,
                note=verdict.note,
                origin=verdict.origin,
            )
            made.append(decision)
            outcomes.append(Outcome(number, item.code, Ending.MADE, _decided(decision)))
    return outcomes, made


def _with_accepted(
    services: Services, page: ClientPage, verdict: Verdict, outcomes: list[Outcome]
) -> list[Outcome]:
    """The outcomes, where work that is not shown any more may be what the client has accepted before."""
    if all(one.ending is not Ending.GONE for one in outcomes):
        return outcomes
    found = find_open_decisions(services.store, page.spreadsheet_id)
    accepted = {one.number: one for one in found if one.is_accepted}

    def corrected(outcome: Outcome) -> Outcome:
        known = accepted.get(outcome.number)
        if outcome.ending is not Ending.GONE or known is None or known.shown != verdict.seen[outcome.number]:
            return outcome
        ending = Ending.SAME if known.kind == verdict.kind else Ending.OTHER
        decided = replace(_decided(known), is_settled=True)
        return Outcome(outcome.number, known.code, ending, decided)

    return [corrected(one) for one in outcomes]


def _decided_item(item: ShownItem, decision: Decision) -> ShownItem:
    return replace(item, ordinal=decision.ordinal, decided=_decided(decision))


def _decided(decision: Decision) -> Decided:
    return Decided(
        decision.kind, decision.channel, decision.at, decision.settles_at, text=decision.text[:MOST_TEXT]
    )
