"""What Firestore and the way to it do to the store: lost answers, silence, other processes; and copies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.errors import HttpError
from httplib2 import Response

from tests.harness.firestore import new_firestore
from tests.harness.threads import run_at_once
from vitrina import bootstrap
from vitrina.bootstrap import open_store
from vitrina.cli.commands import main
from vitrina.errors import (
    AccessDeniedError,
    ConfigurationError,
    RetriableServiceError,
    ServiceError,
    SettingsError,
    StoreConflictError,
)
from vitrina.google.rest import RestService
from vitrina.google.server_time import ServerTime
from vitrina.operations.run import LEASE
from vitrina.operations.upgrade import upgrade
from vitrina.ports import ABSENT, EXPIRES_AT, FOUND_BEFORE, Delete, Put, new_token
from vitrina.settings import Settings
from vitrina.store import firestore as firestore_module
from vitrina.store.firestore import COLLECTION, FirestoreStore
from vitrina.store.sqlite import SqliteStore

INDEXES = Path(__file__).parents[2] / "firestore.indexes.json"
DATABASE = "projects/local/databases/(default)"


class UnreliableService(RestService):
    """Loses what *lose* says: the request itself, or the answer to it."""

    def __init__(self, service: RestService, lose: Callable[[int], str]) -> None:
        super().__init__(
            service.name, service.resource, service.credentials, service.timeout_s, service._idle
        )
        self._lose = lose
        self.sent = 0

    def send(self, request: Any) -> Any:
        """See ``RestService``."""
        self.sent += 1
        lost = self._lose(self.sent)
        if lost == "request":
            raise ConnectionResetError("lost")
        answer = super().send(request)
        if lost == "answer":
            raise ConnectionResetError("lost")
        return answer


class FailingToken(Credentials):
    """Credentials whose token cannot be fetched *failures* times."""

    def __init__(self, error: GoogleAuthError, failures: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._error = error
        self._left = failures
        self.asked = 0

    def refresh(self, _: object) -> None:
        """See ``Credentials``."""
        self.asked += 1
        if self._left:
            self._left -= 1
            raise self._error
        self.token = "owner"


@pytest.fixture
def store(firestore_url: str) -> FirestoreStore:
    """A new, empty store."""
    return new_firestore(firestore_url)


def beside(store: FirestoreStore, lose: Callable[[int], str] = lambda _: "") -> FirestoreStore:
    """The same database, as another process sees it."""
    return FirestoreStore(UnreliableService(store._service, lose), store._database)


@pytest.fixture
def with_token(store: FirestoreStore) -> Iterator[Callable[[Credentials], FirestoreStore]]:
    """Gives the same database, for whose calls a token of some credentials is fetched first."""
    services: list[RestService] = []

    def make(credentials: Credentials) -> FirestoreStore:
        services.append(RestService("Firestore", store._service.resource, credentials, timeout_s=8.0))
        return FirestoreStore(services[-1], store._database)

    yield make
    for http in (http for service in services for http in service._idle):
        http.close()


# --- Lost answers and silence ----------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_commit_is_carried_out_once(store: FirestoreStore, lost: str) -> None:
    """The commit is sent again; whether the first one arrived shows the version that it wrote."""
    store.commit([Put("item", "old", {"n": 1}), Put("item", "gone", {})])
    other = beside(store, lambda number: lost if number == 2 else "")
    old, gone = (one.version for one in other.get_many([("item", "old"), ("item", "gone")]).values())

    token = new_token()
    other.commit(
        [Put("item", "new", {}, ABSENT), Put("item", "old", {"n": 2}, old), Delete("item", "gone", gone)],
        token=token,
    )

    assert [(one.key, one.version) for one in store.find("item")] == [("new", token), ("old", token)]


def test_a_refused_commit_is_refused_after_a_lost_answer(store: FirestoreStore) -> None:
    """Somebody else wrote before: that answer was lost changes nothing."""
    store.commit([Put("item", "a", {"n": 1})])
    other = beside(store, lambda number: "answer" if number == 1 else "")

    with pytest.raises(StoreConflictError) as caught:
        other.commit([Put("item", "a", {"n": 2}, ABSENT), Put("item", "b", {})])

    assert caught.value.keys == {("item", "a")}
    assert [(one.key, one.data) for one in store.find("item")] == [("a", {"n": 1})]


def test_silence_is_told_in_time(monkeypatch: pytest.MonkeyPatch, store: FirestoreStore) -> None:
    """After some attempts the store is said not to answer, and nothing was written."""
    monkeypatch.setattr(firestore_module, "_FIRST_WAIT_S", 0.0)
    other = beside(store, lambda _: "request")
    for call in (
        lambda: other.get_many([("item", "a")]),
        lambda: other.find("item"),
        lambda: other.commit([Put("item", "a", {})]),
    ):
        with pytest.raises(RetriableServiceError) as caught:
            call()
        assert (caught.value.code, caught.value.service) == ("store.no_answer", "Firestore")
    assert store.find("item") == []


def test_a_request_that_firestore_refuses_is_not_repeated(store: FirestoreStore) -> None:
    """It would be refused again: the administrator is told the reason. An id has at most 1,500 bytes."""
    service = UnreliableService(store._service, lambda _: "")

    with pytest.raises(ConfigurationError) as caught:
        FirestoreStore(service, store._database).commit([Put("item", "a" * 2000, {})])

    assert (caught.value.code, service.sent) == ("store.refused", 1)


@pytest.mark.parametrize(
    "error", [TransportError("connection refused"), RefreshError("internal_failure", retryable=True)]
)
def test_a_token_that_comes_later(
    monkeypatch: pytest.MonkeyPatch,
    store: FirestoreStore,
    with_token: Callable[[Credentials], FirestoreStore],
    error: GoogleAuthError,
) -> None:
    """The server of tokens is away for a moment: the call is sent again. If it stays away, that is told."""
    monkeypatch.setattr(firestore_module, "_FIRST_WAIT_S", 0.0)
    soon, never = (FailingToken(error, failures) for failures in (2, 1000))

    with_token(soon).commit([Put("item", "a", {})])
    with pytest.raises(RetriableServiceError) as caught:
        with_token(never).get_many([("item", "a")])

    assert (caught.value.code, caught.value.service) == ("store.no_answer", "Firestore")
    assert [one.key for one in store.find("item")] == ["a"]


def test_a_token_that_nobody_gets(with_token: Callable[[Credentials], FirestoreStore]) -> None:
    """A deleted service account is told at once, and stays an error of access."""
    token = FailingToken(RefreshError("invalid_grant: Account has been deleted"), failures=1000)

    with pytest.raises(ServiceError) as caught:
        with_token(token).find("item")

    assert (type(caught.value), caught.value.code) == (AccessDeniedError, "google.no_key")
    assert token.asked == 1


@pytest.mark.parametrize(("status", "reason"), [(400, "FAILED_PRECONDITION"), (404, "NOT_FOUND")])
def test_a_database_or_an_index_that_is_missing(store: FirestoreStore, status: int, reason: str) -> None:
    """The emulator asks for neither; Firestore answers a read so, and the administrator is told."""

    def refuse(_: int) -> str:
        body = [{"error": {"code": status, "message": "create it here", "status": reason}}]
        raise HttpError(Response({"status": status}), json.dumps(body).encode())

    other = beside(store, refuse)

    for call in (
        lambda: other.get_many([("item", "a")]),
        lambda: other.find("item"),
        lambda: other.commit([Put("item", "a", {})]),
    ):
        with pytest.raises(ConfigurationError) as caught:
            call()
        assert caught.value.code == "store.refused"


# --- Several processes -----------------------------------------------------------------------------


def test_a_version_from_another_process(store: FirestoreStore) -> None:
    """A process that has not read the document compares with its version as well: it reads it first."""
    token = new_token()
    store.commit([Put("item", "a", {"n": 1})], token=token)

    beside(store).commit([Put("item", "a", {"n": 2}, token)])

    with pytest.raises(StoreConflictError):
        beside(store).commit([Put("item", "a", {"n": 3}, token)])
    with pytest.raises(StoreConflictError):
        beside(store).commit([Delete("item", "a", token)])
    assert [one.data for one in store.find("item")] == [{"n": 2}]


def test_an_expired_lease_is_taken_once(store: FirestoreStore) -> None:
    """Twenty processes find it expired at the same moment; one of them has it then."""
    expired = {"holder": "dead", "until": "2020-01-01T00:00:00+00:00"}
    store.commit([Put(LEASE, "book", expired)])
    held: list[int] = []

    def take(number: int) -> None:
        own = beside(store)
        lease = own.get_many([(LEASE, "book")])[LEASE, "book"]
        if lease.data != expired:
            return
        try:
            own.commit([Put(LEASE, "book", {"holder": number, "until": "2999"}, lease.version)])
        except StoreConflictError:
            return
        held.append(number)

    run_at_once(take, 20)

    assert len(held) == 1
    assert store.get_many([(LEASE, "book")])[LEASE, "book"].data["holder"] == held[0]


# --- Clocks ----------------------------------------------------------------------------------------


def on_machine(store: FirestoreStore, ahead_s: float) -> FirestoreStore:
    """The same database, seen from a machine whose clock is ahead by so many seconds, or behind."""
    time = ServerTime(lambda: datetime.now(UTC) + timedelta(seconds=ahead_s))
    return FirestoreStore(store._service, store._database, time)


CALLS = [
    lambda store: store.get_many([("item", "a")]),
    lambda store: store.get_many([("item", "absent")]),
    lambda store: store.find("item"),
    lambda store: store.find("nothing"),
    lambda store: store.commit([Put("item", "b", {})]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("ahead_s", [-120.0, 120.0])
def test_machines_agree_on_the_time(
    store: FirestoreStore, ahead_s: float, call: Callable[[FirestoreStore], object]
) -> None:
    """Two minutes apart before, they go by Firestore's clock after their first call."""
    store.commit([Put("item", "a", {})])
    other = on_machine(store, ahead_s)

    call(other)

    assert abs(other.time.now() - store.time.now()) < timedelta(seconds=1)


