"""Two agencies of one installation: staff, links and webhooks of one move and see nothing of the other.

Everything is played over the registry of actions, so that a new action is tried as well: one with a parameter
that ``VALUES`` and the ids of ``tests/harness/two_agencies.py`` do not know fails here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

from tests.harness.client_site import PERSON
from tests.harness.fakes.workbooks import EVERYTHING
from tests.harness.servers import Servers
from tests.harness.snapshots import without_fence
from tests.harness.two_agencies import SECRETS, Side, TwoAgencies, running_two_agencies
from vitrina.ports import Document
from vitrina.trackers.registry import webhook_url_of
from vitrina.usecases.actions import ACTIONS
from vitrina.web.menu import OPERATION_STATUS, QUESTIONS

#: Values of parameters that name nothing of one agency, or are chosen by the attacker.
VALUES: dict[str | tuple[str, str], Any] = {
    "email": "guest@second.example",
    "period": "current",
    ("new_client", "period"): "week",
    ("start_project", "period"): "week",
    "wishes": {},
    "note": "Клиент так сказал",
    "is_filled": True,
    "number": 1,
    ("answer_question", "number"): 7,
    "work_type": "Баннер",
    "parts": [],
    "wanted_on": None,
    "is_urgent": False,
    "allows_over": True,
    "title": "Задача чужого",
    "result": "",
    "keep": "sheet",
    "conflicts": ["1-1-hours-0123456789"],
    "shown": [],
    "scope": "act",
    "system": "pasted",
    "measure_id": "figure",
    "area": "A2:B9",
    "text": "01.11.2026\t5",
    ("decide_for_client", "text"): "Замечание",
    "metric": "0123456789abcdef",
    ("choose_metric_source", "metric"): "Заявки",
    "corrects": False,
    "decisions": ["Решение чужого"],
    "revision": 1,
    "reason": "",
    "asked": "",
    "owner": "Чужой",
    "due_on": "2026-12-01",
    "numbers": [1],
    "result_url": "",
    ("decide_for_client", "kind"): "accepted",
    ("preview_accounting", "kind"): "both",
    ("ask_accounting", "kind"): "both",
    "month": "current",
    "start_on": None,
    "end_on": None,
    "plan_id": "0123456789abcdef",
    "client_name": "Чужой",
    "project_name": "Чужой",
    "code": "ЧУЖ",
    "limit_hours": None,
    "responsible": "",
    "onboarding": "",
    "deal_id": "1",
    "deal_url": "",
    "for_staff": "",
    "for_client": "",
}
#: What names something of one agency, by parameter: each is swapped for that of the other agency.
SWAPPED = (
    *("preview_id", "plan_id", "record_id", "link_id", "key", "project", "projects", "mark", "tracker"),
    *("account_id", "link"),
)


@pytest.fixture(scope="module")
def world(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoAgencies]:
    """Two agencies, set up once: no test may change anything of the first one."""
    with running_two_agencies(servers, tmp_path_factory.mktemp("two")) as running:
        yield running


def value_of(side: Side, action: str, parameter: str) -> Any:
    """The value of a parameter that is right for an agency."""
    own = {
        "project": side.client_id,
        "projects": [side.client_id],
        "tracker": side.tracker,
        "account_id": f"{side.client_id}:1",
        "link": f"https://docs.google.com/spreadsheets/d/{side.client_id}/edit#gid=0",
        **side.ids,
    }
    for key in ((action, parameter), parameter):
        for known in (own, VALUES):
            if key in known:
                return known[key]
    raise AssertionError(f"{action}: what is a right value of the parameter {parameter!r}? Add it to VALUES.")


def params_of(action: str, side: Side, **changes: Any) -> dict[str, Any]:
    """Parameters of an action that its schema allows, with ids of an agency."""
    schema = ACTIONS[action].params
    params = {name: value_of(side, action, name) for name in schema["properties"]}
    params |= changes
    jsonschema.validate(params, schema)
    return params


@dataclass(frozen=True)
class State:
    """Everything that there is of both agencies, or of the first one."""

    documents: Mapping[tuple[str, str], tuple[int, str]]
    outside: Mapping[str, str]


def all_documents(world: TwoAgencies) -> list[Document]:
    """Every document of the store."""
    store, found = world.office.services.store, list[Document]()
    while page := store.page((found[-1].kind, found[-1].key) if found else None, 500):  # type: ignore[attr-defined]
        found += page
    return found


def versions(world: TwoAgencies, *names: str) -> dict[str, str]:
    """A number for each emulator that grows with every change of its state."""
    office = world.office
    return {
        name: office.http.get(f"{office.servers.url(name)}/_emulator/version").raise_for_status().text
        for name in names
    }


def whole_state(world: TwoAgencies) -> State:
    """Every document, and the states of all emulators."""
    documents = {(one.kind, one.key): (one.version, str(one.data)) for one in all_documents(world)}
    return State(documents, versions(world, "google", "kaiten", "asana", "tasks"))


def documents_of_first(world: TwoAgencies) -> State:
    """Documents of the first agency."""
    own = (world.first.agency_id, world.first.client_id)
    others = (world.second.agency_id, world.second.client_id)

    def is_own(one: Document) -> bool:
        text = f"{one.key} {one.data}"
        # A click of the attacker may name what is not his.
        return any(each in text for each in own) and not any(each in text for each in others)

    found = {(one.kind, one.key): (one.version, str(one.data)) for one in all_documents(world) if is_own(one)}
    return State(found, {})


def state_of_first(world: TwoAgencies) -> State:
    """Documents, workbooks and tracker of the first agency."""
    office, own = world.office, (world.first.agency_id, world.first.client_id)
    outside = {"kaiten": office.http.get(f"{office.servers.kaiten}/_emulator/state").text}
    for book in own:
        url = f"{office.servers.google}/v4/spreadsheets/{book}"
        outside[book] = str(without_fence(office.http.get(url, params={"fields": EVERYTHING}).json()))
    files = office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
    outside["files"] = str([one for one in files if one["spreadsheetId"] in own])
    return State(documents_of_first(world).documents, outside)


def assert_same(before: State, after: State) -> None:
    """Assert that two states are equal; names what differs."""
    keys = {
        key
        for key in before.documents.keys() | after.documents.keys()
        if before.documents.get(key) != after.documents.get(key)
    }
    assert keys == set()
    assert [name for name in before.outside if before.outside[name] != after.outside[name]] == []


def tells_nothing(answer: Mapping[str, Any]) -> bool:
    """Whether an answer has no word of the first agency."""
    return not any(word in str(answer) for word in SECRETS)


def post(world: TwoAgencies, who: str, book: str, name: str, **params: Any) -> dict[str, Any]:
    """One click of a person."""
    return world.office.manager(who).post(book, name, **params)


# --- Staff in a workbook of the other agency -----------------------------------------------------------


@pytest.mark.parametrize("who", ["manager", "owner"])
def test_no_action_works_in_a_workbook_of_another_agency(world: TwoAgencies, who: str) -> None:
    """403 for each action and question, with every id right for that workbook; nothing at all changes."""
    first, email = world.first, getattr(world.second, who)
    # The first refusal has the people of the first agency read anew.
    post(world, email, first.client_id, "estimate")
    before = whole_state(world)

    for action in ACTIONS:
        book = first.book(ACTIONS[action].book_kind)
        answer = post(world, email, book, action, **params_of(action, first))
        assert (answer["http_status"], answer["outcome"]) == (403, "refused"), (action, answer)
        assert tells_nothing(answer), action
    for question in QUESTIONS:
        for book in (first.agency_id, first.client_id):
            answer = post(world, email, book, question)
            assert (answer["http_status"], tells_nothing(answer)) == (403, True), (question, answer)

    assert_same(before, whole_state(world))


def test_no_operation_is_told_to_another_agency(world: TwoAgencies) -> None:
    """Asked for with the workbook of either side."""
    first, second = world.first, world.second
    before = whole_state(world)
    for email in (second.manager, second.owner):
        told = [
            post(world, email, book, OPERATION_STATUS, operation_id=first.operation_id)
            for book in (first.client_id, first.agency_id, second.client_id, second.agency_id)
        ]
        assert [one["http_status"] for one in told] == [403, 403, 400, 400]
        assert all(map(tells_nothing, told))
    assert_same(before, whole_state(world))


# --- Ids of the other agency in one's own workbook -----------------------------------------------------


def test_no_id_of_another_agency_is_taken(world: TwoAgencies) -> None:
    """Each of them in one's own workbook: refused, with no word of the other agency, which stays as it is."""
    first, second = world.first, world.second
    before = state_of_first(world)
    tried = 0
    for action, one in ACTIONS.items():
        for parameter in [name for name in one.params["properties"] if name in SWAPPED]:
            params = params_of(action, second, **{parameter: value_of(first, action, parameter)})
            if parameter == "link":
                params["system"] = "sheet"
            tried += 1

            answer = world.office.manager(second.manager).click(second.book(one.book_kind), action, **params)

            assert answer["outcome"] in ("refused", "failed"), (action, parameter, answer)
            assert 400 <= answer["http_status"] < 500, (action, parameter, answer)
            assert tells_nothing(answer), (action, parameter, answer)
            assert_same(State(before.documents, {}), documents_of_first(world))
    world.office.settle()

    assert tried > 20
    assert_same(before, state_of_first(world))


