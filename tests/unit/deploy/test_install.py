"""``make deploy`` in a project in memory: what it makes, repeats, failures at each step, what it prints."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from deploy import plan
from deploy.__main__ import main, read_secrets
from deploy.functions import ENVIRONMENT_FILE, FUNCTIONS, THREADS
from deploy.gcloud import Command, gcloud
from deploy.installation import Installation, InstallationError
from deploy.monitoring.steps import ALERTS
from deploy.runner import WAITS, Runner, StepError, print_plan
from deploy.step import Step
from tests.harness.google_project import GoogleProject
from vitrina import __version__
from vitrina.settings import Settings

SETTINGS = {
    "VITRINA_TOKEN_AUDIENCE": "123-abc.apps.googleusercontent.com",
    "VITRINA_OWNERS": "owner@agency.ru,pm@agency.ru",
    "VITRINA_DRIVE_FOLDER_ID": "0AbCdEf",
    "VITRINA_KAITEN_URL": "https://agency.kaiten.ru",
    "VITRINA_KAITEN_SPACE_ID": "123456",
}
INSTALLATION = Installation(
    "agency-vitrina", "europe-west1", SETTINGS, operator="owner@agency.ru", alert_email="night@agency.ru"
)
WELL = json.dumps({"version": __version__, "settings": "ok", "store": "ok"})
TOKEN = {"VITRINA_KAITEN_TOKEN": "kaiten-token-of-a-test"}


def runner(project: GoogleProject, folder: Path, said: list[str] | None = None, **options: object) -> Runner:
    """A runner that waits for nothing, over functions that are well."""
    told = said if said is not None else []
    defaults: dict[str, object] = {"open_url": lambda _: WELL, "environment": TOKEN}
    return Runner(project, told.append, root=folder, sleep=lambda _: None, **{**defaults, **options})  # type: ignore[arg-type]


def install(project: GoogleProject, folder: Path, **options: object) -> list[str]:
    """Install; gives what was printed."""
    said: list[str] = []
    runner(project, folder, said, **options).carry_out(plan.install(INSTALLATION))
    return said


# --- What is there afterwards ----------------------------------------------------------------------


def test_everything_is_made(tmp_path: Path) -> None:
    """Database, indexes, queue, secrets, functions with their parameters, timer, and who may do what."""
    project = GoogleProject()

    install(project, tmp_path)

    assert {name for kind, name in project.things if kind == "account"} == {
        "vitrina",
        "vitrina-build",
    }
    assert len(project.indexes) == 3
    assert project.fields["expires_at"] == {"exempt", "ttl"}
    assert all("exempt" in known for known in project.fields.values())
    assert set(project.functions) == {one.name for one in FUNCTIONS}
    assert len(project.values["vitrina-webhook-secret"]) == 48
    assert project.values["vitrina-kaiten-token"] == TOKEN["VITRINA_KAITEN_TOKEN"]
    assert "VITRINA_OWNERS" in (tmp_path / ENVIRONMENT_FILE).read_text(encoding="utf-8")
    assert {name for name, _, role in project.bindings if role == "roles/run.invoker"} == {
        "vitrina-task",
        "vitrina-schedule",
    }


def test_no_account_owns_the_project(tmp_path: Path) -> None:
    """No basic role, nothing of an administrator but indexes, and secrets are read one by one."""
    project = GoogleProject()
    install(project, tmp_path)

    project_roles = {role for name, _, role in project.bindings if name == INSTALLATION.project}

    assert project_roles == {
        "roles/datastore.user",
        "roles/cloudscheduler.viewer",
        "roles/storage.objectViewer",
        "roles/artifactregistry.writer",
        "roles/logging.logWriter",
        "roles/cloudfunctions.developer",
        "roles/datastore.indexAdmin",
    }
    assert {name for name, _, role in project.bindings if "secretAccessor" in role} == {
        "vitrina-webhook-secret",
        "vitrina-kaiten-token",
    }


def test_no_account_gets_a_key(tmp_path: Path) -> None:
    """Functions, queue and timer use tokens that Google makes for them; nobody may act for a whole domain."""
    project = GoogleProject()
    install(project, tmp_path)

    words = [word for command in project.commands for word in command.arguments]
    assert "service-accounts" in words
    assert not {"keys", "organizations", "resource-manager"} & {*words}


def test_a_function_takes_all_tasks_that_the_queue_sends_at_once() -> None:
    """Otherwise Google would answer 429 in its place."""
    task = next(one for one in FUNCTIONS if one.entry_point == "task")

    assert task.max_instances * THREADS >= plan.TASKS_AT_ONCE


def test_the_entry_points_are_those_of_main() -> None:
    """Every function of main.py is deployed."""
    main_file = Path(__file__).parents[3] / "functions" / "main.py"
    text = main_file.read_text(encoding="utf-8")

    assert [one.entry_point for one in FUNCTIONS] == [
        line.split("(")[0].removeprefix("def ") for line in text.splitlines() if line.startswith("def ")
    ]


def test_alarms_are_told_to_the_address_of_the_settings(tmp_path: Path) -> None:
    """Each is; with another address in a repeat to that one; without an address nobody is told."""
    project = GoogleProject()
    install(project, tmp_path)
    other = replace(INSTALLATION, alert_email="day@agency.ru")
    runner(project, tmp_path).carry_out(plan.install(other))
    silent = GoogleProject()
    runner(silent, tmp_path).carry_out(plan.install(replace(INSTALLATION, alert_email="")))

    channels = {
        title: made[0] for (kind, title), made in project.things.items() if kind == "notificationChannels"
    }
    assert list(channels) == ["Vitrina: night@agency.ru", "Vitrina: day@agency.ru"]
    alarms = [made for (kind, _), made in project.things.items() if kind == "alertPolicies"]
    assert len(alarms) == len(ALERTS)
    for made in alarms:
        assert f"--notification-channels={channels['Vitrina: night@agency.ru']}" in made
        assert made[-2] == f"--add-notification-channels={channels['Vitrina: day@agency.ru']}"
    assert not any("channels" in argument for one in silent.commands for argument in one.arguments)
    assert {kind for kind, _ in silent.things} >= {"alertPolicies", "dashboards", "uptimeCheckConfigs"}


# --- Repeats and failures --------------------------------------------------------------------------


def test_a_repeat_makes_nothing_new(tmp_path: Path) -> None:
    """Functions are deployed again; queue and timer are brought to their parameters."""
    project = GoogleProject()
    install(project, tmp_path)
    secret = project.values["vitrina-webhook-secret"]
    project.made.clear()

    said = install(project, tmp_path, environment={})

    assert project.made == []
    assert project.values["vitrina-webhook-secret"] == secret
    assert [before.strip() for before, line in pairwise(said) if line.strip() == "brought up to date"] == [
        "The queue …",
        "The timer …",
        *(f"The alarm {one.stem} …" for one in ALERTS),
    ]


STEPS = [
    task.run for chapter in plan.install(INSTALLATION) for task in chapter.steps if isinstance(task, Step)
]


def words_of(command: Command) -> str:
    """The words of a command, without its flags."""
    return " ".join(one for one in command.arguments if not one.startswith(("-", "${")))


@pytest.mark.parametrize("words", list(dict.fromkeys(map(words_of, STEPS))))
def test_a_failed_step_says_what_to_do_and_a_repeat_goes_on(words: str, tmp_path: Path) -> None:
    """Whichever fails: it is named with gcloud's words, the rest waits, and a repeat makes it."""
    project = GoogleProject(broken={words: 1000})
    with pytest.raises(StepError) as failed:
        install(project, tmp_path)
    assert words.split(maxsplit=1)[0] in str(failed.value)
    assert "PERMISSION_DENIED: not allowed" in str(failed.value)
    is_last = "scheduler" in words or "monitoring" in words
    assert is_last or not any(words_of(one).startswith("scheduler") for one in project.commands)
    before = list(project.made)
    project.broken.clear()

    install(project, tmp_path)

    assert set(project.functions) == {one.name for one in FUNCTIONS}
    assert len(project.made) == len(set(project.made))
    assert project.made[: len(before)] == before


