"""What ``python -m vitrina doctor --mail`` does."""

from __future__ import annotations

from collections.abc import Callable

from vitrina.bootstrap import open_mail
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.installation.checks import format_facts
from vitrina.cli.doctor.installation.fact import Condition, Fact, WrongError, find_out
from vitrina.errors import ServiceError
from vitrina.mail_port import MailServer
from vitrina.settings import Settings
from vitrina.texts import Sentence, render

#: Bytes that a letter with the longest list of works has, at most.
LARGEST_LETTER = 1_000_000


def run_for_mail(settings: Settings) -> int:
    """Print what was found; 0 if all is well, 2 if there is no mail server."""
    mail = open_mail(settings)
    if mail is None:
        print_error(
            "There is no mail server: set VITRINA_SMTP_HOST and VITRINA_SMTP_SENDER (docs/settings.md)."
        )
        return 2
    facts = check_mail(mail.look, settings)
    print_line(f"The mail server\n\n{format_facts(facts)}\n\nNo letter was sent.")
    return 0 if all(one.condition == Condition.OK for one in facts) else 1


def check_mail(look: Callable[[], MailServer], settings: Settings) -> list[Fact]:
    """What the server is like; where it does not let us in, nothing else can be said."""
    found: list[MailServer] = []

    def connect() -> str:
        try:
            server = look()
        except ServiceError as error:
            # What the library says names the certificate, the host or the reply of the server.
            why = f" ({error.__cause__})" if error.__cause__ else ""
            raise WrongError(render(Sentence(error.code, error.where), "en") + why) from error
        found.append(server)
        return f"{settings.smtp_host}:{settings.smtp_port} answers, {server.encryption}"

    facts = [find_out("connection", connect)]
    for server in found:
        facts.append(find_out("login", lambda server=server: _login(server, settings)))  # type: ignore[misc]
        facts.append(find_out("sender", lambda server=server: _sender(server, settings)))  # type: ignore[misc]
        facts.append(find_out("size", lambda server=server: _size(server)))  # type: ignore[misc]
    return facts


def _login(server: MailServer, settings: Settings) -> str:
    if settings.smtp_user:
        return f"{settings.smtp_user} is let in"
    if server.wants_login:
        raise WrongError("the server offers a login: set VITRINA_SMTP_USER and VITRINA_SMTP_PASSWORD")
    return "the server asks for none"


def _sender(server: MailServer, settings: Settings) -> str:
    if server.sender_refusal:
        raise WrongError(f"letters from {settings.smtp_sender} are refused: {server.sender_refusal}")
    return f"letters from {settings.smtp_sender} would be taken"


def _size(server: MailServer) -> str:
    if 0 < server.most_bytes < LARGEST_LETTER:
        raise WrongError(f"letters may have {server.most_bytes} bytes; a long list of works has more")
    return f"letters may have {server.most_bytes} bytes" if server.most_bytes else "the server names no limit"
