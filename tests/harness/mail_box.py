"""The mail server's emulator beside the other servers, and letters as a person would find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.common.server import running
from emulators.smtp import MailServer, create_app, running_mail
from emulators.world.processes import mail_settings


@dataclass(frozen=True)
class MailBox:
    """What accounting receives."""

    server: MailServer
    port: int
    http: httpx.Client

    @property
    def settings(self) -> dict[str, str]:
        """Settings by which the product finds the server."""
        return mail_settings(self.port)

    def letters(self) -> list[dict[str, Any]]:
        """All letters that came, repeats as well, from the control page."""
        found: list[dict[str, Any]] = self.http.get("/_emulator/letters").raise_for_status().json()["letters"]
        return found

    def threads(self) -> dict[str, dict[str, Any]]:
        """The letters that a mail program shows: of those with one id, one."""
        return {one["message_id"]: one for one in self.letters()}

    def fail_next(self, reply: int | str, count: int = 1) -> None:
        """Have the next letters fail."""
        body = {"reply": reply, "count": count}
        self.http.post("/_emulator/fail-next", json=body).raise_for_status()

    def clear(self) -> None:
        """Begin with no letters and no faults."""
        self.http.post("/_emulator/reset").raise_for_status()


@contextmanager
def running_mail_box() -> Iterator[MailBox]:
    """The emulator on free ports."""
    server = MailServer()
    with running_mail(server) as port, running(create_app(server)) as url, local_client(base_url=url) as http:
        yield MailBox(server, port, http)
