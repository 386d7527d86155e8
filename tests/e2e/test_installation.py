"""What the doctor says about an installation: on the emulators, and on a Google Cloud in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import google.auth
import pytest
from flask import Flask, Response, jsonify, request
from google.auth.exceptions import DefaultCredentialsError
from googleapiclient.discovery_cache import get_static_doc

from deploy import ROOT
from emulators.common.server import running
from tests.harness.firestore import new_firestore
from tests.harness.office import Office
from vitrina import __version__
from vitrina.bootstrap import application
from vitrina.cli.commands import main
from vitrina.cli.doctor.installation import checks, health
from vitrina.cli.doctor.installation.checks import check_queue, check_settings, check_store, check_timer
from vitrina.cli.doctor.installation.cloud import Cloud
from vitrina.cli.doctor.installation.fact import Condition, UnknownError, WrongError, find_out
from vitrina.cli.doctor.installation.health import ask_function
from vitrina.settings import Settings

DATABASE = "projects/agency-vitrina/databases/(default)"
LOCATION = "projects/agency-vitrina/locations/europe-west1"
SCHEDULE_URL = "https://europe-west1-agency-vitrina.cloudfunctions.net/vitrina-schedule"
SETTINGS = Settings(
    store=DATABASE,
    token_audience="123-abc.apps.googleusercontent.com",
    owners=("owner@agency.ru",),
    service_account="vitrina@agency-vitrina.iam.gserviceaccount.com",
    task_url=SCHEDULE_URL.replace("schedule", "task"),
    webhook_url=SCHEDULE_URL.replace("schedule", "webhook"),
    webhook_secret="0" * 48,
    schedule_url=SCHEDULE_URL,
    drive_folder_id="0AbCdEf",
    kaiten_url="https://agency.kaiten.ru",
    kaiten_token="token",
    kaiten_space_id="1",
    tasks_queue=f"{LOCATION}/queues/vitrina",
)
APIS = ("firestore.v1", "cloudtasks.v2", "cloudscheduler.v1")


@cache
def discovery(api: str) -> dict[str, Any]:
    """The discovery document of an API."""
    document: dict[str, Any] = json.loads(str(get_static_doc(*api.split("."))))
    return document


def methods_in(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All methods of a resource and of those below it."""
    yield from resource.get("methods", {}).values()
    for child in resource.get("resources", {}).values():
        yield from methods_in(child)


def require_method(path: str, answer: Any) -> bool:
    """Whether an API has a GET at this address; fail if *answer* has a field that Google's does not have."""
    for api in APIS:
        for method in methods_in(discovery(api)):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(method.get("flatPath", "")))
            if method["httpMethod"] == "GET" and re.fullmatch(pattern, path):
                _require_schema(api, method["response"]["$ref"], answer)
                return True
    return False


def _require_schema(api: str, name: str, value: Any) -> None:
    for key, inner in value.items():
        kind = discovery(api)["schemas"][name]["properties"][key]
        kind = kind.get("items", kind)
        for one in inner if isinstance(inner, list) else [inner]:
            if "$ref" in kind:
                _require_schema(api, kind["$ref"], one)


@dataclass
class GoogleCloud:
    """Answers the calls of the doctor: an installation as ``make deploy`` makes it."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        file = json.loads((ROOT / "firestore.indexes.json").read_text(encoding="utf-8"))
        group = f"{DATABASE}/collectionGroups/documents"
        self.resources = {
            DATABASE: {"name": DATABASE, "type": "FIRESTORE_NATIVE", "locationId": "europe-west1"},
            f"{group}/indexes": {
                "indexes": [
                    {
                        "name": f"{group}/indexes/{number}",
                        "queryScope": "COLLECTION",
                        "state": "READY",
                        "fields": [*one["fields"], {"fieldPath": "__name__", "order": "ASCENDING"}],
                    }
                    for number, one in enumerate(file["indexes"])
                ]
            },
            f"{LOCATION}/queues/vitrina": {
                "name": f"{LOCATION}/queues/vitrina",
                "state": "RUNNING",
                "rateLimits": {"maxConcurrentDispatches": 8},
                "retryConfig": {"maxAttempts": 20},
            },
            f"{LOCATION}/jobs": {
                "jobs": [
                    {
                        "name": f"{LOCATION}/jobs/vitrina-schedule",
                        "schedule": "*/15 * * * *",
                        "state": "ENABLED",
                        "lastAttemptTime": "2026-11-26T09:15:00.5Z",
                        "status": {},
                        "httpTarget": {"uri": SCHEDULE_URL, "oidcToken": {"audience": SCHEDULE_URL}},
                    }
                ]
            },
        }
        for one in file["fieldOverrides"]:
            name = f"{group}/fields/{one['fieldPath']}"
            policy = {"ttlConfig": {"state": "ACTIVE"}} if one.get("ttl") else {}
            self.resources[name] = {"name": name, "indexConfig": {}, **policy}

    @property
    def index(self) -> dict[str, Any]:
        """The first index."""
        index: dict[str, Any] = self.resources[f"{DATABASE}/collectionGroups/documents/indexes"]["indexes"][0]
        return index

    @property
    def job(self) -> dict[str, Any]:
        """The job of the timer."""
        job: dict[str, Any] = self.resources[f"{LOCATION}/jobs"]["jobs"][0]
        return job

    def field(self, path: str) -> dict[str, Any]:
        """A field of the documents."""
        return self.resources[f"{DATABASE}/collectionGroups/documents/fields/{path}"]

    @property
    def queue(self) -> dict[str, Any]:
        """The queue."""
        return self.resources[SETTINGS.tasks_queue]

    def app(self) -> Flask:
        """Serve the resources at the addresses that Google's discovery documents give them."""
        app = Flask(__name__)

        @app.get("/<path:path>")
        def get(path: str) -> tuple[Response, int]:
            resource = self.resources.get(path.partition("/")[2])
            if resource is not None and require_method(path, resource):
                return jsonify(resource), 200
            error = {"code": 404, "message": f"{request.path} was not found", "status": "NOT_FOUND"}
            return jsonify({"error": error}), 404

        return app


