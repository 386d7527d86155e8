"""The whole job through the menu endpoint, over the real wire: client, estimate, batch, push, webhook."""

from __future__ import annotations

from datetime import date

from tests.harness.desks import with_every_tracker
from tests.harness.office import MANAGER, NOW, Office
from vitrina.domain.quantities import serial_of_day


def day(iso: str) -> float:
    """The number under which the sheet keeps a day."""
    return float(serial_of_day(date.fromisoformat(iso)))


@with_every_tracker
def test_new_client_gets_a_workbook_a_board_and_a_link(agency: Office) -> None:
    """The workbook has its tabs and form, anyone with the link may read, the board has four stages."""
    answer = agency.click(
        agency.agency.spreadsheet_id,  # type: ignore[union-attr]
        "new_client",
        client_name="Кофейня «Заря»",
        project_name="Интернет-магазин",
        code="ЗРН",
        period="month",
        limit_hours=80,
        responsible=MANAGER,
    )

    book = agency.book(answer["data"]["spreadsheet_id"])
    assert (answer["outcome"], answer["http_status"]) == ("done", 200)
    assert list(book.tabs) == ["client", "backlog", "in_progress", "schedule", "metrics", "done"]
    shown = {
        key: book.field(key).cell.value for key in ("client_name", "project_name", "period", "limit_hours")
    }
    assert shown == {
        "client_name": "Кофейня «Заря»",
        "project_name": "Интернет-магазин",
        "period": "месяц",
        "limit_hours": 80.0,
    }
    [(_, stages)] = agency.desk.boards()
    assert stages == ["Онбординг", "В работе", "На проверке", "Выполнено"]
    permissions = agency.http.get(
        f"{agency.servers.google}/drive/v3/files/{book.spreadsheet_id}/permissions?fields=permissions(type,role)"
    ).json()["permissions"]
    assert {"type": "anyone", "role": "reader"} in permissions
    [(url, is_active)] = agency.desk.webhooks()
    assert url.startswith(f"{agency.servers.functions}/webhook/{agency.tracker}/")
    assert is_active


def test_estimate_fills_hours_from_the_norms(office: Office) -> None:
    """Mean × quantity for each profile; a typed figure stays; what has no norm is marked."""
    office.fill_backlog(
        {"task": "Три баннера", "work_type": "Баннер", "quantity": "3"},  # 3 × 3 = 9
        {"task": "Лендинг", "work_type": "лендинг", "hours_design": "12"},  # 12 typed; 4; 20
        {"task": "Аудит", "work_type": "Аудит"},
        {"task": "Правки", "hours_copy": "1 ч 30 мин"},
    )

    answer = office.do("estimate")

    assert answer["outcome"] == "partial"
    assert answer["details"] == ["ЗРН-3: по виду работ «Аудит» ещё нет нормы"]
    columns = ("id", "hours.design", "hours.copy", "hours.development", "hours_total", "source")
    assert office.table("backlog", *columns) == [
        ("ЗРН-1", 9.0, None, None, 9.0, "норма"),
        ("ЗРН-2", 12.0, 4.0, 20.0, 36.0, "норма"),
        ("ЗРН-3", None, None, None, "", "нет данных"),
        ("ЗРН-4", None, "1 ч 30 мин", None, 1.5, "специалист"),
    ]


def test_estimate_again_follows_the_work_type_and_leaves_people_alone(office: Office) -> None:
    """The add-on's own figures follow a new work type; a figure that a person changed stays."""
    office.fill_backlog(
        {"task": "А", "work_type": "Лендинг"},
        {"task": "Б", "work_type": "Лендинг"},
    )
    office.do("estimate")
    first = office.book().tab("backlog").header_index + 1
    office.type("backlog", first, work_type="Баннер")
    office.type("backlog", first + 1, **{"hours.design": "7"})

    office.do("estimate")

    columns = ("task", "hours.design", "hours.copy", "hours.development")
    assert office.table("backlog", *columns) == [("А", 3.0, None, None), ("Б", 7.0, 4.0, 20.0)]


