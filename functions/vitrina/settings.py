"""Settings of one installation, read from the environment."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitrina.errors import SettingProblem, SettingsError

PREFIX = "VITRINA_"


@dataclass(frozen=True)
class Settings:
    """Settings of an operator, one environment variable ``VITRINA_<FIELD>`` each; see docs/settings.md."""

    #: Path of a SQLite file, or ``projects/P/databases/D`` of Firestore.
    store: str
    token_audience: str
    #: Owners: everybody else who may use the menu stands in *Специалисты*. ``@agency.ru`` is a whole domain,
    #: ``owner@agency.ru=ID`` an owner of the agency with this workbook only.
    owners: tuple[str, ...]
    service_account: str
    task_url: str
    webhook_url: str
    #: One secret, or while it is changed two, the new one first: ``new,former``.
    webhook_secret: str = field(repr=False)
    #: Also the audience of the timer's tokens; if it is empty, the timer is refused.
    schedule_url: str = ""
    #: Public address of the clients' pages; if it is empty, there are none.
    client_url: str = ""
    drive_folder_id: str = ""
    kaiten_url: str = ""
    kaiten_token: str = field(default="", repr=False)
    kaiten_space_id: str = ""
    #: Id of the user who owns the token. If it is empty, a process learns it from the first card it creates.
    kaiten_user_id: str = ""
    #: Workbook of the agency whose account it is; needed where the installation has several agencies.
    kaiten_agency: str = ""
    #: Seconds that one attempt of a call waits for the answer of Kaiten.
    kaiten_timeout_s: float = 20.0
    #: Most cards that a push or a refresh reads or makes at the same time, in any tracker.
    tracker_cards_at_a_time: int = 10
    #: Further connections to trackers: settings of each, by its name. See docs/settings.md.
    trackers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    #: Address of the agency's account of amoCRM; empty if there is no CRM.
    crm_url: str = ""
    crm_token: str = field(default="", repr=False)
    #: Workbook of the agency whose deals amoCRM has; needed where the installation has several agencies.
    crm_agency: str = ""
    #: Calls of amoCRM in a second. It allows 7; less leaves room for other programs with the same token.
    crm_calls_per_s: float = 3.0
    #: Seconds without calls after amoCRM refused one because there were too many; it blocks who goes on.
    crm_rest_s: float = 61.0
    #: Token of the agency's bot in Telegram; empty if there is no chat.
    chat_token: str = field(default="", repr=False)
    chat_url: str = "https://api.telegram.org"
    #: OAuth token of Yandex Metrica with the right ``metrika:read``; empty if no counters are read.
    metrica_token: str = field(default="", repr=False)
    metrica_url: str = "https://api-metrika.yandex.net"
    #: Workbook of the agency whose login it is; needed where the installation has several agencies.
    metrica_agency: str = ""
    #: Tokens of Calltouch by the number of the site.
    calltouch_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    calltouch_url: str = "https://api.calltouch.ru"
    #: Workbook of the agency whose sites they are; needed where the installation has several agencies.
    calltouch_agency: str = ""
    #: Mail server for letters to accounting; empty if there is none.
    smtp_host: str = ""
    smtp_port: int = 587
    #: Empty for a server that asks for no login.
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    #: Address from which letters come; its domain stands in their ids.
    smtp_sender: str = ""
    #: ``starttls``, ``tls`` or, on this machine only, ``none``.
    smtp_security: str = "starttls"
    tasks_queue: str = ""
    country: str = "RU"
    time_zone: str = "Europe/Moscow"
    #: Seconds before the first repeat of a call that a busy outside system refused.
    retry_wait_s: float = 1.0
    #: Seconds after which the lease of a killed process ends; must be longer than any step of an action.
    lease_s: float = 90.0
    #: How long a client can take a decision back.
    decision_hold_s: float = 600.0
    #: Workbooks that webhooks and the timer may write in a minute; the rest of the quota is for people.
    quota_per_minute: int = 50
    #: Clicks of a person that one process serves in a minute. What an agency, a link or a connection may use
    #: of a process beside others follows from it; see ``operations/clicks/limits.py``.
    clicks_per_minute: int = 20
    #: Local servers in place of the real ones; empty in production.
    google_url: str = ""
    #: Address of a spreadsheet for a person; contains ``{id}``.
    spreadsheet_url: str = "https://docs.google.com/spreadsheets/d/{id}/edit"
    tasks_url: str = ""
    firestore_url: str = ""
    #: A moment at which the clock starts, for demonstrations and tests.
    now: datetime | None = None

    @property
    def current_webhook_secret(self) -> str:
        """The secret that new addresses of webhooks get."""
        return self.webhook_secret.partition(",")[0]

    @property
    def former_webhook_secret(self) -> str:
        """The secret of addresses that were not renewed yet; empty while no secret is changed."""
        return self.webhook_secret.partition(",")[2]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the settings.

        Raises
        ------
        SettingsError
            If settings are missing or wrong. All of them are named, with what to do.
        """
        values: dict[str, object] = {}
        problems: list[SettingProblem] = []
        for one in fields(cls):
            text, name = _text(environment, one.name), PREFIX + one.name.upper()
            if text:
                try:
                    values[one.name] = _CONVERT.get(one.name, str)(text)
                except WrongSettingError as error:
                    problems.append(SettingProblem(error.code, {"name": name, **error.where}))
            elif one.default is MISSING and one.default_factory is MISSING:
                problems.append(SettingProblem("settings.missing", {"name": name}))
        if problems:
            raise SettingsError(problems)
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


