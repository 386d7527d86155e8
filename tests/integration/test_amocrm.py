"""What is special about amoCRM's wire: pages, empty and unchanged answers, refusals, rests, lost answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from emulators.amocrm import create_app
from emulators.common.server import running
from tests.emulators.amocrm.amocrm_world import LEAD, OLGA, SALES, SEED, SIGNED, World
from tests.harness.crm_worlds.amocrm import WEBHOOK_URL, ZONE, AmoWorld, form_request, open_world
from vitrina.crm.amocrm import connect
from vitrina.crm.amocrm.client import AmoCrm
from vitrina.crm.amocrm.pace import Pace, distance
from vitrina.crm.amocrm.wire import AmoWire
from vitrina.crm_port import DealNote, DealTask, WebhookState
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, ServiceError

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOTE = DealNote("vitrina:deal:7", "Готово")
TOKEN = "a-long-lived-token"


@pytest.fixture(scope="module")
def opened() -> Iterator[AmoWorld]:
    """One world for all tests."""
    with open_world() as world:
        yield world


@pytest.fixture
def world(opened: AmoWorld) -> AmoWorld:
    """The world without deals."""
    opened.reset()
    return opened


@pytest.fixture
def crm(world: AmoWorld) -> AmoCrm:
    """The adapter."""
    assert isinstance(world.crm, AmoCrm)
    return world.crm


def counts(world: AmoWorld) -> dict[str, int]:
    """Calls since the last reset, by name."""
    found: dict[str, int] = world.world.control.get("/calls").json()["counts"]
    return found


def plan(world: AmoWorld, *steps: dict[str, Any]) -> None:
    """Steps that happen at future calls."""
    world.world.control.post("/plan", json=list(steps)).raise_for_status()


def fail(world: AmoWorld, status: int | str, method: str, count: int = 1) -> None:
    """The next calls fail."""
    body = {"status": status, "method": method, "count": count}
    world.world.control.post("/fail-next", json=body).raise_for_status()


def crm_over(answer: Callable[[httpx.Request], httpx.Response]) -> AmoCrm:
    """An adapter of a server that is a function."""
    wire = AmoWire("https://agency.amocrm.ru", TOKEN, pace=Pace(0.0, rest_s=0.0), sleep=lambda _: None)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    transport = httpx.MockTransport(answer)
    wire.__dict__["_client"] = httpx.Client(
        transport=transport, base_url="https://agency.amocrm.ru/api/v4", headers=headers
    )
    return AmoCrm(wire, webhook_url=WEBHOOK_URL, zone=ZONE)


def page(rows: list[dict[str, Any]], *, has_next: bool, kind: str = "leads") -> httpx.Response:
    """A page of a list."""
    links = {"self": {"href": "x"}, **({"next": {"href": "y"}} if has_next else {})}
    return httpx.Response(200, json={"_page": 1, "_links": links, "_embedded": {kind: rows}})


# --- Pages ---------------------------------------------------------------------------------------


def test_fields_are_read_page_by_page(world: AmoWorld, crm: AmoCrm) -> None:
    """120 fields by 50, although we ask for 250."""
    fields = [{"id": 1000 + n, "name": f"Поле {n}", "type": "text"} for n in range(120)]
    world.world.seed(fields=fields)

    assert [one.name for one in crm.list_fields()] == [one["name"] for one in fields]


def test_full_last_page_is_the_end(world: AmoWorld, crm: AmoCrm) -> None:
    """After 250 people the next page is 204."""
    people = [
        {"id": n, "name": f"N{n}", "email": f"{n}@a.test", "token": "bot" if n == 1 else f"t{n}"}
        for n in range(1, 251)
    ]
    world.world.seed(users=people)

    assert len(crm.list_users()) == 250
    assert counts(world)["users.list"] == 2


def test_key_is_found_behind_hundreds_of_notes(world: AmoWorld, crm: AmoCrm) -> None:
    """Also among notes of other kinds, whose parameters are a list."""
    deal_id = int(world.add_deal())
    world.world.do("add_note", deal_id=deal_id, note_type="call_in", params=[])
    for number in range(251):
        world.world.do("add_note", deal_id=deal_id, text=f"Звонок {number}")

    made = crm.write_note(str(deal_id), NOTE)

    assert crm.write_note(str(deal_id), NOTE) == made
    assert len(world.world.control.get("/state").json()["tables"]["notes"]) == 253


def test_many_changes_in_one_second(world: AmoWorld, crm: AmoCrm) -> None:
    """600 deals of a bulk edit, between others: each is told once."""
    ids = [int(world.add_deal()) for _ in range(620)]
    world.world.do("touch_deals", ids=ids[10:610])

    changed = crm.list_changed_deals(LONG_AGO)

    assert sorted(int(one.deal_id) for one in changed) == ids
    assert len({one.updated_at for one in changed[20:]}) == 1


def test_list_that_moves_while_it_is_read(world: AmoWorld, crm: AmoCrm) -> None:
    """Between the pages, 40 deals of the first one move to the end: no other deal is passed over."""
    ids = [int(world.add_deal()) for _ in range(300)]
    plan(world, {"at": 2, "method": "leads.list", "do": {"action": "touch_deals", "ids": ids[:40]}})

    changed = {int(one.deal_id): one.updated_at for one in crm.list_changed_deals(LONG_AGO)}

    assert set(changed) == set(ids)
    # Their new state was seen, too.
    assert min(changed[one] for one in ids[:40]) > max(changed[one] for one in ids[40:])
    assert world.world.control.get("/plan").json()["refusals"] == []


def test_order_that_is_not_kept() -> None:
    """A server that ignores the order is read by plain pages, to the end."""
    rows = [
        {"id": n, "updated_at": 1_790_000_000 - n, "status_id": 1, "pipeline_id": 1} for n in range(1, 701)
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if query.get("with") == "only_deleted":
            return httpx.Response(204)
        start = (int(query["page"]) - 1) * 250
        chosen = [row for row in rows if row["updated_at"] >= int(query["filter[updated_at][from]"])][
            start : start + 250
        ]
        return page(chosen, has_next=len(chosen) == 250) if chosen else httpx.Response(204)

    changed = crm_over(answer).list_changed_deals(LONG_AGO)

    assert len(changed) == 700


@pytest.mark.parametrize("ask", [lambda crm: crm.list_users(), lambda crm: crm.list_changed_deals(LONG_AGO)])
def test_same_page_twice_is_an_error(ask: Callable[[AmoCrm], object]) -> None:
    """A server that ignores the number of the page would be read for ever."""
    row = {"id": 1, "updated_at": 5, "status_id": 1, "pipeline_id": 1}
    answers = iter(range(10))

    def answer(_: httpx.Request) -> httpx.Response:
        next(answers)
        both = {"users": [row], "leads": [row]}
        return httpx.Response(200, json={"_links": {"next": {"href": "y"}}, "_embedded": both})

    with pytest.raises(FatalServiceError) as refused:
        ask(crm_over(answer))

    assert refused.value.code == "crm.same_page"


@pytest.mark.parametrize("body", [{"_embedded": []}, {}, {"_embedded": {"leads": None}}, []])
def test_empty_objects_may_be_lists(body: Any) -> None:
    """And parts of an answer may be missing: that is an empty list."""
    crm = crm_over(lambda _: httpx.Response(200, json=body))

    assert crm.list_changed_deals(LONG_AGO) == ()
    assert crm.list_fields() == ()


def test_filter_that_is_not_kept() -> None:
    """A list that has tasks of other deals too: one with our key there is not ours."""
    rows = [{"id": n, "entity_id": n, "text": "Текст\n[key]"} for n in range(1, 4)]
    made: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return page(rows, has_next=False, kind="tasks")
        made.append(77)
        return httpx.Response(200, json={"_embedded": {"tasks": [{"id": 77}]}})

    crm, due_at = crm_over(answer), datetime(2026, 9, 3, tzinfo=UTC)

    assert crm.create_task("2", DealTask("key", "Текст", "1", due_at)) == "2"
    assert made == []
    assert crm.create_task("9", DealTask("key", "Текст", "1", due_at)) == "77"


# --- Deals that are gone -------------------------------------------------------------------------


def test_deal_in_the_bin_that_is_answered_by_its_id() -> None:
    """Where amoCRM shows it with a mark, no list is read."""
    row = {"id": 5, "name": "Сайт", "updated_at": 1_790_000_000, "is_deleted": True}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=row)

    deal = crm_over(answer).get_deal("5")

    assert deal is not None
    assert (deal.is_deleted, deal.name, asked) == (True, "Сайт", ["/api/v4/leads/5"])


@pytest.mark.parametrize("status", [204, 404])
def test_objects_that_are_gone(status: int) -> None:
    """204 and 404 mean the same: no deal; no name of a company or contact that was deleted."""
    row = {"id": 5, "updated_at": 1_790_000_000}
    parts = {"companies": [{"id": 7}], "contacts": [{"id": 9}]}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/leads/5"):
            return httpx.Response(200, json={**row, "_embedded": parts})
        return httpx.Response(204 if request.url.path.endswith("/leads") else status)

    crm = crm_over(answer)
    deal = crm.get_deal("5", with_personal_data=True)

    assert crm.get_deal("6") is None
    assert deal is not None
    assert deal.company is not None
    assert (deal.company.name, deal.company.company_id) == ("", "7")
    assert [(one.contact_id, one.name, one.phones) for one in deal.contacts] == [("9", "", ())]


def test_refusal_does_not_look_like_a_deal_that_is_gone(world: AmoWorld, crm: AmoCrm) -> None:
    """An unpaid account has its deals still."""
    deal_id = world.add_deal()
    fail(world, 402, "leads.get")

    with pytest.raises(FatalServiceError) as refused:
        crm.get_deal(deal_id)

    assert refused.value.code == "crm.plan"


# --- Unchanged answers ---------------------------------------------------------------------------


def test_unchanged_list_is_not_sent_again(world: AmoWorld, crm: AmoCrm) -> None:
    """304 for both lists; a change in the very second of the question is still told."""
    deal_id = world.add_deal()
    last = crm.list_changed_deals(LONG_AGO)[-1].updated_at
    assert [one.deal_id for one in crm.list_changed_deals(last)] == [deal_id]
    world.world.control.delete("/calls")

    assert crm.list_changed_deals(last + timedelta(seconds=1)) == ()

    assert counts(world) == {"leads.list": 2}


def test_header_of_the_first_page_only() -> None:
    """A second before the moment in question; a later page is asked for without it."""
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("if-modified-since"))
        if request.url.params.get("with"):
            return httpx.Response(304)
        row = {"id": len(asked), "updated_at": 1_790_802_000 + len(asked), "status_id": 1, "pipeline_id": 1}
        return page([row], has_next=len(asked) < 3)

    since = datetime(2026, 9, 30, 21, 0, 0, 700_000, tzinfo=UTC)
    crm_over(answer).list_changed_deals(since)

    first = "Wed, 30 Sep 2026 20:59:59 GMT"
    assert asked == [first, None, None, first]


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, AccessDeniedError, "crm.unauthorized"),
        (402, FatalServiceError, "crm.plan"),
        (403, AccessDeniedError, "crm.forbidden"),
        (404, FatalServiceError, "crm.not_found"),
        (405, FatalServiceError, "service.refused"),
        (429, RetriableServiceError, "service.busy"),
        (500, RetriableServiceError, "service.no_answer"),
        (504, RetriableServiceError, "service.no_answer"),
        ("drop", RetriableServiceError, "service.no_answer"),
    ],
)
def test_refusals_become_our_errors(
    world: AmoWorld, crm: AmoCrm, status: int | str, kind: type[ServiceError], code: str
) -> None:
    """With the name of the CRM, and the status if there is one."""
    fail(world, status, "account.get", 3)

    with pytest.raises(kind) as refused:
        crm.get_account()

    assert type(refused.value) is kind
    assert (refused.value.code, refused.value.service) == (code, "amoCRM")
    assert refused.value.status == (None if status == "drop" else status)


def test_wrong_values_are_named_without_their_contents(world: AmoWorld, crm: AmoCrm) -> None:
    """The fields of the validation; what stood in them may be a client's words."""
    deal_id = world.add_deal()
    task = DealTask("key", "Тайна", "99", datetime(2026, 9, 3, tzinfo=UTC))

    with pytest.raises(FatalServiceError) as refused:
        crm.create_task(deal_id, task)

    assert (refused.value.code, refused.value.where["fields"]) == ("crm.invalid", ["0.responsible_user_id"])
    assert "Тайна" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, text="<html>"),
        httpx.Response(400, json={"title": "Bad Request"}),
        httpx.Response(400, json={"validation-errors": "x"}),
        httpx.Response(400, json=["x"]),
        httpx.Response(302, headers={"location": "https://www.amocrm.ru/"}),
        httpx.Response(418),
    ],
)
def test_other_refusals(answer: httpx.Response) -> None:
    """Without readable reasons the status is told."""
    with pytest.raises(FatalServiceError) as refused:
        crm_over(lambda _: answer).get_account()

    assert (refused.value.code, refused.value.status) == ("service.refused", answer.status_code)


