"""People copy, cut, paste and type over rows: each goes on under its own number, and the answer says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from tests.e2e.test_interleaving import HOURS, edit_before_next_writes, hours_by_task, known_backlog
from tests.harness.office import Office
from tests.harness.stored import stored_items
from vitrina.domain.quantities import serial_of_day
from vitrina.workbook.reading.book import COLUMN_KEY, TAB_KEY, item_number_of_row

Edit = Mapping[str, Any]


def cut(source: str, target: str, sheet: str = "Бэклог") -> Edit:
    """Ctrl-X and Ctrl-V."""
    return {"type": "cut_paste", "sheet": sheet, "from": source, "to": target}


def copy(source: str, target: str, sheet: str = "Бэклог") -> Edit:
    """Ctrl-C and Ctrl-V."""
    return {"type": "copy_paste", "sheet": sheet, "from": source, "to": target}


def write(cell: str, text: str, sheet: str = "Бэклог") -> Edit:
    """Type into a cell."""
    return {"type": "type", "sheet": sheet, "cell": cell, "text": text}


def clear(area: str, sheet: str = "Бэклог") -> Edit:
    """Clear cells."""
    return {"type": "clear", "sheet": sheet, "range": area}


def delete(row: int, sheet: str = "Бэклог", count: int = 1) -> Edit:
    """Delete rows."""
    return {"type": "delete_rows", "sheet": sheet, "at": row, "count": count}


SORT: Edit = {"type": "sort", "sheet": "Бэклог", "range": "A2:P9", "column": "C", "order": "DESCENDING"}


def identities(office: Office, tab_key: str = "backlog", column: str = "task") -> dict[str, Any]:
    """What stands in a row → its ID and the number of its mark; an empty row's under ``""``."""
    tab = office.book().tab(tab_key)
    return {
        tab.cell(row, column).text: (tab.cell(row, "id").text, row.number)
        for row in tab.rows
        if tab.cell(row, column).text or row.number is not None
    }


def started_week(office: Office) -> None:
    """Three items of five actions in progress: lines 2 to 6 of the tab."""
    known_backlog(office)
    office.do("estimate")
    answer = office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert answer["outcome"] == "done"


# --- The backlog ---------------------------------------------------------------------------------

#: What a person does to the backlog; who is who then; what the answer says.
CASES: Mapping[str, tuple[Sequence[Edit], Mapping[str, int], Sequence[str]]] = {
    "a row is copied": (
        [copy("A2:P2", "A5"), write("C5", "Ещё баннер")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3, "Ещё баннер": 4},
        ["Строка 5 — копия ЗРН-1: её номер теперь ЗРН-4."],
    ),
    "a row is cut and pasted to a free place": (
        [cut("A2:P2", "A9")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3},
        ["ЗРН-1 переставили на строку 9: номер остался за ней."],
    ),
    "a row is cut, and a new task typed in its place": (
        [cut("A2:P2", "A9"), write("C2", "Новая"), write("E2", "Баннер")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3, "Новая": 4},
        ["ЗРН-1 переставили на строку 9: номер остался за ней."],
    ),
    "two rows change places": (
        [cut("A2:P2", "A9"), cut("A4:P4", "A2"), cut("A9:P9", "A4")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3},
        [
            "ЗРН-3 переставили на строку 2: номер остался за ней.",
            "ЗРН-1 переставили на строку 4: номер остался за ней.",
        ],
    ),
    "an ID is cleared": (
        [clear("A3")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3},
        ["Строке 3 вернули её номер ЗРН-2."],
    ),
    "an ID is typed over, and the rows sorted": (
        [write("A3", "ЗРН-1"), write("A4", "ЗРН-40"), SORT],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3},
        ["Строке 2 вернули её номер ЗРН-3.", "Строке 3 вернули её номер ЗРН-2."],
    ),
    "a row of another client is pasted": (
        [write("C5", "Чужая"), write("A5", "УЛБ-2"), write("E5", "Баннер")],
        {"Баннер": 1, "Лендинг": 2, "Статья": 3, "Чужая": 4},
        ["В строке 5 стоял чужой номер «УЛБ-2»: её номер теперь ЗРН-4."],
    ),
    "a row is deleted": ([delete(3)], {"Баннер": 1, "Статья": 3}, []),
}


