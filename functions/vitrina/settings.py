"""Settings of one installation, read from the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime

from vitrina.errors import ConfigurationError

PREFIX = "VITRINA_"


@dataclass(frozen=True)
class Settings:
    """Settings of an operator, one environment variable ``VITRINA_<FIELD>`` each; see docs/settings.md."""

    #: Path of a SQLite file, or ``projects/P/databases/D`` of Firestore.
    store: str
    token_audience: str
    #: Owners: everybody else who may use the menu stands in *Специалисты*. ``@agency.ru`` is a whole domain.
    owners: tuple[str, ...]
    service_account: str
    task_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)
    #: Also the audience of the timer's tokens; if it is empty, the timer is refused.
    schedule_url: str = ""
    drive_folder_id: str = ""
    kaiten_url: str = ""
    kaiten_token: str = field(default="", repr=False)
    kaiten_space_id: str = ""
    #: Id of the user who owns the token. If it is empty, a process learns it from the first card it creates.
    kaiten_user_id: str = ""
    #: Seconds that one attempt of a call waits for the answer of Kaiten.
    kaiten_timeout_s: float = 20.0
    #: Further connections to trackers: settings of each, by its name. See docs/settings.md.
    trackers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    tasks_queue: str = ""
    country: str = "RU"
    time_zone: str = "Europe/Moscow"
    #: Seconds before the first repeat of a call that a busy outside system refused.
    retry_wait_s: float = 1.0
    #: Seconds after which the lease of a killed process ends; must be longer than any step of an action.
    lease_s: float = 90.0
    #: Workbooks that webhooks and the timer may write in a minute; the rest of the quota is for people.
    quota_per_minute: int = 50
    #: Local servers in place of the real ones; empty in production.
    google_url: str = ""
    #: Address of a spreadsheet for a person; contains ``{id}``.
    spreadsheet_url: str = "https://docs.google.com/spreadsheets/d/{id}/edit"
    tasks_url: str = ""
    firestore_url: str = ""
    #: A moment at which the clock starts, for demonstrations and tests.
    now: datetime | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings.

        Raises
        ------
        ConfigurationError
            If settings without a default are missing (all are named), or ``VITRINA_NOW`` has no time zone.
        """
        values: dict[str, object] = {}
        missing = []
        for one in fields(cls):
            text = _text(environment, one.name)
            if text:
                values[one.name] = _CONVERT.get(one.name, str)(text)
            elif one.default is MISSING and one.default_factory is MISSING:
                missing.append(PREFIX + one.name.upper())
        if missing:
            raise ConfigurationError("settings.missing", names=missing)
        return cls(**values)  # type: ignore[arg-type]


#: Names of settings in an older release, which still work.
_OLDER_NAMES: Mapping[str, str] = {
    "owners": "staff",
    "quota_per_minute": "turns_per_minute",
    "store": "store_path",
}


def _text(environment: Mapping[str, str], name: str) -> str:
    """Value of a setting, under its current name or that of an older release; empty if not set."""
    names = [name, *([_OLDER_NAMES[name]] if name in _OLDER_NAMES else [])]
    texts = (environment.get(PREFIX + one.upper(), "").strip() for one in names)
    return next((text for text in texts if text), "")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ConfigurationError("settings.now_without_zone", value=text)
    return moment


def _trackers(text: str) -> dict[str, dict[str, str]]:
    """The JSON of ``VITRINA_TRACKERS``. The error does not repeat it, because it holds tokens."""
    try:
        data = json.loads(text)
        return {name: {key: str(value) for key, value in one.items()} for name, one in data.items()}
    except (ValueError, AttributeError):
        raise ConfigurationError("settings.trackers") from None


_CONVERT: Mapping[str, Callable[[str], object]] = {
    "owners": _list,
    "trackers": _trackers,
    "kaiten_timeout_s": float,
    "retry_wait_s": float,
    "lease_s": float,
    "quota_per_minute": int,
    "now": _moment,
}
