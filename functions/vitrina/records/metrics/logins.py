"""Logins of sources that a vendor does not accept any more, so that the agency is told of each once."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, to_builtins

from vitrina.ports import Delete, Document, Key, Put, Store

METRIC_LOGIN = "metric_login"


class DeadLogin(Struct, frozen=True):
    """A login whose token is dead. ``since`` is the moment when this was noticed first, ISO text."""

    agency_id: str
    system: str
    login: str
    since: str

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return login_key(self.agency_id, self.system, self.login)

    def put(self) -> Put:
        """The write that keeps it."""
        return Put(*self.key, to_builtins(self))

    def delete(self) -> Delete:
        """The write that forgets it: its token works again."""
        return Delete(*self.key)


def login_key(agency_id: str, system: str, login: str) -> Key:
    """Where a dead login is kept."""
    return METRIC_LOGIN, f"{agency_id}:{system}:{login}"


def load_dead_logins(store: Store, keys: Iterable[Key]) -> dict[Key, DeadLogin]:
    """Those of these logins that are known to be dead: one round trip."""
    return {key: _login(one) for key, one in store.get_many(keys).items()}


def _login(document: Document) -> DeadLogin:
    return DeadLogin(**{name: document.data[name] for name in ("agency_id", "system", "login", "since")})