@pytest.fixture
def cloud_in_memory() -> GoogleCloud:
    """A complete installation."""
    return GoogleCloud()


@pytest.fixture
def cloud(cloud_in_memory: GoogleCloud) -> Iterator[Cloud]:
    """What the doctor asks."""
    with running(cloud_in_memory.app()) as url:
        yield Cloud(url)


@pytest.fixture
def _empty_database(monkeypatch: pytest.MonkeyPatch, firestore_url: str) -> None:
    """Documents are in Google's emulator, which has no administration."""
    monkeypatch.setattr(checks, "open_store", lambda _: new_firestore(firestore_url))


# --- On the emulators ------------------------------------------------------------------------------


def test_the_local_world_is_complete(empty_office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Over SQLite, with functions that run; nothing is created, also not in Google."""
    code = main(["doctor", "--installation"])

    facts = dict(re.findall(r"^(?:ok|WRONG|unknown) +(\w+) +(.+)$", capsys.readouterr().out, re.MULTILINE))
    assert code == 0, facts
    assert facts == {
        "settings": "all that new clients, cards, queue and timer need are set",
        "store": "the file answers and has no agency yet: create-agency comes next",
        "guards": "not tried on this account yet: run doctor without --installation",
        "queue": "it runs 8 tasks at once and tries each 20 times",
        "timer": "on one machine nobody else sees what calls schedule",
        **dict.fromkeys(
            ("menu", "webhook", "task", "schedule"), f"release {__version__}, settings ok, store ok"
        ),
    }


def test_a_store_that_is_gone_is_told(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the doctor itself, and by the functions that it asks."""
    monkeypatch.setenv("VITRINA_STORE", str(office.folder / "elsewhere.sqlite"))
    application.cache_clear()

    assert main(["doctor", "--installation"]) == 1

    printed = capsys.readouterr().out
    assert re.search(r"^WRONG +store +.*elsewhere\.sqlite", printed, re.MULTILINE)
    assert re.search(r"^WRONG +menu +release .*store wrong: its log says why$", printed, re.MULTILINE)


def test_missing_settings_are_named() -> None:
    """They may be empty, but then something does not work."""
    with pytest.raises(WrongError, match="not set: VITRINA_TASKS_QUEUE, VITRINA_KAITEN_TOKEN"):
        check_settings(_with(tasks_queue="", kaiten_token=""))


def _with(**changes: Any) -> Settings:
    return Settings(**{**vars(SETTINGS), **changes})


# --- On a Google Cloud in memory -------------------------------------------------------------------


@pytest.mark.usefixtures("_empty_database")
def test_a_complete_installation(cloud: Cloud) -> None:
    """As ``make deploy`` leaves it."""
    assert check_settings(SETTINGS).startswith("all that")
    assert check_store(SETTINGS, cloud) == (
        "Firestore in europe-west1 answers, its indexes are built; "
        "it has no agency yet: create-agency comes next"
    )
    assert check_queue(SETTINGS, cloud) == "it runs 8 tasks at once and tries each 20 times"
    assert check_timer(SETTINGS, cloud).endswith("its last call, at 2026-11-26T09:15:00.5Z, was answered")


Change = Callable[[GoogleCloud], Any]


@pytest.mark.usefixtures("_empty_database")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda one: one.index.update(state="CREATING"), "the index by kind and by.at is CREATING"),
        (lambda one: one.index.update(fields=[]), "the index by kind and by.at is missing"),
        (lambda one: one.field("expires_at").pop("ttlConfig"), "documents are not deleted by expires_at"),
        (
            lambda one: one.field("data").update(indexConfig={"indexes": [{"state": "READY"}]}),
            "the field data is indexed",
        ),
        (lambda one: one.resources[DATABASE].update(type="DATASTORE_MODE"), "of the type DATASTORE_MODE"),
        (lambda one: one.resources.pop(DATABASE), "it is not there"),
    ],
)
def test_a_database_that_lacks_something(
    change: Change, problem: str, cloud: Cloud, cloud_in_memory: GoogleCloud
) -> None:
    """The emulator answers every query, so only the administration shows this."""
    change(cloud_in_memory)

    fact = find_out("store", partial(check_store, SETTINGS, cloud))

    assert fact.condition is Condition.WRONG
    assert problem in fact.observed


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda one: one.queue.update(state="PAUSED"), "it is PAUSED"),
        (lambda one: one.queue["retryConfig"].update(maxAttempts=3), "gives a task up after 3 attempts"),
        (lambda one: one.resources.pop(SETTINGS.tasks_queue), "it is not there"),
    ],
)
def test_a_queue_that_would_lose_work(
    change: Change, problem: str, cloud: Cloud, cloud_in_memory: GoogleCloud
) -> None:
    """Paused, absent, or soon giving up."""
    change(cloud_in_memory)

    fact = find_out("queue", partial(check_queue, SETTINGS, cloud))

    assert fact.condition is Condition.WRONG
    assert problem in fact.observed


