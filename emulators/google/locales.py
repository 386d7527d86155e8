"""The locales that the emulator knows, and their differences."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.google.errors import NotModelledError


@dataclass(frozen=True)
class Locale:
    """How numbers, dates and booleans are written."""

    name: str
    decimal: str
    group: str
    """Printed between thousands."""
    groups_typed: str
    """Characters that are read as a separator of thousands."""
    true: str
    false: str
    date_pattern: str
    time_pattern: str
    currency_pattern: str
    currency_signs: tuple[str, ...]
    day_first: bool
    date_separators: str
    months: tuple[str, ...]
    """As they stand beside a day: «5 мая»."""
    months_alone: tuple[str, ...]
    months_short: tuple[str, ...]
    weekdays: tuple[str, ...]
    """Monday first."""
    weekdays_short: tuple[str, ...]

    @property
    def date_time_pattern(self) -> str:
        """Pattern of date and time together."""
        return f"{self.date_pattern} H:mm:ss"


_ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ENGLISH_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

EN_US = Locale(
    name="en_US",
    decimal=".",
    group=",",
    groups_typed=",",
    true="TRUE",
    false="FALSE",
    date_pattern="M/d/yyyy",
    time_pattern="h:mm:ss am/pm",
    currency_pattern='"$"#,##0.00',
    currency_signs=("$",),
    day_first=False,
    date_separators="/-",
    months=tuple(_ENGLISH_MONTHS),
    months_alone=tuple(_ENGLISH_MONTHS),
    months_short=tuple(month[:3] for month in _ENGLISH_MONTHS),
    weekdays=tuple(_ENGLISH_DAYS),
    weekdays_short=tuple(day[:3] for day in _ENGLISH_DAYS),
)

RU_RU = Locale(
    name="ru_RU",
    decimal=",",
    group="\u00a0",
    groups_typed=" \u00a0\u202f",
    true="ИСТИНА",
    false="ЛОЖЬ",
    date_pattern="dd.MM.yyyy",
    time_pattern="H:mm:ss",
    currency_pattern='#,##0.00"\u00a0₽"',
    currency_signs=("₽", "р."),
    day_first=True,
    date_separators="./-",
    months=(
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
    months_alone=(
        "январь",
        "февраль",
        "март",
        "апрель",
        "май",
        "июнь",
        "июль",
        "август",
        "сентябрь",
        "октябрь",
        "ноябрь",
        "декабрь",
    ),
    months_short=(
        "янв.",
        "февр.",
        "мар.",
        "апр.",
        "мая",
        "июн.",
        "июл.",
        "авг.",
        "сент.",
        "окт.",
        "нояб.",
        "дек.",
    ),
    weekdays=("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    weekdays_short=("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
)

_KNOWN = {"en_US": EN_US, "en": EN_US, "ru_RU": RU_RU, "ru": RU_RU}


def locale(name: str) -> Locale:
    """The locale of a workbook; others are refused with 501 and their name."""
    try:
        return _KNOWN[name]
    except KeyError:
        raise NotModelledError(f"the locale {name}") from None
