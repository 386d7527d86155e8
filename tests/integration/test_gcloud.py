"""The real gcloud judges every command of ours, and lists the files that it would upload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deploy import ROOT, plan
from deploy.__main__ import main
from deploy.gcloud import Command, with_variables
from deploy.installation import Installation
from deploy.step import CheckHealth, Step
from tests.harness.gcloud import find_mistakes, run_gcloud
from tests.harness.google_project import GoogleProject

#: With every secret, so that every command is judged.
INSTALLATION = Installation(
    "agency-vitrina",
    "europe-west1",
    {"VITRINA_KAITEN_URL": "https://x"},
    operator="owner@agency.ru",
    alert_email="night@agency.ru",
)
COMMAND = re.compile(r"(?:^ *|\| )(gcloud (?:.+\\\n)*.+)$", re.MULTILINE)


def commands_of_plans() -> Iterator[Command]:
    """Every command of ``make deploy`` and of an upgrade, with names in place of what is remembered."""
    values = {"policy": "projects/p/alertPolicies/1", "channel": "projects/p/notificationChannels/1"}
    for chapter in [*plan.install(INSTALLATION), *plan.upgrade(INSTALLATION)]:
        for task in chapter.steps:
            if isinstance(task, Step):
                commands = (task.run, task.look, task.change)
                yield from (with_variables(one, values) for one in commands if one)
            elif isinstance(task, CheckHealth):
                yield task.token


def commands_of_documents() -> Iterator[str]:
    """Every command in the documents' blocks of code, with values in place of names in capitals."""
    for path in (ROOT / "docs").rglob("*.md"):
        for block in re.findall(r"```.*?```", path.read_text(encoding="utf-8"), re.DOTALL):
            for match in COMMAND.findall(block):
                line = re.sub(r"\s*\\\n\s*", " ", match).partition(" | ")[0].partition("  #")[0].strip()
                yield re.sub(r"\b(REVISION|YOU|PROJECT|REGION)\b", lambda one: one[0].lower() + "-1", line)


def commands_beside_the_plans(tmp_path: Path) -> Iterator[str]:
    """What ``deploy`` runs before a plan, and to read secrets."""
    settings = tmp_path / "installation.env"
    names = ("VITRINA_TOKEN_AUDIENCE", "VITRINA_OWNERS", "VITRINA_DRIVE_FOLDER_ID")
    settings.write_text("".join(f"{name}=x@x.example\n" for name in names), encoding="utf-8")
    where = ["--project=agency-vitrina", "--region=europe-west1", f"--settings={settings}"]
    for arguments in (["install", *where], ["run", *where, "--", "check"]):
        project = GoogleProject(email="(unset)")
        assert main(arguments, project) == 1
        yield from (one.line for one in project.commands)


def test_gcloud_accepts_every_command(tmp_path: Path) -> None:
    """Those of ``make deploy``, of Cloud Build and of the manual."""
    lines = {one.line for one in commands_of_plans()}
    documented = set(commands_of_documents())
    beside = set(commands_beside_the_plans(tmp_path))

    mistakes = find_mistakes(tmp_path, sorted(lines | documented | beside))

    assert mistakes == {}
    assert len(lines) > 50
    assert len(documented) > 5
    assert {line.split()[1] for line in beside} == {"config", "secrets"}


def test_gcloud_finds_mistakes(tmp_path: Path) -> None:
    """The check above sees a wrong flag, command, choice and duration, and a flag that needs another one."""
    wrong = [
        "gcloud functions deploy x --gen2 --runtime=python312 --cpu-boost",
        "gcloud functions deplay x",
        "gcloud firestore databases create --location=eur3 --type=native",
        "gcloud functions deploy x --timeout=soon",
        "gcloud functions deploy x --cpu=1",
    ]

    assert set(find_mistakes(tmp_path, wrong)) == set(wrong)


def test_only_the_product_is_uploaded(tmp_path: Path) -> None:
    """Code, templates and the list of packages: no tests, no settings, no tools."""
    files = run_gcloud(tmp_path, "meta", "list-files-for-upload", str(ROOT)).splitlines()

    assert {one.split("/")[0] for one in files} == {"functions", "sheet_templates", "requirements.txt"}
    folder = ROOT / "functions" / "vitrina" / "web" / "pages"
    pages = {str(one.relative_to(ROOT)) for one in folder.iterdir() if one.suffix in (".html", ".css")}
    assert {one for one in files if not one.endswith((".py", ".json"))} == {"requirements.txt"} | pages
    assert "functions/main.py" in files


def test_other_files_are_left_out(tmp_path: Path) -> None:
    """Whatever lies beside the product: a key, settings, a store."""
    folder = tmp_path / "checkout"
    (folder / "functions").mkdir(parents=True)
    (folder / ".gcloudignore").write_bytes((ROOT / ".gcloudignore").read_bytes())
    others = ("installation.env", ".env", "functions/key.json", "pyproject.toml", "store.sqlite")
    for name in ("functions/main.py", *others):
        (folder / name).write_text("x", encoding="utf-8")

    files = run_gcloud(tmp_path, "meta", "list-files-for-upload", str(folder)).splitlines()

    assert files == ["functions/main.py"]
