"""*Отчёт по метрике…*: a draft that only staff see, steps that become items, and one sending of it."""

from __future__ import annotations

import contextlib
import uuid
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.chat_office import ChatOffice
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from tests.harness.metric_reports import sample_report
from vitrina.errors import RetriableServiceError, UserError
from vitrina.operations.answer import Answer, answer_json
from vitrina.records.outside.client_pages import load_page
from vitrina.records.told.metric_reports import MetricReport, load_report, load_reports
from vitrina.usecases.metric_report.facts import metric_key
from vitrina.usecases.metric_report.read import names
from vitrina.workbook.reading.book import Tab

NAME = "Заявки с сайта"


@cache
def saved() -> SavedOffice:
    """A client with a typed metric that lags: 20 and 22 of 40 a week."""
    return with_metric(client_office()).save()


def new_office() -> MemoryOffice:
    """The same without a chat."""
    return MemoryOffice(saved())


def with_metric(office: MemoryOffice, **values: str) -> MemoryOffice:
    """The office with the metric typed into the first row."""
    typed = {"metric": NAME, "target": "40", "unit": "шт", "better": "больше", "source": "Метрика"}
    typed |= {"since_on": "09.11.2026", "fact.1": "20", "fact.2": "22", **values}
    tab = office.tab("metrics")
    edits = [
        {"type": "type", "sheet": tab.title, "cell": _address(tab, column), "text": text}
        for column, text in typed.items()
    ]
    office.edit(*edits)
    return office


def _address(tab: Tab, column: str) -> str:
    return tab.address(tab.rows[0], column)


def preview(office: MemoryOffice, **params: Any) -> Answer:
    """The draft for the first row of *Метрики*."""
    tab = office.tab("metrics")
    return office.do(
        "preview_metric_report", **{"sheet_id": tab.sheet_id, "row": tab.rows[0].index + 1, **params}
    )


def add(office: MemoryOffice, answer: Answer, title: str = "Починить форму", **params: Any) -> Answer:
    """A step of the draft."""
    place = {name: answer.data[name] for name in ("number", "revision")}
    wanted = {"title": title, "owner": "Игорь", "due_on": "2026-11-30", **params}
    return office.do("add_report_action", **place, **wanted)


def approve(office: MemoryOffice, answer: Answer, **params: Any) -> Answer:
    """Approve what was previewed."""
    shown = {name: answer.data[name] for name in ("number", "revision", "mark")}
    return office.do("approve_metric_report", **{**shown, **params})


def kept(office: MemoryOffice, number: int = 1, revision: int = 1) -> MetricReport:
    """A revision in the store."""
    report = load_report(office.store, office.client_id, (number, revision))
    assert report is not None
    return report


def told(answer: Answer) -> dict[str, list[str]]:
    """Sentences of the sections by their titles."""
    shown = answer_json(answer, "ru")["data"]["sections"]
    return {one["title"]: one["lines"] for one in shown}


def test_a_typed_metric_has_a_short_report() -> None:
    """Each section says what the figures carry, and where there are none, that there are none."""
    office = new_office()
    answer = preview(office)

    assert told(answer) == {
        "Главное": [
            "Заявки с сайта: 9–22 ноября — 42\u00a0шт, план на эти дни 80\u00a0шт, меньше на 38\u00a0шт.",
            "Состояние показателя: отстаёт.",
            "Если план выполняется, случайность даёт от 58\u00a0шт до 104\u00a0шт.",
            "Отстаёт с 23 ноября.",
        ],
        "Можно ли верить цифрам": [
            "Цифры вписаны вручную на вкладке «Метрики»; сверить их с источником сама программа не может.",
            "Источник, который там указан: Метрика.",
            "Таблицу проекта прочитали 23 ноября в 09:00.",
        ],
        "Где разница": ["Разбивки нет: цифры вписаны вручную, без каналов и страниц."],
        "Воронка": ["Воронки нет: цифры вписаны вручную."],
        "Как менялось": ["Периоды, как они вписаны; сравниваем только законченные."],
        "Что делали": ["За это время на вкладках «Готово» и «В работе» работ с датами нет."],
        "Вопросы и ответы": ["Вопросов об этом показателе не было."],
    }
    assert load_reports(office.store, office.client_id, office.agency_id).shown == ()


def test_a_growing_period_is_not_compared() -> None:
    """The period of today is told apart from finished ones and stands in no table."""
    office = with_metric(new_office(), **{"fact.3": "3"})
    shown = answer_json(preview(office), "ru")["data"]["sections"]
    time = next(one for one in shown if one["title"] == "Как менялось")

    assert "Нынешний период ещё идёт: пока 3\u00a0шт." in time["lines"]
    assert time["tables"][0]["rows"] == [["с 9 ноября", "20\u00a0шт"], ["с 16 ноября", "22\u00a0шт"]]


