"""Starts the local world: a process for each emulator, one for the functions, one for the workbench."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from emulators.common.client import local_client
from emulators.world.chat import chat_settings, seed_telegram
from emulators.world.crm import seed_amocrm
from emulators.world.metrica import metrica_settings, seed_metrica

ROOT = Path(__file__).parents[2]
AUDIENCE = "vitrina-addon"
SERVICE_ACCOUNT = "vitrina@local.example"
QUEUE = "projects/local/locations/local/queues/vitrina"
ROBOT_ID = 1
STORE_NAME = "store.sqlite"
FOLDER_TITLE = "Книги клиентов"
FOLDER_MIME_TYPE = "application/vnd.google-apps.folder"
START_TIMEOUT_S = 60.0


class Addresses(Protocol):
    """Gives the addresses of the servers."""

    def url(self, name: str) -> str:
        """Base URL of a server."""
        ...


@dataclass(frozen=True)
class Ports:
    """The port of each server."""

    google: int = 8401
    kaiten: int = 8402
    tasks: int = 8403
    asana: int = 8405
    amocrm: int = 8406
    telegram: int = 8407
    smtp: int = 8408
    #: Where the mail server speaks SMTP; ``smtp`` is its control page.
    mail: int = 8409
    functions: int = 8410
    metrica: int = 8411
    workbench: int = 8400

    def url(self, name: str) -> str:
        """Base URL of a server."""
        return f"http://127.0.0.1:{getattr(self, name)}"


@dataclass(frozen=True)
class Person:
    """A person of the agency."""

    name: str
    email: str
    kaiten_id: int

    @property
    def kaiten_token(self) -> str:
        """The person's token in the local tracker. It is the same in every run, as the state is kept."""
        return local_token(self.kaiten_id)


def local_token(kaiten_id: int) -> str:
    """The token of a user of the local tracker. It is of no use elsewhere."""
    return f"local-{kaiten_id}"


@dataclass
class World:
    """The running world."""

    ports: Ports
    folder: Path
    people: Sequence[Person]
    environment: Mapping[str, str]
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Base URL of a server."""
        return self.ports.url(name)

    def start(self, name: str) -> None:
        """Start one server. ``wait`` returns when it answers."""
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", *self._command(name)],
            cwd=ROOT,
            env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=log,
        )
        self._processes[name] = process

    def wait(self, name: str) -> None:
        """Wait until a started server answers.

        Raises
        ------
        RuntimeError
            If it has stopped or does not answer in time. The message names its log.
        """
        process = self._processes[name]
        give_up_at = time.monotonic() + START_TIMEOUT_S
        with local_client(timeout=5.0) as http:
            while time.monotonic() < give_up_at and process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    http.get(self.url(name) + "/")
                    return
                time.sleep(0.05)
        tail = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{name} did not start, see {self.folder / f'{name}.log'}:\n{tail}")

    def kill(self, name: str) -> None:
        """Kill one server, as a crash would."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop all servers: terminate them, and kill those that do not end."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                continue
            process.kill()

    def _command(self, name: str) -> list[str]:
        port = str(getattr(self.ports, name))
        state = ["--state", str(self.folder / f"{name}.json")]
        match name:
            case "google" | "kaiten" | "asana" | "amocrm" | "telegram" | "metrica":
                return [f"emulators.{name}", "--port", port, *state]
            case "smtp":
                return ["emulators.smtp", "--port", port, "--mail-port", str(self.ports.mail)]
            case "tasks":
                return ["emulators.tasks", "--port", port, "--identity", self.url("google"), *state]
            case "functions":
                return ["emulators.world.functions", "--port", port]
            case _:
                links = ["--google", self.url("google"), "--kaiten", self.url("kaiten")]
                for further in ("asana", "amocrm", "telegram"):
                    if further in self._processes:
                        links += [f"--{further}", self.url(further)]
                links += ["--backend", self.url("functions"), "--audience", AUDIENCE]
                return [
                    "emulators.workbench",
                    "--port",
                    port,
                    *links,
                    "--people",
                    str(self.folder / "people.json"),
                ]


SERVERS = (
    *("google", "kaiten", "asana", "amocrm", "telegram", "metrica", "smtp", "tasks", "functions"),
    "workbench",
)
#: Servers that the functions need before they start.
FIRST_SERVERS = ("google", "kaiten", "asana", "amocrm", "telegram", "metrica", "smtp")


