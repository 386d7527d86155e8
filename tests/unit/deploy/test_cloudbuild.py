"""cloudbuild.yaml: tests first, then an upgrade with the parameters of ``make deploy``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import ROOT, plan
from deploy.__main__ import make_parser
from deploy.functions import FUNCTIONS
from deploy.installation import Installation
from deploy.step import Step

#: Flags with which a function is made, and which an upgrade leaves as they are.
ONLY_MADE_WITH = ("--allow-unauthenticated", "--no-allow-unauthenticated")
ONLY_MADE_WITH_VALUE = ("--env-vars-file=", "--set-secrets=", "--min-instances=")

INSTALLATION = Installation("agency-vitrina", "europe-west1", {"VITRINA_KAITEN_URL": "https://x"})


@pytest.fixture(scope="module")
def build() -> dict[str, Any]:
    """The file, with the variables that Cloud Build replaces."""
    text = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
    region = yaml.safe_load(text)["substitutions"]["_REGION"]
    replaced = text.replace("$PROJECT_ID", "agency-vitrina").replace("${_REGION}", region)
    loaded: dict[str, Any] = yaml.safe_load(replaced)
    return loaded


def test_the_release_is_tested_before_it_is_deployed(build: dict[str, Any]) -> None:
    """The deployment waits for the tests; a build account of our own needs logs in Cloud Logging."""
    test, deploy = build["steps"]

    assert (test["entrypoint"], test["args"]) == ("bash", [".ci/run"])
    assert (ROOT / ".ci/run").is_file()
    assert deploy["waitFor"] == [test["id"]]
    assert build["options"]["logging"] == "CLOUD_LOGGING_ONLY"


def test_row_14_images_are_pinned_by_the_command_of_the_manual(build: dict[str, Any]) -> None:
    """It gives both a digest, and gives them another one later; Cloud Build reads what it has written."""
    manual = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    command = next(line for line in manual.splitlines() if line.startswith("sed -i -E"))
    script = command.replace("sed -i -E", "sed -E").replace(" cloudbuild.yaml", "")
    text = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
    for letter in "ab":
        digest = f"sha256:{letter * 64}"
        values = {"python": digest, "cli": digest, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            ["bash", "-c", script], input=text, env=values, capture_output=True, text=True, check=True
        )
        text = done.stdout

        assert [one["name"] for one in yaml.safe_load(text)["steps"]] == [
            f"{one['name'].partition('@')[0]}@{digest}" for one in build["steps"]
        ]


def test_the_deployment_is_an_upgrade(build: dict[str, Any]) -> None:
    """The same module as ``make deploy``, whose command line accepts these arguments."""
    deploy = build["steps"][1]
    module, *arguments = deploy["args"][1:]

    parsed = make_parser().parse_args(arguments)

    assert (deploy["entrypoint"], deploy["args"][0], module) == ("python3", "-m", "deploy")
    assert (parsed.command, parsed.project, parsed.region) == ("upgrade", "agency-vitrina", "europe-west1")
    assert parsed.dry_run is False


def deployments(chapters: list[Any]) -> dict[str, set[str]]:
    """The arguments of the deployment of each function."""
    commands = [task.run for one in chapters for task in one.steps if isinstance(task, Step)]
    return {
        one.arguments[2]: set(one.arguments)
        for one in commands
        if one.arguments[:2] == ("functions", "deploy")
    }


def test_both_deploy_with_the_same_parameters() -> None:
    """An upgrade leaves out only what it must not change."""
    installed = deployments(plan.install(INSTALLATION))
    upgraded = deployments(plan.upgrade(Installation("agency-vitrina", "europe-west1")))

    assert set(installed) == {one.name for one in FUNCTIONS}
    for name, arguments in installed.items():
        left_out = arguments - upgraded[name]
        assert upgraded[name] <= arguments
        assert all(one in ONLY_MADE_WITH or one.startswith(ONLY_MADE_WITH_VALUE) for one in left_out)
        assert len(left_out) == 4


def test_an_upgrade_makes_the_same_indexes() -> None:
    """Its code may need new ones."""

    def indexes(chapters: list[Any]) -> list[Any]:
        return [
            (task.run, task.look)
            for one in chapters
            for task in one.steps
            if isinstance(task, Step) and "indexes" in task.run.arguments
        ]

    assert indexes(plan.upgrade(INSTALLATION)) == indexes(plan.install(INSTALLATION)) != []


def test_nothing_else_says_how_functions_are_deployed() -> None:
    """The parameters are written in one place."""
    places = [
        path.relative_to(ROOT)
        for pattern in ("*.yaml", "*.yml", "Makefile", "docs/*.md", ".ci/*")
        for path in ROOT.glob(pattern)
        if "functions deploy" in path.read_text(encoding="utf-8") or "--entry-point" in path.read_text()
    ]

    assert places == []
    assert Path(ROOT / "deploy/functions.py").is_file()
