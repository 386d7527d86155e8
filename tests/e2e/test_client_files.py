"""A file from the client: from the form on his page into a folder of Drive, and told to staff; each once."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import timedelta
from html import unescape
from typing import Any

import functions_framework
import httpx
import pytest
from flask.testing import FlaskClient

from emulators.world.functions import SOURCE
from tests.e2e.test_client_asks import settle_queue
from tests.e2e.test_client_page_drawn import linked, make_link
from tests.e2e.test_http_limits import Body
from tests.harness.agency_data import NOW
from tests.harness.client_site import PERSON, hidden_fields
from tests.harness.office import Office
from tests.harness.sample_files import BAD, GOOD, PDF
from tests.harness.threads import run_at_once
from vitrina.google.files import FOLDER_MIME_TYPE
from vitrina.operations.journal import find_lines
from vitrina.records.clients.client_files import load_files
from vitrina.records.outside.client_wishes import CLIENT_WISH
from vitrina.usecases.client_page.file_kinds import MOST_FILE_BYTES
from vitrina.usecases.client_page.keep_file import MOST_FILES
from vitrina.web.pages.uploads import FILE_BODY_BYTES

__all__ = ["linked"]

WRITE = "drive.files.create"
CALLS = ("drive.files.generateIds", "drive.files.get", WRITE)
MB = 1024 * 1024


class Sender:
    """A client with the form for a file."""

    def __init__(self, office: Office, scope: str = "act") -> None:
        self.office = office
        self.url = f"{make_link(office, scope)}/file"
        office.settle()
        self.http = httpx.Client(headers=PERSON, timeout=60)
        # What the client does without, other links, and the page are not to be seen in the counts.
        self.forget_calls()

    def open(self) -> dict[str, Any]:
        """The form, with what a person fills in."""
        page = self.http.get(self.url)
        assert page.status_code == 200, page.text
        return {**hidden_fields(page.text), "role": "marketing", "sure": "yes", "note": "Бриф"}

    def send(self, form: dict[str, Any], name: str = "Бриф.pdf", content: bytes = PDF) -> httpx.Response:
        """Send the form."""
        return self.http.post(self.url, data=form, files={"file": (name, content, "text/html")})

    def files(self) -> list[dict[str, Any]]:
        """What clients handed over, folders last."""
        found = [one for one in self.everything() if "client-file" in str(one.get("appProperties"))]
        return sorted(found, key=lambda one: one["mimeType"] == FOLDER_MIME_TYPE)

    def everything(self) -> list[dict[str, Any]]:
        """All that is in Drive."""
        return list(self.office.http.get(f"{self.office.servers.google}/_emulator/files").json())

    def calls(self) -> int:
        """Calls of Google since the last ``forget_calls``."""
        return int(self.office.http.get(f"{self.office.servers.google}/_emulator/calls").json()["total"])

    def forget_calls(self) -> None:
        """Count from zero."""
        self.office.http.delete(f"{self.office.servers.google}/_emulator/calls").raise_for_status()

    def wishes(self) -> list[dict[str, Any]]:
        """What is kept of the client's wishes."""
        store = self.office.services.store
        return [one.data for one in store.page(None, 10_000) if one.kind == CLIENT_WISH]


@pytest.fixture
def sender(linked: Office) -> Iterator[Sender]:
    """A client with a link by which he can act."""
    made = Sender(linked)
    yield made
    made.http.close()