def test_another_row_offers_the_metrics() -> None:
    """Whoever has selected no metric is asked which one."""
    office = new_office()
    answer = office.do("preview_metric_report", sheet_id=office.tab("backlog").sheet_id, row=3)

    assert answer.data == {"metrics": [{"key": metric_key(NAME.casefold()), "name": NAME}]}
    chosen = office.do("preview_metric_report", metric=metric_key(NAME.casefold()))
    assert chosen.data["number"] == 1


def test_a_workbook_without_metrics_is_refused() -> None:
    """There is nothing to report about."""
    with pytest.raises(UserError, match=r"metric_report\.no_metrics"):
        client_office().do("preview_metric_report")


def test_an_open_draft_is_kept() -> None:
    """A second click has the same number and new figures; what people wrote stays."""
    office = new_office()
    first = preview(office)
    add(office, first, reason="Форма не отправлялась", asked="Дать доступ")
    with_metric(office, **{"fact.2": "25"})
    second = preview(office)

    assert (second.data["number"], second.data["revision"]) == (1, 1)
    assert second.data["mark"] != first.data["mark"]
    report = kept(office)
    assert (report.reason, report.asked) == ("Форма не отправлялась", "Дать доступ")
    assert [one.title for one in report.actions] == ["Починить форму"]
    assert report.body["verdict"]["fact"] == 45


def test_a_step_becomes_an_item_with_its_day() -> None:
    """The row has title and day and says nothing of the report; *undo* takes it out of row and draft."""
    office = new_office()
    answer = add(office, preview(office))

    assert office.table("backlog", "id", "task", "status") == [("ЗРН-1", "Починить форму", "Предложение")]
    tab = office.tab("backlog")
    assert "30.11" in tab.cell(tab.rows[0], "wanted_on").text or tab.cell(tab.rows[0], "wanted_on").value
    assert answer_json(answer, "ru")["data"]["actions"] == ["ЗРН-1 Починить форму — Игорь, до 2026-11-30"]
    office.do("undo")
    assert preview(office).data["actions"] == []


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_repeated_step_adds_one_row(fails: str) -> None:
    """Google's answer is lost: the same click finds what the first attempt wrote."""
    office = new_office()
    answer = preview(office)
    getattr(office.workbooks, fails)("batch_update", no_answer())
    click = {"operation_id": uuid.uuid4().hex}
    with pytest.raises(RetriableServiceError):
        add(office, answer, **click)
    for _ in range(2):
        last = add(office, answer, **click)

    assert office.table("backlog", "task") == [("Починить форму",)]
    assert len(last.data["actions"]) == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"due_on": "2026-11-22"}, r"metric_report\.day_over"),
        ({"reason": "a\nb\nc"}, r"metric_report\.long_reason"),
    ],
)
def test_a_bad_step_is_refused(params: dict[str, str], code: str) -> None:
    """Nothing is written into the workbook."""
    office = new_office()
    answer = preview(office)
    with pytest.raises(UserError, match=code):
        add(office, answer, **params)
    assert office.table("backlog", "task") == []


def test_nothing_is_shown_before_it_is_approved() -> None:
    """Neither page, nor chat, nor workbook know of a draft; all of them know of an approved report, once."""
    office = ChatOffice(saved())
    group = office.add_group()
    office.services = replace(office.services, client_url="https://vitrina.example")
    office.do("make_client_link", scope="look")
    before = office.workbooks.look(office.client_id)
    answer = preview(office)
    office.run_queue()
    office.run_job({"kind": "client_page", "spreadsheet_id": office.client_id})
    page = load_page(office.store, office.client_id, office.agency_id)
    assert "reports" not in page.content
    assert office.workbooks.look(office.client_id) == before
    assert office.texts(group, "Отчёты") == []

    for _ in range(3):
        approve(office, answer, reason="Форма не отправлялась.")
        office.run_queue()
        office.run_job({"kind": "client_page", "spreadsheet_id": office.client_id})
    (text,) = office.texts(group, "Отчёты")
    assert text.startswith("Отчёт № 1 по показателю «Заявки с сайта»\n\nЗаявки с сайта: 9–22")
    assert "Форма не отправлялась." in text
    report = kept(office)
    assert report.is_approved
    assert report.approved_by
    page = load_page(office.store, office.client_id, office.agency_id)
    assert [one["number"] for one in page.content["reports"]] == [1]


def test_what_was_previewed_is_what_is_sent() -> None:
    """A draft that has changed is refused; a report that was sent cannot be sent with other words."""
    office = new_office()
    first = preview(office)
    with_metric(office, **{"fact.2": "25"})
    second = preview(office)
    with pytest.raises(UserError, match=r"metric_report\.changed"):
        approve(office, first)
    approve(office, second, reason="Раз")
    with pytest.raises(UserError, match=r"metric_report\.sent_already"):
        approve(office, second, reason="Два")
    with pytest.raises(UserError, match=r"metric_report\.sent_already"):
        add(office, second)
    assert kept(office).reason == "Раз"


