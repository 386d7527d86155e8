"""Settings of an installation on Google Cloud, and what follows from project and region."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from deploy import plan
from deploy.functions import ALLOCATOR, environment_file
from deploy.installation import EXAMPLE, SECRETS, Installation, InstallationError, read_installation
from deploy.step import Step
from vitrina.settings import PREFIX, Settings

GOOD = """
# A comment.
VITRINA_TOKEN_AUDIENCE = 123-abc.apps.googleusercontent.com
VITRINA_OWNERS=owner@agency.ru,pm@agency.ru
VITRINA_DRIVE_FOLDER_ID=0AbCdEf
VITRINA_KAITEN_URL=https://agency.kaiten.ru
VITRINA_KAITEN_USER_ID=
"""


def read(folder: Path, text: str) -> Installation:
    """The installation of a file with this text."""
    path = folder / "installation.env"
    path.write_text(text, encoding="utf-8")
    return read_installation(path, "agency-vitrina", "europe-west1")


def test_settings_are_read(tmp_path: Path) -> None:
    """Comments, spaces and empty values are left out."""
    assert read(tmp_path, GOOD).settings == {
        "VITRINA_TOKEN_AUDIENCE": "123-abc.apps.googleusercontent.com",
        "VITRINA_OWNERS": "owner@agency.ru,pm@agency.ru",
        "VITRINA_DRIVE_FOLDER_ID": "0AbCdEf",
        "VITRINA_KAITEN_URL": "https://agency.kaiten.ru",
    }


def test_the_installation_itself_is_described(tmp_path: Path) -> None:
    """What a repeat of ``make deploy`` must not forget is in the file too; empty values are the defaults."""
    plain = read(tmp_path, GOOD + "MENU_MIN_INSTANCES=\n")
    other = read(tmp_path, GOOD + "MENU_MIN_INSTANCES=0\nFIRESTORE_LOCATION=eur3\n")

    assert (plain.menu_min_instances, plain.firestore_location) == (1, "")
    assert (other.menu_min_instances, other.firestore_location) == (0, "eur3")
    commands = [task.run.line for one in plan.install(other) for task in one.steps if isinstance(task, Step)]
    assert any("--location=eur3" in line for line in commands)
    assert all("--min-instances=0" in line for line in commands if "functions deploy" in line)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("VITRINA_STAF=x", "VITRINA_STAF is no setting"),
        ("VITRINA_KAITEN_TOKEN=abc", "VITRINA_KAITEN_TOKEN is a secret"),
        ("VITRINA_TASK_URL=https://x/task", "VITRINA_TASK_URL follows from project and region"),
        ("VITRINA_NOW=2026-11-23T09:00:00+03:00", "VITRINA_NOW is for local servers"),
        ("VITRINA_OWNERS owner@agency.ru", "is not NAME=value"),
        ("VITRINA_LEASE_S=soon", "settings.number"),
        ("MENU_MIN_INSTANCES=one", "MENU_MIN_INSTANCES is a number"),
        ("MORE_TRACKERS=asana", "MORE_TRACKERS is 1 or 0"),
        ("ALERT_EMAIL=night", "ALERT_EMAIL is one e-mail address"),
        ("ALERT_EMAIL=a@agency.ru,b@agency.ru", "ALERT_EMAIL is one e-mail address"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    """With what to do about it."""
    with pytest.raises(InstallationError) as refused:
        read(tmp_path, GOOD + line)

    assert problem in str(refused.value)


def test_all_that_is_missing_is_named_together(tmp_path: Path) -> None:
    """The example has to be filled in; without a file the example is named."""
    with pytest.raises(InstallationError) as refused:
        read(tmp_path, EXAMPLE.read_text(encoding="utf-8"))

    assert [line.split()[0] for line in str(refused.value).splitlines()[1:]] == [
        "VITRINA_TOKEN_AUDIENCE",
        "VITRINA_OWNERS",
        "VITRINA_DRIVE_FOLDER_ID",
    ]
    with pytest.raises(InstallationError, match=r"settings\.example\.env"):
        read_installation(tmp_path / "absent.env", "agency-vitrina", "europe-west1")


def test_the_functions_have_all_settings_that_they_need(tmp_path: Path) -> None:
    """File, project and secrets together make complete settings."""
    installation = read(tmp_path, GOOD)

    settings = Settings.from_environment(
        {**installation.environment, **{one.variable: "secret" * 5 for one in installation.secrets}}
    )

    assert settings.store == "projects/agency-vitrina/databases/(default)"
    assert settings.service_account == "vitrina@agency-vitrina.iam.gserviceaccount.com"
    assert settings.task_url == "https://europe-west1-agency-vitrina.cloudfunctions.net/vitrina-task"
    assert settings.schedule_url == settings.task_url.replace("-task", "-schedule")
    assert settings.tasks_queue == "projects/agency-vitrina/locations/europe-west1/queues/vitrina"
    assert settings.kaiten_token == "secret" * 5


def test_every_secret_setting_is_in_secret_manager() -> None:
    """What ``repr`` does not show is no environment variable that anybody who may see a function can read."""
    hidden = {one.name for one in dataclasses.fields(Settings) if not one.repr}

    assert {one.setting for one in SECRETS} == hidden


def test_a_secret_is_needed_with_its_service(tmp_path: Path) -> None:
    """Without Kaiten there is no token of Kaiten."""
    without = {"VITRINA_OWNERS": "owner@agency.ru"}

    names = [one.setting for one in Installation("agency-vitrina", "europe-west1", without).secrets]

    assert names == ["webhook_secret"]


def test_connections_to_trackers_are_a_secret_where_there_are_some(tmp_path: Path) -> None:
    """They hold tokens; without them nobody is asked for them."""
    assert "trackers" not in [one.setting for one in read(tmp_path, GOOD).secrets]
    assert "trackers" in [one.setting for one in read(tmp_path, GOOD + "MORE_TRACKERS=1\n").secrets]


@pytest.mark.parametrize(
    ("project", "region"),
    [("", "europe-west1"), ("My Project", "europe-west1"), ("agency-vitrina", "Europe")],
)
def test_wrong_names_are_refused(project: str, region: str) -> None:
    """They would make wrong addresses."""
    with pytest.raises(InstallationError):
        Installation(project, region)


def test_values_are_quoted_in_the_file_of_the_functions() -> None:
    """It is read as YAML."""
    odd = {PREFIX + "STAFF": 'a: "b" \\ #c', PREFIX + "KAITEN_SPACE_ID": "0123", PREFIX + "COUNTRY": "NO"}
    installation = Installation("agency-vitrina", "europe-west1", odd)

    written = yaml.safe_load(environment_file(installation))
    assert written == {**ALLOCATOR, **installation.environment}
