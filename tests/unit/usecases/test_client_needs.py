"""«Что нужно от вас» on the first tab: lines with days and ticks of the client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.harness.agency_data import NOW
from tests.harness.memory_office import MemoryOffice, client_office
from tests.harness.parsing import parsed
from tests.unit.usecases.test_onboarding import ROWS, type_template
from vitrina.texts import render
from vitrina.workbook.writing.client_needs import need_lines


@pytest.fixture
def office() -> MemoryOffice:
    """A project to which a template was applied that needs two things of the client."""
    office = client_office()
    type_template(office, *ROWS)
    assert office.do("apply_onboarding", kind="Сайт").outcome == "done"
    return office


def lines(office: MemoryOffice) -> list[tuple[str, date | None, bool]]:
    """Text, day and tick of the lines that are filled."""
    found = need_lines(office.book())
    return [(line.text.cell.text, line.due_on, line.is_done) for line in found if not line.is_free]


def shown_rows(office: MemoryOffice) -> list[bool]:
    """Whether the row of each line is shown."""
    resource = office.workbooks.look_at_all(office.client_id)
    book = parsed(resource)
    sheet = next(one for one in resource["sheets"] if one["properties"]["title"] == book.tab("client").title)
    rows = sheet["data"][0].get("rowMetadata", [])
    return [not rows[line.text.row_index].get("hiddenByUser", False) for line in need_lines(book)]


def tick(office: MemoryOffice, place: int, text: str = "TRUE") -> None:
    """Tick a line as the client does."""
    cell = need_lines(office.book())[place].tick
    office.edit({"type": "type", "sheet": cell.sheet_title, "cell": cell.address, "text": text})


def said(office: MemoryOffice, key: str) -> Any:
    """What a field of the first tab shows."""
    return office.book().field(key).cell.value


def test_a_new_workbook_needs_nothing() -> None:
    """Its lines are there, empty and hidden."""
    office = client_office()

    assert lines(office) == []
    assert shown_rows(office) == [False] * 10
    assert said(office, "needs") == "Сейчас ничего."
    assert said(office, "waiting") == "Сейчас от вас ничего не нужно."


def test_a_template_fills_lines(office: MemoryOffice) -> None:
    """What, by which day, and an empty tick; only these lines are shown."""
    assert lines(office) == [
        ("Заполнить бриф", date(2026, 11, 25), False),
        ("Доступ", date(2026, 11, 25), False),
    ]
    assert shown_rows(office) == [True, True, *[False] * 8]
    assert said(office, "needs") == "Ждём, пунктов: 2. Передали — поставьте галочку справа."
    assert said(office, "waiting") == "Передайте то, что перечислено ниже, пунктов: 2."


def test_a_tick_of_the_client_counts_at_once_and_stays(office: MemoryOffice) -> None:
    """Also when the template is applied again."""
    tick(office, 0)

    assert said(office, "waiting") == "Передайте то, что перечислено ниже, пунктов: 1."
    more: Mapping[str, str] = {"number": "4", "task": "Стиль", "profile": "Дизайн", "hours": "3"}
    need = {"need": "Логотип", "need_days": "5"}
    type_template(office, *ROWS, {**more, **need})

    office.do("apply_onboarding", kind="Сайт")
    office.do("apply_onboarding", kind="Сайт")

    assert lines(office) == [
        ("Заполнить бриф", date(2026, 11, 25), True),
        ("Доступ", date(2026, 11, 25), False),
        ("Логотип", date(2026, 11, 30), False),
    ]
    tick(office, 1)
    tick(office, 2)
    assert said(office, "needs") == "Всё передано, спасибо."
    assert said(office, "waiting") == "Сейчас от вас ничего не нужно."


def test_what_is_late_is_said(office: MemoryOffice) -> None:
    """To the client on the first tab, to the agency in *Проекты*."""
    tick(office, 0)
    office.clock.set(NOW + timedelta(days=3))

    late = "Ждём, пунктов: 1, из них срок прошёл: 1. Передали — поставьте галочку справа."
    assert said(office, "needs") == late
    office.do("update_load")
    [(waits,)] = office.table("projects", "waits", spreadsheet_id=office.agency_id)
    assert "клиент, материалы для начала: 1, из них срок прошёл: 1" in waits


def test_undo_empties_and_hides_the_lines(office: MemoryOffice) -> None:
    """A tick of the client stays with nothing beside it, and does not count for the next line."""
    tick(office, 0)

    office.do("undo")

    assert lines(office) == []
    assert shown_rows(office) == [False] * 10
    office.do("apply_onboarding", kind="Сайт")
    assert [one[2] for one in lines(office)] == [False, False]


def test_what_finds_no_line_is_said() -> None:
    """Ten lines; the eleventh is for the manager to tell."""
    office = client_office()
    rows = [{"number": "1", "need": f"Дело {number}", "need_days": "1"} for number in range(1, 11)]
    type_template(office, {**ROWS[0], "need_days": "0"}, *rows)

    answer = office.do("apply_onboarding", kind="Сайт")

    assert answer.outcome == "partial"
    assert len(lines(office)) == 10
    assert any("Дело 10" in render(one, "ru") for one in answer.details)


def test_the_client_view_names_the_ticks(office: MemoryOffice) -> None:
    """*Показать глазами клиента* says that they are the client's."""
    [first, *_] = office.do("show_as_client").data["tabs"]

    assert first["may_edit"] == ["Что нужно от вас"]


def test_a_late_line_is_red_and_a_ticked_one_pale(office: MemoryOffice) -> None:
    """Each line by its own day and tick."""

    def colours() -> list[Any]:
        mask = "sheets.data.rowData.values.effectiveFormat.textFormat.foregroundColorStyle"
        [sheet] = office.workbooks.look_at(office.client_id, "Клиент", mask)["sheets"]
        first = need_lines(office.book())
        rows = sheet["data"][0]["rowData"]
        cells = [rows[line.text.row_index]["values"][line.text.column_index] for line in first[:2]]
        return [cell["effectiveFormat"]["textFormat"]["foregroundColorStyle"] for cell in cells]

    usual = colours()
    assert usual[0] == usual[1]
    tick(office, 0)
    office.clock.set(NOW + timedelta(days=3))

    ticked, late = colours()

    assert len([one for one in (ticked, late) if one != usual[0]]) == 2
    assert ticked != late