def test_the_next_report_says_what_came_of_the_steps() -> None:
    """One step is in the backlog, one in work, one is gone; the first report stays as it was."""
    office = new_office()
    answer = preview(office)
    for title in ("Починить форму", "Новый баннер", "Лишнее"):
        add(office, answer, title)
    approve(office, preview(office))
    office.do("undo")
    first = kept(office)
    second = preview(office)

    assert (second.data["number"], second.data["revision"]) == (2, 1)
    assert told(second)["Что стало с прошлыми шагами"] == [
        "Прошлый отчёт по этому показателю — № 1 от 23 ноября.",
        "ЗРН-1 Починить форму: в бэклоге, ещё не начато.",
        "ЗРН-2 Новый баннер: в бэклоге, ещё не начато.",
        "ЗРН-3 Лишнее: в таблице больше не значится.",
    ]
    assert kept(office) == first
    assert len(first.actions) == 3


def test_a_correction_is_a_revision() -> None:
    """It has the number and the words of what it corrects; the list shows the newest revision only."""
    office = ChatOffice(saved())
    group = office.add_group()
    approve(office, preview(office), reason="Раз")
    office.run_queue()
    corrected = preview(office, corrects=True)
    assert (corrected.data["number"], corrected.data["revision"]) == (1, 2)
    assert corrected.data["reason"] == "Раз"
    approve(office, corrected, reason="Два")
    office.run_queue()

    shown = load_reports(office.store, office.client_id, office.agency_id).shown
    assert [(one.number, one.revision) for one in shown] == [(1, 2)]
    assert kept(office, 1, 1).reason == "Раз"
    (text,) = office.texts(group, "Отчёты")
    assert "Два" in text


def test_questions_about_the_metric_are_told() -> None:
    """Those whose words name it, in any case."""
    office = ChatOffice(saved())
    group = office.add_group()
    office.ask(group, "/question Почему заявок с сайта так мало?")
    office.ask(group, "/question Когда баннер?")

    assert told(preview(office))["Вопросы и ответы"] == [
        "23 ноября: Почему заявок с сайта так мало?",
        "Ещё не ответили.",
    ]


@pytest.mark.parametrize(
    ("text", "name", "is_named"),
    [
        ("почему мало заявок", "Заявки", True),
        ("Сколько стоит заявка?", "Цена заявки", False),
        ("Какая цена у заявки", "Цена заявки", True),
        ("Где звонки?", "Заявки", False),
        ("CPL растёт", "CPL", False),
        ("", "Заявки", False),
    ],
)
def test_a_question_names_a_metric(text: str, name: str, is_named: bool) -> None:
    """All long words of the name stand in it; a name of short words is never recognised."""
    assert names(text, name) is is_named


# --- The tab -----------------------------------------------------------------------------------------


def sheets(office: MemoryOffice) -> dict[str, dict[str, Any]]:
    """Tabs of the workbook by title, with what Google keeps of them."""
    book = office.workbooks.look_at_all(office.client_id)
    return {one["properties"]["title"]: one for one in book["sheets"]}


def draw(office: MemoryOffice, number: int, revision: int = 1) -> None:
    """Run the job that draws a tab."""
    place = {"spreadsheet_id": office.client_id, "number": number, "revision": revision}
    office.run_job({"kind": "report_tab", **place})


def approved_sample(office: MemoryOffice, number: int) -> None:
    """A report with all that a source can say, approved."""
    report = sample_report(office.client_id, office.agency_id, number=number)
    reports = load_reports(office.store, office.client_id, office.agency_id)
    office.store.commit([report.put(), reports.with_approved(report, "2026-11-26").put()])


def test_the_tab_has_charts_of_its_figures() -> None:
    """Numbers are numbers, charts point at their rows, clients may not edit it; a repeat changes nothing."""
    office = new_office()
    approved_sample(office, 2)
    draw(office, 2)
    sheet = sheets(office)["Отчёт: Заявки с сайта"]

    cells = {
        (at, column): cell["userEnteredValue"]
        for at, row in enumerate(sheet["data"][0]["rowData"])
        for column, cell in enumerate(row.get("values", ()))
        if "userEnteredValue" in cell
    }
    charts = sheet["charts"]
    assert len(charts) == 3
    for chart in charts:
        (series,) = chart["spec"]["basicChart"]["series"]
        (place,) = series["series"]["sourceRange"]["sources"]
        rows = range(place["startRowIndex"] + 1, place["endRowIndex"])
        assert all("numberValue" in cells[row, place["startColumnIndex"]] for row in rows)
    of_changes = [value for (_, column), value in cells.items() if column == 3 and "numberValue" in value]
    change = [value["numberValue"] for value in of_changes[:4]]
    assert change == [-34, 3, -1, 0]
    (protection,) = sheet["protectedRanges"]
    assert "startRowIndex" not in protection["range"]
    assert protection["editors"]["users"]
    before = office.workbooks.look(office.client_id)
    draw(office, 2)
    assert office.workbooks.look(office.client_id) == before


