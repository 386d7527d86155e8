"""*Проверить всё* and *Проверить книгу* through the menu: what people typed, and cards that say otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_update_load import retype, start, two_clients
from tests.harness.office import Office
from vitrina.bootstrap import application
from vitrina.cli.commands import main


def check(office: Office) -> dict[str, Any]:
    """Click in the agency's workbook."""
    assert office.agency is not None
    return office.click(office.agency.spreadsheet_id, "check_all")


def check_findings(office: Office) -> list[str]:
    """What is said of everything but calendars that people's edits have outdated."""
    return [line for line in check(office)["details"] if "план-график показывает" not in line]


def be_away(office: Office, name: str, first: str, last: str) -> None:
    """Write an absence into the agency's workbook."""
    assert office.agency is not None
    row = office.book(office.agency.spreadsheet_id).tab("absences").header_index + 1
    days = {"first_day": first, "last_day": last}
    office.type("absences", row, office.agency.spreadsheet_id, specialist=name, **days)


def test_what_was_planned_has_no_contradictions(office: Office) -> None:
    """Two clients, three people, cards in the tracker: all of it adds up."""
    two_clients(office)
    assert office.do("push")["outcome"] == "done"

    answer = check(office)

    assert (answer["outcome"], answer["details"], answer["cells"]) == ("done", [], [])
    assert answer["message"] == "Противоречий нет: проверили 2 книги, 4 работы, 2 карточки."


def test_one_read_of_each_workbook_and_no_write(office: Office) -> None:
    """Nothing is written anywhere."""
    two_clients(office)
    office.forget_calls()

    check(office)

    assert office.calls("google") == {"sheets.spreadsheets.get": 3}


def test_overload_over_two_clients_is_proved(office: Office) -> None:
    """Vera has 22 h in three days; a person types 26 into 24: the works of both clients are named."""
    two_clients(office)
    retype(office, "УЛБ-1", hours="14", start_on="23.11.2026")

    [line] = check_findings(office)
    assert line == (
        "Вера Орлова, 23–25 ноября: нужно 26 ч, а есть 24 ч, как ни раскладывай. "
        "УЛБ-1 (Разработка) — 14 ч и ЗРН-1 (Разработка) — 12 ч."
    )


def test_what_can_be_spread_is_no_overload(office: Office) -> None:
    """The same hours with two days more: there is a way, so nothing is said of the rows."""
    two_clients(office)
    retype(office, "УЛБ-1", hours="14", start_on="23.11.2026", due_on="27.11.2026")

    assert check_findings(office) == []


def test_calendar_that_is_outdated_is_named(office: Office) -> None:
    """Somebody typed other hours: the calendar shows the old ones."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    retype(office, "ЗРН-1", hours="7")

    assert check(office)["details"] == [
        "Заря — Сайт: план-график показывает не то, что лист «В работе» (ЗРН-1)."
    ]


def test_absence_after_the_plan(office: Office) -> None:
    """Away on all days of the work, or on one that the calendar has hours on."""
    start(office, {"task": "А", "hours_design": "8"}, {"task": "Б", "hours_design": "12"})
    be_away(office, "Анна Белова", "23.11.2026", "24.11.2026")

    lines = check_findings(office)

    assert (
        "Анна Белова: 23 ноября отсутствует, а в эти дни должна идти работа. ЗРН-1 (Дизайн) — 8 ч." in lines
    )


def test_day_off(office: Office) -> None:
    """A person moved the work to Saturday."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    retype(office, "ЗРН-1", start_on="28.11.2026", due_on="29.11.2026")

    assert check_findings(office) == [
        "Анна Белова, 28–29 ноября: это выходные, а рабочих дней у работы нет. ЗРН-1 (Дизайн) — 8 ч."
    ]