def test_the_product_goes_by_the_clock_of_its_store(
    monkeypatch: pytest.MonkeyPatch, firestore_url: str, store: FirestoreStore
) -> None:
    """Leases, slots of the quota and wishes are compared with times that other instances wrote."""
    behind = on_machine(store, -120.0)
    monkeypatch.setattr(bootstrap, "open_store", lambda _: behind)
    settings = Settings(
        store=store._database,
        token_audience="x",
        owners=("x",),
        service_account="x",
        task_url="x",
        webhook_url="x",
        webhook_secret="x",
        google_url=firestore_url,
    )
    services = bootstrap.build(settings).services
    assert datetime.now(UTC) - services.clock.now() > timedelta(seconds=100)

    services.store.find("item")

    assert abs(datetime.now(UTC) - services.clock.now()) < timedelta(seconds=1)


# --- Indexes and settings --------------------------------------------------------------------------


def test_every_query_has_its_index() -> None:
    """Equality needs none; each order needs one. Fields that nobody asks by are not indexed."""
    file = json.loads(INDEXES.read_text(encoding="utf-8"))

    assert {one["collectionGroup"] for one in [*file["indexes"], *file["fieldOverrides"]]} == {COLLECTION}
    assert [[field["fieldPath"] for field in one["fields"]] for one in file["indexes"]] == [
        ["kind", f"by.{name}"] for name in FOUND_BEFORE
    ]
    assert {field["order"] for one in file["indexes"] for field in one["fields"]} == {"ASCENDING"}
    assert [(one["fieldPath"], one["indexes"]) for one in file["fieldOverrides"]] == [
        ("data", []),
        (EXPIRES_AT, []),
        ("key", []),
        ("version", []),
    ]