def test_estimate_twice_writes_once(office: Office) -> None:
    """Where nothing differs nothing is written."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    office.forget_calls()

    office.do("estimate")

    assert office.calls("google") == {"sheets.spreadsheets.get": 1}


def test_preview_shows_what_fits_and_why_the_rest_does_not(office: Office) -> None:
    """Strict priority; what is larger than a week is begun, and what does not fit says so in words."""
    office.fill_backlog(
        {"task": "Обычная", "priority": "Обычный", "hours_design": "30"},
        {"task": "Срочная", "priority": "Срочно", "hours_design": "35"},
        {"task": "Огромная", "priority": "Высокий", "hours_design": "41"},
        {"task": "Неясная"},
    )

    answer = office.do("build_batch", period="current")

    data = answer["data"]
    assert [(one["task"], one["due_on"]) for one in data["chosen"]] == [
        ("Срочная", "2026-11-27"),
        ("Огромная", "2026-12-01"),
    ]
    assert {left["task"]: left["reason"] for left in data["left_out"]} == {
        "Обычная": "«Дизайн» (Анна Белова): нужно 30 ч, занято 35 из 40 ч: ЗРН-2 «Срочная» 35 ч; "
        "войдёт 30 ноября – 4 декабря; войдёт сейчас, если Анна Белова даст ещё 25 ч",
        "Неясная": "нет оценки: впишите часы или вид работ",
    }
    assert data["period"]["title"] == "23–27 ноября"
    assert data["limit"] == {"hours": 100.0, "used_hours": 0, "planned_hours": 65.0}
    people = {one["name"]: (one["capacity_hours"], one["planned_hours"]) for one in data["specialists"]}
    assert people == {"Анна Белова": (40.0, 35.0), "Борис Ким": (30.0, 30.0), "Вера Орлова": (40.0, 0.0)}


def test_start_moves_exactly_what_was_previewed(office: Office) -> None:
    """Rows leave the backlog, actions stand in progress with people and days, the rest says why it stays."""
    office.fill_backlog(
        {"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"},  # 9 design, 4 copy, 20 development
        {"task": "Большая", "hours_development": "50"},
        {"task": "Баннер", "work_type": "Баннер"},  # 3 design
    )
    office.do("estimate")
    preview = office.do("build_batch", period="current")

    answer = office.do("start_batch", preview_id=preview["data"]["preview_id"])

    assert answer["outcome"] == "done", answer
    assert answer["message"] == "В работу взято: 3 задачи, 5 действий, 56 ч на 23–27 ноября."
    assert answer["details"][0] == "Закончатся уже после этого периода: ЗРН-1 и ЗРН-2."
    assert office.table(
        "in_progress", "id", "action", "profile", "specialist", "hours", "start_on", "due_on", "status"
    ) == [
        ("ЗРН-1", "Лендинг", "Дизайн", "Анна Белова", 9.0, day("2026-11-23"), day("2026-11-24"), "Онбординг"),
        ("ЗРН-1", "Лендинг", "Тексты", "Борис Ким", 4.0, day("2026-11-25"), day("2026-11-25"), "Онбординг"),
        (
            "ЗРН-1",
            "Лендинг",
            "Разработка",
            "Вера Орлова",
            20.0,
            day("2026-11-26"),
            day("2026-11-30"),
            "Онбординг",
        ),
        (
            "ЗРН-2",
            "Большая",
            "Разработка",
            "Вера Орлова",
            50.0,
            day("2026-11-23"),
            day("2026-12-04"),
            "Онбординг",
        ),
        ("ЗРН-3", "Баннер", "Дизайн", "Борис Ким", 3.0, day("2026-11-23"), day("2026-11-23"), "Онбординг"),
    ]
    assert office.table("backlog", "id") == []
    fields = office.book().fields
    assert [fields[key].cell.value for key in ("backlog_count", "in_progress_count")] == [0.0, 3.0]
    labels = [label for (label,) in office.table("schedule", "label")]
    assert labels[:3] == ["Анна Белова", "    ЗРН-1 Лендинг", "Борис Ким"]


def test_start_twice_is_one_batch(office: Office) -> None:
    """The second click is told that the period is started; nothing moves again."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    office.do("start_batch", preview_id=preview_id)
    before = office.table("in_progress", "id", "action")

    answer = office.do("start_batch", preview_id=preview_id)

    assert (answer["outcome"], answer["http_status"]) == ("refused", 422)
    assert answer["message"].startswith("Этот период уже начат")
    assert office.table("in_progress", "id", "action") == before


def test_start_after_a_change_is_refused_with_what_changed(office: Office) -> None:
    """What is confirmed is what was previewed, or nothing."""
    office.fill_backlog({"task": "А", "hours_design": "5"}, {"task": "Б", "hours_design": "5"})
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    first = office.book().tab("backlog").header_index + 1
    office.type("backlog", first, **{"hours.design": "6"})

    answer = office.do("start_batch", preview_id=preview_id)

    assert (answer["outcome"], answer["http_status"]) == ("refused", 409)
    assert answer["details"] == ["изменились часы, люди или даты: ЗРН-1"]
    assert office.table("in_progress", "id") == []


def test_hours_promised_to_one_client_are_not_promised_to_another(office: Office) -> None:
    """Limits hold across all clients; the client's sheet does not name the other one."""
    office.fill_backlog({"task": "Большая", "hours_development": "38"})
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    office.do("start_batch", preview_id=preview_id)
    office.create_client(client_name="Стоматология «Улыбка»", project_name="Реклама", code="УЛБ")
    office.fill_backlog(
        {"task": "Форма", "hours_development": "3"}, {"task": "Кнопка", "hours_development": "2"}
    )

    preview = office.do("build_batch", period="current")
    office.do("start_batch", preview_id=preview["data"]["preview_id"])

    assert [chosen["task"] for chosen in preview["data"]["chosen"]] == ["Кнопка"]
    assert office.table("backlog", "task", "reason") == [
        ("Форма", "«Разработка»: время занято другими проектами; возьмём 30 ноября – 4 декабря"),
    ]
    assert not any(
        "Заря" in str(label) or "ЗРН" in str(label) for (label,) in office.table("schedule", "label")
    )
    assert "    другие проекты" in [label for (label,) in office.table("schedule", "label")]


