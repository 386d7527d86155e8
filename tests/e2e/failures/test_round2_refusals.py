"""Row 11 of the second round: Google answers 400 for every reason, and each reason has its own sentence."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from emulators.google.batch import registry
from emulators.google.edits import PROTECTED
from emulators.google.errors import invalid
from tests.e2e.failures.helpers import (
    BACKLOG,
    WRITE,
    assert_edits_made,
    build_preview,
    edit_during,
    estimate_backlog,
    google_refuses,
)
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.office import Office
from tests.harness.snapshots import take_snapshot
from vitrina.errors import AccessDeniedError
from vitrina.texts import Sentence, render

LINE = "request refused by Google: updateCells"


def refuse(message: str) -> Any:
    """A handler of the emulator that refuses its request."""

    def handler(batch: registry.Batch, body: registry.Request) -> None:
        raise invalid(message)

    return handler


def test_row_11_our_fault_is_said_and_logged(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried once, told in both languages as a mistake of the program, and logged with its kind."""
    office.fill_backlog(*BACKLOG)
    before = take_snapshot(office)

    for locale, words in (("ru", "ошибка программы, а не ваша"), ("en", "a mistake of the program")):
        caplog.clear()
        office.forget_calls()
        with google_refuses(monkeypatch, "updateCells", refuse("Invalid field: colour")):
            answer = office.manager(locale=locale).click(office.client_id, "estimate")

        assert_answer(answer, "failed", 502, locale=locale)
        assert words in answer["message"]
        assert office.calls("google")[WRITE] == 1
        [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert record.getMessage() == LINE
        assert record.exc_info is not None
        assert "Invalid field: colour" in caplog.text
    assert_unchanged(office, before)
    assert office.do("estimate")["outcome"] == "done"


def test_row_11_a_text_that_is_too_long(office: Office) -> None:
    """A title near Google's limit is a bad cell before Google is asked, and not a sheet that was changed."""
    office.fill_backlog({"task": "Лендинг " + "о" * 49_992, "hours_design": "2"}, {"task": "Баннер"})
    before = take_snapshot(office)

    answer = office.do("estimate")

    assert_answer(answer, "refused", 422)
    assert "50\u00a0000" in answer["cells"][0]["message"]
    assert_unchanged(office, before)


def test_row_11_a_cell_beyond_the_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's own sentence about a cell becomes ours, in both languages; nothing is logged as an error."""
    office.fill_backlog(*BACKLOG)
    before = take_snapshot(office)
    too_long = refuse("Your input contains more than the maximum of 50000 characters in a single cell.")

    for locale, words in (("ru", "не помещается в ячейку"), ("en", "does not fit into a cell")):
        with google_refuses(monkeypatch, "updateCells", too_long):
            answer = office.manager(locale=locale).click(office.client_id, "estimate")
        assert_answer(answer, "refused", 422, locale=locale)
        assert words in answer["message"]
    assert_unchanged(office, before)


def test_row_11_changed_meanwhile_is_read_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that fails is met by reading again; four times are too many."""
    office.fill_backlog(*BACKLOG)
    office.forget_calls()
    with google_refuses(monkeypatch, "deleteDeveloperMetadata", refuse("No developer metadata matches.")):
        answer = office.do("estimate")
    assert_answer(answer, "refused", 409)
    assert "таблицу изменили" in answer["message"]
    assert office.calls("google")[WRITE] == 4

    tab = office.book().tab("backlog")
    edit_during(office, {"type": "insert_rows", "sheet": tab.title, "at": 1})
    assert office.do("estimate")["outcome"] == "done"
    assert_edits_made(office)


def test_row_11_protected_cells(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A protection names what to do about it, and is not tried four times."""
    office.fill_backlog(*BACKLOG)
    office.forget_calls()

    for locale, words in (("ru", "Снимите защиту"), ("en", "Remove the protection")):
        with google_refuses(monkeypatch, "updateCells", refuse(PROTECTED)):
            answer = office.manager(locale=locale).click(office.client_id, "estimate")
        assert_answer(answer, "failed", 502, locale=locale)
        assert words in answer["message"]
    assert office.calls("google")[WRITE] == 2


def test_row_11_merged_cells(office: Office) -> None:
    """Cells that a person has merged over two rows keep rows from moving: he is told how to undo it."""
    estimate_backlog(office)
    preview, tab = build_preview(office), office.book().tab("backlog")
    rows = [row.index for row in tab.rows if row.number]
    column = tab.column("task")
    area = {
        "sheetId": tab.sheet_id,
        "startRowIndex": rows[0],
        "endRowIndex": rows[1] + 1,
        "startColumnIndex": column + 1,
        "endColumnIndex": column + 2,
    }
    _batch(office, {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
    before = take_snapshot(office)

    answer = office.do("start_batch", preview_id=preview)

    assert_answer(answer, "refused", 422)
    assert "Отменить объединение" in answer["message"]
    assert_unchanged(office, before)
    _batch(office, {"unmergeCells": {"range": area}})
    assert office.do("start_batch", preview_id=build_preview(office))["outcome"] == "done"


def _batch(office: Office, *requests: dict[str, Any]) -> None:
    url = f"{office.servers.google}/v4/spreadsheets/{office.client_id}:batchUpdate"
    httpx.post(url, json={"requests": list(requests)}).raise_for_status()


def test_row_11_a_name_that_is_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What has no place at four readings is told as such, and logged: nobody deletes it four times."""
    office.fill_backlog(*BACKLOG)
    office.forget_calls()

    with google_refuses(monkeypatch, "updateCells", refuse("Range (X!A1) exceeds grid limits.")):
        answer = office.do("estimate")

    assert_answer(answer, "refused", 409)
    assert "нет места" in answer["message"]
    assert office.calls("google")[WRITE] == 4
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == [
        "refused at every attempt: sheet.gone"
    ]


def test_row_11_no_storage(office: Office) -> None:
    """A service account without a shared drive: who has to do what is said."""
    body = {"is_service_account": True}
    office.http.post(f"{office.servers.google}/_emulator/behaviour", json=body).raise_for_status()

    with pytest.raises(AccessDeniedError) as caught:
        office.services.workbooks.create("Книга", tag="tag")

    for locale, words in (("ru", "VITRINA_DRIVE_FOLDER_ID"), ("en", "shared drive")):
        assert words in render(Sentence(caught.value.code, caught.value.where), locale)
