"""The switches of the emulator: what is not known about Google, and who calls."""

from __future__ import annotations

import httpx
import pytest
from googleapiclient.errors import HttpError

from emulators.google.behaviour import UNMATCHED_DELETE, first_behaviour
from tests.emulators.google.conftest import Google, control

NO_MATCH = {
    "deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 7}}},
}


def test_delete_without_a_match(google: Google, mark_row) -> None:  # type: ignore[no-untyped-def]
    """It is refused with 400, or does nothing; what follows it in the batch is done then."""
    book = google.create()

    control(google.base, "/_emulator/behaviour", {"unmatched_delete": "refused"})
    with pytest.raises(HttpError, match="400"):
        google.batch(book, NO_MATCH, mark_row(8, 0))
    assert google.metadata(book) == {}

    control(google.base, "/_emulator/behaviour", {"unmatched_delete": "ignored"})
    assert google.batch(book, NO_MATCH, mark_row(8, 0))["replies"][0] == {"deleteDeveloperMetadata": {}}
    assert google.metadata(book) == {8: 0}


def test_freed_id(google: Google, mark_row) -> None:  # type: ignore[no-untyped-def]
    """An id that a batch has freed may be taken until the next batch."""
    book = google.create()
    google.batch(book, mark_row(7, 0))
    control(google.base, "/_emulator/behaviour", {"freed_id_is_free": False})

    with pytest.raises(HttpError, match="already in use"):
        google.batch(book, NO_MATCH, mark_row(7, 1))
    google.batch(book, NO_MATCH)
    google.batch(book, mark_row(7, 1))

    assert google.metadata(book) == {7: 1}


def test_first_value_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that all tests can be run both ways."""
    for value in ("ignored", "refused"):
        monkeypatch.setenv(UNMATCHED_DELETE, value)
        assert first_behaviour().unmatched_delete == value


@pytest.mark.parametrize("body", [{"unmatched_delete": "maybe"}, {"freed_id_is_free": "no"}, {"speed": 1}])
def test_switch_that_does_not_exist(google: Google, body: dict[str, object]) -> None:
    """A wrong switch is refused, and nothing changes."""
    before = control(google.base, "/_emulator/behaviour", method="GET")

    assert httpx.post(f"{google.base}/_emulator/behaviour", json=body).status_code == 400
    assert control(google.base, "/_emulator/behaviour", method="GET") == before


def test_account(google: Google) -> None:
    """The account owns what it makes, and may edit each protected range."""
    control(google.base, "/_emulator/behaviour", {"account": "robot@example.com"})
    book = google.create({"properties": {"sheetId": 0}})
    protected = {"range": {"sheetId": 0}, "editors": {"users": ["a@example.com"]}}
    google.batch(book, {"addProtectedRange": {"protectedRange": protected}})

    [sheet] = google.get(book, "sheets.protectedRanges.editors")["sheets"]
    file = google.drive.files().get(fileId=book, fields="owners(emailAddress)").execute()

    assert sheet["protectedRanges"][0]["editors"]["users"] == ["robot@example.com", "a@example.com"]
    assert file == {"owners": [{"emailAddress": "robot@example.com"}]}
    google.edit(book, {"type": "type", "sheet": "Sheet1", "cell": "A1", "text": "x"})
