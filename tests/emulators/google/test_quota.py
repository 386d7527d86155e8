"""Sixty reads and sixty writes a minute, through Google's own client."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from emulators.google.discovery import load
from emulators.google.errors import ApiError
from emulators.google.quota import Quota, kind_of
from tests.emulators.google.conftest import Google, control


@pytest.fixture
def limited(google: Google) -> Iterator[Google]:
    """The emulator with three reads and two writes a minute."""
    control(google.base, "/_emulator/quota", {"reads_per_minute": 3, "writes_per_minute": 2})
    yield google
    control(google.base, "/_emulator/quota", {})


def refusal(call: Callable[[], Any]) -> Any:
    """The error of a call that is refused."""
    with pytest.raises(HttpError) as caught:
        call()
    return json.loads(caught.value.content)["error"]


def test_writes_beyond_the_quota_are_refused_as_by_google(limited: Google) -> None:
    """The third write of a minute gets 429, changes nothing, and names metric and limit."""
    book = limited.create()
    limited.type(book, "A1", [["x"]])

    error = refusal(lambda: limited.type(book, "A1", [["y"]]))

    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["message"].startswith("Quota exceeded for quota metric 'Write requests' and limit")
    (info,) = error["details"]
    assert info["reason"] == "RATE_LIMIT_EXCEEDED"
    assert info["metadata"]["quota_limit"] == "WriteRequestsPerMinutePerUser"
    assert limited.read(book, "A1") == [["x"]]


def test_reads_and_writes_have_a_quota_each(limited: Google) -> None:
    """A search is a read, although it is a POST; reads and writes are counted separately."""
    book = limited.create()
    limited.read(book, "A1")
    limited.metadata(book)
    limited.get(book, "spreadsheetId")

    error = refusal(lambda: limited.metadata(book))
    limited.batch(book, {"addSheet": {}}, {"addSheet": {}})

    assert "'Read requests'" in error["message"]
    shown = control(limited.base, "/_emulator/quota", method="GET")
    assert (len(shown["reads"]["accepted_at"]), shown["reads"]["refused"]) == (3, 1)
    assert (len(shown["writes"]["accepted_at"]), shown["writes"]["refused"]) == (2, 0)


def test_drive_and_people_are_not_counted(limited: Google) -> None:
    """The quota is that of the service account in Sheets."""
    book = limited.create()
    for text in "abcd":
        limited.drive.files().get(fileId=book).execute()
        limited.edit(book, {"type": "type", "sheet": "Sheet1", "cell": "A1", "text": text})

    assert limited.read(book, "A1") == [["d"]]


def test_another_user_has_an_own_quota(limited: Google) -> None:
    """Calls with a ``quotaUser`` have their own quota."""
    book = limited.create()
    for _ in range(3):
        limited.read(book, "A1")

    limited.values.get(spreadsheetId=book, range="A1", quotaUser="witness").execute()

    assert refusal(lambda: limited.read(book, "A1"))["code"] == 429
    assert len(control(limited.base, "/_emulator/quota", method="GET")["reads"]["accepted_at"]) == 3


def test_off_until_switched_on_and_after_a_reset(google: Google) -> None:
    """The quota is off at the start and after a reset."""
    control(google.base, "/_emulator/quota", {"reads_per_minute": 0, "writes_per_minute": 0})
    control(google.base, "/_emulator/reset", {})

    google.create()

    assert control(google.base, "/_emulator/quota", method="GET") == {}


def test_minute_refills_at_once() -> None:
    """Calls are refused until the minute is over; then the whole quota is available, and nothing is saved."""
    clock = [1000.0]
    quota = Quota(lambda: clock[0])
    quota.set(60, 2)

    def accepted(count: int) -> int:
        before = len(quota.to_json()["writes"]["accepted_at"])
        for _ in range(count):
            with contextlib.suppress(ApiError):
                quota.take("sheets.spreadsheets.batchUpdate")
        return len(quota.to_json()["writes"]["accepted_at"]) - before

    assert accepted(3) == 2
    clock[0] += 59.9
    assert accepted(1) == 0
    clock[0] += 0.1
    assert accepted(3) == 2
    clock[0] += 600.0
    assert accepted(3) == 2


def test_every_method_is_read_or_write() -> None:
    """Methods that change a workbook are writes, all others are reads."""
    methods = [method.id for method in load("sheets.v4").methods]

    reads = {method.removeprefix("sheets.spreadsheets.") for method in methods if kind_of(method) == "Read"}
    assert reads == {
        "get",
        "getByDataFilter",
        "developerMetadata.get",
        "developerMetadata.search",
        "values.get",
        "values.batchGet",
        "values.batchGetByDataFilter",
    }