def test_forms_offer_what_is_ones_own(world: TwoAgencies) -> None:
    """Trackers, projects, requests, metric accounts: nothing of the other agency is in any list."""
    first, second = world.first, world.second
    shown = {}
    for action in ("new_client_options", "switch_options", "accounting_options"):
        shown[action] = post(world, second.manager, second.agency_id, action)
    for action in ("client_links", "metric_sources", "open_questions", "finished_work", "accepted_work"):
        shown[action] = post(world, second.manager, second.client_id, action)

    assert {action: one["outcome"] for action, one in shown.items()} == dict.fromkeys(shown, "done")
    assert all(map(tells_nothing, shown.values()))
    for action in ("new_client_options", "switch_options"):
        names = [one["name"] for one in shown[action]["data"]["trackers"]]
        assert names == [second.tracker, "none"]
    assert first.client_id not in str(shown)


# --- Links and webhooks --------------------------------------------------------------------------------


def test_a_link_opens_its_own_page_only(world: TwoAgencies) -> None:
    """A client's token is none of accounting and the other way round; no page tells of another agency."""
    office, first, second = world.office, world.first, world.second
    before = documents_of_first(world)
    for token, place in (
        (second.page_token, "a"),
        (second.request_token, "c"),
        (second.request_token[:-1], "a"),
    ):
        answer = office.http.get(f"{office.servers.functions}/client/{place}/{token}", headers=PERSON)
        assert answer.status_code == 404
    own = [
        office.http.get(f"{office.servers.functions}/client/{place}/{token}", headers=PERSON)
        for place, token in (("c", second.page_token), ("a", second.request_token))
    ]
    assert [one.status_code for one in own] == [200, 200]
    assert not any(word in one.text for one in own for word in SECRETS)
    assert first.client_id not in "".join(one.text for one in own)
    assert_same(before, documents_of_first(world))