def told(answer: httpx.Response) -> str:
    """The sentence beside the file."""
    found = re.search(r'<p class="bad" id="e_file">(.*?)</p>', answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


def test_every_kind_goes_into_one_folder(sender: Sender) -> None:
    """Name, type and bytes; each form twice; one folder beside the workbook, which only staff can open."""
    office = sender.office
    sender.forget_calls()
    for name, content in GOOD.items():
        form = sender.open()
        first, again = (sender.send(form, name, content) for _ in range(2))
        assert "Файл передан." in first.text, first.text
        assert "Файл передан. Уже записано 23.11" in again.text
    # Ids, folder, announcement, content; the first one makes the folder, a repeat asks nothing of Google.
    assert sender.calls() == 4 * len(GOOD) + 1

    *files, folder = sender.files()
    (book,) = (one for one in sender.everything() if one["id"] == office.client_id)
    assert folder["name"] == "От клиента: Заря — Сайт"
    assert folder["parents"] == book["parents"]
    assert {one["name"] for one in files} == {name.replace(".jpeg", ".jpg") for name in GOOD}
    assert all(one["parents"] == [folder["id"]] for one in files)
    assert all("html" not in one["mimeType"] for one in files)
    assert {one["size"] for one in files} == {str(len(content)) for content in GOOD.values()}
    assert all(len(one["permissions"]) == 1 for one in (*files, folder))


def test_staff_are_told_with_a_link(sender: Sender) -> None:
    """In the note of the task and in *Журнал*, with a warning; the client's page shows no address of it."""
    office = sender.office
    office.type("backlog", 5, task="Лендинг", work_type="Лендинг")
    assert office.do("estimate")["outcome"] == "done"
    answer = sender.send({**sender.open(), "number": "1"}, '=HYPERLINK("x").pdf')
    settle_queue(office)

    file, _ = sender.files()
    address = f"https://drive.google.com/file/d/{file['id']}/view"
    assert file["name"] == "HYPERLINK( x ).pdf"
    tab, row = office.row("backlog", "ЗРН-1")
    assert tab.cell(row, "id").note.endswith(f"Файл от клиента, 23.11.2026: «{file['name']}» {address} Бриф")
    assert office.agency is not None
    line = find_lines(office.services.store, office.agency.spreadsheet_id)[0]
    assert (line.who, line.outcome) == ("Клиент", "done")
    assert line.message == (
        f"Клиент передал файл «{file['name']}» к задаче ЗРН-1 "
        f"(проверьте его, прежде чем открывать на компьютере): {address} Бриф"
    )
    assert address not in answer.text
    (wish,) = sender.wishes()
    assert wish["result"] == "done"


def test_bad_files_reach_nobody(sender: Sender) -> None:
    """Google is not called, nothing is kept, and what was typed stands in the form."""
    form = {**sender.open(), "note": "Текст <b>"}
    for name, (content, _) in list(BAD.items())[::3]:
        answer = sender.send(form, name, content)

        assert answer.status_code == 422, name
        assert told(answer)
        assert 'value="Текст &lt;b&gt;"' in answer.text
        assert '<option value="marketing" selected>' in answer.text
        assert 'name="sure" value="yes" required checked' in answer.text
        assert hidden_fields(answer.text)["nonce"] == form["nonce"]
    assert (sender.calls(), sender.files(), sender.wishes()) == (0, [], [])


def test_a_form_that_nobody_filled_in_keeps_nothing(sender: Sender) -> None:
    """Without a role, a tick, a file or the nonce, or with the hidden field: 0 calls of Google."""
    form = sender.open()
    wrong: list[dict[str, Any]] = [
        {**form, "role": ""},
        {**form, "sure": ""},
        {**form, "website": "https://x.example"},
        {**form, "nonce": ""},
        {**form, "nonce": form["nonce"][:-1] + ("0" if form["nonce"][-1] != "0" else "1")},
        {**form, "number": "9" * 12},
        {**form, "note": "я" * 501},
    ]
    answers = [sender.send(one) for one in wrong]
    answers.append(sender.http.post(sender.url, data=form, files={"file": ("", b"", "a/b")}))
    robot = sender.http.post(
        sender.url, data=form, files={"file": ("a.pdf", PDF)}, headers={"User-Agent": "x bot"}
    )
    plain = sender.http.post(sender.url, data=form)

    assert [one.status_code for one in answers] == [422] * len(answers)
    assert (robot.status_code, plain.status_code) == (403, 400)
    assert (sender.calls(), sender.files(), sender.wishes()) == (0, [], [])


def test_a_link_to_look_takes_no_file(linked: Office) -> None:
    """Neither the form nor the file."""
    sender = Sender(linked, "look")

    assert sender.http.get(sender.url).status_code == 403
    assert sender.send({"role": "marketing", "sure": "yes"}).status_code == 403
    assert (sender.calls(), sender.files()) == (0, [])


# --- Drive does not answer ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "methods"),
    # Google's client repeats a read whose connection is lost by itself.
    [(503, CALLS), ("timeout", [WRITE, WRITE])],
    ids=["refused", "lost"],
)
def test_drive_fails_once(sender: Sender, status: int | str, methods: Sequence[str]) -> None:
    """The client reads what to do, loses nothing that he typed, and the same form sent again makes one file.

    ``timeout`` is a call that was carried out and whose answer was lost. The first write makes the folder.
    """
    for count, method in enumerate(methods, start=1):
        sender.office.fail_next("google", count=1, method=method, status=status)
        form, content = {**sender.open(), "note": "Наш бриф"}, PDF + bytes([64 + count])

        failed = sender.send(form, content=content)
        assert failed.status_code == 422
        assert "выберите файл ещё раз и отправьте через минуту" in told(failed)
        assert 'value="Наш бриф"' in failed.text
        assert hidden_fields(failed.text)["nonce"] == form["nonce"]
        assert len(sender.wishes()) == count - 1
        again = sender.send(form, content=content)

        assert "Файл передан." in again.text, again.text
        kinds = [one["mimeType"] for one in sender.files()]
        assert kinds == [*["application/pdf"] * count, FOLDER_MIME_TYPE]
        assert len(sender.wishes()) == count


