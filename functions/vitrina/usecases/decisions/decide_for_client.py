"""*Принять за клиента…*: staff note what the client said, and it is carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.outside.client_pages import ShownItem, load_page
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.texts import sentence
from vitrina.usecases.decisions.decide import Ending, Verdict, decide
from vitrina.usecases.decisions.settle import settle
from vitrina.usecases.decisions.show_to_client import finished_item, show_items
from vitrina.usecases.decisions.typed_text import clean_text


def decide_for_client(
    run: Run, spreadsheet_id: str, *, numbers: Sequence[int], kind: DecisionKind, text: str, note: str
) -> Answer:
    """Accept or return items in the client's name.

    Parameters
    ----------
    note
        How the client said it, for example on the phone.

    Raises
    ------
    UserError
        If an item is not finished, nothing tells how the client said it, or he has decided otherwise.
    """
    if not clean_text(note):
        raise UserError("decision.no_note")
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    _show(run, snapshot, numbers)
    verdict = Verdict(
        kind,
        Channel.STAFF,
        dict.fromkeys(numbers, ""),
        text=text,
        who=run.actor.name,
        note=note,
    )
    outcomes = decide(run.services, spreadsheet_id, snapshot.project.agency_id, verdict, hold=timedelta())
    settled = {one.number for one in settle(run, spreadsheet_id)}
    made = [one.code for one in outcomes if one.ending in (Ending.MADE, Ending.SAME)]
    others = [one.code for one in outcomes if one.ending not in (Ending.MADE, Ending.SAME)]
    waiting = [one.code for one in outcomes if one.ending is Ending.SAME and one.number not in settled]
    if not made:
        raise UserError("decision.otherwise", items=others)
    details = []
    if others:
        details.append(sentence("decision.otherwise", items=others))
    if waiting:
        details.append(sentence("decision.waits", items=waiting))
    code = "decision.accepted" if kind is DecisionKind.ACCEPTED else "decision.returned"
    return Answer(
        Outcome.PARTIAL if others else Outcome.DONE, sentence(code, items=made), details=tuple(details)
    )


def _show(run: Run, snapshot: Snapshot, numbers: Sequence[int]) -> None:
    """Show the client the items that he was not asked about: there is no decision without that."""
    items = [finished_item(snapshot, number) for number in numbers]
    project = snapshot.project
    page = load_page(run.services.store, project.spreadsheet_id, project.agency_id)
    hidden = [item for item in items if not _is_asked(page.by_number.get(item.number))]
    if hidden:
        run.commit(updates=show_items(run, snapshot, hidden))


def _is_asked(shown: ShownItem | None) -> bool:
    """Whether the client is asked about it, or has given an answer that is not carried out yet."""
    if shown is None or shown.is_withdrawn:
        return False
    return shown.decided is None or not shown.decided.is_settled
