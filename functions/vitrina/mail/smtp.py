"""A mail server over SMTP, with the standard library.

The name of a letter becomes its ``Message-ID``, so that a repeat after a lost answer is the same letter. No
text can add a header: signs that are not printable are taken out, and ``email`` refuses line breaks.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum

from vitrina.deadline import outside_call, read_until_deadline
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError
from vitrina.mail_port import Letter, MailServer

#: Seconds that the server may take to receive a letter.
TIMEOUT_S = 40.0
NAME = "SMTP"
#: From this reply on the server says that a repeat does not help.
_PERMANENT = 500
#: From this one on, that it does not do what was asked.
_REFUSED = 400
#: Most characters of a subject.
_MOST_SUBJECT = 300
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,250}")


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    #: Only to this machine.
    NONE = "none"


@dataclass(frozen=True)
class SmtpMail:
    """``Mail`` over SMTP. An empty *user* does not log in."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    security: Security = Security.STARTTLS
    timeout_s: float = TIMEOUT_S

    def send(self, letter: Letter) -> None:
        """See ``Mail``."""
        message = compose(letter, self.sender)
        with _translated(), self._connection() as server:
            server.send_message(message, from_addr=self.sender, to_addrs=[letter.to])

    def look(self) -> MailServer:
        """Connect, log in, ask whether our sender may send, and leave without a letter.

        Raises as ``send`` does.
        """
        with _translated(), self._connection() as server:
            server.ehlo_or_helo_if_needed()
            code, said = server.mail(self.sender)
            refusal = "" if code < _REFUSED else f"{code} {said.decode('utf-8', 'replace')}"
            size = server.esmtp_features.get("size", "")
            found = MailServer(
                _encryption_of(server),
                server.has_extn("auth"),
                refusal,
                int(size) if size.isascii() and size.isdecimal() else 0,
            )
            server.rset()
            server.quit()
        return found

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        with outside_call(NAME, self.timeout_s) as limit_s:
            server = self._connect(limit_s)
            try:
                if self.security is Security.STARTTLS:
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                yield server
            finally:
                # The letter is handed over by now: a lost answer to the goodbye means nothing.
                server.close()

    def _connect(self, limit_s: float) -> smtplib.SMTP:
        if self.security is Security.TLS:
            context = ssl.create_default_context()
            return _TimedTls(self.host, self.port, timeout=limit_s, context=context)
        return _Timed(self.host, self.port, timeout=limit_s)


class _Timed(smtplib.SMTP):
    """Reads every reply until the deadline, however slowly it comes."""

    def getreply(self) -> tuple[int, bytes]:
        """See ``smtplib.SMTP``."""
        if self.file is None and self.sock is not None:
            self.file = read_until_deadline(self.sock)
        return super().getreply()


class _TimedTls(_Timed, smtplib.SMTP_SSL):
    """The same over TLS from the beginning."""


def _encryption_of(server: smtplib.SMTP) -> str:
    if isinstance(server.sock, ssl.SSLSocket):
        return f"encrypted with {server.sock.version()}"
    return "not encrypted"


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it travels; raises ``FatalServiceError`` if the address is none."""
    if not _ADDRESS.fullmatch(letter.to):
        raise FatalServiceError("mail.refused", service=NAME)
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = _one_line(letter.subject)[:_MOST_SUBJECT]
    message["Message-ID"] = f"<{letter.name}@{domain}>"
    if letter.answers:
        message["In-Reply-To"] = message["References"] = f"<{letter.answers}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain(letter.text))
    for one in letter.attachments:
        main, _, sub = one.media_type.partition("/")
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=_one_line(one.name))
    return message


@contextmanager
def _translated() -> Iterator[None]:
    """Turn refusals of the server into our errors."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise AccessDeniedError("mail.unauthorized", service=NAME) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _refusal(min(codes, default=_PERMANENT)) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from error
    except smtplib.SMTPNotSupportedError as error:
        raise FatalServiceError("mail.refused", service=NAME) from error
    except (OSError, smtplib.SMTPException) as error:
        raise RetriableServiceError("service.no_answer", service=NAME) from error


def _refusal(code: int) -> FatalServiceError | RetriableServiceError:
    if code >= _PERMANENT:
        return FatalServiceError("mail.refused", service=NAME, status=code)
    return RetriableServiceError("service.busy", service=NAME)


def _one_line(text: str) -> str:
    """The text as the value of a header: ``email`` decodes ``=?…?=`` in it, with any line breaks there."""
    return " ".join(_plain(text).replace("=?", "= ?").split())


def _plain(text: str) -> str:
    """The text without signs that cannot be seen, and without halves of characters."""
    kept = "".join(one for one in text if one.isprintable() or one in "\n\t\u00a0")
    return kept.encode("utf-8", "replace").decode("utf-8")