def test_a_newer_report_takes_the_place_of_the_tab() -> None:
    """A metric has one tab; a late task of the older report draws nothing."""
    office = new_office()
    approved_sample(office, 2)
    draw(office, 2)
    approved_sample(office, 3)
    draw(office, 3)
    draw(office, 2)

    shown = [title for title in sheets(office) if title.startswith("Отчёт")]
    assert shown == ["Отчёт: Заявки с сайта"]
    first = sheets(office)["Отчёт: Заявки с сайта"]["data"][0]["rowData"][0]["values"][0]
    assert first["userEnteredValue"]["stringValue"].startswith("Отчёт № 3")


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_lost_answer_draws_the_tab_once(fails: str) -> None:
    """The repeat finds what the first attempt did."""
    office = new_office()
    approved_sample(office, 2)
    getattr(office.workbooks, fails)("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        draw(office, 2)
    draw(office, 2)

    assert [title for title in sheets(office) if title.startswith("Отчёт")] == ["Отчёт: Заявки с сайта"]
    assert load_reports(office.store, office.client_id, office.agency_id).tabs


def test_a_draft_is_never_drawn() -> None:
    """Not even if a task asks for it."""
    office = new_office()
    preview(office)
    draw(office, 1)
    assert not [title for title in sheets(office) if title.startswith("Отчёт")]


# --- By itself ---------------------------------------------------------------------------------------


def night(office: ChatOffice) -> None:
    """The nightly look at the workbooks of the agency, with all that follows."""
    office.run_job({"kind": "protect", "spreadsheet_id": office.agency_id})
    office.run_queue(60)


def test_a_metric_that_is_behind_gets_a_draft() -> None:
    """After two looks in a row, once; the agency is told and the client sees nothing."""
    office = ChatOffice(saved())
    group, own = office.add_group(), office.add_group(office.agency_id, "Агентство")
    night(office)
    office.clock.advance(minutes=24 * 60)
    night(office)

    report = kept(office)
    assert (report.cause, report.is_approved) == ("behind", False)
    told_own = [text for text in office.texts(own) if "черновик" in text]
    assert len(told_own) == 1
    assert "показатель «Заявки с сайта» отстаёт, поэтому составлен черновик отчёта № 1" in told_own[0]
    assert office.texts(group, "Отчёты") == []
    assert load_report(office.store, office.client_id, (2, 1)) is None
    approve(office, preview(office))
    office.run_queue()
    night(office)
    assert load_report(office.store, office.client_id, (2, 1)) is None


def test_three_questions_get_a_draft() -> None:
    """About a metric that is not behind; two are not enough."""
    office = ChatOffice(saved())
    with_metric(office, **{"fact.1": "40", "fact.2": "41"})
    group = office.add_group()
    for number, text in enumerate(
        ("Сколько заявок с сайта?", "А заявки с сайта растут?", "Заявки с сайта?"), 1
    ):
        office.ask(group, f"/question {text}")
        night(office)
        office.clock.advance(minutes=24 * 60)
        assert (load_report(office.store, office.client_id, (1, 1)) is not None) == (number == 3)
    assert kept(office).cause == "questions"


@pytest.mark.parametrize("fails", ["before", "after"])
@pytest.mark.parametrize("place", range(2))
def test_an_interrupted_approval_tells_once(fails: str, place: int) -> None:
    """A commit is lost, and the person clicks again: one message, one tab, one line of the page."""
    office = ChatOffice(saved())
    group = office.add_group()
    answer = preview(office)
    for _ in range(place):
        getattr(office.store, fails)("commit", lambda: None)
    getattr(office.store, fails)("commit", no_answer("store"))
    with contextlib.suppress(RetriableServiceError):
        approve(office, answer, reason="Раз")
    for _ in range(2):
        # What the click that broke off holds is free after that.
        office.clock.advance(minutes=10)
        with contextlib.suppress(RetriableServiceError):
            approve(office, answer, reason="Раз")
        # Where tasks were kept and not queued, the timer does it.
        office.tick(most=100)

    assert len(office.texts(group, "Отчёты")) == 1
    assert [title for title in sheets(office) if title.startswith("Отчёт")] == ["Отчёт: Заявки с сайта"]
    shown = load_reports(office.store, office.client_id, office.agency_id).shown
    assert [(one.number, one.revision) for one in shown] == [(1, 1)]
