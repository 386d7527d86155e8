"""Emulators and functions in threads of this process: they start quickly and can be profiled.

Where seconds are measured, the emulators run in processes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import emulators.amocrm.routes
import emulators.asana.routes
import emulators.google.app
import emulators.kaiten.routes
import emulators.tasks.routes
from emulators.common.server import free_port, running
from emulators.world.functions import create_app as create_functions
from emulators.world.processes import Ports, World


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


@contextmanager
def running_emulator_processes(
    folder: Path, names: Sequence[str] = ("google", "kaiten", "tasks")
) -> Iterator[Servers]:
    """The emulators *names* in processes of their own, and the functions in a thread of this one.

    Google runs in a thread as well where it is not among them. States and logs are in *folder*.
    """
    ports = Ports(google=free_port(), kaiten=free_port(), tasks=free_port())
    world = World(ports, folder, people=(), environment={})
    with ExitStack() as stack:
        if "google" not in names:
            stack.enter_context(running(emulators.google.app.create_app(), ports.google))
        stack.callback(world.stop)
        for name in names:
            world.start(name)
            world.wait(name)
        functions = stack.enter_context(running(create_functions()))
        yield Servers(ports.url("google"), ports.url("kaiten"), ports.url("tasks"), functions)
