"""``GET …/health`` of every function: well, without settings, and with a store that is wrong or silent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import functions_framework
import httpx
import pytest
from flask.testing import FlaskClient

from emulators.common.client import local_client
from emulators.common.server import LOOPBACK, free_port
from emulators.world.functions import SOURCE, TARGETS
from emulators.world.processes import Ports, settings_environment
from tests.harness.cluster import wait_for_answer
from vitrina.bootstrap import application
from vitrina.errors import ConfigurationError, RetriableServiceError
from vitrina.settings import Settings
from vitrina.store.sqlite import SqliteStore
from vitrina.web import health
from vitrina.web.health import StoreCheck

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
WELL = {"version": VERSION, "settings": "ok", "store": "ok"}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """Settings of an installation with an empty store."""
    settings = settings_environment(tmp_path, Ports(), staff=["pm@agency.example"])
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    SqliteStore.create(Path(settings["VITRINA_STORE"]))
    application.cache_clear()
    monkeypatch.setattr(health, "_STORE", StoreCheck())
    yield settings
    application.cache_clear()


def client(target: str) -> FlaskClient:
    """A client of one function, as functions-framework serves it."""
    test_client: FlaskClient = functions_framework.create_app(target, str(SOURCE)).test_client()
    return test_client


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", ["/health", "/vitrina-any/health/"])
def test_every_function_says_that_it_is_well(target: str, path: str, environment: Mapping[str, str]) -> None:
    """The path may begin with the name of the function; no token is asked for."""
    answer = client(target).get(path)

    assert answer.status_code == 200
    assert answer.get_json() == WELL
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("target", TARGETS)
def test_only_a_get_of_health_is_answered(target: str, environment: Mapping[str, str]) -> None:
    """Everything else is for the entry point itself, which refuses it."""
    asked = client(target)

    assert asked.post("/health", json={}).status_code in (401, 404)
    assert asked.get("/healthy").status_code in (404, 405)


@pytest.mark.parametrize("setting", ["VITRINA_OWNERS", "VITRINA_LEASE_S"])
def test_wrong_settings_are_told_without_their_names(
    setting: str,
    environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A stranger learns that settings are wrong; the log has the name of one that is missing."""
    monkeypatch.setenv(setting, "" if setting == "VITRINA_OWNERS" else "soon")

    answer = client("menu").get("/health")

    assert answer.status_code == 503
    assert answer.get_json() == {**WELL, "settings": "wrong", "store": "not asked"}
    assert setting in caplog.text or "soon" in caplog.text


def test_a_store_that_is_gone_is_wrong(environment: Mapping[str, str]) -> None:
    """The file of the store is not where the settings say."""
    Path(environment["VITRINA_STORE"]).unlink()

    answer = client("task").get("/health")

    assert answer.status_code == 503
    assert answer.get_json() == {**WELL, "store": "wrong"}
    assert environment["VITRINA_STORE"] not in answer.text


# --- The check of the store ----------------------------------------------------------------------


class CountedStore:
    """Counts how often it is asked; each question does *what*."""

    def __init__(self, what: object = None) -> None:
        self.what = what
        self.questions = 0
        self.services = self
        self.store = self

    def __call__(self) -> CountedStore:
        """The application, which is the store itself."""
        return self

    def get_many(self, _keys: object) -> dict[object, object]:
        """See ``Store``."""
        self.questions += 1
        if isinstance(self.what, Exception):
            raise self.what
        if isinstance(self.what, threading.Event):
            self.what.wait()
        return {}


@pytest.fixture
def settings(environment: Mapping[str, str]) -> Settings:
    """Any settings."""
    return Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RetriableServiceError("store.no_answer", service="Firestore"), "no answer"),
        (ConfigurationError("store.refused", reason="no such database"), "wrong"),
        (TypeError("a defect"), "wrong"),
    ],
)
def test_an_error_of_the_store_is_a_state(error: Exception, state: str, settings: Settings) -> None:
    """Whatever the store raises, there is an answer."""
    assert StoreCheck().state(settings, CountedStore(error)) == state  # type: ignore[arg-type]


def test_many_questions_ask_the_store_once(settings: Settings) -> None:
    """Strangers cannot make a function read its store again and again."""
    store, check = CountedStore(), StoreCheck()

    assert {check.state(settings, store) for _ in range(50)} == {"ok"}  # type: ignore[arg-type]
    assert store.questions == 1


def test_an_old_answer_is_asked_for_again(settings: Settings) -> None:
    """A store that fails is told once the earlier answer is old."""
    store, check = CountedStore(), StoreCheck(keep_s=0.0)
    check.state(settings, store)  # type: ignore[arg-type]
    store.what = RetriableServiceError("store.no_answer", service="Firestore")

    assert check.state(settings, store) == "no answer"  # type: ignore[arg-type]


def test_a_silent_store_is_waited_for_once(settings: Settings) -> None:
    """The first question waits for the time limit, later ones do not wait, and one thread asks the store."""
    answers = threading.Event()
    store, check = CountedStore(answers), StoreCheck(timeout_s=0.3, keep_s=0.0)
    started = time.monotonic()

    assert check.state(settings, store) == "no answer"  # type: ignore[arg-type]
    waited_s = time.monotonic() - started
    for _ in range(20):
        assert check.state(settings, store) == "no answer"  # type: ignore[arg-type]

    assert 0.3 <= waited_s < 5.0
    # Twenty times the time limit would be six seconds.
    assert time.monotonic() - started - waited_s < 3.0
    assert store.questions == 1
    answers.set()


# --- A process -----------------------------------------------------------------------------------


@contextmanager
def silent_server() -> Iterator[str]:
    """Accepts connections and never answers."""
    with closing(socket.create_server((LOOPBACK, 0))) as listener:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"


@contextmanager
def running_function(target: str, environment: Mapping[str, str]) -> Iterator[str]:
    """One function in a process of its own, started by functions-framework."""
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", "--target", target, "--source", str(SOURCE)]
    with subprocess.Popen(
        [*command, "--host", LOOPBACK, "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            url = f"http://{LOOPBACK}:{port}"
            wait_for_answer(f"{url}/never")
            yield url
        finally:
            process.terminate()


def test_a_process_with_a_silent_store_answers_in_time(environment: Mapping[str, str]) -> None:
    """Firestore accepts the connection and says nothing: health is told within its time limit."""
    with silent_server() as firestore:
        settings = {
            **environment,
            "VITRINA_STORE": "projects/p/databases/(default)",
            "VITRINA_FIRESTORE_URL": firestore,
        }
        with running_function("schedule", settings) as url, local_client(timeout=15.0) as http:
            started = time.monotonic()
            answer: httpx.Response = http.get(f"{url}/health")
            took_s = time.monotonic() - started

    assert answer.status_code == 503
    assert answer.json() == {**WELL, "store": "no answer"}
    assert took_s < health.TIMEOUT_S * 2