def test_answer_that_is_no_json() -> None:
    """A page of somebody in between: try later."""
    with pytest.raises(RetriableServiceError) as refused:
        crm_over(lambda _: httpx.Response(200, text="<html>")).get_account()

    assert refused.value.code == "service.no_answer"


def test_reads_and_moves_are_repeated_and_writes_are_not(world: AmoWorld, crm: AmoCrm) -> None:
    """Three times at most; a note after 503 is looked for, and not sent again."""
    deal_id = world.add_deal()
    fail(world, 503, "account.get", 2)
    fail(world, 503, "leads.update", 2)
    fail(world, 503, "notes.add", 1)
    world.world.control.delete("/calls")

    crm.get_account()
    crm.move_deal(deal_id, str(SALES), str(SIGNED))
    with pytest.raises(RetriableServiceError):
        crm.write_note(deal_id, NOTE)

    assert counts(world) == {"account.get": 3, "leads.update": 3, "notes.list": 2, "notes.add": 1}


# --- The limit -----------------------------------------------------------------------------------


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds


@pytest.fixture
def limited() -> Iterator[tuple[World, Callable[[], AmoCrm], Clock]]:
    """An account with its limit, adapters of new processes, and the clock of all of them."""
    clock = Clock()
    wires: list[AmoWire] = []

    def process() -> AmoCrm:
        pace = Pace(distance(), rest_s=61.0, now=clock, sleep=clock.sleep)
        wires.append(AmoWire(url, "bot", pace=pace, sleep=clock.sleep))
        return AmoCrm(wires[-1], webhook_url=WEBHOOK_URL, zone=ZONE)

    with running(create_app(now=clock)) as url:
        account = World(url)
        account.control.post("/seed", json=SEED).raise_for_status()
        yield account, process, clock
        for one in (account, *wires):
            one.close()


