"""Settings of one installation, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from pathlib import Path

from vitrina.errors import ConfigurationError

PREFIX = "VITRINA_"


@dataclass(frozen=True)
class Settings:
    """What an operator sets, each field by ``VITRINA_<FIELD>``; docs/settings.md explains them."""

    store_path: Path
    token_audience: str
    staff: tuple[str, ...]
    service_account: str
    task_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)
    #: Also the audience of the timer's tokens; where it is empty, the timer is refused.
    schedule_url: str = ""
    drive_folder_id: str = ""
    kaiten_url: str = ""
    kaiten_token: str = field(default="", repr=False)
    kaiten_space_id: str = ""
    #: Id of the user whose token it is. Where it is empty, the first card that a process makes tells it.
    kaiten_user_id: str = ""
    #: Seconds that one attempt of a call waits for Kaiten's answer.
    kaiten_timeout_s: float = 20.0
    tasks_queue: str = ""
    country: str = "RU"
    time_zone: str = "Europe/Moscow"
    #: Seconds before the first repeat of a call that an outside system was too busy for.
    retry_wait_s: float = 1.0
    #: How long a process that was killed keeps others from its workbook; longer than any step takes.
    lease_s: float = 90.0
    #: Workbooks that webhooks and the timer may write in a minute; people have the rest of the quota.
    quota_per_minute: int = 50
    #: Local servers in place of the real ones; empty in production.
    google_url: str = ""
    #: Address of a spreadsheet for a person, with ``{id}`` in it.
    spreadsheet_url: str = "https://docs.google.com/spreadsheets/d/{id}/edit"
    tasks_url: str = ""
    #: A moment that the clock starts from, for demonstrations and tests.
    now: datetime | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings.

        Raises
        ------
        ConfigurationError
            If a setting without a default is missing, or one cannot be understood; all are named.
        """
        values: dict[str, object] = {}
        missing = []
        for one in fields(cls):
            text = _text(environment, one.name)
            if text:
                values[one.name] = _CONVERT.get(one.name, str)(text)
            elif one.default is MISSING:
                missing.append(PREFIX + one.name.upper())
        if missing:
            raise ConfigurationError("settings.missing", names=missing)
        return cls(**values)  # type: ignore[arg-type]


#: Names that settings had in an older release, and that are still understood.
_OLDER_NAMES: Mapping[str, str] = {"quota_per_minute": "turns_per_minute"}


def _text(environment: Mapping[str, str], name: str) -> str:
    """What an operator set, under the name of today or that of an older release."""
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


_CONVERT: Mapping[str, Callable[[str], object]] = {
    "store_path": Path,
    "staff": _list,
    "kaiten_timeout_s": float,
    "retry_wait_s": float,
    "lease_s": float,
    "quota_per_minute": int,
    "now": _moment,
}
