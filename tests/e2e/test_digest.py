"""The weekly digest: every figure is one of the sheet, it is sent once, and never with old data."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import World
from tests.harness.chat_servers import add_group, connect, quicken, running_telegram, settle, texts
from tests.harness.client_site import PERSON
from tests.harness.memory_office import MemoryOffice, client_office
from tests.harness.office import NOW, Office
from vitrina.bootstrap import application
from vitrina.records.books import load_project
from vitrina.usecases.digest.send_digest import compose
from vitrina.workbook.reading.book import Row

PROJECTS = int(os.environ.get("VITRINA_HISTORIES", "60"))
MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа"),
    *("сентября", "октября", "ноября", "декабря"),
)
STATUSES = ("Онбординг", "В работе", "На проверке", "Выполнено")
APPROVALS = ("", "", "", "Принято", "Вернули", "—")
METRIC_STATES = ("в плане", "отстаёт", "мало данных", "нет данных")
TITLES = ("Лендинг", "Статья о зерне", "Баннер <b>", "СУММ(1;2)", "Каталог «Осень»", "Письмо 🙂")
#: Tasks of a part that are named.
NAMED = 12


# --- An independent model ------------------------------------------------------------------------


@dataclass
class Action:
    """A row of *В работе* as it was typed."""

    status: str
    approval: str
    start_on: date
    due_on: date
    hours: float


@dataclass
class Plan:
    """What was typed into the workbook of a project."""

    today: date
    is_monthly: bool
    limit: float | None
    items: list[tuple[str, str, list[Action]]] = field(default_factory=list)
    done: list[tuple[str, str, date | None, date, date, float]] = field(default_factory=list)
    clarify: int = 0
    backlog: int = 0
    needs: list[bool] = field(default_factory=list)
    metrics: list[tuple[str, str]] = field(default_factory=list)

    @property
    def period(self) -> tuple[date, date]:
        """First and last day of the present period: at a weekend the next week."""
        if self.is_monthly:
            after = (self.today.replace(day=28) + timedelta(days=4)).replace(day=1)
            return self.today.replace(day=1), after - timedelta(days=1)
        monday = self.today - timedelta(days=self.today.weekday())
        monday += timedelta(days=7) if self.today.weekday() > 4 else timedelta()
        return monday, monday + timedelta(days=6)


def plan_by_chance(chance: random.Random, today: date) -> Plan:
    """A project with anything in it, also nothing."""

    def near(days: int) -> date:
        return today + timedelta(days=chance.randint(-days, days))

    plan = Plan(today, chance.random() < 0.3, chance.choice([None, 10.0, 40.0, 120.0]))
    count = chance.choice([0, 1, 4, 9, 15])
    for number in range(1, count + 1):
        actions = []
        for _ in range(chance.randint(1, 3)):
            start_on = near(12)
            due_on = start_on + timedelta(days=chance.randint(0, 9))
            status, approval = chance.choice(STATUSES), chance.choice(APPROVALS)
            actions.append(Action(status, approval, start_on, due_on, chance.randint(1, 40) / 2))
        plan.items.append((f"ЗРН-{number}", chance.choice(TITLES), actions))
    for number in range(50, 50 + chance.choice([0, 1, 5, 15])):
        approved_on = near(10) if chance.random() < 0.8 else None
        row = (
            f"ЗРН-{number}",
            chance.choice(TITLES),
            approved_on,
            near(10),
            near(20),
            chance.randint(1, 20) / 2,
        )
        plan.done.append(row)
    plan.backlog = chance.randint(0, 4)
    plan.clarify = chance.randint(0, plan.backlog)
    plan.needs = [chance.random() < 0.4 for _ in range(chance.randint(0, 4))]
    names = chance.sample(["Заявки", "Звонки", "Цена заявки", "Продажи"], chance.randint(0, 4))
    plan.metrics = [(name, chance.choice(METRIC_STATES)) for name in names]
    return plan


def days_in_words(first: date, last: date) -> str:
    """``23–29 ноября``."""
    if first == last:
        return f"{first.day} {MONTHS[first.month - 1]}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {MONTHS[first.month - 1]}"
    return f"{days_in_words(first, first)} – {days_in_words(last, last)}"


def number(value: float) -> str:
    """With a decimal comma, and a space that does not break in thousands."""
    return f"{value:g}".replace(".", ",")


def listed(heading: str, lines: list[str]) -> list[str]:
    """A heading with the count, and at most so many lines as are named."""
    more = [f"и ещё: {len(lines) - NAMED}"] if len(lines) > NAMED else []
    return [f"{heading}: {len(lines)}", *lines[:NAMED], *more]


def expected_lines(plan: Plan, state: str) -> list[str]:
    """The digest that follows from what was typed."""
    first = plan.today - timedelta(days=6)
    done = sorted(
        ((approved or finished, code, title) for code, title, approved, finished, _, _ in plan.done),
        key=lambda one: one[:2],
    )
    in_week = [one for one in done if first <= one[0] <= plan.today]
    in_work, to_accept, due = [], [], []
    for code, title, actions in plan.items:
        statuses = {one.status for one in actions}
        approvals = {one.approval for one in actions}
        due += [one.due_on for one in actions if one.status != "Выполнено" and one.due_on >= plan.today]
        is_unchecked = "На проверке" in statuses and "—" in approvals
        if statuses - {"На проверке", "Выполнено"} or "Вернули" in approvals or is_unchecked:
            last = max(one.due_on for one in actions)
            in_work.append(f"• {code} {title}, до {days_in_words(last, last)}")
        elif "На проверке" in statuses and "Принято" not in approvals:
            to_accept.append(f"• {code} {title}")
    begin, end = plan.period
    used = sum(
        one.hours for _, _, actions in plan.items for one in actions if begin <= one.start_on <= end
    ) + sum(hours for *_, started, hours in plan.done if begin <= started <= end)
    open_needs = sum(not is_done for is_done in plan.needs)
    lines = [f"«Сайт»: что было за неделю, {days_in_words(first, plan.today)}", state, ""]
    lines += listed(
        "Сделано и принято",
        [f"• {code} {title}, {days_in_words(day, day)}" for day, code, title in in_week],
    )
    lines += ["", *listed("В работе", in_work), ""]
    if not (to_accept or plan.clarify or open_needs):
        lines.append("От вас сейчас ничего не ждём.")
    else:
        lines.append("Ждёт вас")
        lines += listed("Готово, примите или верните", to_accept) if to_accept else []
        lines += [f"Уточнить задачи в «Бэклоге»: {plan.clarify}"] if plan.clarify else []
        lines += [f"Нужно для работы, список на первом листе: {open_needs}"] if open_needs else []
    lines += ["", f"Ближайший срок: {days_in_words(min(due), min(due))}"] if due else []
    told = f"Часы за {days_in_words(begin, end)}: занято {number(used)}"
    if plan.limit is not None and used > plan.limit:
        told += f" при лимите {number(plan.limit)}, сверх лимита {number(used - plan.limit)}"
    elif plan.limit is not None:
        told += f" из {number(plan.limit)}, осталось {number(plan.limit - used)}"
    lines += ["", told, ""]
    if plan.metrics:
        lines += ["Показатели", *(f"• {name}: {told_state}" for name, told_state in plan.metrics), ""]
    return lines


# --- Typing --------------------------------------------------------------------------------------


def day(value: date | None) -> str:
    """As a person types it."""
    return "" if value is None else value.strftime("%d.%m.%Y")


def type_plan(office: MemoryOffice, plan: Plan) -> None:
    """Type a plan into the empty workbook of the client, in one edit."""
    book, edits = office.book(), []

    def put(tab_key: str, at: int, **values: str) -> None:
        tab = book.tab(tab_key)
        for column, text in values.items():
            cell = tab.address(Row(tab.header_index + 1 + at, None, ()), column)
            edits.append({"type": "type", "sheet": tab.title, "cell": cell, "text": text})

    def put_field(key: str, text: str) -> None:
        place = book.field(key)
        edits.append({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": text})

    at = 0
    for code, title, actions in plan.items:
        for one in actions:
            put(
                "in_progress",
                at,
                id=code,
                action=title,
                status=one.status,
                approval=one.approval,
                start_on=day(one.start_on),
                due_on=day(one.due_on),
                hours=number(one.hours),
            )
            at += 1
    for at, (code, title, approved, finished, started, hours) in enumerate(plan.done):
        put(
            "done",
            at,
            id=code,
            task=title,
            approved_on=day(approved),
            finished_on=day(finished),
            started_on=day(started),
            hours=number(hours),
        )
    for at in range(plan.backlog):
        put("backlog", at, task=f"Задача {at}", status="Уточняем" if at < plan.clarify else "Новая")
    for at, (name, state) in enumerate(plan.metrics):
        put("metrics", at, metric=name, state=state)
    for at, is_done in enumerate(plan.needs, start=1):
        put_field(f"need_{at}", f"Доступ {at}")
        put_field(f"need_{at}_done", "TRUE" if is_done else "FALSE")
    put_field("period", "месяц" if plan.is_monthly else "неделя")
    put_field("limit_hours", "" if plan.limit is None else number(plan.limit))
    put_field("refreshed_at", f"{day(plan.today)} 09:30")
    office.edit(*edits)


def test_figures_are_those_of_the_sheet(record_property: Any) -> None:
    """Of random projects each line is computed independently from what was typed."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    record_property("figure", f"{PROJECTS} digests, seed {seed}")
    chance = random.Random(seed)
    saved, figures = client_office().save(), 0
    for _ in range(PROJECTS):
        office = MemoryOffice(saved)
        office.clock.set(NOW + timedelta(days=chance.randint(0, 120)))
        plan = plan_by_chance(chance, office.services.today())
        type_plan(office, plan)
        run = office.new_run()
        reads = office.workbooks.calls["read"]

        digest = compose(run, load_project(office.store, office.client_id))

        assert office.workbooks.calls["read"] - reads == 1
        state = office.book().field("state").cell.text
        lines = digest.text.split("\n")
        expected = expected_lines(plan, state)
        assert lines[: len(expected)] == expected, plan
        assert lines[len(expected) :] == [
            f"Подробно в таблице: {office.services.workbooks.url(office.client_id)}",
            f"Данные на {days_in_words(plan.today, plan.today)}, 09:30.",
        ]
        figures += len(expected)
    print(f"{figures} lines of {PROJECTS} digests compared")  # noqa: T201 - a figure to read