def test_drive_refuses(sender: Sender) -> None:
    """A refusal that does not pass is told otherwise: a link will do."""
    sender.office.fail_next("google", count=1, method="drive.files.create", status=403)

    assert "передайте ссылку" in told(sender.send(sender.open()))


def test_the_answer_of_the_content_is_lost(sender: Sender) -> None:
    """The last of the calls was carried out: the repeat finds the id in use, and there is one file."""
    sender.send(sender.open())
    # Begin, then the content.
    step = {"at": 2, "method": "drive.files.create", "status": "timeout"}
    sender.office.http.post(f"{sender.office.servers.google}/_emulator/plan", json=[step]).raise_for_status()
    form = sender.open()

    assert sender.send(form, "Второй.pdf", PDF + b"2").status_code == 422
    assert [one["name"] for one in sender.files()][:2] == ["Бриф.pdf", "Второй.pdf"]
    assert "Файл передан." in sender.send(form, "Второй.pdf", PDF + b"2").text
    assert len(sender.files()) == 3
    assert len(sender.wishes()) == 2


def test_a_folder_in_the_bin_is_made_anew(sender: Sender) -> None:
    """Also one that people have deleted for good; files of before stay where they are."""
    google = sender.office.services.workbooks._services  # type: ignore[attr-defined]
    for number, throw_away in enumerate(
        (
            lambda one: google.files.update(fileId=one, body={"trashed": True}),
            lambda one: google.files.delete(fileId=one),
        )
    ):
        assert "Файл передан." in sender.send(sender.open(), content=PDF + bytes([50 + number])).text
        folder = next(one for one in reversed(sender.files()) if not one["trashed"])
        google.send(throw_away(folder["id"]))

    assert "Файл передан." in sender.send(sender.open(), content=PDF + b"9").text

    folders = [one for one in sender.files() if one["mimeType"] == FOLDER_MIME_TYPE and not one["trashed"]]
    assert len(folders) == 1


def test_the_same_form_from_four_devices(sender: Sender) -> None:
    """One file, one folder, one wish, and four answers that say so."""
    form = sender.open()
    answers: list[httpx.Response] = []

    run_at_once(lambda _: answers.append(sender.send(form)), 4)

    assert [one.status_code for one in answers] == [200] * 4
    assert [one["mimeType"] for one in sender.files()] == ["application/pdf", FOLDER_MIME_TYPE]
    assert len(sender.wishes()) == 1


