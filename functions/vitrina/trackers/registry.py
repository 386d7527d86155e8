"""All trackers that Vitrina knows, and the connections of an installation."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from importlib import import_module

from vitrina.errors import ConfigurationError
from vitrina.ports import TaskTracker, TrackerMemory
from vitrina.trackers.connection import Connection, Surroundings

#: Kinds of trackers. Each has a folder of this package, whose ``connect`` makes the adapter of a connection;
#: a process imports those that it has connections to.
KINDS = ("kaiten", "asana", "none")

#: The connection of a project without a tracker; always there.
NONE = Connection("none", "none")
#: The connection whose webhooks have the secret of the installation itself: addresses in live accounts of
#: Kaiten are from releases that knew no other.
FIRST = "kaiten"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_FIELDS = ("kind", "title", "url", "token", "place_id", "own_user_id", "agency")


def connection_from(name: str, data: Mapping[str, str]) -> Connection:
    """The connection of a setting; raises ``ConfigurationError``."""
    if not _NAME.fullmatch(name) or name == NONE.name:
        raise ConfigurationError("settings.tracker_name", name=name)
    known = {key: data[key] for key in _FIELDS if key in data}
    if known.get("kind") not in KINDS:
        raise ConfigurationError("settings.tracker_kind", name=name, allowed=sorted(KINDS))
    options = {key: value for key, value in data.items() if key not in _FIELDS}
    return Connection(name=name, options=options, **known)


def open_trackers(
    connections: Iterable[Connection],
    *,
    webhook_url: str,
    webhook_secret: str,
    memory: Callable[[str], TrackerMemory],
    zone: tzinfo,
    timeout_s: float,
    wait_s: float,
    cards_at_a_time: int,
) -> Mapping[str, TaskTracker]:
    """Adapters of all *connections* by their names, and last the one of projects without a tracker.

    Each is opened when it is asked for, which sends no request. *memory* returns that of a connection by its
    name; the other parameters are those of ``Surroundings`` and of ``webhook_url_of``.
    """

    def opener(one: Connection) -> Callable[[], TaskTracker]:
        url = webhook_url_of(one.name, webhook_url, webhook_secret)
        own = Surroundings(url, memory(one.name), zone, timeout_s, wait_s, cards_at_a_time)
        return lambda: _connect(one, own)

    return _Trackers({one.name: opener(one) for one in (*connections, NONE)})


class _Trackers(Mapping[str, TaskTracker]):
    """Adapters by name, each opened once by the first thread that asks for it."""

    def __init__(self, openers: Mapping[str, Callable[[], TaskTracker]]) -> None:
        self._openers = openers
        self._opened: dict[str, TaskTracker] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> TaskTracker:
        opener = self._openers[name]
        with self._lock:
            if name not in self._opened:
                self._opened[name] = opener()
            return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._openers)

    def __len__(self) -> int:
        return len(self._openers)


def _connect(connection: Connection, surroundings: Surroundings) -> TaskTracker:
    adapter: TaskTracker = import_module(f"vitrina.trackers.{connection.kind}").connect(
        connection, surroundings
    )
    return adapter


def webhook_url_of(name: str, base_url: str, secret: str) -> str:
    """Address of the webhooks of a connection.

    Each connection has a secret of its own: somebody who sees the address in a client's own account cannot
    send webhooks for another connection.
    """
    own = secret if name == FIRST else hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()
    return f"{base_url.rstrip('/')}/{name}/{own}"
