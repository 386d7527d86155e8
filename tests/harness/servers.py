"""Emulators and functions in threads of this process: they start quickly and can be profiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import emulators.amocrm.routes
import emulators.asana.routes
import emulators.google.app
import emulators.kaiten.routes
import emulators.tasks.routes
from emulators.common.server import running
from emulators.world.functions import create_app as create_functions


@dataclass(frozen=True)
class Servers:
    """Base URLs of the running emulators and functions."""

    google: str
    kaiten: str
    tasks: str
    functions: str
    asana: str = ""
    amocrm: str = ""
    telegram: str = ""

    def url(self, name: str) -> str:
        """Base URL of a server."""
        return str(getattr(self, name))


@contextmanager
def running_servers() -> Iterator[Servers]:
    """All servers in threads of this process, on free ports."""
    with ExitStack() as stack:
        google = stack.enter_context(running(emulators.google.app.create_app()))
        kaiten = stack.enter_context(running(emulators.kaiten.routes.create_app()))
        tasks = stack.enter_context(running(emulators.tasks.routes.create_app(google)))
        asana = stack.enter_context(running(emulators.asana.routes.create_app()))
        amocrm = stack.enter_context(running(emulators.amocrm.routes.create_app()))
        functions = stack.enter_context(running(create_functions()))
        yield Servers(google, kaiten, tasks, functions, asana, amocrm)