@pytest.mark.parametrize(
    ("change", "condition", "problem"),
    [
        (lambda one: one.job.update(state="PAUSED"), Condition.WRONG, "it is PAUSED"),
        (lambda one: one.job.update(status={"code": 7}), Condition.WRONG, "failed with the code 7"),
        (
            lambda one: one.job["httpTarget"]["oidcToken"].update(audience="https://x"),
            Condition.WRONG,
            "its tokens are for https://x",
        ),
        (lambda one: one.job["httpTarget"].update(uri="https://x"), Condition.WRONG, "no job in"),
        (lambda one: one.resources[f"{LOCATION}/jobs"].clear(), Condition.WRONG, "no job in"),
        (lambda one: one.job.pop("lastAttemptTime"), Condition.UNKNOWN, "has not called yet"),
    ],
)
def test_a_timer_that_does_not_call(
    change: Change, condition: Condition, problem: str, cloud: Cloud, cloud_in_memory: GoogleCloud
) -> None:
    """With the last answer that it got: a wrong audience shows there."""
    change(cloud_in_memory)

    fact = find_out("timer", partial(check_timer, SETTINGS, cloud))

    assert fact.condition is condition
    assert problem in fact.observed


def test_google_that_does_not_answer_is_no_fault_of_the_installation() -> None:
    """The queue may be there."""
    fact = find_out("queue", partial(check_queue, SETTINGS, Cloud("http://127.0.0.1:9")))

    assert fact.condition is Condition.UNKNOWN


def test_nobody_who_is_signed_in_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator forgot ``gcloud auth application-default login``."""
    monkeypatch.setattr(google.auth, "default", _no_credentials)

    fact = find_out("queue", partial(check_queue, SETTINGS, Cloud()))

    assert (fact.condition, fact.observed) == (
        Condition.UNKNOWN,
        "nobody is signed in: no credentials",
    )


# --- Functions -------------------------------------------------------------------------------------


def function(answer: str, status: int = 200, *, token: str = "") -> Flask:
    """A function that answers so; with a *token* only those who send it."""
    app = Flask(__name__)

    @app.get("/health")
    def get() -> tuple[str, int]:
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return "<html>Forbidden", 403
        return answer, status

    return app


WELL = json.dumps({"version": __version__, "settings": "ok", "store": "ok"})


@pytest.mark.parametrize(
    ("answer", "status", "problem"),
    [
        (WELL.replace('"store": "ok"', '"store": "no answer"'), 503, "store no answer: its log says why"),
        (WELL.replace(__version__, "0.0.1"), 200, f"this is {__version__}: deploy it again"),
        ("<html>", 404, "is no function of Vitrina: it answers 404"),
        ("[]", 200, "is no function of Vitrina"),
    ],
)
def test_a_function_that_is_not_well(answer: str, status: int, problem: str) -> None:
    """What it says, and what to do."""
    with running(function(answer, status)) as url, pytest.raises(WrongError) as wrong:
        ask_function(url, is_local=False)

    assert problem in str(wrong.value)


def test_a_function_that_is_not_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked with a token of the service account; without one nothing can be said."""
    with running(function(WELL, token="own")) as url:
        monkeypatch.setattr(health, "_token", lambda _: "own")
        assert ask_function(url, is_local=False) == f"release {__version__}, settings ok, store ok"

        monkeypatch.setattr(health, "_token", lambda _: "other")
        with pytest.raises(UnknownError, match="does not let your account ask"):
            ask_function(url, is_local=False)

        monkeypatch.undo()
        monkeypatch.setattr(google.auth, "default", _no_credentials)
        with pytest.raises(UnknownError, match="no token to ask it with: no credentials"):
            ask_function(url, is_local=False)


def _no_credentials(**_: Any) -> None:
    raise DefaultCredentialsError("no credentials")


def test_a_function_that_is_gone() -> None:
    """Its address answers nothing."""
    with pytest.raises(WrongError, match="does not answer"):
        ask_function("http://127.0.0.1:9", is_local=False)
