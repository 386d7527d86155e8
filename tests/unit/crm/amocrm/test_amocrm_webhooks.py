"""Requests that come from amoCRM, in both of its forms."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import pytest

from vitrina.crm.amocrm.webhooks import EVENTS, read_request, state_of, subdomain_of
from vitrina.crm_port import ReceivedDeals, WebhookState
from vitrina.errors import BodyTooLargeError
from vitrina.ports import WebhookRequest

URL = "https://vitrina.a.test/webhook/crm/s3cret"
SITE = "https://agency.amocrm.ru"
#: The two forms as they were captured, with other ids and a name.
LONG = (
    "leads[status][0][id]=10701093&leads[status][0][name]=%D0%A1%D0%B0%D0%B9%D1%82"
    "&leads[status][0][status_id]=142&leads[status][0][old_status_id]=20067736&leads[status][0][price]=22500"
    "&leads[status][0][tags][0][id]=80147&leads[status][0][custom_fields][0][id]=66339"
    "&leads[status][0][custom_fields][0][values][0][value]=x&account[subdomain]=agency&account[id]=17769199"
)
SHORT = (
    "leads%5Bstatus%5D%5B0%5D%5Bid%5D=10754147&leads%5Bstatus%5D%5B0%5D%5Bstatus_id%5D=54423922"
    "&leads%5Bstatus%5D%5B0%5D%5Bpipeline_id%5D=6344290&account%5Bid%5D=30307558"
    "&account%5Bsubdomain%5D=agency"
)


def received(body: bytes | str, *, path: tuple[str, ...] = ("s3cret",), site: str = SITE) -> ReceivedDeals:
    """What a request means."""
    sent = body.encode() if isinstance(body, str) else body
    return read_request(WebhookRequest(path, {}, sent, _no_json), webhook_url=URL, site_url=site)


def _no_json() -> Any:
    raise AssertionError("the body is a form")


@pytest.mark.parametrize(("body", "deal_id"), [(LONG, "10701093"), (SHORT, "10754147")])
def test_both_forms_name_the_deal(body: str, deal_id: str) -> None:
    """Ids of tags and fields are not ids of deals."""
    assert received(body) == ReceivedDeals(200, (deal_id,))


def test_several_events_of_a_request() -> None:
    """Each deal once, in the order of the request, whatever happened to it."""
    body = (
        "leads[update][0][id]=5&leads[update][1][id]=7&leads[status][0][id]=5"
        "&leads[delete][0][id]=9&leads[restore][12][id]=11&contacts[add][0][id]=13"
    )

    assert received(body).deal_ids == ("5", "7", "9", "11")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "leads",
        "leads[add][0][id]",
        "leads[add][0][id]=x",
        "leads[add][0][id]=٥",
        "leads[add][x][id]=5",
        "leads[add][0][id][more]=5",
        "leads[note][0][note][element_id]=5",
        "xleads[add][0][id]=5",
        "leads[add][0][id]=" + "9" * 19,
        "%%%5B=&=&;",
    ],
)
def test_what_names_no_deal_is_answered_well(body: str) -> None:
    """A bad answer would count against the subscription."""
    assert received(body) == ReceivedDeals(200, ())


def test_body_that_is_no_text() -> None:
    """400: amoCRM did not send it."""
    assert received(b"\xff\xfeleads").status == 400


@pytest.mark.parametrize("path", [(), ("",), ("S3cret",), ("s3cret", ""), ("x", "s3cret"), ("s3cret", "x")])
def test_nothing_is_read_without_the_secret(path: tuple[str, ...]) -> None:
    """Not even the body."""

    def read() -> bytes:
        raise AssertionError("the body was read")

    request = WebhookRequest(path, {}, read, _no_json)
    assert read_request(request, webhook_url=URL, site_url=SITE) == ReceivedDeals(404, ())
    assert read_request(request, webhook_url="", site_url=SITE).status == 404


def test_body_that_is_too_long_is_an_error() -> None:
    """The entry point answers 413; the adapter does not hide it."""

    def read() -> bytes:
        raise BodyTooLargeError("request.too_large")

    with pytest.raises(BodyTooLargeError):
        read_request(WebhookRequest(("s3cret",), {}, read, _no_json), webhook_url=URL, site_url=SITE)


@pytest.mark.parametrize(
    ("site", "status"),
    [
        (SITE, 404),
        ("https://AGENCY.amocrm.ru", 404),
        # The address does not tell the name of the account.
        ("http://127.0.0.1:8406", 200),
        ("https://crm.agency.ru", 200),
    ],
)
def test_request_of_another_account(site: str, status: int) -> None:
    """404 where the name of the account is known."""
    body = LONG.replace("account[subdomain]=agency", "account[subdomain]=other")

    assert received(body, site=site).status == status
    assert received(LONG.replace("=agency", "=Agency")).status == 200
    assert received("leads[add][0][id]=5").deal_ids == ("5",)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://agency.amocrm.ru", "agency"),
        ("https://my-agency.kommo.com/", "my-agency"),
        ("https://Agency.amocrm.com/api/v4", "agency"),
        ("https://amocrm.ru", ""),
        ("https://agency.amocrm.ru.evil.test", ""),
        ("agency.amocrm.ru", ""),
        ("", ""),
    ],
)
def test_name_of_the_account(url: str, name: str) -> None:
    """From addresses of the vendor only."""
    assert subdomain_of(url) == name


def test_any_bytes_are_survived() -> None:
    """Random pieces of forms give a status and nothing but ids, never an error."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    chance = random.Random(seed)
    pieces = [
        b"leads",
        b"[add]",
        b"[0]",
        b"[id]",
        b"=",
        b"&",
        b"5",
        b"%5B",
        b"%",
        b"\xff",
        b";",
        "ё".encode(),
    ]
    for _ in range(2000):
        body = b"".join(chance.choices(pieces, k=chance.randrange(20)))
        found = received(body)

        assert found.status in (200, 400)
        assert all(one.isascii() and one.isdecimal() for one in found.deal_ids)