@contextlib.contextmanager
def running_world(
    folder: Path,
    people: Sequence[Person],
    *,
    staff: Sequence[str],
    ports: Ports | None = None,
    servers: Sequence[str] = SERVERS,
    extra: Mapping[str, str] | None = None,
) -> Iterator[World]:
    """Run the world while the block runs. States, logs and the store stay in *folder* for the next run."""
    ports = ports or Ports()
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **settings_environment(folder, ports, staff=staff),
        "VITRINA_SPREADSHEET_URL": ports.url("workbench") + "/#{id}",
        "VITRINA_CLIENT_URL": ports.url("functions") + "/client",
        # Nobody wants to wait ten minutes on one machine.
        "VITRINA_DECISION_HOLD_S": "10",
        **(extra or {}),
    }
    world = World(ports, folder, people, environment)
    try:
        first = [name for name in FIRST_SERVERS if name in servers]
        for name in first:
            world.start(name)
        for name in first:
            world.wait(name)
        space_id = seed_kaiten(world.url("kaiten"), people)
        world.environment = {
            **environment,
            "VITRINA_KAITEN_SPACE_ID": str(space_id),
            "VITRINA_DRIVE_FOLDER_ID": open_folder(world.url("google"), [one.email for one in people]),
        }
        _write_people(folder, people)
        if "asana" in first:
            connection = asana_connection(world.url("asana"), people)
            world.environment = {**world.environment, "VITRINA_TRACKERS": json.dumps({"asana": connection})}
        if "amocrm" in first:
            seed_amocrm(world.url("amocrm"), with_robot(people))
            world.environment = {**world.environment, **crm_settings(world.url("amocrm"))}
        if "telegram" in first:
            seed_telegram(world.url("telegram"), people)
            world.environment = {**world.environment, **chat_settings(world.url("telegram"))}
        if "metrica" in first:
            seed_metrica(world.url("metrica"))
            world.environment = {**world.environment, **metrica_settings(world.url("metrica"))}
        if "smtp" in first:
            world.environment = {**world.environment, **mail_settings(ports.mail)}
        rest = [name for name in servers if name not in first]
        for name in rest:
            world.start(name)
        for name in rest:
            world.wait(name)
        yield world
    finally:
        world.stop()


def settings_environment(folder: Path, servers: Addresses, *, staff: Sequence[str]) -> dict[str, str]:
    """The settings of the product for the local world. Only addresses and identities are its own."""
    functions = servers.url("functions")
    return {
        "VITRINA_STORE": str(folder / STORE_NAME),
        "VITRINA_TOKEN_AUDIENCE": AUDIENCE,
        "VITRINA_OWNERS": ",".join(staff),
        "VITRINA_SERVICE_ACCOUNT": SERVICE_ACCOUNT,
        "VITRINA_TASK_URL": f"{functions}/task",
        "VITRINA_SCHEDULE_URL": f"{functions}/schedule",
        "VITRINA_WEBHOOK_URL": f"{functions}/webhook",
        "VITRINA_WEBHOOK_SECRET": "local-" + "0" * 32,
        "VITRINA_KAITEN_URL": servers.url("kaiten"),
        "VITRINA_KAITEN_TOKEN": local_token(ROBOT_ID),
        "VITRINA_KAITEN_SPACE_ID": "0",
        "VITRINA_TASKS_QUEUE": QUEUE,
        "VITRINA_GOOGLE_URL": servers.url("google"),
        "VITRINA_TASKS_URL": servers.url("tasks"),
        # The Google emulator has no quota unless one is set.
        "VITRINA_TURNS_PER_MINUTE": "6000",
        # Tests click faster than people.
        "VITRINA_CLICKS_PER_MINUTE": "1000000",
        "NO_PROXY": "127.0.0.1",
    }


def crm_settings(base: str) -> dict[str, str]:
    """The settings by which the product finds the local CRM."""
    return {"VITRINA_CRM_URL": base, "VITRINA_CRM_TOKEN": local_token(ROBOT_ID)}


def mail_settings(port: int) -> dict[str, str]:
    """The settings by which the product finds the local mail server."""
    return {
        "VITRINA_SMTP_HOST": "127.0.0.1",
        "VITRINA_SMTP_PORT": str(port),
        "VITRINA_SMTP_SENDER": SERVICE_ACCOUNT,
        "VITRINA_SMTP_SECURITY": "none",
    }


