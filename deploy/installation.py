"""One installation on Google Cloud: its names, addresses, settings and secrets."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vitrina.errors import SettingsError
from vitrina.settings import PREFIX, Settings

#: Settings that follow from project and region.
DERIVED = ("store", "service_account", "task_url", "schedule_url", "webhook_url", "client_url", "tasks_queue")
#: Settings that make sense for local servers only.
LOCAL = ("google_url", "tasks_url", "firestore_url", "spreadsheet_url", "now")
#: Settings that may be empty elsewhere: a service account cannot own files, so that it needs a folder.
ALSO_REQUIRED = ("drive_folder_id",)

#: The file that the operator copies and fills in.
EXAMPLE = Path(__file__).with_name("settings.example.env")

#: What the same file may say about the installation itself.
MENU_MIN_INSTANCES, FIRESTORE_LOCATION = "MENU_MIN_INSTANCES", "FIRESTORE_LOCATION"
MORE_TRACKERS, ALERT_EMAIL = "MORE_TRACKERS", "ALERT_EMAIL"

DATABASE = "(default)"
QUEUE = "vitrina"
JOB = "vitrina-schedule"

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_EMAIL = re.compile(r"[^\s@,=]+@[^\s@,=]+\.[^\s@,=]+")
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")


class InstallationError(Exception):
    """What the operator gave does not describe an installation; the text says what to change."""


@dataclass(frozen=True)
class Secret:
    """A setting whose value is in Secret Manager.

    ``needed_with`` names a setting without which the secret is not needed; an *optional* one is needed where
    ``MORE_TRACKERS`` says so; a secret that is *generated* has no meaning outside, so that ``make deploy``
    makes it up.
    """

    setting: str
    name: str
    is_generated: bool = False
    needed_with: str = ""
    is_optional: bool = False

    @property
    def variable(self) -> str:
        """The environment variable of the setting."""
        return _variable(self.setting)


SECRETS = (
    Secret("webhook_secret", "vitrina-webhook-secret", is_generated=True),
    Secret("kaiten_token", "vitrina-kaiten-token", needed_with="kaiten_url"),
    Secret("crm_token", "vitrina-crm-token", needed_with="crm_url"),
    Secret("metrica_token", "vitrina-metrica-token", needed_with="metrica_url"),
    Secret("calltouch_tokens", "vitrina-calltouch-tokens", needed_with="calltouch_url"),
    Secret("chat_token", "vitrina-chat-token", needed_with="chat_url"),
    Secret("smtp_password", "vitrina-smtp-password", needed_with="smtp_user"),
    Secret("trackers", "vitrina-trackers", is_optional=True),
)


@dataclass(frozen=True)
class Installation:
    """What is made where.

    Parameters
    ----------
    settings
        The operator's settings, by the names of their environment variables.
    operator
        E-mail of the person who may run ``python -m vitrina`` as the service account.
    firestore_location
        Region or multi-region of the database; it cannot be changed later.
    menu_min_instances
        Instances of ``menu`` that are always running: they cost money, and the first click does not wait.
    has_more_trackers
        Whether there are connections to trackers in ``VITRINA_TRACKERS``, a secret because of their tokens.
    alert_email
        Where alarms are sent; if it is empty, they are seen on the dashboard only.
    """

    project: str
    region: str
    settings: Mapping[str, str] = field(default_factory=dict)
    operator: str = "OPERATOR"
    firestore_location: str = ""
    menu_min_instances: int = 1
    has_more_trackers: bool = False
    alert_email: str = ""

    def __post_init__(self) -> None:
        if not _PROJECT.fullmatch(self.project):
            raise InstallationError(f"PROJECT is the id of a Google project, not {self.project!r}.")
        if not _REGION.fullmatch(self.region):
            raise InstallationError(f"REGION is a region such as europe-west1, not {self.region!r}.")

    @property
    def service_account(self) -> str:
        """The account as which the functions run."""
        return f"vitrina@{self.project}.iam.gserviceaccount.com"

    @property
    def build_account(self) -> str:
        """The account that builds the functions, and upgrades them in Cloud Build."""
        return f"vitrina-build@{self.project}.iam.gserviceaccount.com"

    @property
    def operator_member(self) -> str:
        """The operator as a member of a policy."""
        kind = "serviceAccount" if self.operator.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{self.operator}"

    def url(self, function_name: str) -> str:
        """Address of a function, which Google gives it before it is there; also the audience of tokens."""
        return f"https://{self.region}-{self.project}.cloudfunctions.net/{function_name}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of all functions, without secrets."""
        derived = {
            "store": f"projects/{self.project}/databases/{DATABASE}",
            "service_account": self.service_account,
            "task_url": self.url("vitrina-task"),
            "schedule_url": self.url("vitrina-schedule"),
            "webhook_url": self.url("vitrina-webhook"),
            "client_url": self.url("vitrina-client"),
            "tasks_queue": f"projects/{self.project}/locations/{self.region}/queues/{QUEUE}",
        }
        return {**{_variable(name): value for name, value in derived.items()}, **self.settings}

    @property
    def secrets(self) -> Sequence[Secret]:
        """The secrets that this installation needs."""
        return [
            one
            for one in SECRETS
            if (self.has_more_trackers or not one.is_optional)
            and (not one.needed_with or _variable(one.needed_with) in self.settings)
        ]


