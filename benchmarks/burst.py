"""A burst of webhooks over the clients of one agency, and an observer that reads the cells.

Each event moves a card to another column and sets a due date that no other event of the card has, so that the
observer knows which event a row shows. The benchmark and the tests play the same burst at different sizes.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.world.processes import ROBOT_ID
from tests.harness.local_office import LocalOffice, OfficeError
from vitrina.domain.quantities import SERIAL_DAY_ZERO
from vitrina.records.books import Project, load_project
from vitrina.trackers.kaiten.mapping import board_number
from vitrina.workbook.reading.settings import locale_of

#: The first event of a card sets this date, the next one the day after.
FIRST_DAY = date(2027, 3, 1)

OBSERVE_EVERY_S = 0.2
SENDERS = 32


@dataclass(frozen=True)
class CardRow:
    """A card and its row."""

    spreadsheet_id: str
    card_id: int
    #: ID in the sheet.
    code: str


@dataclass(frozen=True)
class Client:
    """One client's workbook and board, and the columns of its tab «В работе»."""

    project: Project
    rows: tuple[CardRow, ...]
    tab_title: str
    #: Index of the columns ``id``, ``status`` and ``due_on``.
    columns: Mapping[str, int]
    #: Columns of the board, from left to right.
    stages: tuple[int, ...]
    #: Caption in the sheet by column of the board.
    captions: Mapping[int, str]


@dataclass(frozen=True)
class Event:
    """One change of a card. Times are epoch seconds."""

    row: CardRow
    #: Number of the event of this card, from one.
    number: int
    at: float
    answer_s: float
    answer_status: int


@dataclass
class Observation:
    """What a workbook showed: number of the last event and status, by ID."""

    spreadsheet_id: str
    #: When the workbook was changed, epoch seconds.
    at: float
    shown: Mapping[str, tuple[int, str]]


@dataclass
class Burst:
    """Changes of cards, and what the workbooks showed after each write."""

    events: list[Event] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def delays_s(self) -> list[float]:
        """Seconds from each event to the write that shows it or a later one; infinite if there is none."""
        return [self._seen_at(event) - event.at for event in self.events]

    def _seen_at(self, event: Event) -> float:
        return min(
            (
                one.at
                for one in self.observations
                if one.spreadsheet_id == event.row.spreadsheet_id
                and one.shown.get(event.row.code, (0, ""))[0] >= event.number
            ),
            default=float("inf"),
        )

    def ideal_delays_s(self, writes_per_minute: int) -> list[float]:
        """The same if each workbook were written once, after its last event, within the quota."""
        last: dict[str, float] = {}
        for event in self.events:
            last[event.row.spreadsheet_id] = max(event.at, last.get(event.row.spreadsheet_id, 0.0))
        written: dict[str, float] = {}
        for number, (spreadsheet_id, at) in enumerate(sorted(last.items(), key=lambda one: one[1])):
            before = list(written.values())
            free_at = before[number - writes_per_minute] + 60.0 if number >= writes_per_minute else at
            written[spreadsheet_id] = max(at, free_at)
        return [written[event.row.spreadsheet_id] - event.at for event in self.events]


def create_clients(
    office: LocalOffice, count: int, *, cards: int, profile: str, first: int = 1, hours: float = 0.1
) -> list[Client]:
    """Create clients, numbered from *first*, with *cards* items in progress each, through the menu.

    Each item takes *hours* of the *profile*.
    """
    return [_create_client(office, number, cards, profile, hours) for number in range(first, first + count)]


def _create_client(office: LocalOffice, number: int, cards: int, profile: str, hours: float) -> Client:
    office.create_client(client_name=f"Клиент {number}", project_name=f"Проект {number}", code=f"К{number}")
    office.paste_backlog(
        [{"task": f"Задача {one}", f"hours.{profile}": hours} for one in range(1, cards + 1)]
    )
    preview = _do(office, "build_batch")
    _do(office, "start_batch", preview_id=preview["data"]["preview_id"])
    _do(office, "push")
    return _read_client(office, cards)


def _do(office: LocalOffice, action: str, **params: Any) -> Mapping[str, Any]:
    answer = office.do(action, **params)
    if answer["outcome"] != "done":
        raise OfficeError(f"{action}: {answer}")
    return answer


def _read_client(office: LocalOffice, cards: int) -> Client:
    project = load_project(office.services.store, office.client_id)
    book = office.book()
    tab = book.tab("in_progress")
    on_board = office.kaiten(
        "GET", f"/cards?board_id={board_number(project.board_id)}&limit=100", user_id=ROBOT_ID
    )
    by_number = {one["external_id"].rpartition(":")[2]: one["id"] for one in on_board}
    rows = tuple(
        CardRow(project.spreadsheet_id, by_number[str(row.number)], tab.cell(row, "id").text)
        for row in tab.rows
        if row.number is not None
    )
    if len(rows) != cards:
        raise OfficeError(f"{len(rows)} rows of {cards} in {project.spreadsheet_id}")
    captions = {
        int(stage): office.services.choices.label("status", status, locale_of(book))
        for stage, status in project.statuses.items()
    }
    columns = {key: tab.column(key) for key in ("id", "status", "due_on")}
    return Client(project, rows, tab.title, columns, tuple(captions), captions)


def _capture_webhook_body(office: LocalOffice, row: CardRow, user_id: int) -> Mapping[str, Any]:
    """The body of a webhook as the tracker sends it. From then on the tracker sends none."""
    url = f"{office.servers.kaiten}/_emulator/webhooks"
    office.http.post(url, json={"mode": "drop"}).raise_for_status()
    office.kaiten("PATCH", f"/cards/{row.card_id}", user_id=user_id, title="Задача")
    body: Mapping[str, Any] = office.http.get(url).json()["deliveries"][-1]["body"]
    return body