def open_folder(google_url: str, emails: Sequence[str]) -> str:
    """Id of the agency's Drive folder, which *emails* may edit. The first run creates it."""
    with local_client(base_url=f"{google_url}/drive/v3") as drive:
        query = f"name = '{FOLDER_TITLE}' and mimeType = '{FOLDER_MIME_TYPE}'"
        found = drive.get("/files", params={"q": query}).raise_for_status().json()["files"]
        if found:
            return str(found[0]["id"])
        folder = {"name": FOLDER_TITLE, "mimeType": FOLDER_MIME_TYPE}
        folder_id = str(drive.post("/files", json=folder).raise_for_status().json()["id"])
        for email in emails:
            writer = {"type": "user", "role": "writer", "emailAddress": email}
            drive.post(f"/files/{folder_id}/permissions", json=writer).raise_for_status()
        return folder_id


def seed_kaiten(base: str, people: Sequence[Person], **limits: Any) -> int:
    """Create people and a space in the tracker, unless an earlier run did; returns the space's id."""
    with local_client(base_url=base) as kaiten:
        headers = {"Authorization": f"Bearer {local_token(ROBOT_ID)}"}
        known = kaiten.get("/api/latest/spaces", headers=headers)
        if known.status_code == 200 and known.json():
            return int(known.json()[0]["id"])
        answer = kaiten.post("/_emulator/seed", json=_company(people, **limits)).raise_for_status()
        return int(answer.json()["spaces"][0]["id"])


@dataclass(frozen=True)
class AsanaPlaces:
    """Gids of what the local Asana begins with."""

    workspace: str
    general_project: str


def seed_asana(base: str, people: Sequence[Person], **limits: Any) -> AsanaPlaces:
    """Create people, a workspace and the agency's general project, unless an earlier run did."""
    with local_client(base_url=base) as asana:
        headers = {"Authorization": f"Bearer {local_token(ROBOT_ID)}"}
        known = asana.get("/api/1.0/workspaces", headers=headers)
        if known.status_code == 200 and known.json()["data"]:
            workspace = known.json()["data"][0]["gid"]
            projects = asana.get("/api/1.0/projects", params={"workspace": workspace}, headers=headers)
            return AsanaPlaces(workspace, projects.json()["data"][0]["gid"])
        made = asana.post("/_emulator/seed", json=_account(people, **limits)).raise_for_status().json()
        return AsanaPlaces(made["workspace"], made["projects"][0])


def asana_connection(base: str, people: Sequence[Person], **limits: Any) -> dict[str, str]:
    """The connection of ``VITRINA_TRACKERS`` to the local Asana, which is filled if it is empty."""
    places = seed_asana(base, people, **limits)
    return {
        "kind": "asana",
        "url": base,
        "token": local_token(ROBOT_ID),
        "place_id": places.workspace,
        "own_user_id": str(ROBOT_ID),
        "general_project": places.general_project,
    }


def _account(people: Sequence[Person], **limits: Any) -> dict[str, Any]:
    everybody = with_robot(people)
    return {
        "workspace": {
            "name": "Агентство",
            "email_domains": sorted({one.email.rpartition("@")[2] for one in everybody}),
        },
        "teams": [{"name": "Клиенты"}],
        "users": [
            {
                "gid": str(one.kaiten_id),
                "name": one.name,
                "email": one.email,
                "token": one.kaiten_token,
                "is_admin": one.kaiten_id == ROBOT_ID,
            }
            for one in everybody
        ],
        "projects": [{"name": "Все клиенты", "owner": str(ROBOT_ID)}],
        **limits,
    }


def _company(people: Sequence[Person], **limits: Any) -> dict[str, Any]:
    everybody = with_robot(people)
    users = [
        {
            "id": one.kaiten_id,
            "full_name": one.name,
            "email": one.email,
            "username": one.email.split("@")[0],
            "token": one.kaiten_token,
        }
        for one in everybody
    ]
    members = {str(one["id"]): "admin" if one["id"] == ROBOT_ID else "writer" for one in users}
    return {"users": users, "spaces": [{"title": "Клиенты", "users": members}], **limits}


def with_robot(people: Sequence[Person]) -> Sequence[Person]:
    """The product's own account in an outside system, and the people."""
    return [Person("Витрина", SERVICE_ACCOUNT, ROBOT_ID), *people]


def _write_people(folder: Path, people: Sequence[Person]) -> None:
    """Write the list of people from whom the user of the workbench is chosen."""
    rows = [{"name": one.name, "email": one.email, "tracker_token": one.kaiten_token} for one in people]
    (folder / "people.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