@pytest.mark.parametrize(("edits", "expected", "details"), CASES.values(), ids=CASES)
def test_estimate_heals(
    office: Office, edits: Sequence[Edit], expected: Mapping[str, int], details: Sequence[str]
) -> None:
    """Mark and ID agree again, hours stand with their tasks, and a second run has nothing to heal."""
    known_backlog(office)
    office.do("estimate")
    office.edit(*edits)

    answer = office.do("estimate")

    healed = {task: (f"ЗРН-{number}", number) for task, number in expected.items()}
    assert (answer["outcome"], answer["details"]) == ("done", list(details))
    assert {task: who for task, who in identities(office).items() if task} == healed
    assert {task: hours for task, hours in hours_by_task(office).items() if task in HOURS} == {
        task: HOURS[task] for task in expected if task in HOURS
    }
    again = office.do("estimate")
    assert (again["outcome"], again["details"]) == ("done", [])
    assert {task: who for task, who in identities(office).items() if task} == healed


@pytest.mark.parametrize("edit", [cut("A2:P2", "A9"), cut("A7:P7", "A9"), SORT, delete(2)])
def test_people_go_on_while_rows_are_healed(
    office: Office, monkeypatch: pytest.MonkeyPatch, edit: Edit
) -> None:
    """The healing is guarded like every write: no number goes to a row that came there meanwhile."""
    known_backlog(office)
    office.do("estimate")
    office.edit(cut("A3:P3", "A7"), clear("A4"))
    edit_before_next_writes(office, monkeypatch, [edit])

    answers = [office.do("estimate"), office.do("estimate")]

    assert [answer["outcome"] for answer in answers] == ["done", "done"]
    # The second one heals what came after the first one had read.
    known = [(task, number) for task, (_, number) in identities(office).items() if task]
    assert set(known) <= {("Баннер", 1), ("Лендинг", 2), ("Статья", 3)}
    assert office.do("estimate")["details"] == []


def test_a_question_stops_everything_and_its_advice_helps(office: Office) -> None:
    """ЗРН-3 is gone and its number stands on the row of ЗРН-1: nobody can know what that row is."""
    known_backlog(office)
    office.do("estimate")
    office.edit(delete(4), write("A2", "ЗРН-3"))

    answers = [office.do("estimate"), office.do("build_batch")]

    for answer in answers:
        [cell] = answer["cells"]
        assert (answer["http_status"], cell["sheet"], cell["cell"]) == (422, "Бэклог", "A2")
        assert "ЗРН-3" in cell["message"]
        assert "раньше эта строка была ЗРН-1" in cell["message"]
    office.edit(clear("A2"))
    assert office.do("estimate")["details"] == ["Строке 2 вернули её номер ЗРН-1."]


def test_the_week_starts_with_the_right_rows(office: Office) -> None:
    """Moved and copied rows are planned and started under their own numbers; the preview says so too."""
    known_backlog(office)
    office.do("estimate")
    office.edit(copy("A4:P4", "A5"), cut("A2:P2", "A9"))

    preview = office.do("build_batch")
    answer = office.do("start_batch", preview_id=preview["data"]["preview_id"])

    details = [
        "Строка 5 — копия ЗРН-3: её номер теперь ЗРН-4.",
        "ЗРН-1 переставили на строку 9: номер остался за ней.",
    ]
    assert preview["details"] == [*details, "Закончатся уже после этого периода: ЗРН-2."]
    assert (answer["outcome"], answer["details"][2:]) == ("done", details)
    tab = office.book().tab("in_progress")
    started = {(tab.cell(row, "id").text, row.number) for row in tab.rows if row.number is not None}
    assert {(code, item_number_of_row(number)) for code, number in started if number} == {
        (f"ЗРН-{number}", number) for number in (1, 2, 3, 4)
    }
    assert {item.number for item in stored_items(office.services.store)} == {1, 2, 3, 4}
    assert {task for task in identities(office) if task} == set()


# --- Older versions of the workbook --------------------------------------------------------------