# --- Limits ------------------------------------------------------------------------------------------


def test_a_day_has_a_limit(sender: Sender) -> None:
    """Files of a project are counted over a day, however many links it has; on the next day there is room."""
    for number in range(MOST_FILES):
        if number == MOST_FILES // 2:
            settle_queue(sender.office)
        assert sender.send(sender.open(), content=PDF + bytes([number])).status_code == 200
    settle_queue(sender.office)
    sender.forget_calls()

    refused = sender.send(sender.open(), content=PDF + b"more")

    assert f"файлов: {MOST_FILES}" in told(refused)
    assert sender.calls() == 0
    assert sender.office.agency is not None
    kept = load_files(
        sender.office.services.store, sender.office.client_id, sender.office.agency.spreadsheet_id
    )
    assert len(kept.of_day(NOW + timedelta(hours=23))) == MOST_FILES
    assert kept.of_day(NOW + timedelta(hours=25)) == []


def test_the_largest_file_and_one_byte_more(sender: Sender) -> None:
    """10 MB go to Drive whole; one byte more is refused, and what was typed is still there."""
    content = PDF + bytes(MOST_FILE_BYTES - len(PDF))

    larger = sender.send(sender.open(), content=content + b"x")
    whole = sender.send(sender.open(), content=content)

    assert larger.status_code == 422
    assert "больше 10 МБ" in told(larger)
    assert 'value="Бриф"' in larger.text
    assert "Файл передан." in whole.text
    assert sender.files()[0]["size"] == str(MOST_FILE_BYTES)


@pytest.fixture
def client(linked: Office) -> FlaskClient:
    """The entry point without a network, so that what is read can be counted."""
    assert linked.services
    return functions_framework.create_app("client", str(SOURCE)).test_client()


class FormBody(Body):
    """A form that begins with a file which does not end."""

    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'

    def readinto(self, buffer: Any) -> int:
        """The head, then the file."""
        if self.read_bytes:
            return super().readinto(buffer)
        buffer[: len(self.head)] = self.head
        self.left -= len(self.head)
        self.read_bytes += len(self.head)
        return len(self.head)


def _post(client: FlaskClient, path: str, body: Body, kind: str) -> int:
    answer = client.post(
        path,
        headers=PERSON,
        environ_overrides={"CONTENT_LENGTH": str(body.left), "CONTENT_TYPE": kind, "wsgi.input": body},
    )
    return answer.status_code


def test_what_is_not_kept_is_not_in_memory(linked: Office, client: FlaskClient) -> None:
    """Of the largest request no more than a file is held; a larger one is not read at all."""
    token = make_link(linked).rpartition("/")[2]
    kind = "multipart/form-data; boundary=x"
    body, larger = FormBody(FILE_BODY_BYTES - 100), FormBody(FILE_BODY_BYTES + 1)
    _post(client, f"/client/c/{token}/file", FormBody(1000), kind)

    tracemalloc.start()
    status = _post(client, f"/client/c/{token}/file", body, kind)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert status == 400
    assert body.read_bytes >= FILE_BODY_BYTES - 100
    # The content, once copied, and buffers.
    assert peak < 2.5 * MOST_FILE_BYTES, f"{peak / MB:.1f} MB"
    assert _post(client, f"/client/c/{token}/file", larger, kind) == 413
    assert larger.read_bytes == 0


@pytest.mark.parametrize("token", ["a" * 22, "short", ""])
def test_nothing_is_read_from_who_may_not_send(linked: Office, client: FlaskClient, token: str) -> None:
    """An unknown link: not one byte of the body."""
    body = Body(MOST_FILE_BYTES)

    assert _post(client, f"/client/c/{token}/file", body, "multipart/form-data; boundary=x") == 404
    assert body.read_bytes == 0