def test_burst_stays_below_the_limit(limited: tuple[World, Callable[[], AmoCrm], Clock]) -> None:
    """A hundred deals are read as fast as it goes: three calls in a second, none refused."""
    account, process, _ = limited
    crm = process()
    for _ in range(100):
        deal_id = account.make_deal(contact_ids=[901], company_id=801)
        crm.get_deal(str(deal_id), with_personal_data=True)

    assert account.control.get("/rate").json() == {"most_per_s": 3, "refused": 0}
    assert account.control.get("/calls").json()["total"] == 300


def test_after_a_refusal_nothing_is_sent(limited: tuple[World, Callable[[], AmoCrm], Clock]) -> None:
    """Not even by other threads of the process; a minute later it goes on, and nothing was blocked."""
    account, process, clock = limited
    crm = process()
    account.control.post("/rate-limit", json={"limit_per_s": 0}).raise_for_status()
    with pytest.raises(RetriableServiceError) as refused:
        crm.get_account()
    assert (refused.value.status, refused.value.retry_after_s) == (429, 61)

    for _ in range(20):
        clock.sleep(3)
        with pytest.raises(RetriableServiceError):
            crm.get_account()
    assert account.control.get("/calls").json()["total"] == 0
    assert account.control.get("/rate").json()["refused"] == 1

    account.control.post("/rate-limit", json={"limit_per_s": 7}).raise_for_status()
    clock.sleep(1)
    assert crm.get_account().name == "Агентство"


