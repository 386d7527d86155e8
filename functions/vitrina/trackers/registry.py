"""All trackers that Vitrina knows, and the connections of an installation."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
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
) -> dict[str, TaskTracker]:
    """Adapters of all *connections* by their names, and last the one of projects without a tracker.

    Sends no request. *memory* returns that of a connection by its name; the other parameters are those of
    ``Surroundings`` and of ``webhook_url_of``.
    """
    return {
        one.name: _connect(
            one,
            Surroundings(
                webhook_url_of(one.name, webhook_url, webhook_secret),
                memory(one.name),
                zone,
                timeout_s,
                wait_s,
            ),
        )
        for one in (*connections, NONE)
    }


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
