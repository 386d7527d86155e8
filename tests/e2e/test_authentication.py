"""Every request proves who asks; whoever does not gets a sentence and nothing else."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httplib2
import pytest

from emulators.world.processes import AUDIENCE, SERVICE_ACCOUNT
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.module_office import running_agency
from tests.harness.office import MANAGER, WEBHOOK_SECRET, Office
from tests.harness.servers import Servers
from tests.harness.snapshots import take_snapshot
from tests.harness.stored import put_document, stored_document, touched_cards
from vitrina.errors import RetriableServiceError
from vitrina.google.identity import GoogleIdentity
from vitrina.operations.run import ENDED, OPERATION, QUEUED

COLLEAGUE = "colleague@mayak.example"
STRANGER = "stranger@other.example"


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One client for all tests here: none of them may change anything."""
    folder = tmp_path_factory.mktemp("office")
    with running_agency(servers, folder, OWNERS=f"{MANAGER},{COLLEAGUE}") as office:
        office.create_client()
        office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
        yield office


def signed(office: Office, **wanted: Any) -> str:
    """An ID token of Google, by default a good one of the manager."""
    body = {"email": MANAGER, "audience": AUDIENCE, **wanted}
    answer = office.http.post(f"{office.servers.google}/_emulator/identity/token", json=body)
    return str(answer.json()["id_token"])


def unsigned(office: Office) -> str:
    """A token with good claims whose header says that no signature is needed."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{signed(office).split('.')[1]}."


def ask(
    office: Office, authorization: str | None, content: bytes | None = None, locale: str = "ru"
) -> dict[str, Any]:
    """A request of the menu to estimate, with this header."""
    body = {
        "action": "estimate",
        "spreadsheet_id": office.client_id,
        "request_id": str(uuid.uuid4()),
        "locale": locale,
        "params": {},
    }
    response = office.http.post(
        f"{office.servers.functions}/menu",
        content=content or json.dumps(body).encode(),
        headers={
            "Accept-Language": locale,
            **({"Authorization": authorization} if authorization is not None else {}),
        },
    )
    answer: dict[str, Any] = response.json()
    return {**answer, "http_status": response.status_code}


BAD_TOKENS: dict[str, dict[str, Any]] = {
    "expired": {"expires_in": -60},
    "for another add-on": {"audience": "other.apps.googleusercontent.com"},
    "signed by somebody else": {"key": "other"},
    "of another issuer": {"claims": {"iss": "https://accounts.example"}},
    "of an address that is not confirmed": {"claims": {"email_verified": False}},
    "of an address whose confirmation is a text": {"claims": {"email_verified": "false"}},
    "of an address that is a list": {"claims": {"email": ["manager@mayak.example"]}},
    "with an expiry that is a text": {"claims": {"exp": "tomorrow"}},
    "with an expiry that is a list": {"claims": {"exp": [4_000_000_000]}},
    "with a time of issue that is a text": {"claims": {"iat": "yesterday"}},
    "of an issuer that is a list": {"claims": {"iss": ["https://accounts.google.com"]}},
    "for a list of add-ons": {"claims": {"aud": [AUDIENCE]}},
    "without an address": {"claims": {"email": None}},
    "from the future": {"claims": {"iat": 4_000_000_000, "exp": 4_000_003_600}},
}


@pytest.mark.parametrize("locale", ["ru", "en"])
@pytest.mark.parametrize("kind", ["none", "not a token", "another scheme", "unsigned", *BAD_TOKENS])
def test_whoever_does_not_prove_who_he_is_is_refused(office: Office, kind: str, locale: str) -> None:
    """401 with a sentence in the language of the workbook, whatever is wrong with the token."""
    authorization = {
        "none": None,
        "not a token": "Bearer aaaa.bbbb.cccc",
        "another scheme": "Basic bWFuYWdlcjpzZWNyZXQ=",
        "unsigned": f"Bearer {unsigned(office)}",
    }
    header = authorization[kind] if kind in authorization else f"Bearer {signed(office, **BAD_TOKENS[kind])}"

    answer = ask(office, header, locale=locale)

    assert_answer(answer, "refused", 401, locale)
    assert answer["data"] == {}


def test_an_expired_token_is_told_from_a_wrong_one(office: Office) -> None:
    """Clicking again helps against an expired token only."""
    expired = ask(office, f"Bearer {signed(office, expires_in=-60)}")
    wrong = ask(office, f"Bearer {signed(office, key='other')}")

    assert "устарело" in expired["message"]
    assert "рабочей почтой" in wrong["message"]


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_a_person_who_is_not_staff_is_refused_by_name(office: Office, locale: str) -> None:
    """403; the sentence names the address, so that the owner knows what to add."""
    answer = ask(office, f"Bearer {signed(office, email=STRANGER)}", locale=locale)

    assert_answer(answer, "refused", 403, locale)
    assert STRANGER in answer["message"]


def test_refused_requests_change_nothing_and_good_ones_work(office: Office) -> None:
    """The very same request with a good token is carried out."""
    before = take_snapshot(office)

    for header in (None, f"Bearer {signed(office, key='other')}", f"Bearer {signed(office, email=STRANGER)}"):
        assert ask(office, header)["outcome"] == "refused"
    assert_unchanged(office, before)

    assert ask(office, f"Bearer {signed(office, email=MANAGER.upper())}")["outcome"] == "done"


def test_a_stranger_learns_nothing_by_trying(office: Office) -> None:
    """Who asks is checked before what is asked: bad requests of strangers look like good ones."""
    told = {ask(office, None, content)["message"] for content in (b"{", b"[]", b'{"action":"nothing"}')}

    assert told == {ask(office, None)["message"]}


def test_an_operation_is_told_only_to_whom_it_belongs(office: Office) -> None:
    """A colleague asks about the manager's operation, and the manager about it in another workbook."""
    operation_id = office.manager().post(office.client_id, "refresh")["operation_id"]
    assert office.agency is not None

    by_colleague = office.manager(COLLEAGUE).post(office.client_id, "operation", operation_id=operation_id)
    elsewhere = office.manager().post(office.agency.spreadsheet_id, "operation", operation_id=operation_id)

    assert_answer(by_colleague, "refused", 400)
    assert_answer(elsewhere, "refused", 400)
    office.settle()


