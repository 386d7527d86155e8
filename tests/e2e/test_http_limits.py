"""Bodies are read after the token and within limits; the rows are those of the second round's findings."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize
from werkzeug.test import TestResponse

from emulators.world.functions import SOURCE, TARGETS
from emulators.world.processes import AUDIENCE, SERVICE_ACCOUNT
from tests.harness.assertions import assert_answer
from tests.harness.module_office import running_agency
from tests.harness.office import MANAGER, WEBHOOK_SECRET, Office
from tests.harness.servers import Servers
from vitrina.jobs.registry import JOBS
from vitrina.web.http import MENU_BODY_BYTES, OTHER_BODY_BYTES, WEBHOOK_BODY_BYTES

MB = 1_000_000
WEBHOOK_PATH = f"/webhook/kaiten/{WEBHOOK_SECRET}"

#: Path, limit, and the status of a body that is too long and comes from whom it should. The queue is told
#: that the work is done with, since the same body would be refused again.
ENTRY_POINTS = {
    "menu": ("/menu", MENU_BODY_BYTES, 413),
    "task": ("/task", OTHER_BODY_BYTES, 200),
    "webhook": (WEBHOOK_PATH, WEBHOOK_BODY_BYTES, 413),
}


class Body(io.RawIOBase):
    """A body of *length* bytes that counts how many of them are read."""

    def __init__(self, length: int, byte: bytes = b"[") -> None:
        self.left = length
        self.byte = byte
        self.read_bytes = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        count = min(len(buffer), self.left)
        buffer[:count] = self.byte * count
        self.left -= count
        self.read_bytes += count
        return count


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One client for all tests here."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        office.create_client()
        yield office


@pytest.fixture(scope="module")
def clients() -> Mapping[str, FlaskClient]:
    """The entry points as functions-framework serves them, without a network."""
    return {target: functions_framework.create_app(target, str(SOURCE)).test_client() for target in TARGETS}


def token(office: Office, target: str) -> str:
    """A good token for an entry point."""
    task_url = f"{office.servers.functions}/task"
    good = {
        "menu": {"email": MANAGER, "audience": AUDIENCE},
        "task": {"email": SERVICE_ACCOUNT, "audience": task_url},
        "schedule": {"email": SERVICE_ACCOUNT, "audience": f"{office.servers.functions}/schedule"},
    }
    if target not in good:
        return ""
    answer = office.http.post(f"{office.servers.google}/_emulator/identity/token", json=good[target])
    return str(answer.json()["id_token"])


def post(
    client: FlaskClient, path: str, body: Body, bearer: str = "", *, is_chunked: bool = False, **headers: str
) -> TestResponse:
    """Send *body*, by its length or in chunks as gunicorn and werkzeug hand them on."""
    told = {"Transfer-Encoding": "chunked"} if is_chunked else {}
    length = {"wsgi.input_terminated": True} if is_chunked else {"CONTENT_LENGTH": str(body.left)}
    proof = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    # werkzeug's own ``input_stream`` has to be one that knows where it is.
    return client.post(
        path, headers={**headers, **told, **proof}, environ_overrides={**length, "wsgi.input": body}
    )


# --- Row 4: unauthenticated load ------------------------------------------------------------------


@pytest.mark.parametrize("size_mb", [10, 27])
@pytest.mark.parametrize("bearer", ["", "aaaa.bbbb.cccc"], ids=["no token", "a wrong token"])
@pytest.mark.parametrize("target", ["menu", "task", "schedule"])
def test_row_4_nothing_is_read_of_a_large_body_without_a_good_token(
    office: Office, clients: Mapping[str, FlaskClient], target: str, bearer: str, size_mb: int
) -> None:
    """401, and not one byte is read: neither by us nor by the framework after the answer."""
    body = Body(size_mb * MB)

    answer = post(clients[target], f"/{target}", body, bearer)

    assert answer.status_code == 401
    assert body.read_bytes == 0


@pytest.mark.parametrize("bearer", ["", "aaaa.bbbb.cccc"], ids=["no token", "a wrong token"])
@pytest.mark.parametrize(
    ("target", "limit"),
    [("menu", MENU_BODY_BYTES), ("task", OTHER_BODY_BYTES), ("schedule", OTHER_BODY_BYTES)],
)
def test_row_4_chunks_without_a_good_token_are_read_up_to_the_limit(
    office: Office, clients: Mapping[str, FlaskClient], target: str, limit: int, bearer: str
) -> None:
    """Their length is not known; the framework reads what is left, and finds the limit there."""
    body = Body(27 * MB)

    answer = post(clients[target], f"/{target}", body, bearer, is_chunked=True)

    assert answer.status_code == 401
    assert body.read_bytes <= limit + 1


@pytest.mark.parametrize("size_mb", [10, 27])
@pytest.mark.parametrize("target", ENTRY_POINTS)
def test_row_4_a_large_body_is_refused_by_its_length(
    office: Office, clients: Mapping[str, FlaskClient], target: str, size_mb: int
) -> None:
    """With a good token or secret: refused, and not one byte is read."""
    path, _, status = ENTRY_POINTS[target]
    body = Body(size_mb * MB)

    answer = post(clients[target], path, body, token(office, target))

    assert answer.status_code == status
    assert body.read_bytes == 0


@pytest.mark.parametrize("target", ENTRY_POINTS)
def test_row_4_large_chunks_are_refused_at_the_limit(
    office: Office, clients: Mapping[str, FlaskClient], target: str
) -> None:
    """One byte more than the limit is read, to know that there is more."""
    path, limit, status = ENTRY_POINTS[target]
    body = Body(27 * MB)

    answer = post(clients[target], path, body, token(office, target), is_chunked=True)

    assert answer.status_code == status
    assert body.read_bytes == limit + 1


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(("more_bytes", "status"), [(0, 400), (1, 413)])
def test_row_4_the_limit_is_exact(
    office: Office, clients: Mapping[str, FlaskClient], more_bytes: int, status: int, is_chunked: bool
) -> None:
    """A body of exactly the limit is read; here it is no JSON, which is another refusal."""
    body = Body(MENU_BODY_BYTES + more_bytes, b" ")

    answer = post(clients["menu"], "/menu", body, token(office, "menu"), is_chunked=is_chunked)

    assert answer.status_code == status


@pytest.mark.parametrize(("locale", "words"), [("ru", "не больше 256 КБ"), ("en", "at most 256 KB")])
def test_row_4_a_person_is_told_the_limit(
    office: Office, clients: Mapping[str, FlaskClient], locale: str, words: str
) -> None:
    """In the language of the header, as the body is not read."""
    answer = post(
        clients["menu"], "/menu", Body(27 * MB), token(office, "menu"), **{"Accept-Language": locale}
    )

    told = {**answer.get_json(), "http_status": answer.status_code}
    assert_answer(told, "refused", 413, locale)
    assert words in told["message"]


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("bearer", [False, True])
def test_row_4_the_caller_sees_the_refusal_over_the_network(
    office: Office, bearer: bool, is_chunked: bool
) -> None:
    """The caller is still sending when he is refused; he reads the answer all the same."""
    piece, count = b" " * MB, 27
    headers = {"Authorization": f"Bearer {token(office, 'menu')}"} if bearer else {}

    answer = office.http.post(
        f"{office.servers.functions}/menu",
        content=iter([piece] * count) if is_chunked else piece * count,
        headers=headers,
    )

    assert answer.status_code == (413 if bearer else 401)
    assert answer.json()["outcome"] == "refused"


def test_row_4_a_caller_who_stops_sending_is_answered(clients: Mapping[str, FlaskClient]) -> None:
    """The framework finds less than the length that was told, after the answer."""
    answer = clients["menu"].post("/menu", input_stream=io.BytesIO(b"{"), content_length=1000)

    assert answer.status_code == 401


class NoChunks(Body):
    """A body in chunks where gunicorn finds that something else follows."""

    def readinto(self, buffer: Any) -> int:  # noqa: ARG002 - nothing comes
        """Raise, as gunicorn does."""
        raise InvalidChunkSize(b"zz")


@pytest.mark.parametrize(
    ("target", "status"), [("menu", 400), ("task", 200), ("schedule", 200), ("webhook", 400)]
)
@pytest.mark.parametrize("has_token", [True, False])
def test_row_10_chunks_that_are_none_are_no_body(
    office: Office, clients: Mapping[str, FlaskClient], target: str, status: int, *, has_token: bool
) -> None:
    """Whoever reads them first, we or the framework after the answer: it was a 500."""
    bearer = token(office, target) if has_token else ""
    path = ENTRY_POINTS[target][0] if target in ENTRY_POINTS else f"/{target}"

    answer = post(clients[target], path, NoChunks(10), bearer, is_chunked=True)

    assert answer.status_code == (status if has_token or target == "webhook" else 401)


@pytest.mark.parametrize("kind", [kind for kind in JOBS if JOBS[kind].needed])
def test_row_10_a_task_without_its_fields_is_dropped(
    office: Office, clients: Mapping[str, FlaskClient], kind: str
) -> None:
    """The queue would repeat a 500 for ever."""
    headers = {"Authorization": f"Bearer {token(office, 'task')}"}

    answer = clients["task"].post("/task", json={"kind": kind, "wish": "gone"}, headers=headers)

    assert (answer.status_code, answer.get_json()) == (200, {"dropped": "request.invalid"})


def test_row_10_orphans_are_removed_without_a_wish(
    office: Office, clients: Mapping[str, FlaskClient]
) -> None:
    """The task may be sent by hand."""
    body = {"kind": "remove_orphans", "spreadsheet_id": office.client_id, "created_as": {}}
    headers = {"Authorization": f"Bearer {token(office, 'task')}"}

    answer = clients["task"].post("/task", json=body, headers=headers)

    assert (answer.status_code, answer.get_json()) == (200, {})


# --- Methods --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("target", ["menu", "task", "schedule"])
def test_only_post_is_answered(
    office: Office, clients: Mapping[str, FlaskClient], target: str, method: str
) -> None:
    """405 that names POST, also with a good token."""
    headers = {"Authorization": f"Bearer {token(office, target)}"}

    answer = clients[target].open(f"/{target}", method=method, headers=headers)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


# --- Row 10: bodies that cannot be kept (tests/e2e/test_fuzz.py draws others) ---------------------

NESTED = {
    "lists": b"[" * 100_000,
    "closed lists": b"[" * 900 + b"]" * 900,
    "objects": b'{"a":' * 30_000,
    "closed objects": b'{"a":' * 30 + b"1" + b"}" * 30,
}
UNSTORABLE = {
    "a lone surrogate": b'{"a": "\\ud800"}',
    "halves in the wrong order": b'{"a": "\\ude00\\ud83d"}',
    "a lone surrogate in a key": b'{"a": {"\\udfff": 1}}',
    "a lone surrogate in a list": b'{"a": ["x", ["\\udc00"]]}',
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "no UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": [-Infinity]}',
    "an infinite number": b'{"a": 1e999}',
    "an integer of 400 digits": b'{"a": ' + b"9" * 400 + b"}",
    "an integer of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("kind", [*NESTED, *UNSTORABLE])
@pytest.mark.parametrize("target", ["menu", "webhook", "task"])
def test_row_10_a_body_that_cannot_be_kept_is_refused(
    office: Office, clients: Mapping[str, FlaskClient], target: str, kind: str
) -> None:
    """400, not 500 later; the queue forgets such work."""
    content = (NESTED | UNSTORABLE)[kind]
    headers = {"Authorization": f"Bearer {token(office, target)}"}

    answer = clients[target].post(ENTRY_POINTS[target][0], data=content[:60_000], headers=headers)

    assert answer.status_code == (200 if target == "task" else 400)
    if target == "task":
        assert answer.get_json()["dropped"].startswith("request.")


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_row_10_half_an_emoji_in_a_form_is_told(
    office: Office, clients: Mapping[str, FlaskClient], locale: str
) -> None:
    """The person can delete it, so the sentence says so; no client is made."""
    assert office.agency is not None
    office.forget_calls()
    body = request_body(
        spreadsheet_id=office.agency.spreadsheet_id,
        action="new_client",
        params={"client_name": "Ц \ud83d", "project_name": "П", "code": "ЦП", "limit_hours": None},
    )
    headers = {"Authorization": f"Bearer {token(office, 'menu')}", "Accept-Language": locale}

    answer = clients["menu"].post("/menu", data=json.dumps(body), headers=headers)

    told = {**answer.get_json(), "http_status": answer.status_code}
    assert_answer(told, "refused", 400, locale)
    assert {"ru": "эмодзи", "en": "emoji"}[locale] in told["message"]
    assert office.calls("google") == {}


def test_row_10_whole_characters_and_the_usual_depth_are_let_through(
    office: Office, clients: Mapping[str, FlaskClient]
) -> None:
    """An emoji written as two halves is one character; twenty levels are enough for a tracker's card."""
    content = b'{"event": "card:update", "data": "\\ud83d\\ude00", "more": ' + b"[" * 19 + b"]" * 19 + b"}"

    answer = clients["webhook"].post(WEBHOOK_PATH, data=content)

    assert answer.status_code == 200


