"""Links that open a page without a login: that of a project for its client, and what is like it.

The token of a link is known to those who have the link: the store keeps only its hash. That of a link for
digests is computed from a secret of the installation and a random value that is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Self, TypeVar

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, EXPIRES_AT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

CLIENT_LINK = "client_link"
#: What stands before the token in the path of a page.
PLACE = "c"

#: Bytes of a token. It has 22 characters then.
TOKEN_BYTES = 16
TOKEN_CHARACTERS = 22
#: Tokens whose hashes a process remembers.
MOST_HASHES = 1_000
#: A link that nobody may use any more is kept for so long, so that its page can say why.
KEPT_AFTER = timedelta(days=365)
#: That a link was opened is noted once in this time.
NOTED_EVERY = timedelta(hours=1)
#: Acts that one link may make in an hour.
MOST_ACTS = 30

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


class Scope(StrEnum):
    """What a link is good for."""

    LOOK = "look"
    ACT = "act"


#: How long a new link can be used.
LIFE = {Scope.LOOK: timedelta(days=365), Scope.ACT: timedelta(days=90)}


class SecretLink(Struct, frozen=True):
    """A link of a project. Moments are ISO text.

    Each class has documents of a kind of its own, so that a token of one opens nothing of another.

    Parameters
    ----------
    token_hash
        SHA-256 of the token.
    valid_until
        When it stops working.
    opened_hours
        In how many hours it was opened, ``NOTED_EVERY`` being one.
    acts_since, acts
        The hour that is counted, and the acts of the link in it.
    seed
        The random value of a link for digests; empty for the others.
    """

    token_hash: str
    spreadsheet_id: str
    agency_id: str
    scope: str
    created_at: str
    valid_until: str
    is_revoked: bool = False
    first_opened_at: str = ""
    last_opened_at: str = ""
    opened_hours: int = 0
    acts_since: str = ""
    acts: int = 0
    seed: str = ""
    version: int = ABSENT

    @property
    def link_id(self) -> str:
        """Names the link among those of its project. It cannot be opened with that."""
        return self.token_hash[:12]

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return self.key_of(self.token_hash)

    @staticmethod
    def key_of(token_hash: str) -> Key:
        """Where a link of this class is kept."""
        raise NotImplementedError

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return now >= datetime.fromisoformat(self.valid_until)

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        until = (datetime.fromisoformat(self.valid_until) + KEPT_AFTER).isoformat()
        data = {name: one for name, one in to_builtins(self).items() if name not in ("token_hash", "version")}
        return Put(*self.key, {**data, "due_at": until, EXPIRES_AT: until}, self.version)

    def opened(self, now: datetime) -> Self | None:
        """The link opened now, ``None`` where this was noted a short time ago."""
        if self.last_opened_at and now < datetime.fromisoformat(self.last_opened_at) + NOTED_EVERY:
            return None
        return replace(
            self,
            first_opened_at=self.first_opened_at or now.isoformat(),
            last_opened_at=now.isoformat(),
            opened_hours=self.opened_hours + 1,
        )

    def acted(self, now: datetime) -> Self | None:
        """The link with one more act, ``None`` where there were too many in this hour."""
        is_new_hour = not self.acts_since or now >= datetime.fromisoformat(self.acts_since) + NOTED_EVERY
        if is_new_hour:
            return replace(self, acts_since=now.isoformat(), acts=1)
        return replace(self, acts=self.acts + 1) if self.acts < MOST_ACTS else None


class ClientLink(SecretLink, frozen=True):
    """A link to the page of a project."""

    @staticmethod
    def key_of(token_hash: str) -> Key:
        """See ``SecretLink``."""
        return CLIENT_LINK, token_hash

    @property
    def may_act(self) -> bool:
        """Whether more can be done with it than to look."""
        return self.scope == Scope.ACT


AnyLink = TypeVar("AnyLink", bound=SecretLink)


def new_link(spreadsheet_id: str, agency_id: str, scope: Scope, now: datetime) -> tuple[ClientLink, str]:
    """A new link, and its token, which nobody knows afterwards."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    until = now + LIFE[scope]
    link = ClientLink(
        hash_of(token), spreadsheet_id, agency_id, scope.value, now.isoformat(), until.isoformat()
    )
    return link, token


def new_digest_link(
    spreadsheet_id: str, agency_id: str, secret: str, now: datetime
) -> tuple[ClientLink, str]:
    """A new link to look, whose token can be computed again with the secret of the installation."""
    seed = secrets.token_hex(TOKEN_BYTES)
    token = digest_token(secret, spreadsheet_id, seed)
    link, _ = new_link(spreadsheet_id, agency_id, Scope.LOOK, now)
    return replace(link, token_hash=hash_of(token), seed=seed), token


def digest_token(secret: str, spreadsheet_id: str, seed: str) -> str:
    """The token of a link for digests."""
    message = f"digest:{spreadsheet_id}:{seed}".encode()
    signed = hmac.new(secret.encode(), message, hashlib.sha256).digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


@lru_cache(maxsize=MOST_HASHES)
def hash_of(token: str) -> str:
    """What the store knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(text: str) -> bool:
    """Whether a text looks like a token; others need not be looked for."""
    return _TOKEN.fullmatch(text) is not None


def load_link(store: Store, token_hash: str, kind: type[AnyLink]) -> AnyLink | None:
    """Find the link of this kind whose token has this hash; ``None`` if there is none. One read."""
    key = kind.key_of(token_hash)
    document = store.get_many([key]).get(key)
    return link_from_document(document, kind) if document is not None else None


def find_links(store: Store, spreadsheet_id: str) -> list[ClientLink]:
    """All links of a project, the newest first."""
    found = store.find(CLIENT_LINK, where={"spreadsheet_id": spreadsheet_id})
    links = (link_from_document(one, ClientLink) for one in found)
    return sorted(links, key=lambda one: one.created_at, reverse=True)


def note_opening(store: Store, link: SecretLink, now: datetime) -> None:
    """Note that a link was opened; where somebody changed it at this moment, the next opening is noted."""
    opened = link.opened(now)
    if opened is None:
        return
    try:
        store.commit([opened.put()])
    except StoreConflictError:
        return


def note_act(store: Store, link: SecretLink, now: datetime) -> bool:
    """Count an act of a link; ``False`` if it has made too many in this hour."""
    current: SecretLink | None = link
    while current is not None:
        acted = current.acted(now)
        if acted is None:
            return False
        try:
            store.commit([acted.put()])
        except StoreConflictError:
            current = load_link(store, link.token_hash, type(link))
        else:
            return True
    return False


def link_from_document(document: Document, kind: type[AnyLink]) -> AnyLink:
    """The link of this kind that a document keeps."""
    known = known_fields(kind, document.data)
    return kind(**{**known, "token_hash": document.key, "version": document.version})