def test_documents_expire_by_the_field_of_the_policy(store: FirestoreStore) -> None:
    """The policy deletes by a timestamp, which only documents that say when they expire have."""
    policies = [
        one["fieldPath"]
        for one in json.loads(INDEXES.read_text(encoding="utf-8"))["fieldOverrides"]
        if one.get("ttl")
    ]
    store.commit(
        [
            Put("item", "short", {EXPIRES_AT: "2026-12-01T12:00:00.250000+03:00", "n": 1}),
            Put("item", "long", {"n": 2}),
        ]
    )

    names = [f"{store._root}/{COLLECTION}/item:{key}" for key in ("short", "long")]
    rows = store._service.send(
        store._service.resource.batchGet(database=store._database, body={"documents": names})
    )
    fields = {row["found"]["name"].rpartition(":")[2]: row["found"]["fields"] for row in rows}

    assert policies == [EXPIRES_AT]
    assert fields["short"][EXPIRES_AT] == {"timestampValue": "2026-12-01T09:00:00.250Z"}
    assert EXPIRES_AT not in fields["long"]
    [short] = store.get_many([("item", "short")]).values()
    assert short.data == {EXPIRES_AT: "2026-12-01T12:00:00.250000+03:00", "n": 1}


def test_a_store_that_functions_have_only_opened_is_empty(
    firestore_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They leave a mark in a new database when their health is asked for, before anything is copied to it."""
    monkeypatch.setenv("VITRINA_FIRESTORE_URL", firestore_url)
    target = new_firestore(firestore_url)
    upgrade(target, datetime.now(UTC))
    source = SqliteStore.create(tmp_path / "store.sqlite")
    source.commit([Put("item", "a", {"n": 1})])

    assert main(["copy-store", str(tmp_path / "store.sqlite"), target._database, "--locale", "en"]) == 0

    assert capsys.readouterr().out == "2 documents are in both stores and equal.\n"


def test_settings_choose_the_store(firestore_url: str, tmp_path: Path) -> None:
    """The address of the store is a file or a database; the setting has its older name as well."""
    rest = {
        "VITRINA_TOKEN_AUDIENCE": "audience",
        "VITRINA_STAFF": "owner@agency.ru",
        "VITRINA_SERVICE_ACCOUNT": "robot@project.example",
        "VITRINA_TASK_URL": "https://x.example/task",
        "VITRINA_WEBHOOK_URL": "https://x.example/webhook",
        "VITRINA_WEBHOOK_SECRET": "x" * 32,
    }
    path = str(tmp_path / "store.sqlite")

    for name in ("VITRINA_STORE", "VITRINA_STORE_PATH"):
        assert isinstance(open_store(Settings.from_environment({**rest, name: path})), SqliteStore)
    database = {"VITRINA_STORE": DATABASE, "VITRINA_FIRESTORE_URL": firestore_url}
    opened = open_store(Settings.from_environment(rest | database))
    assert isinstance(opened, FirestoreStore)
    assert opened.find("book") == []
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(rest)
    assert caught.value.where == {"names": ["VITRINA_STORE"]}


# --- Copies ----------------------------------------------------------------------------------------


def test_an_installation_moves_and_comes_back(
    firestore_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every document is in the other store, large ones and all kinds; one that is not empty is refused."""
    monkeypatch.setenv("VITRINA_FIRESTORE_URL", firestore_url)
    database = new_firestore(firestore_url)._database
    first, last = tmp_path / "first.sqlite", tmp_path / "last.sqlite"
    source = SqliteStore.create(first)
    source.commit([Put("item", f"{number}", {"n": number, "text": "ж" * 900}) for number in range(300)])
    source.commit([Put("work_part", "a/b.c", {"body": "x" * 900_000}), Put("book", "ё", {"kind": "agency"})])

    assert main(["copy-store", str(first), database, "--locale", "en"]) == 0
    # Three hundred, two, and the mark of an upgraded store.
    assert capsys.readouterr().out == "303 documents are in both stores and equal.\n"
    assert main(["copy-store", database, str(last), "--locale", "en"]) == 0
    assert main(["copy-store", str(first), database, "--locale", "en"]) == 1

    assert "is not empty" in capsys.readouterr().err
    assert [(one.kind, one.key, one.data) for one in SqliteStore(last).page(None, 1000)] == [
        (one.kind, one.key, one.data) for one in source.page(None, 1000)
    ]