def request_body(**changes: Any) -> dict[str, Any]:
    """A request of the add-on for a workbook that is not ours, with *changes*."""
    return {
        "action": "estimate",
        "spreadsheet_id": "nobody-knows-it",
        "request_id": str(uuid.UUID(int=0)),
        "locale": "ru",
        "params": {},
        **changes,
    }


@pytest.mark.parametrize(
    "part",
    [
        b"[" * 5000,  # nested deeper than Python reads
        b'{"alg":"RS256","kid":["a"]}',
        b'{"alg":["RS256"],"kid":{}}',
        b'{"alg":"ES256","kid":""}',
        b'{"alg":"RS256","typ":"\\ud800"}',
        b"null",
        b"\xff\xfe",
    ],
)
def test_row_6_a_malformed_token_is_refused(
    clients: Mapping[str, FlaskClient], office: Office, part: bytes
) -> None:
    """401 whatever stands in its parts, signed or not."""
    encoded = base64.urlsafe_b64encode(part).decode().rstrip("=")
    good = token(office, "menu").split(".")
    forged = (
        f"{encoded}.{good[1]}.{good[2]}",
        f"{good[0]}.{encoded}.{good[2]}",
        f"{good[0]}.{good[1]}.{encoded}",
        f"{encoded}.{encoded}.",
        encoded,
    )

    statuses = [
        clients["menu"].post("/menu", data=b"{}", headers={"Authorization": f"Bearer {one}"}).status_code
        for one in forged
    ]

    assert statuses == [401] * len(forged)
