"""Settings are checked at start: all that is wrong is named at once, with what to do."""

from __future__ import annotations

import json

import pytest

from vitrina.bootstrap import account_agencies
from vitrina.errors import ConfigurationError, SettingProblem, SettingsError
from vitrina.settings import Settings
from vitrina.texts import render

GOOD = {
    "VITRINA_STORE": "store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "audience",
    "VITRINA_OWNERS": "owner@agency.ru, @agency.ru",
    "VITRINA_SERVICE_ACCOUNT": "robot@project.example",
    "VITRINA_TASK_URL": "https://vitrina.example/task",
    "VITRINA_WEBHOOK_URL": "http://127.0.0.1:8400/webhook",
    "VITRINA_WEBHOOK_SECRET": "a" * 24,
}

WRONG = [
    ({"OWNERS": "@"}, "settings.owner"),
    ({"OWNERS": "owner"}, "settings.owner"),
    ({"OWNERS": "owner@agency.ru,@gmail.com"}, "settings.owner"),
    ({"OWNERS": "owner@agency.ru=book of an agency"}, "settings.owner"),
    ({"OWNERS": "owner@agency.ru="}, "settings.owner"),
    ({"KAITEN_AGENCY": "book of an agency"}, "settings.agency"),
    ({"WEBHOOK_SECRET": "a"}, "settings.secret"),
    ({"WEBHOOK_SECRET": "a" * 30 + "/"}, "settings.secret"),
    ({"LEASE_S": "nan"}, "settings.number"),
    ({"LEASE_S": "soon"}, "settings.number"),
    ({"QUOTA_PER_MINUTE": "-5"}, "settings.number"),
    ({"TURNS_PER_MINUTE": "0"}, "settings.number"),
    ({"RETRY_WAIT_S": "inf"}, "settings.number"),
    ({"KAITEN_URL": "http://kaiten.example"}, "settings.url"),
    ({"TASK_URL": "vitrina.example/task"}, "settings.url"),
    ({"TIME_ZONE": "Mars/Base"}, "settings.time_zone"),
    ({"TIME_ZONE": "../etc"}, "settings.time_zone"),
    ({"SPREADSHEET_URL": "https://docs.example/"}, "settings.no_id_in_url"),
    ({"NOW": "2026-11-23T09:00:00"}, "settings.now"),
    ({"NOW": "now"}, "settings.now"),
    ({"TRACKERS": "[1]"}, "settings.trackers"),
]


def problems_of(changes: dict[str, str]) -> tuple[SettingProblem, ...]:
    """What is said of good settings with some changes."""
    changed = {f"VITRINA_{name}": value for name, value in changes.items()}
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**GOOD, **changed})
    return caught.value.problems


def test_good_settings() -> None:
    """Owners in lower case, numbers as numbers."""
    settings = Settings.from_environment({**GOOD, "VITRINA_LEASE_S": "120", "VITRINA_TURNS_PER_MINUTE": "40"})

    assert settings.owners == ("owner@agency.ru", "@agency.ru")
    assert (settings.lease_s, settings.quota_per_minute) == (120.0, 40)


@pytest.mark.parametrize(("changes", "code"), WRONG)
def test_a_wrong_value_is_named(changes: dict[str, str], code: str) -> None:
    """With the name of the setting, in both languages."""
    [problem] = problems_of(changes)

    assert problem.code == code
    current = (
        "VITRINA_QUOTA_PER_MINUTE" if "TURNS_PER_MINUTE" in changes else f"VITRINA_{next(iter(changes))}"
    )
    assert all(current in render(problem, locale) for locale in ("ru", "en"))


def test_an_owner_of_one_agency() -> None:
    """The id of a workbook keeps its capitals."""
    settings = Settings.from_environment({**GOOD, "VITRINA_OWNERS": "Owner@agency.ru=1AbC, @Agency.ru=1XyZ"})

    assert settings.owners == ("owner@agency.ru=1AbC", "@agency.ru=1XyZ")


def test_whose_an_account_is() -> None:
    """Each account names its agency; two agencies never have connections to one place of a tracker."""
    kaiten = {"kind": "kaiten", "url": "https://a.kaiten.example/", "place_id": "7", "agency": "second"}
    given = {
        **GOOD,
        "VITRINA_KAITEN_URL": "https://a.kaiten.example",
        "VITRINA_KAITEN_SPACE_ID": "6",
        "VITRINA_KAITEN_AGENCY": "first",
        "VITRINA_CRM_AGENCY": "first",
        "VITRINA_TRACKERS": json.dumps({"other": kaiten}),
    }
    whose = {"kaiten": "first", "other": "second", "crm": "first"}

    assert account_agencies(Settings.from_environment(given)) == whose
    with pytest.raises(ConfigurationError, match="tracker_shared"):
        account_agencies(Settings.from_environment({**given, "VITRINA_KAITEN_SPACE_ID": "7"}))


def test_all_problems_are_told_together() -> None:
    """What is missing as well."""
    told = problems_of({"STORE": "", "OWNERS": "@", "LEASE_S": "nan", "TASK_URL": ""})

    assert [(one.code, one.where["name"]) for one in told] == [
        ("settings.missing", "VITRINA_STORE"),
        ("settings.owner", "VITRINA_OWNERS"),
        ("settings.missing", "VITRINA_TASK_URL"),
        ("settings.number", "VITRINA_LEASE_S"),
    ]


def test_a_secret_is_not_repeated() -> None:
    """Not in the sentence, and not in the error."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**GOOD, "VITRINA_WEBHOOK_SECRET": "hunter2", "VITRINA_TRACKERS": "{token"})

    assert "hunter2" not in str(caught.value)
    assert "token" not in str(caught.value)
