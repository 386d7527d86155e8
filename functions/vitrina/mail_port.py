"""Protocol of a mail server that takes letters, beside the other protocols in ``ports``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Attachment:
    """A file of a letter. ``media_type`` as in ``text/plain``."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
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
