"""A report about a metric that lags, with all that a source can say of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from vitrina.domain.calendar import PeriodKind, WorkCalendar
from vitrina.domain.metrics.goals import Goal
from vitrina.domain.metrics.state import state_of
from vitrina.metric_port import DayValue, Facts, Measure, MeasureKind, Segments
from vitrina.records.told.metric_reports import MetricReport, ReportAction, ReportState
from vitrina.usecases.metric_report.body import report_body
from vitrina.usecases.metric_report.facts import (
    AskedQuestion,
    DoneWork,
    FunnelStep,
    MetricRow,
    Sourced,
    metric_key,
)

TODAY = date(2026, 11, 26)
READ_AT = datetime(2026, 11, 26, 6, 12, tzinfo=UTC)
SETTLED = date(2026, 11, 25)
NAME = "Заявки с сайта"

GOAL = Goal(150, period=PeriodKind.MONTH, unit="шт.")
ROW = MetricRow(
    metric_key(NAME), 4, NAME, unit="шт.", source="Яндекс Метрика", goal=GOAL, period=PeriodKind.MONTH
)
WORKS = (
    DoneWork("ЗРН-12", "Новая форма заявки на главной", date(2026, 10, 20), date(2026, 11, 3)),
    DoneWork("ЗРН-15", "Отключили кампанию «Бренд»", None, date(2026, 11, 6)),
    DoneWork("ЗРН-18", "Тексты для страниц услуг", date(2026, 11, 16), None),
)
QUESTIONS = (
    AskedQuestion(
        7, "Почему заявок с сайта стало меньше?", date(2026, 11, 20), date(2026, 11, 21), "Разбираемся."
    ),
    AskedQuestion(5, "Сколько заявок с сайта было в октябре?", date(2026, 11, 12), date(2026, 11, 12)),
)
ACTIONS = (
    ReportAction(21, "ЗРН-21", "Вернуть кампанию «Бренд» с новыми текстами", "Игорь", "2026-12-02"),
    ReportAction(22, "ЗРН-22", "Проверить форму на телефонах", "Анна", "2026-11-30"),
)


def sample_days(per_day: float, *, falls_on: date, to: float, days: int = 150) -> dict[date, DayValue]:
    """Days that fall from one level to another one; weekends have a third."""
    found = {}
    for place in range(days):
        day = SETTLED - timedelta(days=place)
        level = to if day >= falls_on else per_day
        weight = 1.0 if day.weekday() < 5 else 0.35
        wave = 1 + 0.15 * ((place * 7) % 5 - 2) / 2
        found[day] = DayValue(float(round(level * weight * wave)))
    return dict(sorted(found.items()))


def _parts(days: dict[date, DayValue], start: date, shares: dict[str, float]) -> dict[str, DayValue]:
    """A sum of four weeks, divided; the last part has what is left."""
    whole = sum(days[start + timedelta(days=place)].value for place in range(28))
    names = list(shares)
    found = {name: float(round(whole * shares[name])) for name in names[:-1]}
    found[names[-1]] = whole - sum(found.values())
    return {name: DayValue(value) for name, value in found.items()}


def sample_source() -> Sourced:
    """Requests that fell by a third when a campaign was switched off."""
    days = sample_days(6, falls_on=date(2026, 11, 6), to=3.6)
    visits = sample_days(210, falls_on=date(2026, 11, 6), to=180)
    before, now = date(2026, 9, 28), date(2026, 10, 26)
    channels = (
        {"Реклама": 0.5, "Поиск": 0.3, "Прямые заходы": 0.12, "Соцсети": 0.08},
        {"Реклама": 0.33, "Поиск": 0.42, "Прямые заходы": 0.15, "Соцсети": 0.1},
    )
    devices = ({"Телефоны": 0.6, "Компьютеры": 0.4}, {"Телефоны": 0.57, "Компьютеры": 0.43})
    return Sourced(
        "metrica",
        "Yandex Metrica",
        Measure("goal:1", "Заявка", MeasureKind.COUNT, code="goal_reaches"),
        Facts(days, READ_AT, SETTLED),
        visits,
        {
            Segments.CHANNEL: (_parts(days, before, channels[0]), _parts(days, now, channels[1])),
            Segments.DEVICE: (_parts(days, before, devices[0]), _parts(days, now, devices[1])),
        },
        funnel=(FunnelStep("", "visits", visits), FunnelStep("Заявка", "goal_reaches", days)),
    )


def sample_report(spreadsheet_id: str, agency_id: str, **changes: object) -> MetricReport:
    """An approved report, the second one of its project."""
    source, calendar = sample_source(), WorkCalendar()
    facts = source.facts
    assert isinstance(facts, Facts)
    body = report_body(
        ROW,
        source,
        state_of(GOAL, (), TODAY, calendar, days=facts.days),
        works=WORKS,
        questions=QUESTIONS,
        earlier={
            "number": 1,
            "approved_on": "2026-11-02",
            "actions": [
                {"code": "ЗРН-12", "title": "Новая форма заявки", "state": "done", "on": "2026-11-03"},
                {"code": "ЗРН-18", "title": "Тексты для страниц услуг", "state": "in_work", "on": None},
            ],
        },
        today=TODAY,
        read_at=READ_AT.isoformat(),
        calendar=calendar,
    )
    report = MetricReport(
        spreadsheet_id,
        agency_id,
        2,
        1,
        metric_key(NAME),
        NAME,
        READ_AT.isoformat(),
        body,
        reason="Отключили кампанию «Бренд», а новых показов ей на смену не купили.",
        asked="согласовать бюджет кампании на декабрь",
        actions=ACTIONS,
        state=ReportState.APPROVED.value,
        approved_at=READ_AT.isoformat(),
        approved_by="pm@agency.example",
    )
    return replace(report, **changes)  # type: ignore[arg-type]