def version(office: Office) -> str:
    """A version that a person can go back to."""
    office.http.post(
        f"{office.servers.google}/_emulator/save-state", json={"name": "version"}
    ).raise_for_status()
    return "version"


def restore(office: Office, name: str) -> None:
    """Go back to a version; the store and the tracker know nothing of it."""
    office.http.post(
        f"{office.servers.google}/_emulator/restore-state", json={"name": name}
    ).raise_for_status()


def forget_marks(office: Office) -> None:
    """What Google may do when a person restores a version: nothing is known of it."""
    lookup = {"developerMetadataLookup": {"metadataKey": "r"}}
    office.services.workbooks.batch_update(
        office.client_id, [{"deleteDeveloperMetadata": {"dataFilter": lookup}}]
    )


@pytest.mark.parametrize("with_marks", [True, False], ids=["with marks", "without marks"])
def test_an_older_version_before_the_start(office: Office, *, with_marks: bool) -> None:
    """The rows are in the backlog again and no card was made: they are not started, and can be."""
    known_backlog(office)
    office.do("estimate")
    before = version(office)
    answer = office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert answer["outcome"] == "done"
    restore(office, before)
    if not with_marks:
        forget_marks(office)

    answer = office.do("estimate")

    assert answer["details"][:3] == [
        f"ЗРН-{number} снова на листе «Бэклог»: начатой она не считается, часы людей свободны."
        for number in (1, 2, 3)
    ]
    assert answer["details"][3:] == ([] if with_marks else ["«Бэклог»: узнали по номерам 3 строки."])
    assert stored_items(office.services.store) == []
    assert office.do("estimate")["details"] == []
    answer = office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert answer["outcome"] == "done"
    assert office.do("push")["data"]["made"] == 3


@pytest.mark.parametrize("with_marks", [True, False], ids=["with marks", "without marks"])
def test_an_older_version_after_the_push(office: Office, *, with_marks: bool) -> None:
    """The cards are there: the rows are neither planned nor written, and no second card is made."""
    known_backlog(office)
    office.do("estimate")
    before = version(office)
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    office.do("push")
    restore(office, before)
    if not with_marks:
        forget_marks(office)

    answers = [office.do("estimate"), office.do("build_batch")]
    pushed, refreshed = office.do("push"), office.do("refresh")

    for answer in answers:
        assert answer["http_status"] == 422
        assert [cell["cell"] for cell in answer["cells"]] == ["A2", "A3", "A4"]
        assert "карточка ЗРН-1 уже есть в трекере" in answer["cells"][0]["message"]
    lost = "ЗРН-1 (Дизайн), ЗРН-2 (Дизайн, Тексты, Разработка) и ЗРН-3 (Тексты)"
    assert pushed["http_status"] == 422
    assert lost in pushed["message"]
    assert refreshed["outcome"] == "partial"
    assert lost in refreshed["details"][-1]
    assert len(office.cards()) == 3
    office.edit(clear("A2:A4"))
    assert office.do("estimate")["outcome"] == "done"
    assert {code for (code,) in office.table("backlog", "id")} == {"ЗРН-4", "ЗРН-5", "ЗРН-6"}


# --- In progress ---------------------------------------------------------------------------------


def rows_in_progress(office: Office) -> dict[int, tuple[str, str, str, Any]]:
    """ID, profile, status and link of the rows in progress, by the number of the mark."""
    tab = office.book().tab("in_progress")
    return {
        row.number: (
            tab.cell(row, "id").text,
            tab.cell(row, "profile").text,
            tab.cell(row, "status").text,
            tab.cell(row, "card").formula,
        )
        for row in tab.rows
        if row.number is not None and tab.cell(row, "action").text
    }


def line_of(office: Office, code: str, profile: str) -> int:
    """Where the action of an item stands: its line in the sheet."""
    tab = office.book().tab("in_progress")
    return next(
        row.index + 1
        for row in tab.rows
        if (tab.cell(row, "id").text, tab.cell(row, "profile").text) == (code, profile)
    )