def test_ids_are_found_among_random_fields() -> None:
    """Raw or encoded, in any order."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    chance = random.Random(seed)
    for _ in range(300):
        ids = [str(one) for one in chance.sample(range(1, 10**9), chance.randrange(1, 6))]
        fields = [(f"leads[{chance.choice(('add', 'status'))}][{n}][id]", one) for n, one in enumerate(ids)]
        fields += [(f"leads[add][{n}][name]", chance.choice(("id=5", "a&b", "[id]"))) for n in range(3)]
        fields.append(("account[id]", "77"))
        chance.shuffle(fields)
        safe = chance.choice(("", "[]"))
        body = "&".join(f"{quote(name, safe=safe)}={quote(value)}" for name, value in fields)

        assert sorted(received(body).deal_ids) == sorted(ids)


# --- The subscription ----------------------------------------------------------------------------


def row(**fields: Any) -> dict[str, Any]:
    """Our subscription as it should be, but for *fields*."""
    return {"destination": URL, "disabled": False, "settings": list(EVENTS), **fields}


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([], WebhookState.ABSENT),
        ([row(destination="https://other.test/")], WebhookState.ABSENT),
        ([row(destination=URL + "/")], WebhookState.ABSENT),
        ([row()], WebhookState.ACTIVE),
        ([row(settings=[*EVENTS, "add_contact"])], WebhookState.ACTIVE),
        ([row(settings=EVENTS[1:])], WebhookState.INCOMPLETE),
        ([row(settings=None)], WebhookState.INCOMPLETE),
        ([row(disabled=True)], WebhookState.DISABLED),
        # One that works is enough.
        ([row(disabled=True), row()], WebhookState.ACTIVE),
    ],
)
def test_state_of_the_subscription(rows: list[dict[str, Any]], state: WebhookState) -> None:
    """Ours is known by its address."""
    assert state_of(rows, URL) == state
