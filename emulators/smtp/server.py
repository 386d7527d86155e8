"""Takes letters over SMTP, keeps them, and fails as it was asked to."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from emulators.common.server import free_port

HOST = "127.0.0.1"
#: Most bytes of a letter.
MOST_BYTES = 10_000_000
#: The letter is kept, and the connection closed without an answer.
LOST = "lost"
#: The connection is closed before the letter is kept.
DROPPED = "drop"


@dataclass
class Fault:
    """What happens to the next *count* letters: an SMTP reply such as 451 or 550, ``LOST`` or ``DROPPED``."""

    count: int
    reply: int | str


class MailServer:
    """Letters as they came, the oldest first. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: list[bytes] = []
        self._envelopes: list[tuple[str, list[str]]] = []
        self._faults: list[Fault] = []

    def clear(self) -> None:
        """Forget letters and faults."""
        with self._lock:
            self._letters, self._envelopes, self._faults = [], [], []

    def fail_next(self, reply: int | str, count: int = 1) -> None:
        """Have the next letters fail."""
        with self._lock:
            self._faults.append(Fault(count, reply))

    def letters(self) -> list[dict[str, Any]]:
        """All letters that were taken, read with Python's own parser."""
        with self._lock:
            taken = list(zip(self._letters, self._envelopes, strict=True))
        return [_letter(raw, sender, recipients) for raw, (sender, recipients) in taken]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter; the name is that of aiosmtpd."""
        del session
        with self._lock:
            fault = self._take_fault()
            if fault is None or fault == LOST:
                self._letters.append(cast(bytes, envelope.content))
                self._envelopes.append((str(envelope.mail_from), [str(one) for one in envelope.rcpt_tos]))
        if fault in (LOST, DROPPED) and server.transport is not None:
            server.transport.abort()
        if isinstance(fault, int):
            return f"{fault} refused for a test"
        return "250 OK"

    def _take_fault(self) -> int | str | None:
        if not self._faults:
            return None
        fault = self._faults[0]
        fault.count -= 1
        if fault.count <= 0:
            self._faults.pop(0)
        return fault.reply


@contextmanager
def running_mail(server: MailServer, port: int = 0) -> Iterator[int]:
    """Serve SMTP from a thread while the block runs; yields the port. Port 0 takes a free one."""
    chosen = port or free_port()
    controller = Controller(server, hostname=HOST, port=chosen, decode_data=False, data_size_limit=MOST_BYTES)
    controller.start()
    try:
        yield chosen
    finally:
        controller.stop()


def _letter(raw: bytes, sender: str, recipients: list[str]) -> dict[str, Any]:
    message = cast(EmailMessage, message_from_bytes(raw, policy=default))
    body = message.get_body(("plain",))
    return {
        "from": sender,
        "to": recipients,
        "headers": [[name, str(value)] for name, value in message.items()],
        "subject": str(message["Subject"]),
        "message_id": str(message["Message-ID"]).strip(),
        "in_reply_to": str(message["In-Reply-To"] or "").strip(),
        "text": "" if body is None else body.get_content(),
        "attachments": [
            {
                "name": one.get_filename(),
                "media_type": one.get_content_type(),
                "base64": base64.b64encode(one.get_content()).decode(),
            }
            for one in message.iter_attachments()
        ],
        "raw": raw.decode("utf-8", "replace"),
    }