# --- Sending, over the wire ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


class Clock:
    """The clock of the functions, moved by a test."""

    def __init__(self, office: Office, world: World, setenv: Any) -> None:
        self._office = office
        self._world = world
        self._setenv = setenv

    def tick(self, moment: datetime) -> None:
        """Have the timer call at a moment, with all that follows."""
        self._setenv("VITRINA_NOW", moment.isoformat())
        application.cache_clear()
        assert self._office.call_schedule().status_code == 200
        settle(self._office, self._world)


@dataclass
class Desk:
    """A project with its chat, an agency with its own one, and the clock."""

    office: Office
    world: World
    clock: Clock
    internal: int
    chat_id: int

    def sent(self) -> list[str]:
        """Digests in the client's chat."""
        return [one for one in texts(self.world, self.chat_id, "Отчёты") if "что было за неделю" in one]

    def told(self) -> list[str]:
        """What the agency was told of digests."""
        return [one for one in texts(self.world, self.internal) if "сводка" in one]


@pytest.fixture
def desk(office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Digests go on Thursdays at ten."""
    quicken(monkeypatch.setattr)
    connect(telegram, monkeypatch.setenv)
    assert office.agency is not None
    clock = Clock(office, telegram, monkeypatch.setenv)
    internal = add_group(office, telegram, action="show_agency_chat", title="Маяк")
    chat_id = add_group(office, telegram)
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    office.choose(digest_day="четверг", digest_time="10:00")
    office.click(office.agency.spreadsheet_id, "update_load")
    settle(office, telegram)
    return Desk(office, telegram, clock, internal, chat_id)


THURSDAY = NOW + timedelta(days=3)


def write_something(desk: Desk) -> None:
    """Have the workbook written now, as an action of the agency does."""
    answer = desk.office.do("estimate")
    assert answer["outcome"] == "done", answer


def test_the_whole_story(desk: Desk) -> None:
    """The first one is sent by the manager who has read it; the next ones go by themselves, each once."""
    office, clock = desk.office, desk.clock
    clock.tick(THURSDAY.replace(hour=9))
    write_something(desk)
    clock.tick(THURSDAY.replace(hour=9, minute=30))
    assert (desk.sent(), desk.told()) == ([], [])
    for hour in (10, 13, 16):
        clock.tick(THURSDAY.replace(hour=hour))
    assert desk.sent() == []
    (told,) = desk.told()
    assert "готова первая сводка" in told
    assert "В работе: 0" in told

    preview = office.do("preview_digest")
    assert preview["data"]["text"] in told
    assert office.do("send_digest", mark="0" * 32)["outcome"] == "refused"
    answer = office.do("send_digest", mark=preview["data"]["mark"])
    assert answer["outcome"] == "done", answer
    settle(office, desk.world)
    assert desk.sent() == [preview["data"]["text"]]

    # The same week again: the message is edited, as the sheet says something else.
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер", "status": "Уточняем"})
    write_something(desk)
    clock.tick(THURSDAY.replace(hour=18))
    (sent,) = desk.sent()
    assert "Уточнить задачи в «Бэклоге»: 1" in sent

    # A week later it goes by itself, at its hour and on its day only.
    later = THURSDAY + timedelta(days=7)
    clock.tick((later - timedelta(days=1)).replace(hour=12))
    clock.tick(later.replace(hour=8))
    write_something(desk)
    clock.tick(later.replace(hour=9))
    assert len(desk.sent()) == 1
    for _ in range(2):
        clock.tick(later.replace(hour=10, minute=20))
    assert len(desk.sent()) == 2
    assert desk.sent()[1].startswith("«Сайт»: что было за неделю, 27 ноября – 3 декабря")
    assert len(desk.told()) == 1
    assert desk.world.rate()["refused"] == 0


def test_old_data_are_not_told_to_the_client(desk: Desk) -> None:
    """The manager is told instead, once a week, in the chat and in *Журнал*; he cannot send it either."""
    office, clock = desk.office, desk.clock
    # Nothing was written into the workbook for three days.
    for hour in (10, 12, 15):
        clock.tick(THURSDAY.replace(hour=hour))

    assert desk.sent() == []
    (told,) = desk.told()
    assert "данные в таблице старше суток" in told
    preview = office.do("preview_digest")
    assert "старше суток" in " ".join(preview["details"])
    answer = office.do("send_digest", mark=preview["data"]["mark"])
    assert (answer["outcome"], "старше суток" in answer["message"]) == ("refused", True)
    settle(office, desk.world)
    assert desk.sent() == []
    assert office.agency is not None
    lines = office.table("log", "action", "message", spreadsheet_id=office.agency.spreadsheet_id)
    assert [one for one in lines if one[0] == "Сводка для клиента" and "старше суток" in str(one[1])]


def test_nothing_goes_where_no_day_is_chosen(desk: Desk) -> None:
    """The default of an agency is never; a bad day is told and means never too."""
    office, clock = desk.office, desk.clock
    assert office.agency is not None
    for text in ("", "когда-нибудь"):
        office.choose(digest_day=text)
        office.click(office.agency.spreadsheet_id, "update_load")
        settle(office, desk.world)
        clock.tick(THURSDAY.replace(hour=9))
        write_something(desk)
        for day in range(8):
            clock.tick((THURSDAY + timedelta(days=day)).replace(hour=12))
        assert (desk.sent(), desk.told()) == ([], [])
    lines = office.table("log", "action", "message", spreadsheet_id=office.agency.spreadsheet_id)
    assert [one for one in lines if "«когда-нибудь» — не день недели" in str(one[1])]


def test_agency_that_wants_no_digests_in_chats(desk: Desk) -> None:
    """The event has no topic: nothing goes by itself, and a click says where to choose one."""
    office, clock = desk.office, desk.clock
    assert office.agency is not None
    office.choose(chat_events="Начат проект: Общая")
    office.click(office.agency.spreadsheet_id, "update_load")
    settle(office, desk.world)
    clock.tick(THURSDAY.replace(hour=9))
    write_something(desk)
    clock.tick(THURSDAY.replace(hour=12))

    answer = office.do("preview_digest")
    assert (answer["outcome"], "не выбрано" in answer["message"]) == ("refused", True)
    assert (desk.sent(), desk.told()) == ([], [])


# --- The link to the page ------------------------------------------------------------------------


def kept_text(office: Office) -> str:
    """All documents of the store as text."""
    return json.dumps([one.data for one in office.services.store.page(None, 10_000)], ensure_ascii=False)


def test_the_link_to_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each digest has the same one, which no document has; it only looks, is renewed and switched off."""
    office, base = desk.office, f"{desk.office.servers.functions}/client"
    monkeypatch.setenv("VITRINA_CLIENT_URL", base)
    desk.clock.tick(THURSDAY.replace(hour=9))
    write_something(desk)
    assert "нет ссылки на страницу" in " ".join(office.do("preview_digest")["details"])
    made = office.do("make_client_link", scope="digest")
    token = made["data"]["url"].rpartition("/")[2]
    assert [(one["scope"], one["state"]) for one in made["data"]["links"]] == [("digest", "valid")]
    settle(office, desk.world)

    preview = office.do("preview_digest")
    assert f"Страница проекта: {base}/c/{'•' * 22}" in preview["data"]["text"]
    office.do("send_digest", mark=preview["data"]["mark"])
    # While the message waits to be sent, too.
    assert token not in kept_text(office)
    settle(office, desk.world)
    (sent,) = desk.sent()
    (address,) = re.findall(r"Страница проекта: (\S+)", sent)
    assert address == made["data"]["url"]
    assert office.http.get(address, headers=PERSON).status_code == 200
    assert office.http.get(f"{address}/question", headers=PERSON).status_code == 403
    assert token not in kept_text(office)

    # A week later it is the same one.
    later = THURSDAY + timedelta(days=7)
    desk.clock.tick(later.replace(hour=8))
    write_something(desk)
    desk.clock.tick(later.replace(hour=10))
    assert desk.sent()[1].count(address) == 1

    # Renewed: the former one is dead, also in the digests of before.
    again = office.do("make_client_link", scope="digest")
    states = [(one["scope"], one["state"]) for one in again["data"]["links"]]
    assert states == [("digest", "valid"), ("digest", "revoked")]
    assert office.http.get(address, headers=PERSON).status_code == 404
    assert office.http.get(again["data"]["url"], headers=PERSON).status_code == 200
    assert "Страница проекта" in office.do("preview_digest")["data"]["text"]

    # Another secret of the installation computes another token, which nobody has been given.
    monkeypatch.setenv("VITRINA_WEBHOOK_SECRET", "x" * 40)
    application.cache_clear()
    assert "Страница проекта" not in office.do("preview_digest")["data"]["text"]
    monkeypatch.delenv("VITRINA_WEBHOOK_SECRET")


def test_a_link_that_is_switched_off_is_in_no_digest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off between the preview and the message: what the client gets opens nothing."""
    office, base = desk.office, f"{desk.office.servers.functions}/client"
    monkeypatch.setenv("VITRINA_CLIENT_URL", base)
    desk.clock.tick(THURSDAY.replace(hour=9))
    write_something(desk)
    made = office.do("make_client_link", scope="digest")["data"]
    preview = office.do("preview_digest")
    office.do("send_digest", mark=preview["data"]["mark"])
    office.do("revoke_client_link", link_id=made["made"])
    settle(office, desk.world)

    (sent,) = desk.sent()
    (address,) = re.findall(r"Страница проекта: (\S+)", sent)
    assert office.http.get(address, headers=PERSON).status_code == 404
    assert "Страница проекта" not in office.do("preview_digest")["data"]["text"]
