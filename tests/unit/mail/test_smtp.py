"""Letters over real SMTP: the same id for a repeat, errors by what helps, and no header from a text."""

from __future__ import annotations

import base64
import dataclasses
import socket
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.harness.mail_box import MailBox, running_mail_box
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError
from vitrina.mail.smtp import Security, SmtpMail, compose
from vitrina.mail_port import Attachment, Letter

pytestmark = pytest.mark.servers

LETTER = Letter("buh@agency.example", "Запрос ЗРН-2026-11-1", "Текст\n", "abc123")


@pytest.fixture(scope="module")
def box() -> Iterator[MailBox]:
    """The server."""
    with running_mail_box() as running:
        yield running


@pytest.fixture
def mail(box: MailBox) -> SmtpMail:
    """The adapter, with an empty box."""
    box.clear()
    return SmtpMail("127.0.0.1", box.port, "vitrina@agency.example", security=Security.NONE, timeout_s=2.0)


def test_a_letter_arrives(box: MailBox, mail: SmtpMail) -> None:
    """Text, thread and file come as they were given."""
    file = Attachment("перечень.xlsx", "application/octet-stream", b"\x00PK")
    mail.send(replace(LETTER, answers="first1", attachments=(file,)))
    [found] = box.letters()
    assert (found["from"], found["to"]) == ("vitrina@agency.example", ["buh@agency.example"])
    assert (found["subject"], found["text"].strip()) == ("Запрос ЗРН-2026-11-1", "Текст")
    assert (found["message_id"], found["in_reply_to"]) == (
        "<abc123@agency.example>",
        "<first1@agency.example>",
    )
    [attached] = found["attachments"]
    assert (attached["name"], base64.b64decode(attached["base64"])) == ("перечень.xlsx", b"\x00PK")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (451, RetriableServiceError),
        (550, FatalServiceError),
        ("lost", RetriableServiceError),
        ("drop", RetriableServiceError),
    ],
)
def test_refusals(box: MailBox, mail: SmtpMail, reply: int | str, kind: type[Exception]) -> None:
    """What passes may be repeated; a repeat after a lost answer has the same id."""
    box.fail_next(reply)
    with pytest.raises(kind):
        mail.send(LETTER)
    mail.send(LETTER)
    assert len(box.letters()) == (2 if reply == "lost" else 1)
    assert len(box.threads()) == 1


def test_nobody_there(mail: SmtpMail) -> None:
    """A server that is down, or says nothing, is one to come back to, within the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(RetriableServiceError):
            dataclasses.replace(mail, port=port, timeout_s=0.2).send(LETTER)
    with pytest.raises(RetriableServiceError):
        dataclasses.replace(mail, port=port).send(LETTER)


def test_without_encryption_nothing_leaves(box: MailBox, mail: SmtpMail) -> None:
    """A server that offers no encryption gets no letter and no password."""
    with pytest.raises(FatalServiceError):
        dataclasses.replace(mail, security=Security.STARTTLS, user="u", password="secret").send(LETTER)
    assert box.letters() == []


def test_a_login_that_is_not_offered(box: MailBox, mail: SmtpMail) -> None:
    """A server without login refuses ours for good."""
    with pytest.raises((FatalServiceError, AccessDeniedError)):
        dataclasses.replace(mail, user="u", password="secret").send(LETTER)
    assert box.letters() == []


@pytest.mark.parametrize(
    "to", ["=?utf-8?q?=0d=0aBcc:_x?=@evil.example", "a@b.ru, c@d.ru", "a@b.ru\nBcc: c@d.ru", ""]
)
def test_an_address_is_one_address(box: MailBox, mail: SmtpMail, to: str) -> None:
    """What is no single address gets no letter."""
    with pytest.raises(FatalServiceError):
        mail.send(replace(LETTER, to=to))
    assert box.letters() == []


HOSTILE = (
    "Тема\r\nBcc: all@evil.example",
    "Тема\nX-Evil: 1\n\nтело",
    "\x00\x08\x1b[31mТема\u202e",
    "=?utf-8?q?=0d=0aBcc:_all@evil.example?=",
    "😀" * 5000,
    "\ud800 половина",
    "<script>alert(1)</script>\u2028Bcc: all@evil.example",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_a_header(box: MailBox, mail: SmtpMail, text: str) -> None:
    """Whatever a client typed, the letter has the same headers and one recipient."""
    expected = {name for name, _ in compose(LETTER, "vitrina@agency.example").items()}
    mail.send(replace(LETTER, subject=text, text=text))
    [found] = box.letters()
    names = [name for name, _ in found["headers"]]
    assert set(names) == expected
    assert len(names) == len(set(names))
    assert found["to"] == ["buh@agency.example"]
    assert found["message_id"] == "<abc123@agency.example>"
    assert not set(found["subject"]) & set("\r\n\x00\x1b\u202e\u2028")
    assert not set(found["text"]) & set("\x00\x1b\u202e\u2028")
