"""The CRM and the chat of a world: their state is saved for every run, and people act in them at once."""

from __future__ import annotations

import pickle
import threading
from typing import Any

from flask import Flask

import emulators.amocrm.routes
import emulators.telegram
from benchmarks.chaos.history import Json
from benchmarks.chaos.trackers import Webhooks
from emulators.common.client import local_client
from tests.emulators.telegram.telegram_world import NO_LIMIT as CHAT_NO_LIMIT
from tests.emulators.telegram.telegram_world import SEED as CHAT_SEED
from tests.emulators.telegram.telegram_world import TOKEN


class Emulated:
    """An emulator whose state is restored for every run.

    Parameters
    ----------
    app
        The emulator; its state is read and changed under ``lock``.
    side
        The name of the extension that has the state, the people and the lock.
    """

    def __init__(self, app: Flask, side: str) -> None:
        self.app = app
        self._side: Any = app.extensions[side]
        self.webhooks: Webhooks = app.extensions["webhooks"]
        self.lock: threading.RLock = self._side.lock  # type: ignore[valid-type]

    def save(self) -> bytes:
        """A copy of the state."""
        with self.lock:
            return pickle.dumps(self._side.state.dump())

    def load(self, state: bytes) -> None:
        """Restore a state."""
        with self.lock:
            self._side.state.load(pickle.loads(state))  # noqa: S301 - of this process
        self.webhooks.clear()

    def do(self, **wanted: Any) -> Json:
        """What a person does there, without a call."""
        with self.lock:
            made: Json = self._side.people.do(wanted)
            return made

    def repeat_webhooks(self) -> None:
        """Send once more what was not taken, as Telegram does some minutes later."""
        self.app.extensions["webhooks"].advance(60.0, 0)

    @property
    def state(self) -> Any:
        """Its rows; read them under ``lock``."""
        return self._side.state


def make_crm() -> Emulated:
    """The CRM."""
    return Emulated(emulators.amocrm.routes.create_app(), "account")


def make_chat() -> Emulated:
    """The chat."""
    return Emulated(emulators.telegram.create_app(), "telegram")


def open_chat(url: str) -> dict[str, str]:
    """Seed the chat without groups; returns the settings of the product."""
    with local_client(base_url=f"{url}/_emulator") as control:
        control.post("/seed", json=CHAT_SEED).raise_for_status()
        control.post("/rate-limit", json=CHAT_NO_LIMIT).raise_for_status()
    return {"VITRINA_CHAT_URL": url, "VITRINA_CHAT_TOKEN": TOKEN}
