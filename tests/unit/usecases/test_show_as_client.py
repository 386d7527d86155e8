"""*Показать глазами клиента*: what the client sees, and what he should not find."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.memory_office import MemoryOffice, started_office
from vitrina.operations.answer import Answer
from vitrina.texts import render


@pytest.fixture
def office() -> MemoryOffice:
    """A client with two items in progress, and another one."""
    office = started_office()
    first = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.client_id = first
    office.fill_backlog({"task": "Статья", "work_type": "Статья"})
    return office


def found(answer: Answer) -> list[tuple[str, str, str]]:
    """Tab, cell and message code of each finding."""
    return [(one.sheet, one.cell, one.code) for one in answer.cells]


def tab(answer: Answer, title: str) -> dict[str, Any]:
    """What is shown of a tab."""
    [shown] = [one for one in answer.data["tabs"] if one["title"] == title]
    return dict(shown)


def test_workbook_of_the_add_on_has_nothing_foreign(office: MemoryOffice) -> None:
    """Nothing is found in it; the shelf is named as hidden, and nothing is written."""
    office.workbooks.calls.clear()

    answer = office.do("show_as_client")

    assert (answer.message.code, found(answer)) == ("view.clean", [])
    assert [render(one, "ru") for one in answer.details] == [
        "Скрыто, но в копии файла клиент это прочтёт: Взято из бэклога."
    ]
    assert office.workbooks.calls == {"read_as_shown": 1}


def test_each_tab_is_shown_as_the_client_reads_it(office: MemoryOffice) -> None:
    """Texts as they stand in the cells, under their headings, and the columns that he may change."""
    answer = office.do("show_as_client")

    assert [one["title"] for one in answer.data["tabs"]] == [
        "Клиент",
        "Бэклог",
        "В работе",
        "План-график",
        "Метрики",
        "Готово",
    ]
    assert tab(answer, "Бэклог")["may_edit"] == [
        "Приоритет",
        "Задача",
        "Желаемый результат",
        "Желаемая дата",
    ]
    assert tab(answer, "В работе")["may_edit"] == ["Приёмка", "Ваше замечание"]
    assert tab(answer, "Клиент")["may_edit"] == ["Что нужно от вас"]
    form = [one for row in tab(answer, "Клиент")["rows"] for one in row]
    assert {"label": "Лимит часов на период", "text": "100,0 ч"} in form
    assert {"label": "Кто делает", "text": "Анна Белова"} in tab(answer, "В работе")["rows"][0]
    assert {"label": "Срок", "text": "24.11.2026"} in tab(answer, "В работе")["rows"][0]
    assert tab(answer, "Готово")["rows"] == []


def test_words_of_other_clients_and_idle_colleagues_are_found(office: MemoryOffice) -> None:
    """In values, notes, drop-downs and hidden rows: each with the cell to go to."""
    sheet = {"sheet": "Бэклог"}
    office.edit(
        {"type": "type", **sheet, "cell": "C5", "text": "Как у «Улыбки»: см. УЛБ-12"},
        {"type": "type", **sheet, "cell": "D5", "text": "как в рекламе"},
        {"type": "note", **sheet, "cell": "D6", "text": "Улыбка ждёт то же самое"},
        {"type": "type", "sheet": "Взято из бэклога", "cell": "D3", "text": "Реклама"},
    )
    tab_id = office.tab("in_progress").sheet_id
    people = ["Анна Белова", "Глеб Иванов", "Улыбка"]
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": one} for one in people]}
    area = {
        "sheetId": tab_id,
        "startRowIndex": 1,
        "endRowIndex": 5,
        "startColumnIndex": 3,
        "endColumnIndex": 4,
    }
    office.workbooks.batch_update(
        office.client_id, [{"setDataValidation": {"range": area, "rule": {"condition": condition}}}]
    )

    answer = office.do("show_as_client")

    assert answer.data["found"] == len(answer.cells)
    assert sorted(found(answer)) == [
        ("Бэклог", "C5", "view.other_client"),
        ("Бэклог", "D6", "view.note"),
        ("Бэклог", "D6", "view.other_client"),
        ("В работе", "D2", "view.other_client"),
        ("Взято из бэклога", "D3", "view.other_client"),
    ]
    messages = {
        one.cell: render(type(answer.message)(one.code, dict(one.where)), "ru")
        for one in answer.cells
        if one.code == "view.other_client"
    }
    assert messages["C5"] == "«УЛБ» — это другой клиент. Где стоит: в ячейке"
    assert messages["D2"] == "«Улыбка» — это другой клиент. Где стоит: в списке, который открывается в ячейке"


def test_colleague_who_does_nothing_here(office: MemoryOffice) -> None:
    """His name is not the client's business; the names of those who work here are."""
    gleb = {"name": "Глеб Иванов", "profiles": "Дизайн", "hours_per_day": "8"}
    office.type("specialists", 3, office.agency_id, **gleb)
    office.do("update_load")
    office.edit(
        {"type": "type", "sheet": "Бэклог", "cell": "D5", "text": "спросить: Глеб Иванов"},
        {"type": "type", "sheet": "Бэклог", "cell": "D6", "text": "спросить: Борис Ким"},
    )

    assert found(office.do("show_as_client")) == [("Бэклог", "D5", "view.other_person")]


def test_formula_from_another_file_and_missing_protection(office: MemoryOffice) -> None:
    """Both are told with the place."""
    own = office.tab("metrics").sheet_id
    [one] = [one for one in office.book().protected_ranges if one.sheet_id == own]
    office.workbooks.batch_update(
        office.client_id, [{"deleteProtectedRange": {"protectedRangeId": one.range_id}}]
    )

    answer = office.do("show_as_client")

    assert found(answer) == [("Метрики", "A1", "view.not_protected")]


@pytest.mark.parametrize(
    ("client", "text", "is_told"),
    [
        ("Улыбка", "как у улыбки", False),
        ("Улыбка", "как у УЛЫБКА, но синий", True),
        ("Улыбка и Ко", "Улыбка и Кот", False),
        ("Улыбка и Ко", "для «Улыбка и Ко»", True),
        ("+++", "оценка +++ от всех", True),
    ],
)
def test_names_of_others_are_found_as_whole_words(client: str, text: str, *, is_told: bool) -> None:
    """In any case of letters, beside quotes, and where a name has no letters."""
    office = started_office()
    first = office.client_id
    office.create_client(client_name=client, project_name="Реклама", code="УЛБ")
    office.client_id = first
    office.fill_backlog({"task": text})

    codes = {code for _, _, code in found(office.do("show_as_client"))}

    assert ("view.other_client" in codes) is is_told