def started(office: Office) -> None:
    """A batch of two items is in progress and in the tracker."""
    office.fill_backlog(
        {"task": "Лендинг", "work_type": "Лендинг", "result": "Страница открывается"},
        {"task": "Баннер", "work_type": "Баннер"},
    )
    office.do("estimate")
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert office.do("push")["outcome"] == "done"
    office.settle()


@with_every_tracker
def test_push_makes_one_card_an_item(office: Office) -> None:
    """A step for each action, due date, responsible, hours and a link back; the sheet links to the card."""
    started(office)

    cards = {card.title: card for card in office.desk.cards()}

    assert sorted(cards) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    card = cards["ЗРН-1 · Лендинг"]
    assert card.steps == (
        ("Дизайн — Анна Белова", "2026-11-24", "11"),
        ("Тексты — Борис Ким", "2026-11-25", "12"),
        ("Разработка — Вера Орлова", "2026-11-30", "13"),
    )
    assert (card.due_on, card.assignee_id, card.hours) == ("2026-11-30", "11", 33.0)
    assert "Страница открывается" in card.description
    assert office.client_id in card.links[0]
    assert [shown for (shown,) in office.table("in_progress", "card")] == ["Открыть"] * 4


@with_every_tracker
def test_push_again_makes_nothing(office: Office) -> None:
    """A second click finds all cards made."""
    started(office)

    answer = office.do("push")

    assert answer["message"] == "Все задачи уже в трекере (2). Новых карточек нет."
    assert len(office.desk.cards()) == 2


@with_every_tracker
def test_a_moved_card_changes_the_cells(office: Office) -> None:
    """The tracker's webhook has the card read again; status, progress, hours and dates stand in the sheet."""
    started(office)
    card_id = next(card.card_id for card in office.desk.cards() if "Баннер" in card.title)
    office.desk.finish_step(card_id, 0)
    office.desk.log_minutes(card_id, 150)
    office.desk.move(card_id, 1)
    office.desk.set_due(card_id, "2026-11-27")

    office.settle()

    tab, row = office.row("in_progress", "ЗРН-2")
    shown = {key: tab.cell(row, key).value for key in ("status", "progress", "logged_hours", "due_on")}
    assert shown == {
        "status": "В работе",
        "progress": "1/1",
        "logged_hours": 2.5,
        "due_on": day("2026-11-27"),
    }


@with_every_tracker
def test_refresh_repairs_what_webhooks_lost(office: Office) -> None:
    """No webhook arrives; the menu item brings the sheet to the tracker's state."""
    started(office)
    office.desk.set_webhook_mode("drop")
    office.desk.move(next(card.card_id for card in office.desk.cards() if "Баннер" in card.title), 2)
    office.settle()
    tab, row = office.row("in_progress", "ЗРН-2")
    assert tab.cell(row, "status").value == "Онбординг"

    answer = office.do("refresh")

    assert answer["outcome"] == "done"
    tab, row = office.row("in_progress", "ЗРН-2")
    assert tab.cell(row, "status").value == "На проверке"
    fresh = office.book().field("refreshed_at").cell.value
    assert isinstance(fresh, float)
    assert serial_of_day(NOW.date()) < fresh < serial_of_day(NOW.date()) + 1


@with_every_tracker
def test_finished_work_teaches_the_norms(office: Office) -> None:
    """Hours logged on a finished item are a fact; one long task of four moves the norm by a tenth at most."""
    started(office)
    card_id = next(card.card_id for card in office.desk.cards() if "Баннер" in card.title)
    office.desk.log_minutes(card_id, 420)
    office.desk.move(card_id, 3)
    office.settle()

    assert office.agency is not None
    office.click(office.agency.spreadsheet_id, "recalculate_norms")

    norms = office.table(
        "norms",
        "work_type",
        "profile",
        "hours_per_unit",
        "fact_count",
        spreadsheet_id=office.agency.spreadsheet_id,
    )
    [(mean, count)] = [line[2:] for line in norms if line[:2] == ("Баннер", "Дизайн")]
    assert count == 4
    assert 3.0 < mean <= 3.3


def test_one_read_and_one_write(office: Office) -> None:
    """What each action costs of Google's quota."""
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    cost = {}
    office.forget_calls()
    office.do("estimate")
    cost["estimate"] = office.calls("google")
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    office.forget_calls()
    office.do("start_batch", preview_id=preview_id)
    cost["start_batch"] = office.calls("google")
    office.forget_calls()
    office.do("push")
    cost["push"] = office.calls("google")
    office.forget_calls()
    office.do("refresh")
    cost["refresh"] = office.calls("google")
    [card] = office.cards()
    office.settle()
    office.forget_calls()
    office.kaiten("PATCH", f"/cards/{card['id']}", asap=True, title=card["title"] + "!")
    office.settle()
    cost["webhook"] = office.calls("google")

    once = {"sheets.spreadsheets.get": 1, "sheets.spreadsheets.batchUpdate": 1}
    assert cost == dict.fromkeys(("estimate", "start_batch", "push", "refresh", "webhook"), once)