def test_hour_of_refusals_ends_in_no_block(limited: tuple[World, Callable[[], AmoCrm], Clock]) -> None:
    """A caller that tries each second for an hour is refused once a minute, and never with 403."""
    account, process, clock = limited
    crm = process()
    account.control.post("/rate-limit", json={"limit_per_s": 0}).raise_for_status()
    codes = set()
    for _ in range(3600):
        with pytest.raises(RetriableServiceError) as refused:
            crm.get_account()
        codes.add(refused.value.code)
        clock.sleep(1)

    assert codes == {"service.busy"}
    assert account.control.get("/rate").json()["refused"] == 60


def test_block_is_waited_for(limited: tuple[World, Callable[[], AmoCrm], Clock]) -> None:
    """Others with the same token had us blocked: a rest of a quarter of an hour, and then all is well."""
    account, process, clock = limited
    crm = process()
    account.control.post("/rate-limit", json={"limit_per_s": 0, "blocking_refusal": 1}).raise_for_status()
    codes = []
    for _ in range(2):
        with pytest.raises(RetriableServiceError) as refused:
            crm.get_account()
        codes.append(refused.value.code)
        clock.sleep(61)
    assert codes == ["service.busy", "crm.blocked"]
    calls = account.control.get("/rate").json()["refused"]
    with pytest.raises(RetriableServiceError):
        crm.get_account()
    assert account.control.get("/rate").json()["refused"] == calls

    account.control.post("/rate-limit", json={"limit_per_s": 7}).raise_for_status()
    clock.sleep(15 * 61)
    assert crm.get_account().name == "Агентство"


