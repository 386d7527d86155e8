"""What the doctor says about a mail server, over real SMTP; it sends no letter."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.harness.mail_box import MailBox, running_mail_box
from vitrina.cli.commands import main

pytestmark = pytest.mark.servers

PASSWORD = "a-password-of-the-mailbox"
ENVIRONMENT = {
    "VITRINA_STORE": "store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "123-abc",
    "VITRINA_OWNERS": "owner@a.test",
    "VITRINA_SERVICE_ACCOUNT": "vitrina@a.test",
    "VITRINA_TASK_URL": "https://vitrina.a.test/task",
    "VITRINA_WEBHOOK_URL": "https://vitrina.a.test/webhook",
    "VITRINA_WEBHOOK_SECRET": "s3cret" * 8,
}


class Strict:
    """A server that takes letters from one sender only, and counts what it is given."""

    def __init__(self) -> None:
        self.letters = 0

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """``MAIL FROM``."""
        del server, session, options
        if address != "vitrina@a.test":
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A letter."""
        del server, session, envelope
        self.letters += 1
        return "250 OK"


@contextmanager
def strict_server(most_bytes: int = 30_000_000) -> Iterator[tuple[Strict, int]]:
    """A running server with a login."""
    handler = Strict()

    def check(server: SMTP, session: Session, envelope: Envelope, how: str, data: object) -> AuthResult:
        del server, session, envelope, how
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        authenticator=check,
        auth_require_tls=False,
        data_size_limit=most_bytes,
    )
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


def doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **settings: str
) -> tuple[int, str]:
    """Run the command; what it printed."""
    for name, value in {
        **ENVIRONMENT,
        **{f"VITRINA_SMTP_{key}": one for key, one in settings.items()},
    }.items():
        monkeypatch.setenv(name, value)
    code = main(["doctor", "--mail"])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def own(port: int, **more: str) -> dict[str, str]:
    """Settings of a server on this machine."""
    return {"HOST": "127.0.0.1", "PORT": str(port), "SENDER": "vitrina@a.test", "SECURITY": "none", **more}


def test_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Connection, login, sender and size; no letter came."""
    with strict_server() as (handler, port):
        code, printed = doctor(monkeypatch, capsys, **own(port, USER="vitrina", PASSWORD=PASSWORD))

    assert code == 0, printed
    assert "vitrina is let in" in printed
    assert "30000000 bytes" in printed
    assert PASSWORD not in printed
    assert handler.letters == 0


@pytest.mark.parametrize(
    ("more", "most_bytes", "told"),
    [
        ({"USER": "vitrina", "PASSWORD": "wrong-password"}, 30_000_000, "535"),
        ({}, 30_000_000, "set VITRINA_SMTP_USER"),
        ({"USER": "v", "PASSWORD": PASSWORD, "SENDER": "other@a.test"}, 30_000_000, "not owned by user"),
        ({"USER": "v", "PASSWORD": PASSWORD}, 100_000, "100000 bytes"),
        ({"USER": "v", "PASSWORD": PASSWORD, "SECURITY": "starttls"}, 30_000_000, "STARTTLS"),
    ],
)
def test_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, str],
    most_bytes: int,
    told: str,
) -> None:
    """It is said what to do, without the password."""
    with strict_server(most_bytes) as (handler, port):
        code, printed = doctor(monkeypatch, capsys, **own(port, **more))

    assert (code, "WRONG" in printed) == (1, True), printed
    assert told in printed
    assert PASSWORD not in printed
    assert "wrong-password" not in printed
    assert handler.letters == 0


def test_nobody_there_and_nothing_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port at which nobody listens; no settings at all; a plain server without a login is well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert doctor(monkeypatch, capsys)[0] == 2
    code, printed = doctor(monkeypatch, capsys, **own(port))
    assert (code, "refused" in printed.lower()) == (1, True), printed
    box: MailBox
    with running_mail_box() as box:
        assert doctor(monkeypatch, capsys, **own(box.port))[0] == 0
        assert box.letters() == []