def test_an_account_that_is_not_known_everywhere_yet_is_waited_for(tmp_path: Path) -> None:
    """Google needs up to a minute to know a new account everywhere."""
    project = GoogleProject(broken={"projects add-iam-policy-binding": 5})

    install(project, tmp_path)

    assert set(project.functions) == {one.name for one in FUNCTIONS}


def test_functions_wait_for_their_indexes(tmp_path: Path) -> None:
    """Until Firestore has built them, queries would be refused."""
    project = GoogleProject(builds_left=7)

    install(project, tmp_path)

    lists = [at for at, one in enumerate(project.commands) if words_of(one).endswith("composite list")]
    first_deployment = next(at for at, one in enumerate(project.commands) if "deploy" in one.arguments)
    assert project.builds_left == 0
    assert max(lists) < first_deployment
    with pytest.raises(StepError, match="not yet after 45 minutes"):
        install(GoogleProject(builds_left=WAITS * 2), tmp_path)


def test_a_secret_that_nobody_gives_is_asked_for(tmp_path: Path) -> None:
    """Away from a terminal the operator is told three ways to give it."""
    project = GoogleProject()

    with pytest.raises(StepError) as failed:
        install(project, tmp_path, environment={})

    assert "environment variable VITRINA_KAITEN_TOKEN" in str(failed.value)
    assert "| gcloud secrets create vitrina-kaiten-token" in str(failed.value)