def read_installation(path: Path, project: str, region: str) -> Installation:
    """The installation that the operator's file describes: lines ``NAME=value``, and comments after ``#``.

    Raises
    ------
    InstallationError
        If the file is not there, or has a line that it should not have, or lacks one; all are named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InstallationError(
            f"{path} is not there. Copy deploy/{EXAMPLE.name} to it and fill it in."
        ) from None
    settings: dict[str, str] = {}
    options = {MENU_MIN_INSTANCES: "1", FIRESTORE_LOCATION: "", MORE_TRACKERS: "0", ALERT_EMAIL: ""}
    problems = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in text.partition("="))
        problem = _problem(name) if equals else "is not NAME=value"
        if name in options:
            options[name] = value or options[name]
        elif problem:
            problems.append(f"line {number}: {name} {problem}")
        elif value:
            settings[name] = value
    problems += _wrong_options(options)
    problems += [f"{name} is missing" for name in _required() if name not in settings]
    problems = problems or _wrong_values(settings)
    if problems:
        raise InstallationError(f"{path}:\n" + "\n".join(f"  {one}" for one in problems))
    return Installation(
        project,
        region,
        settings,
        firestore_location=options[FIRESTORE_LOCATION],
        menu_min_instances=int(options[MENU_MIN_INSTANCES]),
        has_more_trackers=options[MORE_TRACKERS] == "1",
        alert_email=options[ALERT_EMAIL],
    )


def example_settings() -> list[str]:
    """Names of the settings that the operator is asked for."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[0] for line in lines if line.startswith(PREFIX)]


def _problem(name: str) -> str:
    """Why a setting cannot stand in the operator's file; empty if it can."""
    secret = next((one for one in SECRETS if one.variable == name), None)
    if secret is not None:
        return f"is a secret: leave it out, it is kept in Secret Manager as {secret.name}"
    if name in map(_variable, DERIVED):
        return "follows from project and region: leave it out"
    if name in map(_variable, LOCAL):
        return "is for local servers: leave it out"
    if name not in (_variable(one.name) for one in dataclasses.fields(Settings)):
        return "is no setting (docs/settings.md lists them)"
    return ""


def _wrong_options(options: Mapping[str, str]) -> list[str]:
    """What is wrong with what the file says about the installation itself."""
    problems = []
    if not options[MENU_MIN_INSTANCES].isdecimal():
        problems.append(f"{MENU_MIN_INSTANCES} is a number of instances")
    if options[MORE_TRACKERS] not in ("0", "1"):
        problems.append(f"{MORE_TRACKERS} is 1 or 0")
    if options[ALERT_EMAIL] and not _EMAIL.fullmatch(options[ALERT_EMAIL]):
        problems.append(f"{ALERT_EMAIL} is one e-mail address")
    return problems


def _required() -> list[str]:
    secrets = [one.setting for one in SECRETS]
    without_default = [
        one.name
        for one in dataclasses.fields(Settings)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]
    wanted = [*without_default, *ALSO_REQUIRED]
    return [_variable(name) for name in wanted if name not in (*DERIVED, *secrets)]


def _wrong_values(settings: Mapping[str, str]) -> list[str]:
    """What is wrong with the values; secrets and what is derived get values that are right."""
    names = (*DERIVED, *(one.setting for one in SECRETS))
    rest = {_variable(name): "https://x.example" if name.endswith("_url") else "x" * 32 for name in names}
    rest |= {
        _variable("trackers"): "{}",
        _variable("chat_token"): "1:x",
        _variable("calltouch_tokens"): "1:x",
    }
    try:
        Settings.from_environment({**rest, **settings})
    except SettingsError as error:
        return [f"{one.code} {dict(one.where)}" for one in error.problems]
    return []


def _variable(setting: str) -> str:
    return PREFIX + setting.upper()
