"""Jobs for cards that were wanted and not created, or that may have appeared late."""

from __future__ import annotations

from vitrina.errors import BusyError, ChangedMeanwhileError, UserError
from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import fulfil, fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.snapshot import read_stored
from vitrina.usecases.tracker.make_cards import push_wish
from vitrina.usecases.tracker.push import push
from vitrina.usecases.tracker.unused_cards import remove_unused


def push_wanted(services: Services, body: Json) -> None:
    """Create the wanted cards that a push did not create, and remove duplicates that appeared late."""
    spreadsheet_id = body["spreadsheet_id"]
    run = Run(services, CLOCK)
    with ending(run):
        run.take(spreadsheet_id)
        try:
            push(run, spreadsheet_id, only_wanted=True)
        except (BusyError, ChangedMeanwhileError):
            # This passes: the queue delivers the task again.
            raise
        except UserError:
            # Nothing is in progress any more; a click on the action tells a person.
            run.drop_final_writes()
            run.at_end(fulfil(push_wish(spreadsheet_id).name))


def remove_orphans(services: Services, body: Json) -> None:
    """Remove cards that appeared after an undo, unless somebody works on them.

    An item may have been started and pushed again since then: its own card stays, and a card that it still
    wants is left to the next push.
    """
    spreadsheet_id = body["spreadsheet_id"]
    run = Run(services, CLOCK)
    with ending(run):
        run.take(spreadsheet_id)
        stored = read_stored(run, spreadsheet_id)
        tracker = services.tracker(stored.project.tracker)
        items = {item.external_id: item for item in stored.work.value.items.values()}
        for external_id, created_as in body["created_as"].items():
            item = items.get(external_id)
            if item is not None and item.is_card_wanted:
                continue
            keep = item.card_id if item is not None else ""
            remove_unused(tracker, stored.project.board_id, external_id, created_as, keep=keep)
        run.at_end(*fulfilled(body))