def test_a_database_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    """Datastore mode cannot be changed."""
    project = GoogleProject()
    install(project, tmp_path)
    project.database_type = "DATASTORE_MODE"

    with pytest.raises(StepError, match="of the type DATASTORE_MODE"):
        install(project, tmp_path)


# --- Health ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (json.dumps({"version": __version__, "settings": "wrong", "store": "not asked"}), "settings wrong"),
        (json.dumps({"version": __version__, "settings": "ok", "store": "no answer"}), "store no answer"),
        (json.dumps({"version": "0.0.1", "settings": "ok", "store": "ok"}), "release 0.0.1"),
        ("HTTP 404 <html>", "answers 'HTTP 404"),
        ("no answer: timed out", "no answer: timed out"),
    ],
)
def test_a_function_that_is_not_well_is_a_failure(answer: str, problem: str, tmp_path: Path) -> None:
    """The operator is told what it says, and where to look."""
    with pytest.raises(StepError) as failed:
        install(GoogleProject(), tmp_path, open_url=lambda _: answer)

    assert problem in str(failed.value)


def test_private_functions_are_asked_with_a_token(tmp_path: Path) -> None:
    """If the operator may not call them, that is said and is no failure."""
    asked: dict[str, str | None] = {}

    def open_url(request: urllib.request.Request) -> str:
        asked[request.full_url] = request.get_header("Authorization")
        return "HTTP 403 forbidden" if "task" in request.full_url else WELL

    said = install(GoogleProject(), tmp_path, open_url=open_url)

    assert {url.rsplit("/", 2)[1]: token for url, token in asked.items()} == {
        "vitrina-menu": None,
        "vitrina-webhook": None,
        "vitrina-client": None,
        "vitrina-task": "Bearer token",
        "vitrina-schedule": "Bearer token",
    }
    assert any("may not call it" in line for line in said)


# --- An upgrade, and what is printed ---------------------------------------------------------------


def test_an_upgrade_leaves_settings_secrets_and_callers(tmp_path: Path) -> None:
    """Cloud Build does not know them. Everything else is deployed with the same parameters."""
    project = GoogleProject()
    install(project, tmp_path)
    installed = dict(project.functions)

    runner(project, tmp_path).carry_out(plan.upgrade(Installation("agency-vitrina", "europe-west1")))

    left_out = ("--allow-unauthenticated", "--no-allow-unauthenticated")
    kept = ("--env-vars-file", "--set-secrets", "--min-instances")
    for name, arguments in installed.items():
        assert [one for one in arguments if one not in left_out and not one.startswith(kept)] == list(
            project.functions[name]
        )