def test_copied_row_is_a_double(office: Office) -> None:
    """The copy is named with its row; its hours are not counted twice."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    tab, row = office.row("in_progress", "ЗРН-1")
    copy = {key: tab.cell(row, key).text for key in ("id", "action", "profile", "specialist")}
    office.type("in_progress", row.index + 1, **copy, hours="8", due_on="23.11.2026")

    assert check_findings(office) == [
        "ЗРН-1 (Дизайн) записана дважды, строки 2 и 3: лишнюю удалите. Заря — Сайт."
    ]


def test_order_of_actions_and_items(office: Office) -> None:
    """Texts begin before the design is done, and an item before the one that it waits for."""
    start(office, {"task": "Лендинг", "hours_design": "8", "hours_copy": "4"})
    retype(office, "ЗРН-1", due_on="25.11.2026")

    [line] = check_findings(office)

    assert line == (
        "ЗРН-1 (Тексты) начинается 24.11.2026, "
        "а ЗРН-1 (Дизайн), после которой она идёт, кончается 25.11.2026."
    )


def test_cards_that_say_otherwise(office: Office) -> None:
    """Somebody changed due day and person in the sheet only; a card was deleted at the tracker."""
    start(office, {"task": "Баннер", "hours_design": "8"}, {"task": "Форма", "hours_development": "8"})
    assert office.do("push")["outcome"] == "done"
    retype(office, "ЗРН-1", due_on="27.11.2026", specialist="Борис Ким")
    card = next(card for card in office.cards() if "Форма" in card["title"])
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": "drop"}).raise_for_status()
    office.kaiten("DELETE", f"/cards/{card['id']}")

    assert check_findings(office) == [
        "ЗРН-1: срок в таблице 27.11.2026, а в карточке 23.11.2026.",
        "ЗРН-1 (Дизайн): в таблице Борис Ким, а в карточке Анна Белова.",
        "ЗРН-2: ссылка на карточку есть, а карточки в трекере нет.",
    ]


def test_card_that_is_there_twice(office: Office) -> None:
    """The card to keep is the one that the sheet links to, the older or not; archived ones do not count."""
    start(office, {"task": "Баннер", "hours_design": "8"}, {"task": "Форма", "hours_development": "8"})
    assert office.do("push")["outcome"] == "done"
    first, second = sorted(office.cards(), key=lambda card: card["title"])
    twin = office.kaiten("POST", "/cards", **_copy(first))
    archived = office.kaiten("POST", "/cards", **_copy(second))
    office.kaiten("PATCH", f"/cards/{archived['id']}", condition=2)

    url = office.services.trackers["kaiten"].card_url
    linked, extra = (url(str(card["board_id"]), str(card["id"])) for card in (first, twin))
    [line] = check_findings(office)
    assert line == (
        "ЗРН-1: в Kaiten 2 карточки вместо одной. Оставьте "
        f"{linked}, а из лишних ({extra}) перенесите нужное и удалите их."
    )

    # Now the younger one is linked.
    tab, row = office.row("in_progress", "ЗРН-1")
    link = tab.cell(row, "card").formula.replace(f'/{first["id"]}"', f'/{twin["id"]}"')
    retype(office, "ЗРН-1", card=link)
    assert f"Оставьте {extra}, а из лишних ({linked})" in check_findings(office)[0]


def _copy(card: dict[str, Any]) -> dict[str, Any]:
    """Body of a second card of the same item."""
    names = ("title", "board_id", "column_id", "lane_id", "external_id", "due_date")
    return {name: card[name] for name in names}


def test_bad_cells_and_strangers_are_named_together(office: Office) -> None:
    """Nobody is told one thing at a time."""
    start(office, {"task": "А", "hours_design": "4"}, {"task": "Б", "hours_design": "4"})
    tab, row = office.row("in_progress", "ЗРН-1")
    retype(office, "ЗРН-1", hours="много", due_on="к среде")
    retype(office, "ЗРН-2", specialist="Аня")

    lines = check_findings(office)

    assert "«Аня» нет на листе «Специалисты», а работа есть. ЗРН-2 (Дизайн) — 4 ч." in lines
    for column in ("hours", "due_on"):
        place = f"Заря — Сайт, лист «В работе», {tab.address(row, column)}: "
        assert any(line.startswith(place) for line in lines), lines


def test_check_of_one_workbook(office: Office) -> None:
    """In a client's workbook: what concerns it, its own bad cells to click on, and nothing is written."""
    first_id = two_clients(office)
    retype(office, "УЛБ-1", hours="14", start_on="23.11.2026")
    retype(office, "УЛБ-2", hours="?")
    tab, row = office.row("in_progress", "УЛБ-2")
    before = office.services.workbooks.read(office.client_id)

    answer = office.do("check_book")
    other = office.click(first_id, "check_book")

    assert any("УЛБ-1 (Разработка) — 14 ч и ЗРН-1 (Разработка) — 12 ч" in line for line in answer["details"])
    assert [(one["sheet"], one["cell"]) for one in answer["cells"]] == [
        ("В работе", tab.address(row, "hours"))
    ]
    assert len(other["details"]) == 1
    assert "Вера Орлова" in other["details"][0]
    assert other["cells"] == []
    assert office.services.workbooks.read(office.client_id) == before


def test_tracker_that_does_not_answer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheets are judged all the same, and what was not compared is said."""
    monkeypatch.setenv("VITRINA_RETRY_WAIT_S", "0")
    application.cache_clear()
    start(office, {"task": "Баннер", "hours_design": "8"})
    office.do("push")
    office.fail_next("kaiten", status=500, count=100)

    answer = check(office)

    assert answer["outcome"] == "partial"
    assert answer["details"][0].startswith("Карточки не сверены: Заря — Сайт. Kaiten")


def test_command(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator sees the same; the exit code tells a script."""
    start(office, {"task": "Баннер", "hours_design": "8"})

    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("Противоречий нет: проверили 1 книгу, 1 работу")

    retype(office, "ЗРН-1", hours="20")
    assert main(["check", "--locale", "en", office.client_id]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Found 2 contradictions: 1 workbook")
    assert lines[1].startswith("Анна Белова, November 23: 20 h are needed and there are 8 h")
    assert main(["check", "unknown"]) == 1
    assert "«Витрина» не ведёт" in capsys.readouterr().err
