"""*Пригласить клиента в проект…*: invites a person of the client to the project in the tracker."""

from __future__ import annotations

from typing import cast

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.ports import GuestHost
from vitrina.records.books import book_key, project_from_document
from vitrina.texts import sentence


def invite_client(run: Run, spreadsheet_id: str, email: str) -> Answer:
    """Invite a person by e-mail; warn if the tracker made him a full member.

    The e-mail is not kept. Where the agency has not switched guests on, nobody is invited.
    """
    services, key = run.services, book_key(spreadsheet_id)
    project = project_from_document(services.store.get_many([key]).get(key))
    tracker = services.tracker(project.tracker)
    if not tracker.can.invites_guests:
        raise UserError("invite.off", service=tracker.name)
    guest = cast(GuestHost, tracker).invite_guest(project.board_id, email.strip())
    if guest.is_guest:
        return Answer(Outcome.DONE, sentence("invite.done", service=tracker.name))
    details = (sentence("invite.member_how", service=tracker.name),)
    return Answer(Outcome.PARTIAL, sentence("invite.member", service=tracker.name), details=details)
