"""Connections to trackers: what an operator writes, and the addresses of their webhooks."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from vitrina.bootstrap import build
from vitrina.errors import ConfigurationError, SettingsError
from vitrina.records.cards import StoredTrackerMemory
from vitrina.settings import Settings
from vitrina.store.memory import MemoryStore
from vitrina.trackers.connection import Connection
from vitrina.trackers.registry import connection_from, open_trackers, webhook_url_of

REQUIRED = {
    "VITRINA_STORE": "/nowhere/store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "audience",
    "VITRINA_OWNERS": "owner@agency.ru",
    "VITRINA_SERVICE_ACCOUNT": "robot@agency.ru",
    "VITRINA_TASK_URL": "https://vitrina.agency.ru/task",
    "VITRINA_WEBHOOK_URL": "https://vitrina.agency.ru/webhook",
    "VITRINA_WEBHOOK_SECRET": "s3cret-s3cret-s3cret-s3cret",
    # Nobody is called; without addresses Google's libraries would look for credentials.
    "VITRINA_GOOGLE_URL": "http://127.0.0.1:9",
    "VITRINA_TASKS_URL": "http://127.0.0.1:9",
}
ACME = {"kind": "kaiten", "url": "https://acme.kaiten.ru", "token": "t0ken", "place_id": "7", "team": "web"}


def trackers_of(**more: str) -> list[str]:
    """Names of the trackers of an installation with these settings."""
    environment = {**REQUIRED, **{f"VITRINA_{name.upper()}": text for name, text in more.items()}}
    return list(build(Settings.from_environment(environment)).services.trackers)


def test_connection_of_a_setting() -> None:
    """What the registry does not know is an option of the adapter."""
    connection = connection_from("acme", ACME)

    assert (connection.kind, connection.url, connection.place_id) == ("kaiten", ACME["url"], "7")
    assert connection.options == {"team": "web"}
    assert "t0ken" not in repr(connection)


@pytest.mark.parametrize("name", ["", "Acme", "a/b", "1a", "none", "a" * 40, "клиент"])
def test_bad_name_of_a_connection(name: str) -> None:
    """It stands in addresses and documents."""
    with pytest.raises(ConfigurationError) as refused:
        connection_from(name, ACME)

    assert refused.value.code == "settings.tracker_name"


@pytest.mark.parametrize("kind", [None, "trello"])
def test_unknown_kind(kind: str | None) -> None:
    """The error names those that there are."""
    with pytest.raises(ConfigurationError) as refused:
        connection_from("acme", {"kind": kind} if kind else {})

    assert "kaiten" in refused.value.where["allowed"]


def test_first_tracker_is_that_of_new_projects() -> None:
    """Kaiten of the old settings, then those of the list in its order; none at the end and always."""
    two = json.dumps({"zarya": ACME, "acme": ACME})

    assert trackers_of() == ["none"]
    assert trackers_of(trackers=two) == ["zarya", "acme", "none"]
    assert trackers_of(trackers=two, kaiten_url="https://a.kaiten.ru") == ["kaiten", "zarya", "acme", "none"]


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', "acme"])
def test_setting_that_is_no_object_of_objects(text: str) -> None:
    """The error does not repeat the text, because it may hold tokens."""
    with pytest.raises(SettingsError) as refused:
        trackers_of(trackers=text)

    assert [one.code for one in refused.value.problems] == ["settings.trackers"]


def test_connection_that_is_given_twice() -> None:
    """It would be unclear which of them counts."""
    with pytest.raises(ConfigurationError) as refused:
        trackers_of(trackers=json.dumps({"kaiten": ACME}), kaiten_url="https://a.kaiten.ru")

    assert refused.value.code == "settings.tracker_twice"


def test_tokens_are_not_shown() -> None:
    """Neither those of the list."""
    settings = Settings.from_environment({**REQUIRED, "VITRINA_TRACKERS": json.dumps({"acme": ACME})})

    assert "t0ken" not in repr(settings)


def test_addresses_of_webhooks() -> None:
    """That of Kaiten is as in older releases; the others have secrets from which this one cannot be told."""
    base, secret = "https://vitrina.agency.ru/webhook/", "s3cret"
    urls = {name: webhook_url_of(name, base, secret) for name in ("kaiten", "acme", "zarya")}

    assert urls["kaiten"] == "https://vitrina.agency.ru/webhook/kaiten/s3cret"
    assert urls["acme"].startswith("https://vitrina.agency.ru/webhook/acme/")
    assert len({url.rpartition("/")[2] for url in urls.values()}) == 3
    assert not any(secret in urls[name] for name in ("acme", "zarya"))


def test_tracker_has_the_title_of_its_connection() -> None:
    """Sentences name the account, where an agency has several of one kind."""
    store = MemoryStore()
    trackers = open_trackers(
        [Connection("acme", "kaiten", title="Kaiten клиента"), Connection("zarya", "kaiten")],
        webhook_url="https://vitrina.agency.ru/webhook",
        webhook_secret="s3cret",
        memory=lambda name: StoredTrackerMemory(store, name),
        zone=ZoneInfo("Europe/Moscow"),
        timeout_s=1.0,
        wait_s=0.0,
        cards_at_a_time=1,
    )

    assert {name: one.name for name, one in trackers.items()} == {
        "acme": "Kaiten клиента",
        "zarya": "Kaiten",
        "none": "",
    }
