"""What a client reads of a source that failed, was sampled, or withheld rows: it is true in each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.metric_desk import GOAL, TOKEN, MetricaDesk, counter, metrica_desk
from tests.harness.metric_projects import TODAY, ZONE, MetricProject
from vitrina.texts import render
from vitrina.usecases.metric_report.words import sections

REACHES = f"goal:{GOAL}:reaches"
#: Ten visits on each of sixty days, two of which reach the goal.
STEADY = {TODAY - timedelta(days=back): 10 for back in range(1, 61)}


@pytest.fixture(scope="module")
def desk() -> Iterator[MetricaDesk]:
    """The emulator at the office's moment."""
    with metrica_desk(lambda: NOW.astimezone(ZONE)) as found:
        yield found


def told(project: MetricProject) -> dict[str, list[str]]:
    """Sentences of the report by the key of their section."""
    report, zone = project.report(), project.office.services.time_zone
    return {
        one.key: [render(line, "ru").replace("\u00a0", " ") for line in one.lines]
        for one in sections(report, zone)
    }


def opened(desk: MetricaDesk, days: dict[date, int] | None = None) -> MetricProject:
    """A project whose counter has these days, and whose facts were read."""
    desk.seed(counter(1, STEADY if days is None else days))
    project = MetricProject(desk, REACHES)
    project.read_facts()
    return project


def test_a_source_that_answers(desk: MetricaDesk) -> None:
    """Name, goal and moment of the source; nothing wrong was found."""
    found = told(opened(desk))
    assert found["source"] == [
        "Источник — Яндекс Метрика: Цель «Заявка»: достижения. Прочитали 23 ноября в 09:00.",
        "Дни по 22 ноября окончательные, более поздние ещё могут измениться.",
        "Пропущенных дней, выборки, скрытых строк и остановки счёта не нашли.",
        "Таблицу проекта прочитали 23 ноября в 09:00.",
    ]
    assert found["gap"][0] == (
        "26 октября – 22 ноября — 56 шт, 28 сентября – 25 октября — 56 шт: 0 шт. "
        "Сравниваем полные недели, с теми же днями недели."
    )


DOWN = [
    "Источник — Яндекс Метрика: Цель «Заявка»: достижения. Прочитали 23 ноября в 09:00.",
    "Дни по 22 ноября окончательные, более поздние ещё могут измениться.",
]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda desk: desk.switch(is_down=True),
        lambda desk: desk.do("kill_token", token=TOKEN),
        lambda desk: desk.switch(shape="text"),
        lambda desk: desk.switch(shape="no_totals"),
    ],
    ids=["down", "token", "text", "shape"],
)
def test_a_source_that_does_not_answer_now(
    desk: MetricaDesk, break_it: Callable[[MetricaDesk], None]
) -> None:
    """The report has what was kept, with its moment, and says what it could not ask."""
    project = opened(desk)
    project.office.clock.advance(minutes=90)
    break_it(desk)
    found = told(project)

    assert found["source"][:2] == DOWN
    assert found["gap"][-1] == (
        "Сейчас источник не ответил, как разделить показатель: Каналы, Кампании, Страницы и Устройства."
    )
    assert found["funnel"] == ["Воронки нет: известен только сам показатель."]


def test_nothing_was_ever_read(desk: MetricaDesk) -> None:
    """No figure is told, and no zero either."""
    desk.seed(counter(1, STEADY))
    project = MetricProject(desk, REACHES)
    desk.switch(is_down=True)
    found = told(project)

    assert found["verdict"][0] == "Заявки с сайта: данных за этот срок нет."
    source = "Источник — Яндекс Метрика: Цель «Заявка»: достижения."
    assert found["source"][0] == f"{source} Данных из него нет: источник сейчас не ответил."
    assert found["gap"] == [
        "Сравнить не с чем: нужны хотя бы две полные недели подряд, последняя — только что закончившаяся."
    ]


def test_a_sampled_answer(desk: MetricaDesk) -> None:
    """The figures are called approximate."""
    project = opened(desk)
    desk.switch(sample_share=0.5)
    assert told(project)["source"][2] == (
        "Источник посчитал цифры по части данных, поэтому они приблизительны."
    )


def test_withheld_rows(desk: MetricaDesk) -> None:
    """What is withheld stands without a name, and the sums may be less."""
    project = opened(desk)
    desk.switch(least_users=5)
    found = told(project)
    assert found["source"][2] == (
        "Источник скрыл часть строк, чтобы нельзя было узнать людей: суммы могут быть меньше настоящих."
    )


def test_a_counter_that_stopped(desk: MetricaDesk) -> None:
    """Days after it are no zeros: there are no data, and nothing newer is compared."""
    project = opened(desk)
    desk.do("stop_counter", counter_id=1, on="2026-11-19")
    project.read_facts()
    found = told(project)

    assert "После 18 ноября данных нет: счётчик на сайте перестал присылать визиты." in found["source"]
    assert found["gap"][0].startswith("Сравнить не с чем")
    assert "Состояние показателя: нет данных." in found["verdict"]


def test_a_goal_that_was_deleted(desk: MetricaDesk) -> None:
    """The reason is told, and no figure that came after it."""
    project = opened(desk)
    desk.do("delete_goal", counter_id=1, goal_id=GOAL)
    project.read_facts()
    found = told(project)
    assert "После 22 ноября данных нет: цель удалена в Метрике." in found["source"]
    assert "Состояние показателя: нет данных." in found["verdict"]


def test_a_goal_that_is_not_counted(desk: MetricaDesk) -> None:
    """Visits go on and nobody reaches the goal: the report asks to check it before anything else."""
    rows = counter(1, STEADY)
    for visit in rows["visits"]:
        if visit["at"] >= "2026-11-18":
            visit["goals"] = []
    desk.seed(rows)
    project = MetricProject(desk, REACHES)
    assert (
        "С 18 ноября не посчитано ни одного события, хотя посещений не меньше половины обычного. "
        "Проверьте, считает ли источник эту цель."
    ) in told(project)["source"]