def test_a_silent_google_is_not_the_persons_fault(office: Office) -> None:
    """Where Google's certificates cannot be had, nobody is told to use another account."""
    identity = GoogleIdentity(
        audience=AUDIENCE,
        service_account=SERVICE_ACCOUNT,
        task_audience="",
        certs_url="http://127.0.0.1:9/certs",
    )

    with pytest.raises(RetriableServiceError) as caught:
        identity.person(signed(office))

    assert caught.value.code == "service.no_answer"


def test_certificates_are_kept_for_as_long_as_they_hold(office: Office) -> None:
    """Each new token is verified, by the certificates that were fetched for the first."""
    identity = GoogleIdentity(
        audience=AUDIENCE,
        service_account=SERVICE_ACCOUNT,
        task_audience="",
        certs_url=f"{office.servers.google}/oauth2/v1/certs",
    )
    with pytest.MonkeyPatch.context() as patched:
        sent: list[str] = []
        conn_request = httplib2.Http._conn_request
        patched.setattr(
            httplib2.Http,
            "_conn_request",
            lambda self, conn, uri, *rest: (sent.append(uri), conn_request(self, conn, uri, *rest))[1],
        )
        for email in (MANAGER, COLLEAGUE, STRANGER):
            assert identity.person(signed(office, email=email)).email == email

    assert [uri.endswith("/certs") for uri in sent] == [True]


# --- Queue and webhooks --------------------------------------------------------------------------


def test_only_our_own_queue_may_start_work(office: Office) -> None:
    """Without the service account's token for this address nothing of an operation runs."""
    task_url = f"{office.servers.functions}/task"
    operation_id = uuid.uuid4().hex
    operation = {
        "action": "refresh",
        "spreadsheet_id": office.client_id,
        "params": {},
        "email": MANAGER,
        "locale": "ru",
        "state": QUEUED,
    }
    put_document(office.services.store, OPERATION, operation_id, operation)
    foreign = {
        "none": None,
        "the manager's": signed(office, audience=task_url),
        "for the menu": signed(office, email=SERVICE_ACCOUNT),
        "signed by somebody else": signed(office, email=SERVICE_ACCOUNT, audience=task_url, key="other"),
        "expired": signed(office, email=SERVICE_ACCOUNT, audience=task_url, expires_in=-60),
    }

    def deliver(token: str | None) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"kind": "operation", "id": operation_id}
        return office.http.post(task_url, json=body, headers=headers).status_code

    def state() -> str:
        document = stored_document(office.services.store, OPERATION, operation_id)
        assert document is not None
        return str(document.data["state"])

    assert {kind: deliver(token) for kind, token in foreign.items()} == dict.fromkeys(foreign, 401)
    assert state() == QUEUED

    assert deliver(signed(office, email=SERVICE_ACCOUNT, audience=task_url)) == 200
    assert state() == ENDED


def test_work_that_can_never_be_done_leaves_the_queue(office: Office) -> None:
    """Repeating would not help: an operation that nobody knows, a body that is none, a foreign workbook."""
    task_url = f"{office.servers.functions}/task"
    headers = {"Authorization": f"Bearer {signed(office, email=SERVICE_ACCOUNT, audience=task_url)}"}
    bodies: tuple[Any, ...] = (
        {"kind": "operation", "id": "0" * 32},
        {"kind": "party"},
        {"kind": "sync", "spreadsheet_id": "nobody-knows-it"},
        [],
    )

    statuses = [office.http.post(task_url, json=body, headers=headers).status_code for body in bodies]

    assert statuses == [200] * 4


@pytest.mark.parametrize(
    "secret", ["", "wrong", WEBHOOK_SECRET[:-1], WEBHOOK_SECRET + "0", WEBHOOK_SECRET.upper(), "сЕкрет"]
)
def test_a_webhook_without_the_secret_is_no_address_of_ours(office: Office, secret: str) -> None:
    """404, as for any path that does not exist; nothing is remembered."""
    url = f"{office.servers.functions}/webhook/kaiten/{secret}"

    answer = office.http.post(url, json={"event": "card:update", "data": {"old": {"id": 1}}})

    assert answer.status_code == 404
    assert touched_cards(office.services.store) == []


def test_a_webhook_is_a_hint_and_may_be_anything(office: Office) -> None:
    """With the secret: a body that is no object is refused, a card that is not ours is left alone."""
    url = f"{office.servers.functions}/webhook/kaiten/{WEBHOOK_SECRET}"
    strange: tuple[Any, ...] = (
        {"event": "card:update", "data": {"old": {"id": 987654}}},  # somebody else's card
        {"event": "card:update", "data": {"old": {"id": "1; DROP"}}},
        {"event": "card:update", "data": None},
        {"event": 5},
        {},
    )

    assert office.http.get(url).status_code == 404
    assert office.http.post(url, content=b"{").status_code == 400
    assert office.http.post(url, json=["card:update"]).status_code == 400
    assert [office.http.post(url, json=body).status_code for body in strange] == [200] * len(strange)
    assert touched_cards(office.services.store) == []
