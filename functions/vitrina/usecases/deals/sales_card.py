"""Makes the card of a deal on the sales board of the tracker."""

from __future__ import annotations

from vitrina.crm_port import Deal
from vitrina.operations.clicks.accounts import own_tracker
from vitrina.operations.run import Run
from vitrina.ports import Board, Link, NewCard, TaskTracker
from vitrina.texts import render, sentence
from vitrina.usecases.deals.deal_rules import DealRules
from vitrina.usecases.deals.deal_terms import Surroundings, staff_facts

#: Card id of a deal where the tracker has no cards.
NO_CARD = "-"


def make_sales_card(run: Run, around: Surroundings, deal: Deal) -> str:
    """The id of the deal's card, which is made once; the caller holds the lease of the CRM.

    The board has the stages of the deal's pipeline as columns, and the card begins in that of the deal.
    People move it on from there.

    Raises
    ------
    ServiceError
        If the tracker refuses or does not answer.
    """
    _, tracker = own_tracker(run.services, run.agency_id)
    if not tracker.can.has_cards:
        return NO_CARD
    board = _board(tracker, around.rules, deal)
    external_id = f"deal-{deal.deal_id}"
    card = _card(board, external_id, around, deal)
    twins = tracker.find_twins(board.board_id, external_id)
    if not twins:
        made = tracker.create_card(card)
        # A call that was given up on may have made one as well.
        twins = tracker.find_twins(board.board_id, external_id) or (made,)
    for twin in twins[1:]:
        tracker.remove_card(twin)
    tracker.complete_card(twins[0], card)
    return twins[0]


def _board(tracker: TaskTracker, rules: DealRules, deal: Deal) -> Board:
    """The sales board, made if there is none with its title."""
    found = tracker.find_board(rules.board_title)
    return found or tracker.create_board(rules.board_title, rules.stage_names(deal.pipeline_id))


def _card(board: Board, external_id: str, around: Surroundings, deal: Deal) -> NewCard:
    """The card: what the staff may know of the deal, and a link to it."""
    name = around.rules.stage_name(deal.pipeline_id, deal.stage_id)
    stage = next((one for one in board.stages if one.title == name), board.stages[0])
    company = deal.company.name if deal.company else ""
    return NewCard(
        external_id=external_id,
        board_id=board.board_id,
        stage_id=stage.stage_id,
        title=" — ".join(part for part in (company, deal.name.strip()) if part) or external_id,
        facts=tuple(staff_facts(deal, around)),
        due_on=None,
        estimate_hours=0.0,
        assignee_id=None,
        steps=(),
        links=(Link(deal.url, render(sentence("deal.card_link"), around.locale)),),
    )
