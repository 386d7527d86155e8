"""Tells accounting of a request by a card on the board of the tracker that the agency has named.

A request has one card, whatever its revision. A newer revision changes the facts of the card, and a comment
says so to whoever follows it; so does a withdrawal. All of that may be repeated.
"""

from __future__ import annotations

from typing import Any

from vitrina.domain.invoicing import one_line
from vitrina.operations.clicks.accounts import own_tracker
from vitrina.operations.run import Run
from vitrina.ports import Board, CardChange, FactChange, Link, NewCard, TaskTracker
from vitrina.records.outside.invoice_requests import WITHDRAWAL_NOTICE, InvoiceRequest
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.accounting.facts import facts_of
from vitrina.usecases.accounting.letter import left_out_texts, line_texts, subject_of, total_text

#: What stands between the title of the board and that of its column in *Настройки*.
COLUMN_MARK = "/"
#: Most lines of work on a card; the page of the request has all of them.
MOST_LINES = 15
#: Columns of a board that is made because there is none.
_STAGES = ("new", "in_work", "done")


def tell_by_card(run: Run, request: InvoiceRequest, notice: str, url: str) -> Sentence | None:
    """Make or change the card of a request; return why there is none. The run holds the request's lease.

    Parameters
    ----------
    url
        Address of the page of the request, empty if there is none.

    Raises
    ------
    BusyError
        If a card for another request is made just now: two of them would make the board twice.
    ServiceError
        If the tracker refuses or does not answer.
    """
    _, tracker = own_tracker(run.services, request.agency_id)
    if not tracker.can.has_cards:
        return sentence("accounting.not_sent.no_tracker")
    run.take(f"accounting_board:{request.agency_id}")
    board = _board(tracker, request)
    external_id = f"accounting-{request.key[1]}"
    twins = tracker.find_twins(board.board_id, external_id)
    if notice == WITHDRAWAL_NOTICE:
        for card_id in twins[:1]:
            _withdraw(tracker, board, card_id, request)
        return None
    card = _card(board, external_id, request, url)
    if not twins:
        made = tracker.create_card(card)
        # A call that was given up on may have made one as well.
        twins = tracker.find_twins(board.board_id, external_id) or (made,)
    for twin in twins[1:]:
        tracker.remove_card(twin)
    tracker.complete_card(twins[0], card)
    _renew(tracker, board, twins[0], card, request)
    return None


def _board(tracker: TaskTracker, request: InvoiceRequest) -> Board:
    title = request.send_to.partition(COLUMN_MARK)[0].strip()
    stages = [_told(request, f"stage.{one}") for one in _STAGES]
    return tracker.find_board(title) or tracker.create_board(title, stages)


def _card(board: Board, external_id: str, request: InvoiceRequest, url: str) -> NewCard:
    column = request.send_to.partition(COLUMN_MARK)[2].strip()
    stage = next((one for one in board.stages if one.title == column), board.stages[0])
    links = [Link(url, _told(request, "link"))] if url else []
    links.append(Link(request.body["evidence"], _told(request, "evidence")))
    return NewCard(
        external_id=external_id,
        board_id=board.board_id,
        stage_id=stage.stage_id,
        title=subject_of(request),
        facts=tuple(_facts(request, url)),
        due_on=None,
        estimate_hours=0.0,
        assignee_id=None,
        steps=(),
        links=tuple(links),
    )


def _facts(request: InvoiceRequest, url: str) -> list[tuple[str, str]]:
    """Lines of the description: each is one line, so that every tracker can tell them apart."""
    locale = request.locale
    titled = [
        (render(sentence(f"accounting_page.{name}"), locale), text)
        for name, text in facts_of(request, locale)
    ]
    facts = [
        (_told(request, "revision"), str(request.revision)),
        *titled,
        (_told(request, "lines"), "; ".join(line_texts(request, MOST_LINES))),
        (_told(request, "total"), total_text(request)),
    ]
    if left_out := left_out_texts(request):
        facts.append((_told(request, "left_out"), " ".join(left_out)))
    facts.append((_told(request, "answer"), _told(request, "how_by_page" if url else "how_in_row")))
    return [(about, one_line(text)) for about, text in facts]


def _renew(tracker: TaskTracker, board: Board, card_id: str, card: NewCard, request: InvoiceRequest) -> None:
    """Bring a card of an earlier revision up to date. Its revision is changed last, after the comment."""
    found = tracker.get_card(board.board_id, card_id)
    if found is None:
        return
    revision = _told(request, "revision")
    known = dict(found.facts)
    changed = [
        FactChange(about, known.get(about, ""), text)
        for about, text in card.facts
        if known.get(about) != text
    ]
    if not any(one.about == revision for one in changed):
        return
    tracker.comment_card(card_id, _told(request, "revised", revision=request.revision))
    title = found.title if found.title == card.title else card.title
    tracker.change_card(board.board_id, card_id, CardChange(title=title, facts=tuple(changed)))


def _withdraw(tracker: TaskTracker, board: Board, card_id: str, request: InvoiceRequest) -> None:
    told = {"number": request.human_number, "revision": request.revision}
    tracker.comment_card(card_id, _told(request, "withdrawn", **told))
    title = _told(request, "withdrawn_title", title=subject_of(request))
    # Without its revision, so that the next one is told of, whichever it is.
    found = tracker.get_card(board.board_id, card_id)
    if found is not None and found.title != title:
        revision = _told(request, "revision")
        before = found.facts.get(revision, "")
        change = FactChange(revision, before, _told(request, "withdrawn_fact"))
        tracker.change_card(board.board_id, card_id, CardChange(title=title, facts=(change,)))


def _told(request: InvoiceRequest, code: str, **where: Any) -> str:
    return render(sentence(f"accounting.card.{code}", **where), request.locale)