# --- Time limits and lost answers ----------------------------------------------------------------


@pytest.fixture
def hasty(world: AmoWorld) -> Iterator[AmoCrm]:
    """An adapter that waits a fifth of a second."""
    wire = AmoWire(world.world.url, "bot", pace=Pace(0.0, rest_s=0.0), timeout_s=0.2, sleep=lambda _: None)
    yield AmoCrm(wire, webhook_url=WEBHOOK_URL, zone=ZONE)
    wire.close()


def test_every_call_has_a_time_limit(world: AmoWorld, hasty: AmoCrm) -> None:
    """A read that is never answered ends after three attempts."""
    plan(world, *({"at": at, "method": "leads.get", "hold": True} for at in (1, 2, 3)))
    begun = time.monotonic()

    with pytest.raises(RetriableServiceError) as refused:
        hasty.get_deal("5")

    world.world.control.delete("/plan").raise_for_status()
    assert refused.value.code == "service.no_answer"
    assert time.monotonic() - begun < 5


def test_note_that_is_written_after_we_gave_up(world: AmoWorld, hasty: AmoCrm) -> None:
    """The first call is carried out late: the repeat some minutes later finds it."""
    deal_id = world.add_deal()
    plan(world, {"at": 1, "method": "notes.add", "hold": True})
    with pytest.raises(RetriableServiceError):
        hasty.write_note(deal_id, NOTE)
    assert world.notes_of(deal_id) == []

    world.world.control.post("/plan/release").raise_for_status()
    give_up_at = time.monotonic() + 10
    while not world.notes_of(deal_id):
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    hasty.write_note(deal_id, NOTE)

    assert len(world.notes_of(deal_id)) == 1


def test_note_whose_answer_comes_too_late_is_found_at_once(world: AmoWorld, hasty: AmoCrm) -> None:
    """It was written at once: the look after the lost answer sees it, and there is no error."""
    deal_id = world.add_deal()
    plan(world, {"at": 1, "when": "after", "method": "notes.add", "hold": True})

    assert hasty.write_note(deal_id, NOTE)

    world.world.control.delete("/plan").raise_for_status()
    assert len(world.notes_of(deal_id)) == 1