def send_webhooks(
    office: LocalOffice,
    clients: Sequence[Client],
    *,
    webhooks: int,
    seconds: float,
    user_ids: Sequence[int],
    webhook_url: str,
) -> list[Event]:
    """Change cards of all clients in turn, evenly over *seconds*, and send a webhook for each change."""
    body = _capture_webhook_body(office, clients[0].rows[0], user_ids[0])
    rows = [
        (client, row)
        for row_number in zip(*(one.rows for one in clients), strict=True)
        for client, row in zip(clients, row_number, strict=True)
    ]
    starts_at = time.time() + 0.5
    locks = {row.card_id: threading.Lock() for _, row in rows}
    counts = dict.fromkeys(locks, 0)

    def change(number: int) -> Event:
        client, row = rows[number % len(rows)]
        time.sleep(max(0.0, starts_at + seconds * number / webhooks - time.time()))
        # The changes of one card are made one after the other, so that the last one is known.
        with locks[row.card_id]:
            counts[row.card_id] += 1
            event_number = counts[row.card_id]
            office.kaiten(
                "PATCH",
                f"/cards/{row.card_id}",
                user_id=user_ids[number % len(user_ids)],
                column_id=client.stages[event_number % len(client.stages)],
                due_date=(FIRST_DAY + timedelta(days=event_number - 1)).isoformat(),
            )
            at = time.time()
        sent = copy.deepcopy(dict(body))
        sent["data"]["old"]["id"] = row.card_id
        answer_s, status = _post_webhook(office, webhook_url, sent)
        return Event(row, event_number, at, answer_s, status)

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(change, range(webhooks)))


def answers_s(
    office: LocalOffice, row: CardRow, *, count: int, user_id: int, webhook_url: str
) -> list[float]:
    """Seconds until webhooks about one card are answered, sent one after the other."""
    body = _capture_webhook_body(office, row, user_id)
    return [_post_webhook(office, webhook_url, body)[0] for _ in range(count)]


def _post_webhook(office: LocalOffice, webhook_url: str, body: Mapping[str, Any]) -> tuple[float, int]:
    asked_at = time.perf_counter()
    answer = office.http.post(webhook_url, json=body)
    return time.perf_counter() - asked_at, answer.status_code


@contextmanager
def observing(office: LocalOffice, clients: Sequence[Client]) -> Iterator[list[Observation]]:
    """Observe the workbooks while the block runs; the list gets an observation for each change."""
    observations: list[Observation] = []
    stopped = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        observer = pool.submit(_observe, office.servers.google, clients, observations, stopped)
        try:
            yield observations
        finally:
            stopped.set()
    observer.result()


def _observe(
    google: str, clients: Sequence[Client], observations: list[Observation], stopped: threading.Event
) -> None:
    known: dict[str, str] = {}
    with local_client(base_url=google, timeout=60.0) as http:
        while not stopped.wait(OBSERVE_EVERY_S):
            listed = http.get("/_emulator/workbooks").json()
            times = {one["spreadsheetId"]: one["modifiedTime"] for one in listed}
            for client in clients:
                spreadsheet_id = client.project.spreadsheet_id
                if known.get(spreadsheet_id) != times[spreadsheet_id]:
                    known[spreadsheet_id] = times[spreadsheet_id]
                    at = datetime.fromisoformat(times[spreadsheet_id]).astimezone(UTC).timestamp()
                    observations.append(Observation(spreadsheet_id, at, _shown(http, client)))


def _shown(http: httpx.Client, client: Client) -> dict[str, tuple[int, str]]:
    """Read the rows as another user, so as not to spend the quota of the service account."""
    spreadsheet_id = client.project.spreadsheet_id
    answer = http.get(
        f"/v4/spreadsheets/{spreadsheet_id}/values/'{client.tab_title}'",
        params={"valueRenderOption": "UNFORMATTED_VALUE", "quotaUser": spreadsheet_id[:40]},
    )
    shown = {}
    for values in answer.raise_for_status().json().get("values", []):
        padded = values + [""] * 26
        code, status, due = (padded[client.columns[key]] for key in ("id", "status", "due_on"))
        if isinstance(due, int | float):
            day = SERIAL_DAY_ZERO + timedelta(days=int(due))
            shown[code] = ((day - FIRST_DAY).days + 1, status)
    return shown


def wrong_cells(office: LocalOffice, clients: Sequence[Client]) -> list[str]:
    """A sentence for each row that does not show its card's column and date."""
    wrong = []
    with local_client(base_url=office.servers.google, timeout=60.0) as http:
        for client in clients:
            shown = _shown(http, client)
            for row in client.rows:
                card = office.kaiten("GET", f"/cards/{row.card_id}", user_id=ROBOT_ID)
                day = date.fromisoformat(card["due_date"][:10])
                expected = ((day - FIRST_DAY).days + 1, client.captions[card["column_id"]])
                if shown.get(row.code) != expected:
                    wrong.append(f"{row.code}: {shown.get(row.code)}, and the card says {expected}")
    return wrong


def most_in_a_minute(moments: Sequence[float], minute_s: float = 60.0) -> int:
    """The largest count of *moments* within any stretch of less than a minute."""
    in_order = sorted(moments)
    most, first = 0, 0
    for last, moment in enumerate(in_order):
        while moment - in_order[first] >= minute_s:
            first += 1
        most = max(most, last - first + 1)
    return most
