"""The story that ``make demo`` plays: a week of an agency, played over HTTP through menu and tracker."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from emulators.common.client import local_client
from emulators.world.client import MenuClient
from emulators.world.phone import Phone
from emulators.world.processes import Person, World
from emulators.world.sample import HistoryRow, load_agency, load_chat, load_crm, load_history
from emulators.world.timer import call_schedule
from vitrina.bootstrap import build, create_store
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations.services import Services
from vitrina.records.books import Project, find_agencies, find_projects
from vitrina.records.history import save_history
from vitrina.records.outside.chat_questions import find_open_questions
from vitrina.records.outside.launches import LaunchPart, find_open_launches
from vitrina.records.work import load_work
from vitrina.settings import Settings
from vitrina.usecases.agency.create_agency import create_agency
from vitrina.usecases.chats.updates import GATHER_S
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX
from vitrina.workbook.reading.book import Book, Row, Tab, parse_book
from vitrina.workbook.template.definition import Profile

#: The first tracker id of the sample's people; the others follow.
FIRST_KAITEN_ID = 101
#: Place of the client whose project is in Asana.
ASANA_CLIENT = 2
SETTLE_TIMEOUT_S = 60
LOOK_S = 0.5
#: The stage of the sample's first pipeline at which a project begins.
WON_STAGE = "Договор подписан"
#: Places of *В работе* and *На проверке* on a board.
IN_WORK, REVIEW = 1, 2
#: What the client wants changed.
REMARK = "Сделайте заголовок крупнее"
#: What the client asks in the chat.
QUESTION = "Когда можно будет посмотреть структуру сайта?"
#: What the agency chooses on *Настройки* for its deals.
DEAL_SETTINGS = {
    "deal_project": f"Продажи: {WON_STAGE}",
    "deal_card": "Продажи: Квалифицирован",
    "deal_in_work": "Сопровождение: В работе",
    "deal_code": "Код проекта",
    "deal_period": "Период",
    "deal_limit": "Лимит часов",
    "deal_onboarding": "Вид проекта",
    "deal_staff_fields": "Условия",
}


Found = TypeVar("Found")


class StoryError(RuntimeError):
    """A step of the story failed; the text says which and why."""


@dataclass
class Client:
    """A client of the sample, with the workbook that the story has created."""

    data: Mapping[str, Any]
    spreadsheet_id: str = ""
    board_url: str = ""


@dataclass
class Story:
    """Plays the story step by step and reports each step, with figures, to *say*."""

    world: World
    say: Callable[[str], None]
    sample: Mapping[str, Any] = field(default_factory=load_agency)
    clients: list[Client] = field(default_factory=list)
    agency_id: str = ""

    def __post_init__(self) -> None:
        settings = Settings.from_environment(self.world.environment)
        create_store(settings)
        self._services: Services = build(settings).services
        self._http = local_client(timeout=60.0)
        self._menu = MenuClient(
            self.world.url("functions"), self.world.url("google"), email=self.sample["managers"][0]["email"]
        )
        self._monday = _monday_of(self._services)
        self._crm = load_crm()
        self._chat = load_chat()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._menu.close()

    def resume(self) -> bool:
        """Take up the agency that an earlier run has made in the same folder; ``False`` if there is none.

        Raises
        ------
        StoryError
            If that run broke off before it had made all clients.
        """
        agencies = find_agencies(self._services.store)
        if not agencies:
            return False
        self.agency_id = agencies[0].spreadsheet_id
        known = {one.code: one for one in find_projects(self._services.store, self.agency_id)}
        for data in self.sample["clients"]:
            project = known.get(data["code"])
            if project is None:
                raise StoryError(f"the story broke off here before: {data['client_name']} is missing")
            self.clients.append(Client(data, project.spreadsheet_id, project.board_url))
        return True

    def play(self) -> None:
        """Play the whole story; raises ``StoryError`` if a step fails."""
        self._create_agency()
        self._open_chat(self._win_deal())
        for client in self.sample["clients"]:
            self._create_client(Client(client))
        for client in self.clients:
            self._choose_goals(client)
        for client in self.clients:
            self._estimate(client)
        for client in self.clients:
            self._start(client)
        for client in self.clients:
            self._push(client)
        self._work_in_tracker(self.clients[0])
        self._refresh(self.clients[0])
        self._accept(self.clients[0])
        self._ask_accounting(self.clients[0])
        self._report(self.clients[0])
        self._show_load()

    def _create_agency(self) -> None:
        self.say("Агентство: книга, люди, история работ")
        tracker_ids = {person.email: str(person.kaiten_id) for person in self.world.people}
        agency = create_agency(
            self._services,
            name=self.sample["name"],
            locale="ru",
            profiles=[Profile(one["key"], one["title"]) for one in self.sample["profiles"]],
            rows={
                "specialists": [
                    *(
                        {"name": one["name"], "email": one["email"], "role": one["role"]}
                        for one in self.sample["managers"]
                    ),
                    *(
                        {
                            "name": one["name"],
                            "email": one["email"],
                            "profiles": ", ".join(one["profiles"]),
                            "hours_per_day": one["hours_per_day"],
                            "tracker_id.kaiten": tracker_ids[one["email"]],
                        }
                        for one in self.sample["specialists"]
                    ),
                ],
                "absences": [
                    {
                        "specialist": one["specialist"],
                        "first_day": self._day(one["first_day"]),
                        "last_day": self._day(one["last_day"]),
                        "note": one["note"],
                    }
                    for one in self.sample["absences"]
                ],
            },
            settings=DEAL_SETTINGS,
        )
        self.agency_id = agency.spreadsheet_id
        history = load_history()
        save_history(self._services.store, self.agency_id, _works(history, self._monday))
        answer = self._click(self.agency_id, "recalculate_norms")
        self._say_detail(f"{answer['message']} Специалистов: {len(self.sample['specialists'])}.")

    def _win_deal(self) -> Project:
        """A deal is dragged to the stage that the agency has chosen, and its project appears by itself."""
        self.say("Сделка выиграна: amoCRM → проект, книга, доска, онбординг")
        # From its first look on the add-on knows which deals stood there before.
        settings = self.world.environment
        caller, audience = settings["VITRINA_SERVICE_ACCOUNT"], settings["VITRINA_SCHEDULE_URL"]
        call_schedule(self.world, email=caller, audience=audience).raise_for_status()
        self._settle()
        (pipeline, *_), deal = self._crm["pipelines"], self._crm["deals"][0]
        move = {"action": "move_deal", "id": deal["id"], "pipeline_id": pipeline["id"]}
        stage = next(one for one in pipeline["statuses"] if one["name"] == WON_STAGE)
        self._of_crm("/do", {**move, "status_id": stage["id"]})
        project = self._project_of(str(deal["id"]))
        rows = parse_book(self._services.workbooks.read(project.spreadsheet_id)).tab("in_progress")
        tasks = {rows.cell(row, "id").text for row in rows.rows if rows.cell(row, "id").text}
        note = next(one for one in self._notes(deal["id"]) if project.code in one)
        self._say_detail(f"{project.title}: задач онбординга {len(tasks)}, с людьми и сроками.")
        self._say_detail(f"Заметка в сделке: {note.splitlines()[0]}")
        return project

    def _open_chat(self, project: Project) -> None:
        """The manager makes a group and adds the bot with the link; the client joins it and asks."""
        self.say("Чат с клиентом: группа в Telegram, бот по ссылке, темы")
        link = self._click(project.spreadsheet_id, "show_chat")["data"]["link"]
        (manager, *_), (client, *_) = self._chat["staff"], self._chat["clients"]
        group = {
            "action": "create_group",
            "title": project.title,
            "has_topics": True,
            "user_id": manager["id"],
        }
        chat_id = self._in_chat(group)["chat_id"]
        payload = parse_qs(urlsplit(link).query)["startgroup"][0]
        self._in_chat({"action": "add_bot", "chat_id": chat_id, "user_id": manager["id"], "payload": payload})
        self._wait_until(
            lambda: not find_open_launches(self._services.store, self.agency_id), "the chat is not ready"
        )
        self._in_chat({"action": "add_person", "chat_id": chat_id, "person_id": client["id"]})
        question = {
            "action": "write",
            "chat_id": chat_id,
            "user_id": client["id"],
            "text": f"/question {QUESTION}",
        }
        self._in_chat(question)
        asked = self._wait_until(
            lambda: find_open_questions(self._services.store, self.agency_id), "nobody has asked"
        )
        invite = self._click(project.spreadsheet_id, "show_chat")["data"]["invite"]
        self._say_detail(f"Приглашение для клиента: {invite}")
        self._say_detail(f"Вопрос № {asked[0].number} клиента записан: «{asked[0].text}»")

    def _in_chat(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """What somebody does in the chat, with all that follows."""
        base = f"{self.world.url('telegram')}/_emulator"
        # Tasks are named after the seconds in which updates are gathered, and here they run before those end.
        time.sleep(GATHER_S)
        made: dict[str, Any] = self._http.post(f"{base}/do", json=action).raise_for_status().json()
        self._http.post(f"{base}/webhooks/settle", json={"timeout_s": 10}).raise_for_status()
        self._settle()
        return made

    def _wait_until(self, look: Callable[[], Found], otherwise: str) -> Found:
        """What *look* finds as soon as it finds something."""
        give_up_at = time.monotonic() + SETTLE_TIMEOUT_S
        while not (found := look()):
            if time.monotonic() > give_up_at:
                raise StoryError(otherwise)
            self._settle()
        return found

    def _wait_in_time(self, look: Callable[[], Found], otherwise: str) -> Found:
        """The same without having tasks run before their time: a decision can be taken back until then."""
        give_up_at = time.monotonic() + SETTLE_TIMEOUT_S
        while not (found := look()):
            if time.monotonic() > give_up_at:
                raise StoryError(otherwise)
            time.sleep(LOOK_S)
        return found

    def _project_of(self, deal_id: str) -> Project:
        """The project of a deal, as soon as it lacks nothing but its chat, which people make."""

        def look() -> Sequence[Project]:
            self._of_crm("/webhooks/settle", {"timeout_s": 10})
            made = find_projects(self._services.store, self.agency_id)
            open_launches = find_open_launches(self._services.store, self.agency_id).values()
            is_waiting = any(launch.missing.keys() - {LaunchPart.CHAT} for launch in open_launches)
            return [] if is_waiting else [one for one in made if one.deal_id == deal_id]

        return self._wait_until(look, "the deal did not become a project")[0]

    def _notes(self, deal_id: int) -> list[str]:
        """Texts of the notes of a deal, the latest first."""
        url = f"{self.world.url('amocrm')}/_emulator/deals/{deal_id}"
        return [one["text"] for one in self._http.get(url).raise_for_status().json()["notes"]]

    def _of_crm(self, path: str, body: Mapping[str, Any]) -> None:
        url = f"{self.world.url('amocrm')}/_emulator{path}"
        self._http.post(url, json=body).raise_for_status()

    def _create_client(self, client: Client) -> None:
        data = client.data
        self.say(f"Новый клиент: {data['client_name']}")
        answer = self._click(
            self.agency_id,
            "new_client",
            **{
                key: data[key]
                for key in ("client_name", "project_name", "code", "period", "limit_hours", "responsible")
            },
            # One of the clients is in another tracker than the rest: a mixed agency is normal.
            tracker="asana" if len(self.clients) == ASANA_CLIENT else "kaiten",
        )
        client.spreadsheet_id, client.board_url = (
            answer["data"]["spreadsheet_id"],
            answer["data"]["board_url"],
        )
        self.clients.append(client)
        self._fill(client)
        self._say_detail(f"{answer['message']} Задач в бэклоге: {len(data['backlog'])}.")

    def _fill(self, client: Client) -> None:
        """Type the backlog, the metrics and a few fields, as people do."""
        book, code = self._book(client), client.data["code"]
        edits: list[Mapping[str, Any]] = []
        tab = book.tab("backlog")
        for position, item in enumerate(client.data["backlog"]):
            row = Row(tab.header_index + 1 + position, None, ())
            typed = {
                key: str(item[key]) for key in ("priority", "task", "result", "work_type") if item.get(key)
            }
            if item.get("quantity", 1) != 1:
                typed["quantity"] = str(item["quantity"]).replace(".", ",")
            if "wanted_in_days" in item:
                typed["wanted_on"] = f"{self._day(item['wanted_in_days']):%d.%m.%Y}"
            if item.get("depends_on"):
                typed["depends_on"] = ", ".join(f"{code}-{number}" for number in item["depends_on"])
            for profile, hours in item.get("hours", {}).items():
                typed[HOURS_PREFIX + profile] = str(hours).replace(".", ",")
            edits += [_type(tab, row, key, text) for key, text in typed.items()]
        edits += self._metric_rows(book.tab("metrics"), client.data["metrics"])
        for key in ("chat_url", "documents"):
            place = book.field(key)
            edits.append(
                {"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": client.data[key]}
            )
        answer = self._http.post(
            f"{self.world.url('google')}/_emulator/edit",
            json={"spreadsheet_id": client.spreadsheet_id, "edits": edits},
        )
        if answer.status_code != 200:
            raise StoryError(f"typing was refused: {answer.text}")

    def _estimate(self, client: Client) -> None:
        self.say(f"Оценить бэклог: {client.data['project_name']}")
        self._say_detail(self._click(client.spreadsheet_id, "estimate")["message"])

    def _start(self, client: Client) -> None:
        self.say(f"Собрать и начать период: {client.data['project_name']}")
        preview = self._click(client.spreadsheet_id, "build_batch", period="current")
        self._say_detail(preview["message"])
        for left in preview["data"]["left_out"][:2]:
            self._say_detail(f"  не вошло {left['id']}: {left['reason']}")
        answer = self._click(client.spreadsheet_id, "start_batch", preview_id=preview["data"]["preview_id"])
        self._say_detail(answer["message"])
        for one in preview["data"]["specialists"]:
            if one["committed_hours"] + one["planned_hours"] > one["capacity_hours"] + 0.01:
                raise StoryError(f"{one['name']} has more hours than days")

    def _push(self, client: Client) -> None:
        self.say(f"Отправить в трекер: {client.data['project_name']}")
        self._say_detail(self._click(client.spreadsheet_id, "push")["message"])

    def _work_in_tracker(self, client: Client) -> None:
        """A specialist moves a card and logs time; a webhook updates the sheet."""
        self.say("Специалист двигает карточку и записывает время")
        number, card_id = self._items(client)[0]
        worker = self.world.people[-1]
        headers = {"Authorization": f"Bearer {worker.kaiten_token}"}
        base = f"{self.world.url('kaiten')}/api/latest"
        card = self._http.get(f"{base}/cards/{card_id}", headers=headers).json()
        log = {"role_id": -1, "time_spent": 90, "for_date": self._day(0).isoformat()}
        self._http.post(f"{base}/cards/{card_id}/time-logs", headers=headers, json=log).raise_for_status()
        before = self._status(client, number)
        self._move_card(card_id, IN_WORK)
        after = self._status_after(client, number, before)
        self._say_detail(f"{card['title']}: ячейка «{before}» → «{after}», вебхук дошёл сам.")

    def _refresh(self, client: Client) -> None:
        self.say(f"Обновить из трекера: {client.data['project_name']}")
        self._say_detail(self._click(client.spreadsheet_id, "refresh")["message"])

    def _accept(self, client: Client) -> None:
        """Finished work is shown to the client, who returns it on his phone, then accepts it."""
        self.say("Клиент смотрит работу на телефоне: вернул, потом принял")
        number, card_id = self._items(client)[0]
        link = self._click(client.spreadsheet_id, "make_client_link", scope="act")["data"]["url"]
        phone = Phone(self._http, link)
        self._move_card(card_id, REVIEW)
        self._wait_in_time(lambda: f'name="seen_{number}"' in phone.look(), "the client is not asked")
        phone.answer("return", number, text=REMARK)
        self._wait_in_time(lambda: self._status(client, number) == "В работе", "the work did not come back")
        self._say_detail(f"Вернул с замечанием «{REMARK}»: строка снова в работе, замечание на карточке.")
        self._move_card(card_id, REVIEW)
        self._wait_in_time(lambda: f'name="seen_{number}"' in phone.look(), "the client is not asked again")
        phone.answer("accept", number)
        done = self._wait_in_time(lambda: self._done(client), "the row is not in «Готово»")
        # The decision is kept as carried out after the row is written.
        self._settle()
        self._say_detail(f"Принял: на листе «Готово» {done[0]}. Страница клиента: {link}")

    def _ask_accounting(self, client: Client) -> None:
        """Accounting is asked once for what the client has accepted."""
        self.say("Запросить счёт и акты: книга агентства")
        form = {"project": client.spreadsheet_id, "kind": "both", "month": "current"}
        shown = self._click(self.agency_id, "preview_accounting", **form)
        self._say_detail(shown["message"])
        preview_id = shown["data"]["preview_id"]
        self._say_detail(
            self._click(self.agency_id, "ask_accounting", **form, preview_id=preview_id)["message"]
        )

    def _metric_rows(self, tab: Tab, metrics: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """What people type into *Метрики*; a metric that a source will fill begins some weeks ago."""
        for position, metric in enumerate(metrics):
            row = Row(tab.header_index + 1 + position, None, ())
            for key in ("metric", "unit", "source", "target", "better", "kind"):
                yield _type(tab, row, key, str(metric[key]))
            for number, fact in enumerate(metric["facts"], start=1):
                yield _type(tab, row, f"fact.{number}", str(fact).replace(".", ","))
            if goal := metric.get("goal"):
                since = self._monday - dt.timedelta(weeks=goal["weeks_ago"])
                yield _type(tab, row, "since_on", f"{since:%d.%m.%Y}")

    def _choose_goals(self, client: Client) -> None:
        """The manager chooses the goals of the client's counter that fill metrics, all by their titles."""
        goals = [one for one in client.data["metrics"] if "goal" in one]
        if not goals:
            return
        self.say(f"Метрики из Яндекс Метрики: {client.data['client_name']}")
        shown = self._click(client.spreadsheet_id, "metric_sources")["data"]
        accounts = next(one["accounts"] for one in shown["systems"] if one["id"] == "metrica")
        rows = {one["metric"]: one["row"] for one in shown["metrics"]}
        for metric in goals:
            counter, name = metric["goal"]["counter"], metric["goal"]["name"]
            account = next(one["id"] for one in accounts if counter in one["title"])
            source = {"system": "metrica", "account_id": account}
            measures = self._click(client.spreadsheet_id, "metric_measures", **source)["data"]["measures"]
            source["measure_id"] = next(one["id"] for one in measures if f"«{name}»" in one["title"])
            place = {"row": rows[metric["metric"]], "metric": metric["metric"]}
            answer = self._click(client.spreadsheet_id, "choose_metric_source", **place, **source)
            self._say_detail(answer["message"])
        self._settle()

    def _report(self, client: Client) -> None:
        """The manager reads the report on a metric that lags, adds a step, and sends it to the client."""
        wanted = client.data["report"]
        self.say(f"Отчёт по метрике: {wanted['metric']}")
        tab = self._book(client).tab("metrics")
        row = next(one for one in tab.rows if tab.cell(one, "metric").text == wanted["metric"])
        place = {"sheet_id": tab.sheet_id, "row": row.index + 1}
        draft = self._click(client.spreadsheet_id, "preview_metric_report", **place)["data"]
        report = {name: draft[name] for name in ("number", "revision")} | {"reason": wanted["reason"]}
        for step in wanted["steps"]:
            due_on = self._day(step["day"]).isoformat()
            made = {"title": step["title"], "owner": step["owner"], "due_on": due_on}
            draft = self._click(client.spreadsheet_id, "add_report_action", **report, **made)["data"]
        answer = self._click(client.spreadsheet_id, "approve_metric_report", **report, mark=draft["mark"])
        self._settle()
        self._say_detail(draft["sections"][0]["lines"][0].replace("\u00a0", " "))
        self._say_detail(answer["message"])

    def _move_card(self, card_id: str, stage: int) -> None:
        """A specialist moves a card to a column of its board, counted from 0."""
        headers = {"Authorization": f"Bearer {self.world.people[-1].kaiten_token}"}
        base = f"{self.world.url('kaiten')}/api/latest"
        card = self._http.get(f"{base}/cards/{card_id}", headers=headers).json()
        columns = self._http.get(f"{base}/boards/{card['board_id']}/columns", headers=headers).json()
        body = {"column_id": columns[stage]["id"]}
        self._http.patch(f"{base}/cards/{card_id}", headers=headers, json=body).raise_for_status()

    def _done(self, client: Client) -> list[str]:
        """What stands in *Готово*."""
        tab = self._book(client).tab("done")
        codes = [(tab.cell(row, "id").text, tab.cell(row, "task").text) for row in tab.rows]
        return [f"{code} «{task}»" for code, task in codes if code]

    def _show_load(self) -> None:
        self.say("Обновить загрузку: книга агентства")
        self._say_detail(self._click(self.agency_id, "update_load")["message"])

    def _items(self, client: Client) -> list[tuple[int, str]]:
        work = load_work(self._services.store, client.spreadsheet_id, self.agency_id).value
        return sorted((item.number, item.card_id) for item in work.items.values() if item.card_id)

    def _status(self, client: Client, number: int) -> str:
        tab = self._book(client).tab("in_progress")
        return next(tab.cell(row, "status").text for row in tab.rows if row.number == number)

    def _status_after(self, client: Client, number: int, before: str) -> str:
        """The status once it differs from *before*; the first webhook of a process may take seconds."""
        give_up_at = time.monotonic() + SETTLE_TIMEOUT_S
        while (after := self._status(client, number)) == before:
            if time.monotonic() > give_up_at:
                raise StoryError(f"the cell still says «{before}»")
            self._settle()
        return after

    def _settle(self) -> None:
        self._http.post(f"{self.world.url('kaiten')}/_emulator/webhooks/settle", json={})
        self._http.post(
            f"{self.world.url('tasks')}/_emulator/run-until-empty",
            json={"timeout_s": SETTLE_TIMEOUT_S, "include_later": True, "include_new": True},
            timeout=90.0,
        ).raise_for_status()

    def _click(self, spreadsheet_id: str, action: str, **params: Any) -> dict[str, Any]:
        answer = self._menu.click(spreadsheet_id, action, **params)
        if answer["outcome"] not in ("done", "partial"):
            raise StoryError(f"{action}: {answer['message']} {answer.get('details')} {answer.get('cells')}")
        return answer

    def _book(self, client: Client) -> Book:
        return parse_book(self._services.workbooks.read(client.spreadsheet_id))

    def _day(self, offset: int) -> dt.date:
        return self._monday + dt.timedelta(days=offset)

    def _say_detail(self, text: str) -> None:
        self.say(f"   {text}")


def people_of(sample: Mapping[str, Any]) -> Sequence[Person]:
    """The sample's managers, then its specialists, each with an id in the tracker."""
    everybody = [*sample["managers"], *sample["specialists"]]
    return [Person(one["name"], one["email"], FIRST_KAITEN_ID + n) for n, one in enumerate(everybody)]


def staff_of(sample: Mapping[str, Any]) -> Sequence[str]:
    """The owner's e-mail address; the other manager stands in *Специалисты*."""
    return [one["email"] for one in sample["managers"][:1]]


def _monday_of(services: Services) -> dt.date:
    day = services.calendar.working_days_from(services.today(), count=1)[0]
    return day - dt.timedelta(days=day.weekday())


def _works(history: Sequence[HistoryRow], monday: dt.date) -> Mapping[str, FinishedWork]:
    return {
        f"sample-{n}": FinishedWork(
            row["work_type"],
            row["profile"],
            row["hours"],
            row["quantity"],
            monday - dt.timedelta(days=row["finished_days_ago"]),
        )
        for n, row in enumerate(history)
    }


def _type(tab: Tab, row: Row, column: str, text: str) -> Mapping[str, Any]:
    return {"type": "type", "sheet": tab.title, "cell": tab.address(row, column), "text": text}