class WrongSettingError(Exception):
    """A value that cannot be used: the code of the sentence, and its placeholders but the name."""

    def __init__(self, code: str, **where: Any) -> None:
        super().__init__(code)
        self.code = code
        self.where = where


def _owners(text: str) -> tuple[str, ...]:
    found = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        address, bound, agency_id = one.partition("=")
        address = address.lower()
        is_agency = _AGENCY.fullmatch(agency_id) if bound else True
        if not _ADDRESS.fullmatch(address) or address in CONSUMER_DOMAINS or not is_agency:
            raise WrongSettingError("settings.owner", value=one)
        found.append(f"{address}{bound}{agency_id}")
    return tuple(found)


def _agency(text: str) -> str:
    if not _AGENCY.fullmatch(text):
        raise WrongSettingError("settings.agency", value=text)
    return text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongSettingError("settings.now", value=text) from None
    if moment.tzinfo is None:
        raise WrongSettingError("settings.now", value=text)
    return moment


def _trackers(text: str) -> dict[str, dict[str, str]]:
    """The JSON of ``VITRINA_TRACKERS``. The error does not repeat it, because it holds tokens."""
    try:
        data = json.loads(text)
        return {name: {key: str(value) for key, value in one.items()} for name, one in data.items()}
    except (ValueError, AttributeError):
        raise WrongSettingError("settings.trackers") from None


