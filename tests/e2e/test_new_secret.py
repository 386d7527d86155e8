"""The secret of the webhooks is changed: no hint is lost until all subscriptions have the new one."""

from __future__ import annotations

import secrets
from types import SimpleNamespace

import pytest

from emulators.world.processes import ROBOT_ID
from tests.harness.office import WEBHOOK_SECRET, Office
from vitrina.bootstrap import SystemClock, application, chat_webhook_url, crm_webhook_url, former_secrets
from vitrina.jobs.nightly import reconnect_webhooks
from vitrina.operations.services import CHAT, CRM
from vitrina.ports import WebhookRequest
from vitrina.records.outside.client_links import new_digest_link
from vitrina.settings import Settings
from vitrina.store.memory import MemoryStore
from vitrina.usecases.client_page.digest_link import DOTS, with_address

NEW = secrets.token_hex(24)


def move_card(office: Office, place: int) -> None:
    """Somebody moves the only card; the tracker sends its webhook to the address that it knows."""
    [card] = office.cards()
    [board] = office.kaiten("GET", f"/spaces/{office.space_id}/boards")
    column = office.kaiten("GET", f"/boards/{board['id']}/columns")[place]
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=column["id"])
    office.settle()


def status(office: Office) -> str:
    """What *В работе* says of the only task."""
    [(told,)] = office.table("in_progress", "status")
    return str(told)


def address(office: Office) -> str:
    """Where the tracker sends its webhooks."""
    [hook] = office.kaiten("GET", f"/spaces/{office.space_id}/external-webhooks", user_id=ROBOT_ID)
    return str(hook["url"])


def test_a_secret_is_changed_without_loss(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The former address works, the night renews it, and then the former secret can go."""
    preview_id = office.preview_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("start_batch", preview_id=preview_id)
    office.do("push")
    assert office.agency is not None
    assert status(office) == "Онбординг"

    set_secret(monkeypatch, f"{NEW},{WEBHOOK_SECRET}")
    move_card(office, 1)
    assert status(office) == "В работе"
    assert address(office).endswith(f"/kaiten/{WEBHOOK_SECRET}")

    reconnect_webhooks(office.services, office.agency.spreadsheet_id)
    assert address(office).endswith(f"/kaiten/{NEW}")
    set_secret(monkeypatch, NEW)
    move_card(office, 2)
    assert status(office) == "На проверке"
    gone = office.http.post(f"{office.servers.functions}/webhook/kaiten/{WEBHOOK_SECRET}", json={})
    assert gone.status_code == 404


def set_secret(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Start the functions with another setting."""
    monkeypatch.setenv("VITRINA_WEBHOOK_SECRET", value)
    application.cache_clear()


# --- Every kind of webhook ---------------------------------------------------------------------------

TRACKERS = '{"own": {"kind": "asana", "token": "t", "place_id": "1"}}'
REQUIRED = {
    "VITRINA_STORE": "store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "audience",
    "VITRINA_OWNERS": "owner@agency.example",
    "VITRINA_SERVICE_ACCOUNT": "vitrina@p.iam.gserviceaccount.com",
    "VITRINA_TASK_URL": "https://x.example/task",
    "VITRINA_WEBHOOK_URL": "https://x.example/webhook",
    "VITRINA_TRACKERS": TRACKERS,
}


def settings(secret: str) -> Settings:
    """Settings with a secret, and with a connection whose secret is computed from it."""
    return Settings.from_environment({**REQUIRED, "VITRINA_WEBHOOK_SECRET": secret})


@pytest.mark.parametrize("name", [CRM, CHAT])
def test_former_addresses_of_crm_and_chat_are_known(name: str) -> None:
    """Each has a secret of its own, made from that of the installation; the chat has a second in a header."""
    url = {CRM: crm_webhook_url, CHAT: chat_webhook_url}[name]
    former, both, new = settings(WEBHOOK_SECRET), settings(f"{NEW},{WEBHOOK_SECRET}"), settings(NEW)
    path = url(former).rpartition("/")[2]

    renewed = former_secrets(both).renew(name, request(path, "project"))

    assert renewed.path == (url(new).rpartition("/")[2], "project")
    assert url(both) == url(new) != url(former)
    assert former_secrets(new).renew(name, request(path)).path == (path,)
    assert former_secrets(both).renew(name, request("wrong")).path == ("wrong",)
    assert former_secrets(both).renew("own", request(path)).path == (path,)
    assert former_secrets(both).renew(name, request()).path == ()


def test_the_header_of_the_chat_is_renewed_with_its_path() -> None:
    """The bot's name behind it stays."""
    both = former_secrets(settings(f"{NEW},{WEBHOOK_SECRET}"))
    [header] = both.headers
    pair = both.headers[header]

    renewed = both.renew(CHAT, request(both.paths[CHAT].former, **{header: f"{pair.former}-vitrina_bot"}))
    other = both.renew(CHAT, request(both.paths[CHAT].former, **{header: "wrong-bot"}))

    assert renewed.headers == {header: f"{pair.current}-vitrina_bot"}
    assert other.headers == {header: "wrong-bot"}


def request(*path: str, **headers: str) -> WebhookRequest:
    """A request to a webhook, with these segments after the name."""
    return WebhookRequest(path, headers, b"", dict)


def test_digests_have_their_link_while_the_secret_is_changed() -> None:
    """A link from before the change keeps its address until the former secret is gone; then there is none."""
    store, clock = MemoryStore(), SystemClock()
    link, token = new_digest_link("book", "agency", "former", clock.now())
    store.commit([link.put()])

    def told(link_secret: str, former_link_secret: str = "") -> str:
        secrets_of = {"link_secret": link_secret, "former_link_secret": former_link_secret}
        services = SimpleNamespace(client_url="x", store=store, clock=clock, **secrets_of)
        return with_address(services, "book", f"см. x/c/{DOTS}")  # type: ignore[arg-type]

    assert told("former") == told("new", "former") == f"см. x/c/{token}"
    assert told("new") == told("") == f"см. x/c/{DOTS}"