def shell(tmp_path: Path, *more: str) -> tuple[int, str]:
    """Exit code and output of ``make deploy``."""
    done = subprocess.run(
        ["make", "--no-print-directory", "deploy", "PROJECT=agency-vitrina", "REGION=europe-west1", *more],
        cwd=Path(__file__).parents[3],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_dry_run_prints_every_command_and_runs_none(tmp_path: Path) -> None:
    """With headings, in order, readable by a shell; also before the settings are written."""
    gcloud_that_tells = tmp_path / "gcloud"
    gcloud_that_tells.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n", encoding="utf-8")
    gcloud_that_tells.chmod(0o755)

    code, printed = shell(tmp_path, "DRY_RUN=1", f"SETTINGS={tmp_path}/absent.env")

    assert code == 0, printed
    assert not (tmp_path / "called").exists()
    assert "TO-BE-FILLED-IN" in printed
    assert [line for line in printed.splitlines() if line.startswith("## ") and line[3].isdigit()] == [
        f"## {number}. {one.title}" for number, one in enumerate(plan.install(INSTALLATION), start=1)
    ]
    checked = subprocess.run(["bash", "-n"], input=printed, text=True, capture_output=True, check=False)
    assert checked.stderr == ""


def test_printed_commands_are_those_that_are_run(tmp_path: Path) -> None:
    """What an operator reads is what happens."""
    project, printed = GoogleProject(), list[str]()
    install(project, tmp_path)
    install(project, tmp_path)
    print_plan(plan.install(INSTALLATION), printed.append)
    text = "\n".join(printed).replace(" \\\n    ", " ")

    assert len(project.commands) > 80
    for command in project.commands:
        line = re.sub(r"projects/p/alertPolicies/\d+", '"${policy}"', command.line)
        assert re.sub(r"projects/p/notificationChannels/\d+", '"${channel}"', line) in text


def test_make_deploy_needs_project_region_and_settings(tmp_path: Path) -> None:
    """Each is asked for in a sentence."""
    assert "PROJECT is the id" in shell(tmp_path, "PROJECT=")[1]
    assert "REGION is a region" in shell(tmp_path, "REGION=x")[1]
    code, printed = shell(tmp_path, f"SETTINGS={tmp_path}/absent.env")
    assert code != 0
    assert "settings.example.env" in printed


def test_who_is_not_signed_in_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is made."""
    settings = tmp_path / "installation.env"
    settings.write_text("\n".join(f"{name}={value}" for name, value in SETTINGS.items()), encoding="utf-8")
    project = GoogleProject(email="(unset)")
    arguments = ["install", "--project=agency-vitrina", "--region=europe-west1", f"--settings={settings}"]

    assert main(arguments, project) == 1

    assert "gcloud auth login" in capsys.readouterr().err
    assert project.made == []


def test_operators_commands_get_the_secrets(tmp_path: Path) -> None:
    """Those of the installation, read from Secret Manager; together with the settings they are complete."""
    project = GoogleProject()
    install(project, tmp_path)

    read = read_secrets(INSTALLATION, project)

    assert read == {
        "VITRINA_WEBHOOK_SECRET": project.values["vitrina-webhook-secret"],
        "VITRINA_KAITEN_TOKEN": TOKEN["VITRINA_KAITEN_TOKEN"],
    }
    assert Settings.from_environment({**INSTALLATION.environment, **read}).kaiten_url
    with pytest.raises(InstallationError, match="VITRINA_WEBHOOK_SECRET cannot be read"):
        read_secrets(INSTALLATION, GoogleProject())


@pytest.mark.slow
def test_operators_commands_are_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As the installation; their exit code is that of the command."""
    project = GoogleProject()
    install(project, tmp_path)
    settings = tmp_path / "installation.env"
    settings.write_text("\n".join(f"{name}={value}" for name, value in SETTINGS.items()), encoding="utf-8")
    where = ["--project=agency-vitrina", "--region=europe-west1", f"--settings={settings}"]

    assert main(["run", *where, "--", "copy-store", str(tmp_path / "a"), str(tmp_path / "b")], project) == 1
    assert str(tmp_path / "a") in capfd.readouterr().err
    assert main(["run", *where, "--", "doctor", "--help"], project) == 0
    assert "--installation" in capfd.readouterr().out


def test_a_command_for_a_shell_is_quoted() -> None:
    """Of a flag only the value is quoted."""
    command = gcloud("a", "b c", "--flag=x y", "--database=(default)", "--quiet")

    assert command.line == "gcloud a 'b c' --flag='x y' --database='(default)' --quiet"
    assert command.text() == command.line