def test_push_and_refresh_know_moved_rows(office: Office) -> None:
    """Rows that were cut and pasted, or whose ID was typed over, get links and states all the same."""
    started_week(office)
    numbers = {row: (code, profile) for row, (code, profile, *_) in rows_in_progress(office).items()}
    copywriting, banner = line_of(office, "ЗРН-2", "Тексты"), line_of(office, "ЗРН-1", "Дизайн")
    office.edit(cut(f"A{copywriting}:M{copywriting}", "A12", "В работе"), clear(f"A{banner}", "В работе"))

    answer = office.do("push")

    assert (answer["outcome"], answer["data"]["made"]) == ("done", 3)
    assert answer["details"] == ["«В работе»: ЗРН-2 переставили на строку 12, она осталась той же."]
    rows = rows_in_progress(office)
    assert {row: (code, profile) for row, (code, profile, *_) in rows.items()} == numbers
    assert all(link for *_, link in rows.values())
    office.edit(cut("A12:M12", "A14", "В работе"))
    card = next(card for card in office.cards() if "Лендинг" in card["title"])
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns")
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[2]["id"])
    office.settle()
    statuses = {(code, status) for code, _, status, _ in rows_in_progress(office).values()}
    assert statuses == {("ЗРН-1", "Онбординг"), ("ЗРН-2", "На проверке"), ("ЗРН-3", "Онбординг")}
    assert office.do("refresh")["details"] == []


def test_a_copied_action_is_named_and_left_alone(office: Office) -> None:
    """It is nobody: neither a card nor a link nor a state comes of it."""
    started_week(office)
    banner = line_of(office, "ЗРН-1", "Дизайн")
    office.edit(copy(f"A{banner}:M{banner}", "A9", "В работе"))

    answers = [office.do("push"), office.do("refresh")]

    for answer in answers:
        assert answer["details"] == [
            "«В работе»: строка 9 — копия ЗРН-1. Её не обновляем и в трекер не отправляем; удалите её."
        ]
    assert len(office.cards()) == 3
    tab = office.book().tab("in_progress")
    double = next(row for row in tab.rows if row.index == 8)
    assert (double.number, tab.cell(double, "card").formula) == (None, None)


def test_deleted_actions_are_named_and_nothing_is_guessed(office: Office) -> None:
    """An item that lacks a row gets no card; what was sent already keeps its other rows up to date."""
    started_week(office)
    office.edit(delete(line_of(office, "ЗРН-2", "Тексты"), "В работе"))

    pushed = office.do("push")

    lost = (
        "На листе «В работе» нет строк, а работа не окончена: ЗРН-2 (Тексты). "
        "Верните строки: «Файл» → «История версий»."
    )
    assert (pushed["outcome"], pushed["data"]["made"], pushed["details"]) == ("partial", 2, [lost])
    assert sorted(card["title"] for card in office.cards()) == ["ЗРН-1 · Баннер", "ЗРН-3 · Статья"]
    office.edit(delete(line_of(office, "ЗРН-1", "Дизайн"), "В работе"))
    refreshed = office.do("refresh")
    assert refreshed["outcome"] == "partial"
    assert "ЗРН-1 (Дизайн) и ЗРН-2 (Тексты)" in refreshed["details"][-1]


def test_each_row_gets_the_line_of_its_own_action(office: Office) -> None:
    """With the second of three rows gone, the third one must not take the second line of the checklist."""
    started_week(office)
    office.do("push")
    office.edit(delete(line_of(office, "ЗРН-2", "Тексты"), "В работе"))
    card_id = next(card["id"] for card in office.cards() if "Лендинг" in card["title"])
    [checklist] = office.kaiten("GET", f"/cards/{card_id}")["checklists"]
    due = {"Тексты": "2026-12-01", "Разработка": "2026-12-02"}
    for line in checklist["items"]:
        profile = line["text"].split(" — ")[0]
        if profile in due:
            office.kaiten(
                "PATCH",
                f"/cards/{card_id}/checklists/{checklist['id']}/items/{line['id']}",
                due_date=due[profile],
            )

    office.do("refresh")

    tab = office.book().tab("in_progress")
    developed = next(
        row
        for row in tab.rows
        if (tab.cell(row, "id").text, tab.cell(row, "profile").text) == ("ЗРН-2", "Разработка")
    )
    assert tab.cell(developed, "due_on").value == float(serial_of_day(date(2026, 12, 2)))