def test_two_processes_connect_the_webhook_at_once(world: AmoWorld) -> None:
    """The second one is refused, looks, and is content."""
    plan(world, *({"at": at, "method": "webhooks.add", "delay_s": 0.3} for at in (1, 2)))
    crms, failures = [world.make_crm(), world.make_crm()], []

    def run(crm: Any) -> None:
        try:
            crm.connect_webhook()
        except ServiceError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in crms]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failures == []
    assert (counts(world)["webhooks.add"], world.subscription_count()) == (2, 1)
    assert world.crm.check_webhook() == WebhookState.ACTIVE


@pytest.mark.parametrize(
    ("status", "code"), [(402, "crm.plan"), (403, "crm.forbidden"), (400, "service.refused")]
)
def test_webhook_that_cannot_be_connected(world: AmoWorld, crm: AmoCrm, status: int, code: str) -> None:
    """The reason is told."""
    fail(world, status, "webhooks.add")

    with pytest.raises(ServiceError) as refused:
        crm.connect_webhook()

    assert refused.value.code == code


# --- Secrets and addresses -----------------------------------------------------------------------


def test_neither_token_nor_names_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not in logs, errors or the text of the adapter."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(503, json={"name": "Ирина"})

    crm = crm_over(answer)
    with pytest.raises(RetriableServiceError) as refused:
        crm.get_deal("5", with_personal_data=True)

    assert seen == [f"Bearer {TOKEN}"] * 3
    written = " ".join(
        [caplog.text, str(refused.value), repr(crm), repr(vars(crm)), repr(refused.value.where)]
    )
    assert "503" in caplog.text
    assert TOKEN not in written
    assert "Ирина" not in written


@pytest.mark.parametrize("suffix", ["", "/", "/api/v4", "/api/v4/"])
def test_adapter_of_the_settings(world: AmoWorld, suffix: str) -> None:
    """The address of the account with or without the path of the API; links lead to its pages."""
    crm = connect(
        world.world.url + suffix, "bot", webhook_url=WEBHOOK_URL, zone=ZONE, timeout_s=5.0, wait_s=0.01
    )

    assert crm.get_account().name == "Агентство"
    assert crm.deal_url("5") == f"{world.world.url}/leads/detail/5"
    assert crm.name == "amoCRM"


def test_largest_body_is_read_quickly(crm: AmoCrm) -> None:
    """A megabyte, the most that the entry point takes: amoCRM waits two seconds for an answer."""
    body = "&".join(f"leads[update][{number}][id]={number}" for number in range(1, 32_000))
    begun = time.monotonic()

    received = crm.receive(form_request(body[:1_000_000]))

    assert len(received.deal_ids) > 30_000
    assert time.monotonic() - begun < 1


def test_hint_leads_to_the_deal(world: AmoWorld, crm: AmoCrm) -> None:
    """What the body claims of a deal is not believed: it is read again."""
    crm.connect_webhook()
    deal_id = world.add_deal()
    world.world.do("move_deal", id=int(deal_id), pipeline_id=SALES, status_id=SIGNED, user_id=OLGA)
    world.move(deal_id, "sales", "lead")

    hints = [one for request in world.sent() for one in crm.receive(request).deal_ids]

    assert set(hints) == {deal_id}
    deal = crm.get_deal(hints[1])
    assert deal is not None
    assert deal.stage_id == str(LEAD)


def test_a_subscription_with_a_former_secret_is_removed(world: AmoWorld, crm: AmoCrm) -> None:
    """After the secret was changed; those of other systems, and of the same server for other things, stay."""
    base = WEBHOOK_URL.rpartition("/")[0]
    others = [f"{base}/deeper/former", f"{base}-other/former", "https://other.example/hook"]
    for one in (f"{base}/former", *others):
        crm._wire.post("/webhooks", {"destination": one, "settings": ["add_lead"]})

    crm.connect_webhook()

    rows = world.world.control.get("/state").json()["tables"]["webhooks"]
    assert sorted(row["destination"] for row in rows) == sorted([WEBHOOK_URL, *others])
