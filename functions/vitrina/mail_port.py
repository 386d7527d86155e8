"""Protocol of a mail server that takes letters, beside the other protocols in ``ports``."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Attachment(Struct, frozen=True):
    """A file of a letter. ``media_type`` as in ``text/plain``."""

    name: str
    media_type: str
    content: bytes


class Letter(Struct, frozen=True):
    """A plain letter to one address.

    Parameters
    ----------
    name
        Its own name, which a repeat has too: mail programs show two letters of one name as one.
    answers
        Name of the letter with which it stands in one thread; empty for a first one.
    """

    to: str
    subject: str
    text: str
    name: str
    answers: str = ""
    attachments: tuple[Attachment, ...] = ()


class MailServer(Struct, frozen=True):
    """What a mail server says of itself, after a login and before any letter.

    Parameters
    ----------
    encryption
        In words, for the operator.
    wants_login
        Whether it offers a login.
    sender_refusal
        Why it would take no letter from our sender, empty if it would.
    most_bytes
        Of a letter; 0 if it names no limit.
    """

    encryption: str
    wants_login: bool
    sender_refusal: str
    most_bytes: int


class Mail(Protocol):
    """A mail server of the agency."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over. It may arrive although the answer was lost; a repeat has the same name.

        Raises
        ------
        RetriableServiceError
            If the server does not answer or says to come back later.
        AccessDeniedError
            If it does not let us in.
        FatalServiceError
            If it refuses the letter or the address.
        """