# --- Tabs and columns ----------------------------------------------------------------------------


def forget_mark(office: Office, key: str, value: str) -> None:
    """Let a mark vanish."""
    lookup = {"developerMetadataLookup": {"metadataKey": key, "metadataValue": value}}
    office.services.workbooks.batch_update(
        office.client_id, [{"deleteDeveloperMetadata": {"dataFilter": lookup}}]
    )


def make_mark(office: Office, key: str, value: str, location: Mapping[str, Any]) -> None:
    """Let a copy carry the mark of its original."""
    metadata = {"metadataKey": key, "metadataValue": value, "visibility": "DOCUMENT", "location": location}
    office.services.workbooks.batch_update(
        office.client_id, [{"createDeveloperMetadata": {"developerMetadata": metadata}}]
    )


def test_a_copied_tab_is_left_alone_even_with_the_mark(office: Office) -> None:
    """The original is the one that was known before, under whatever title."""
    known_backlog(office)
    office.do("estimate")
    office.edit(
        {"type": "duplicate_tab", "sheet": "Бэклог", "title": "Копия"},
        {"type": "rename_tab", "sheet": "Бэклог", "title": "Наши задачи"},
        {"type": "move_tab", "sheet": "Копия", "index": 0},
    )
    sheets = office.services.workbooks.read(office.client_id)["sheets"]
    [copy_id] = [one["properties"]["sheetId"] for one in sheets if one["properties"]["title"] == "Копия"]
    make_mark(office, TAB_KEY, "backlog", {"sheetId": copy_id})
    office.edit(clear("G2:I4", "Наши задачи"))

    answer = office.do("estimate")

    assert answer["details"] == ["Лист «Копия» — копия листа «Наши задачи»: команды его не касаются."]
    assert hours_by_task(office) == HOURS
    assert office.book().tab("backlog").title == "Наши задачи"
    assert office.do("estimate")["details"] == []


def test_a_tab_without_its_mark_is_known(office: Office) -> None:
    """By the id that Google gave it; its mark is made again."""
    known_backlog(office)
    office.do("estimate")
    forget_mark(office, TAB_KEY, "backlog")
    office.edit(write("E2", "Статья"))

    answer = office.do("estimate")

    assert answer["details"] == ["Лист «Бэклог» потерял отметку Vitrina: она возвращена."]
    assert hours_by_task(office)["Баннер"] == (None, 6.0, None)
    assert office.do("estimate")["details"] == []


def test_a_column_without_its_mark_is_known_by_its_title(office: Office) -> None:
    """Its figures stand where they stood; a column whose title is another one too is gone."""
    known_backlog(office)
    office.do("estimate")
    forget_mark(office, COLUMN_KEY, "hours.copy")
    office.edit({"type": "move_columns", "sheet": "Бэклог", "at": "I", "count": 1, "to": "C"})

    answer = office.do("estimate")

    assert answer["details"] == [
        "«Бэклог»: колонка «Тексты, ч» потеряла отметку Vitrina, её узнали по заголовку."
    ]
    assert hours_by_task(office) == HOURS
    assert office.do("estimate")["details"] == []
    forget_mark(office, COLUMN_KEY, "hours.copy")
    office.edit(write("C1", "Слова"))
    answer = office.do("estimate")
    assert answer["http_status"] == 422
    assert "нет колонки" in answer["message"]


def test_a_copied_column_is_left_alone_even_with_the_mark(office: Office) -> None:
    """The original is the one whose mark was there before."""
    known_backlog(office)
    office.do("estimate")
    tab = office.book().tab("backlog")
    office.edit({"type": "insert_columns", "sheet": "Бэклог", "at": "A", "count": 1})
    place = {"sheetId": tab.sheet_id, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    make_mark(office, COLUMN_KEY, "task", {"dimensionRange": place})

    answer = office.do("estimate")

    assert answer["details"] == ["«Бэклог»: колонка A — копия, команды её не касаются."]
    assert hours_by_task(office) == HOURS
    assert office.do("estimate")["details"] == []