def test_a_secret_is_that_of_its_connection(world: TwoAgencies) -> None:
    """A webhook with the secret of another connection is 404; one of its own touches no card of another."""
    office, first, second = world.office, world.first, world.second
    settings = office.environment["WEBHOOK_SECRET"]
    urls = {
        name: webhook_url_of(name, f"{office.servers.functions}/webhook", settings)
        for name in (first.tracker, second.tracker)
    }
    secrets = {name: url.rpartition("/")[2] for name, url in urls.items()}
    before = whole_state(world)
    body = {"event": "card:update", "data": {"old": {"id": 1}}}

    swapped = urls[first.tracker].replace(secrets[first.tracker], secrets[second.tracker])
    assert office.http.post(swapped, json=body).status_code == 404
    swapped = urls[second.tracker].replace(secrets[second.tracker], secrets[first.tracker])
    assert office.http.post(swapped, json={"events": []}).status_code == 404
    assert_same(before, whole_state(world))


def test_what_is_ones_own_is_taken(world: TwoAgencies) -> None:
    """The clicks that were refused go through with the ids of the own agency."""
    second = world.second
    clicks = ("preview_accounting", "request_file", "send_digest", "withdraw_request", "start_batch")

    told = {}
    for action in (*clicks, "revoke_client_link"):
        book = second.book(ACTIONS[action].book_kind)
        told[action] = world.office.manager(second.manager).click(book, action, **params_of(action, second))

    assert {action: one["outcome"] for action, one in told.items()} == dict.fromkeys(told, "done"), told
