"""*Пригласить клиента в проект…*: only where it is switched on, with a warning about paid seats."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import UserError
from vitrina.operations.answer import Outcome
from vitrina.ports import Guest


class Host:
    """Notes who was invited to which board."""

    def __init__(self, *, is_guest: bool) -> None:
        self.invited: list[tuple[str, str]] = []
        self._is_guest = is_guest

    def __call__(self, board_id: str, email: str) -> Guest:
        """Invite a person."""
        self.invited.append((board_id, email))
        return Guest(self._is_guest)


@pytest.fixture
def office() -> MemoryOffice:
    """An agency with a client."""
    return client_office()


def switch_on(office: MemoryOffice, *, is_guest: bool) -> Host:
    """Let the tracker invite people."""
    host = Host(is_guest=is_guest)
    office.tracker.can = replace(office.tracker.can, invites_guests=True)
    office.tracker.invite_guest = host
    return host


def test_guest_is_invited_to_the_board(office: MemoryOffice) -> None:
    """The e-mail is taken without spaces around it, and not stored."""
    host = switch_on(office, is_guest=True)

    answer = office.do("invite_client", email=" client@zarya.test ")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "invite.done")
    assert [email for _, email in host.invited] == ["client@zarya.test"]
    documents = office.store.page(None, 1000)
    assert not any("client@zarya.test" in str(one.data) for one in documents)


def test_full_member_is_warned_of(office: MemoryOffice) -> None:
    """He takes a paid seat; the answer says how to undo it."""
    switch_on(office, is_guest=False)

    answer = office.do("invite_client", email="client@mayak.example")

    assert (answer.outcome, answer.message.code) == (Outcome.PARTIAL, "invite.member")
    assert [one.code for one in answer.details] == ["invite.member_how"]


def test_nobody_is_invited_unless_switched_on(office: MemoryOffice) -> None:
    """The refusal says who can switch it on."""
    with pytest.raises(UserError) as refused:
        office.do("invite_client", email="client@zarya.test")

    assert refused.value.code == "invite.off"