def _number(least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        # Written so that it is also wrong for what is not a number.
        if not least <= value <= most:
            raise WrongSettingError("settings.number", value=text, least=least, most=most)
        return value

    return convert


def _count(least: int, most: int) -> Callable[[str], int]:
    convert = _number(least, most)
    return lambda text: int(convert(text))


def _url(text: str) -> str:
    """An address that is encrypted, or one of this machine."""
    address = urlsplit(text)
    is_here = address.hostname in ("127.0.0.1", "localhost")
    if not address.hostname or not (address.scheme == "https" or (address.scheme == "http" and is_here)):
        raise WrongSettingError("settings.url", value=text)
    return text


def _spreadsheet_url(text: str) -> str:
    if "{id}" not in text:
        raise WrongSettingError("settings.no_id_in_url", value=text)
    return _url(text)


def _secrets(text: str) -> str:
    """One or two secrets that nobody guesses and that stand in addresses; the error does not repeat them."""
    found = [one.strip() for one in text.split(",")]
    if len(found) > MOST_SECRETS or not all(_SECRET.fullmatch(one) for one in found):
        raise WrongSettingError("settings.secret", least=LEAST_SECRET)
    return ",".join(found)


def _chat_token(text: str) -> str:
    """A token as Telegram gives it; it stands in addresses. The error does not repeat it."""
    if not _CHAT_TOKEN.fullmatch(text):
        raise WrongSettingError("settings.chat_token")
    return text


def _site_tokens(text: str) -> dict[str, str]:
    """``site:token`` for each site, with commas between. The error does not repeat them."""
    found: dict[str, str] = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        site, _, token = one.partition(":")
        if not _SITE.fullmatch(site) or not _TOKEN.fullmatch(token) or site in found:
            raise WrongSettingError("settings.calltouch")
        found[site] = token
    return found


def _token(text: str) -> str:
    """A token that stands in a header; the error does not repeat it."""
    if not _TOKEN.fullmatch(text):
        raise WrongSettingError("settings.token")
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or text.startswith("@") or not text.isascii() or not text.isprintable():
        raise WrongSettingError("settings.address", value=text)
    return text


def _security(text: str) -> str:
    if text.lower() not in SECURITIES:
        raise WrongSettingError("settings.smtp_security", value=text, allowed=list(SECURITIES))
    return text.lower()


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise WrongSettingError("settings.time_zone", value=text) from None


#: Domains on which anybody can have an address: not those of an agency.
CONSUMER_DOMAINS = frozenset(
    {
        *("@gmail.com", "@googlemail.com", "@yandex.ru", "@ya.ru", "@yandex.com", "@mail.ru", "@bk.ru"),
        *("@inbox.ru", "@list.ru", "@internet.ru", "@rambler.ru", "@outlook.com", "@hotmail.com"),
        *("@live.com", "@icloud.com", "@me.com", "@yahoo.com", "@proton.me", "@protonmail.com"),
    }
)
#: How a connection to a mail server is encrypted.
SECURITIES = ("starttls", "tls", "none")
#: Least letters and digits of a secret.
LEAST_SECRET = 24
#: Secrets that are valid at once: today's, and the one before the last change.
MOST_SECRETS = 2

_AGENCY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_ADDRESS = re.compile(r"[^\s@,;<>]*@[^\s@,;<>]+\.[^\s@,;<>]+")
_CHAT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]+")
_SITE = re.compile(r"[0-9]{1,12}")
_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{LEAST_SECRET},}}")

_CONVERT: Mapping[str, Callable[[str], object]] = {
    "owners": _owners,
    "trackers": _trackers,
    "webhook_secret": _secrets,
    "chat_token": _chat_token,
    "metrica_token": _token,
    "calltouch_tokens": _site_tokens,
    "kaiten_timeout_s": _number(0.1, 60),
    "tracker_cards_at_a_time": _count(1, 50),
    "crm_calls_per_s": _number(0.1, 50),
    "crm_rest_s": _number(0, 3600),
    "smtp_port": _count(1, 65_535),
    "smtp_sender": _address,
    "smtp_security": _security,
    "retry_wait_s": _number(0, 60),
    "lease_s": _number(0.05, 3600),
    "decision_hold_s": _number(0, 86_400),
    "quota_per_minute": _count(1, 10_000),
    "clicks_per_minute": _count(1, 1_000_000),
    "time_zone": _time_zone,
    **dict.fromkeys(("kaiten_agency", "crm_agency", "metrica_agency", "calltouch_agency"), _agency),
    "now": _moment,
    "spreadsheet_url": _spreadsheet_url,
    **dict.fromkeys(
        (
            *("task_url", "webhook_url", "schedule_url", "client_url"),
            *("kaiten_url", "crm_url", "chat_url", "google_url", "tasks_url", "firestore_url"),
            *("metrica_url", "calltouch_url"),
        ),
        _url,
    ),
}
