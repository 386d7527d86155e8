"""A metric that fills itself, from the click to the cell: menu, queue, Metrica, store, Google."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.harness.metric_desk import TOKEN, MetricaDesk, counter, metrica_desk
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import NOW
from tests.harness.servers import Servers

#: The day before that of the office, which is a Monday.
YESTERDAY = NOW.date() - timedelta(days=1)
STEADY = {YESTERDAY - timedelta(days=number): 10 for number in range(40)}
SINCE = YESTERDAY - timedelta(days=6)


@pytest.fixture(scope="module")
def desk() -> Iterator[MetricaDesk]:
    """Metrica with a counter of ten visits a day, two of which reach the goal."""
    with metrica_desk(lambda: NOW) as desk:
        desk.seed(counter(1, STEADY))
        yield desk


@pytest.fixture(scope="module")
def office(
    servers: Servers, desk: MetricaDesk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModuleOffice]:
    """An agency whose installation is connected to Metrica."""
    settings = {"METRICA_TOKEN": TOKEN, "METRICA_URL": desk.url}
    with running_agency(servers, tmp_path_factory.mktemp("office"), **settings) as office:
        office.create_client(client_name="Заря", project_name="Сайт", code="ЗРН", limit_hours=100)
        yield office


def test_a_metric_fills_itself(office: ModuleOffice, desk: MetricaDesk) -> None:
    """Three clicks of the form; then the week that ended is in its cell, and nothing is due."""
    tab = office.book().tab("metrics")
    row = tab.header_index + 2
    office.type("metrics", row - 1, metric="Заявки", since_on=f"{SINCE:%d.%m.%Y}", unit="шт.")
    shown = office.do("metric_sources", sheet_id=tab.sheet_id, row=row)
    [system, *others] = shown["data"]["systems"]
    account = {"system": system["id"], "account_id": system["accounts"][0]["id"]}
    measures = office.do("metric_measures", **account)["data"]["measures"]
    goal = next(one for one in measures if one["title"] == "Цель «Заявка»: достижения")

    answer = office.do("choose_metric_source", row=row, metric="Заявки", **account, measure_id=goal["id"])
    office.settle()

    assert shown["data"]["selected"] == row
    assert [one["id"] for one in others] == ["sheet", "pasted"]
    assert answer["outcome"] == "done"
    assert answer["message"].startswith(
        "Показатель «Заявки» теперь заполняется сам: Яндекс Метрика: Цель «Заявка»"
    )
    assert office.table("metrics", "metric", "source", "fact.1", "fact.2")[0] == (
        "Заявки",
        "Яндекс Метрика: Цель «Заявка»: достижения",
        14.0,
        None,
    )
    assert office.call_schedule().json()["facts"] == 0
    assert desk.calls()["stat.bytime"] == 1


def test_a_metric_without_a_first_day_asks_for_it(office: ModuleOffice, desk: MetricaDesk) -> None:
    """By the title of its column; the source is chosen nevertheless."""
    row = office.book().tab("metrics").header_index + 3
    office.type("metrics", row - 1, metric="Визиты")
    wanted = {"system": "metrica", "account_id": "1", "measure_id": "visits"}

    answer = office.do("choose_metric_source", row=row, metric="Визиты", **wanted)

    assert answer["outcome"] == "done"
    assert [line for line in answer["details"] if line.startswith("Впишите в колонку «")], answer


@pytest.mark.parametrize(
    "chosen",
    [
        {"system": "metrica", "account_id": "999"},
        {"system": "metrica", "account_id": "x"},
        {"system": "pasted", "account_id": "gone"},
        {
            "system": "sheet",
            "link": "https://docs.google.com/spreadsheets/d/gone/edit#gid=0",
            "area": "A1:B9",
        },
    ],
    ids=lambda one: f"{one['system']} {one.get('account_id', '')}".strip(),
)
def test_a_wrong_account_is_the_persons_to_correct(office: ModuleOffice, chosen: dict[str, str]) -> None:
    """No outside system has failed, so that it is 422 and no alarm."""
    answer = office.do("metric_measures", **chosen)

    assert (answer["http_status"], answer["outcome"]) == (422, "refused")


def test_what_cannot_be_read_is_told_in_the_sidebar(office: ModuleOffice, desk: MetricaDesk) -> None:
    """A dead token, before anything is chosen."""
    desk.do("kill_token", token=TOKEN)
    try:
        [system, *_] = office.do("metric_sources")["data"]["systems"]
        refused = office.do("metric_measures", system="metrica", account_id="1")
    finally:
        desk.do("kill_token", token=TOKEN, is_dead=False)

    assert system["accounts"] == []
    assert "не принял ключ доступа" in system["problem"]
    assert refused["outcome"] in ("failed", "refused")
    assert "не принял ключ доступа" in refused["message"]
