"""*Итоги созвона…*: decisions become rows once, the text is told once; and what is told of a batch."""

from __future__ import annotations

import uuid

import pytest

from tests.harness.agency_data import TEAM
from tests.harness.chat_office import ChatOffice
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import client_office
from vitrina.errors import RetriableServiceError, UserError

DECISIONS = ["Перекрасить кнопку", "  =1+1  ", "", "Убрать форму"]


def rows(office: ChatOffice) -> list[tuple[str, str, str]]:
    """Rows of the backlog."""
    return [
        (str(one), str(task), str(status))
        for one, task, status in office.table("backlog", "id", "task", "status")
    ]


def test_decisions_become_rows_in_the_clients_words() -> None:
    """Below the rows that are there, with new numbers; a formula stays text. *Undo* removes them."""
    office = ChatOffice()
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    answer = office.do("note_call", decisions=DECISIONS)
    assert rows(office) == [
        ("ЗРН-1", "Лендинг", "None"),
        ("ЗРН-2", "Перекрасить кнопку", "Предложение"),
        ("ЗРН-3", "=1+1", "Предложение"),
        ("ЗРН-4", "Убрать форму", "Предложение"),
    ]
    assert answer.data == {"rows": 3, "is_told": False}
    office.do("estimate")
    assert [one[0] for one in rows(office)] == ["ЗРН-1", "ЗРН-2", "ЗРН-3", "ЗРН-4"]

    office.do("undo")
    assert [one[0] for one in rows(office)] == ["ЗРН-1", "ЗРН-2", "ЗРН-3", "ЗРН-4"]
    office.do("undo")
    assert [one[0] for one in rows(office)] == ["ЗРН-1"]
    office.do("note_call", decisions=["Новое"])
    assert [one[0] for one in rows(office)] == ["ЗРН-1", "ЗРН-5"]

    office.do("note_call", decisions=["Ещё", "Последнее"])
    office.type("backlog", 2, priority="Срочно")
    office.do("undo")
    assert [one[0] for one in rows(office)] == ["ЗРН-1", "ЗРН-5", "ЗРН-6"]


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_repeated_click_adds_nothing(fails: str) -> None:
    """Google's answer is lost, or the click breaks off: the same click finds what the first one did."""
    office = ChatOffice()
    group = office.add_group()
    getattr(office.workbooks, fails)("batch_update", no_answer())
    click = {"operation_id": uuid.uuid4().hex, "text": "Обсудили", "decisions": ["Кнопка", "Форма"]}
    with pytest.raises(RetriableServiceError):
        office.do("note_call", **click)
    for _ in range(2):
        office.do("note_call", **click)
    office.run_queue()
    assert [one[1] for one in rows(office)] == ["Кнопка", "Форма"]
    (told,) = office.texts(group, "Постмиты")
    assert told == "Итоги созвона 23.11.2026\n\nОбсудили\n\nДоговорились сделать:\n• Кнопка\n• Форма"


def test_it_works_without_a_chat() -> None:
    """Then there are only the rows; nothing at all is refused."""
    office = client_office()
    answer = office.do("note_call", text="Обсудили", decisions=["Кнопка"])
    assert [one.code for one in answer.details] == ["call.not_told"]
    assert office.table("backlog", "task") == [("Кнопка",)]
    assert [one.body["kind"] for one in office.queue.waiting if one.body["kind"].startswith("chat")] == []
    with pytest.raises(UserError, match=r"call\.empty"):
        office.do("note_call", text=" ", decisions=[" "])


def test_a_batch_is_told_without_people_and_hours() -> None:
    """Tasks in the client's words, with days, in the topic that the agency has chosen."""
    office = ChatOffice()
    group = office.add_group()
    office.start({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"})
    office.run_queue()
    (told,) = office.texts(group, "Отчёты")
    first, *lines = told.splitlines()
    assert first == "В работе 23–29 ноября:"
    assert [line.split(" — до ")[0] for line in lines] == ["• Лендинг", "• Баннер"]
    assert not any(str(person["name"]) in told for person in TEAM)
    assert " ч" not in told


def test_what_is_told_where_is_chosen_by_the_agency() -> None:
    """Another topic, the general one, or nothing; what cannot be used is told in *Журнал* once."""
    office = ChatOffice()
    chosen = "Начат период: Курилка; Итоги созвона: общая; Начат проект: не сообщать; Обед: Отчёты"
    tab = office.tab("settings", office.agency_id)
    places = {tab.cell(row, "key").text: row for row in tab.rows}
    for key, text in {"chat_events": chosen, "chat_topic_invoices": "", "chat_people": "много"}.items():
        cell = tab.address(places[key], "value")
        edit = {"type": "type", "sheet": tab.title, "cell": cell, "text": text}
        office.edit(edit, spreadsheet_id=office.agency_id)
    group = office.add_group()
    assert list(group.topics.values()) == ["Вопросы", "Постмиты", "Отчёты"]
    assert office.texts(group) == []
    office.start({"task": "Лендинг", "work_type": "Лендинг"})
    office.do("note_call", text="Обсудили")
    office.run_queue()
    assert len(office.texts(group, "Отчёты")) == 1
    assert len(office.texts(group)) == 1
    for _ in range(3):
        office.tick()
    told = [
        str(text)
        for (text,) in office.table("log", "message", spreadsheet_id=office.agency_id)
        if "Настройки!" in str(text)
    ]
    assert len(told) == 3
    assert any("«Обед»" in one and "Начат период" in one for one in told)
    assert any("«Курилка»" in one and "Постмиты" in one for one in told)
    assert any("«много»" in one for one in told)
