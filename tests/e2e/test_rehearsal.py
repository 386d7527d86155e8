"""A rehearsed deployment: the files that gcloud would upload, and no packages but those of requirements.txt.

Two instances of each function play the story over Google's Firestore emulator. The emulators of Google,
Kaiten and Cloud Tasks run in the test.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import emulators.amocrm.routes
import emulators.google.app
import emulators.kaiten.routes
import emulators.metrica.routes
import emulators.tasks.routes
import emulators.telegram
from emulators.common.client import local_client
from emulators.common.server import running
from emulators.world.chat import chat_settings, seed_telegram
from emulators.world.crm import seed_amocrm
from emulators.world.metrica import metrica_settings, seed_metrica
from emulators.world.processes import (
    Person,
    crm_settings,
    open_folder,
    seed_kaiten,
    settings_environment,
    with_robot,
)
from emulators.world.sample import load_agency
from emulators.world.story import Story, people_of, staff_of
from emulators.world.timer import call_schedule
from tests.harness.deployed import Front, copy_upload, install_packages, running_front, running_instances
from tests.harness.firestore import new_firestore
from tests.harness.servers import Servers
from vitrina import __version__

INSTANCES = 2
MB = {"512Mi": 512, "1Gi": 1024}
#: An instance that needs more of its memory than this would be too close to its limit.
MOST_MEMORY_RATIO = 0.75


@dataclass
class Deployed:
    """The deployed functions as ``Story`` sees its world."""

    servers: Servers
    people: list[Person]
    environment: Mapping[str, str]

    def url(self, name: str) -> str:
        """Base URL of a server."""
        return self.servers.url(name)


def environment_of(
    servers: Servers, metrica: str, firestore_url: str, people: list[Person], folder: Path
) -> dict[str, str]:
    """What the functions get: the addresses end in their names in Google Cloud."""
    space_id = seed_kaiten(servers.kaiten, people, limit_per_s=500)
    seed_amocrm(servers.amocrm, with_robot(people))
    seed_telegram(servers.telegram, people)
    seed_metrica(metrica)
    return {
        **crm_settings(servers.amocrm),
        **chat_settings(servers.telegram),
        **metrica_settings(metrica),
        **settings_environment(folder, servers, staff=staff_of(load_agency())),
        **{
            f"VITRINA_{name.upper()}_URL": f"{servers.functions}/vitrina-{name}"
            for name in ("task", "schedule", "webhook", "client")
        },
        # The story waits until the client cannot take his decision back.
        "VITRINA_DECISION_HOLD_S": "5",
        "VITRINA_STORE": new_firestore(firestore_url)._database,
        "VITRINA_FIRESTORE_URL": firestore_url,
        "VITRINA_KAITEN_SPACE_ID": str(space_id),
        "VITRINA_DRIVE_FOLDER_ID": open_folder(servers.google, [one.email for one in people]),
    }


@pytest.mark.slow
def test_what_would_be_deployed_plays_the_story(firestore_url: str, tmp_path: Path) -> None:
    """New client, estimate, batch, cards, a moved card, refresh, load and timer."""
    upload = tmp_path / "upload"
    names = copy_upload(upload, tmp_path)
    commands = install_packages(upload / "requirements.txt", tmp_path / "packages")
    sample: Any = load_agency()
    sample = {**sample, "clients": sample["clients"][:1]}
    people = list(people_of(sample))
    said: list[str] = []
    with ExitStack() as stack:
        url, front = stack.enter_context(running_front())
        google = stack.enter_context(running(emulators.google.app.create_app()))
        kaiten = stack.enter_context(running(emulators.kaiten.routes.create_app()))
        tasks = stack.enter_context(running(emulators.tasks.routes.create_app(google)))
        amocrm = stack.enter_context(running(emulators.amocrm.routes.create_app()))
        telegram = stack.enter_context(running(emulators.telegram.create_app()))
        metrica = stack.enter_context(running(emulators.metrica.routes.create_app()))
        servers = Servers(google, kaiten, tasks, url, amocrm=amocrm, telegram=telegram)
        environment = environment_of(servers, metrica, firestore_url, people, tmp_path)
        front.instances = stack.enter_context(
            running_instances(upload, commands, environment, count=INSTANCES, logs=tmp_path)
        )
        check_health(front)

        story = Story(Deployed(servers, people, environment), said.append, sample)  # type: ignore[arg-type]
        stack.callback(story.close)
        story.play()
        timer = call_schedule(servers, audience=environment["VITRINA_SCHEDULE_URL"])

        assert timer.status_code == 200, timer.text
        assert any("вебхук дошёл сам" in line for line in said)
        check_that_all_worked(front)
        check_memory(front)
    assert written(upload) == set(names)


def check_health(front: Front) -> None:
    """Every instance is this release, with good settings and a store."""
    with local_client(timeout=30.0) as http:
        for one in instances(front):
            answer: httpx.Response = http.get(f"{one.url}/health")
            assert answer.json() == {"version": __version__, "settings": "ok", "store": "ok"}


def check_that_all_worked(front: Front) -> None:
    """Each instance of menu, task and webhook has answered; requests went to all of them by turns."""
    for one in instances(front):
        if one.function.entry_point in ("menu", "task"):
            assert front.requests[one.url] > 0, one.function.name
    assert sum(front.requests[one.url] for one in front.instances["webhook"]) > 0


def check_memory(front: Front) -> None:
    """No instance comes near the memory that its function is deployed with."""
    for one in instances(front):
        assert one.memory_mb() < MB[one.function.memory] * MOST_MEMORY_RATIO, one.function.name


def instances(front: Front) -> list[Any]:
    """All of them."""
    return [one for among in front.instances.values() for one in among]


def written(folder: Path) -> set[str]:
    """Names of the files in the upload, without bytecode: a deployed function cannot write there."""
    files = (one.relative_to(folder) for one in folder.rglob("*") if one.is_file())
    return {str(one) for one in files if "__pycache__" not in one.parts}
