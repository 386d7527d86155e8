"""The request of a click to the backend, and the messages if it cannot be sent."""

from __future__ import annotations

import json
import re

import pytest

ACTIONS = [
    # function of the menu, book, view, action, parameters
    ("estimateBacklog", "client", "run", "estimate", {}),
    ("buildBatch", "client", "run", "build_batch", {"period": "current"}),
    ("pushToTracker", "client", "run", "push", {}),
    ("refreshFromTracker", "client", "run", "refresh", {}),
    ("assignTask", "client", "form", "assign_task", {}),
    ("noteCall", "client", "form", "note_call", {}),
    ("showChat", "client", "run", "show_chat", {}),
    ("answerQuestion", "client", "form", "answer_question", {}),
    ("chooseMetricSource", "client", "run", "metric_sources", {}),
    ("sendDigest", "client", "run", "preview_digest", {}),
    ("reportOnMetric", "client", "run", "preview_metric_report", {}),
    ("showAgencyChat", "agency", "run", "show_agency_chat", {}),
    ("addOnboarding", "client", "run", "preview_onboarding", {}),
    ("newClient", "agency", "form", "new_client", {}),
    ("askAccounting", "agency", "form", "ask_accounting", {}),
    ("recalculateNorms", "agency", "confirm", "recalculate_norms", {}),
]


@pytest.mark.parametrize(("function", "book", "view", "action", "params"), ACTIONS)
def test_click_opens_the_sidebar_first(addon, function, book, view, action, params):
    """A click shows the sidebar before it calls the backend, so that a person sees that it was accepted."""
    execution = addon(book=book).call(function)

    state = execution.sidebar_state
    assert (state["view"], state["action"], state["params"]) == (view, action, params)
    assert execution.one("sidebar")["title"] == "Vitrina"
    assert execution.sent == []


@pytest.mark.parametrize("note", ["Баннер\n=A1", ""])
def test_task_begins_with_the_selected_cell(addon, note):
    """The form gets the cell's tab, its row as people count it, and its note as it is."""
    cell = {"sheetId": 102, "row": 7, "column": 3, "note": note}

    state = addon(current_cell=cell).call("assignTask").sidebar_state

    assert state["params"] == {"sheet_id": 102, "row": 7, "note": note}


def test_report_is_about_the_selected_row(addon):
    """The backend gets the cell's tab and its row as people count it."""
    cell = {"sheetId": 105, "row": 4, "column": 2, "note": ""}

    state = addon(current_cell=cell).call("reportOnMetric").sidebar_state

    assert state["params"] == {"sheet_id": 105, "row": 4}


def test_click_has_its_own_request_id(addon):
    """Each click has a new id; a repeat of the same click has the same id."""
    state = addon().call("pushToTracker").sidebar_state

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", state["requestId"])


@pytest.mark.parametrize(("locale", "expected"), [("ru_RU", "ru"), ("en_US", "en"), ("fr_FR", "en")])
@pytest.mark.parametrize(("function", "book", "view", "action", "params"), ACTIONS)
def test_request_body(addon, answer, function, book, view, action, params, locale, expected):
    """Each action is posted with the workbook, the click's id and the language of the workbook."""
    workbook = addon(book=book, locale=locale, answers=[answer()])

    execution = workbook.call("runAction", action, params, "click-1")

    assert execution.sent == [
        {
            "action": action,
            "spreadsheet_id": "book-1",
            "request_id": "click-1",
            "locale": expected,
            "params": params,
        }
    ]


@pytest.mark.parametrize(("locale", "expected"), [("ru_RU", "ru"), ("en_US", "en"), ("fr_FR", "en")])
def test_request_says_the_language_before_its_body(addon, answer, locale, expected):
    """The backend may refuse before it reads the body, so a header has the language."""
    workbook = addon(locale=locale, answers=[answer()])

    request = workbook.call("runAction", "estimate", {}, "click-1").one("fetch")

    assert request["headers"]["Accept-Language"] == expected


def test_request_proves_who_asks(addon, answer):
    """The identity token of the person is sent as a bearer token, and nothing else identifies the person."""
    request = addon(answers=[answer()]).call("runAction", "estimate", {}, "click-1").one("fetch")

    assert request["url"] == "https://vitrina.example/menu"
    assert request["method"] == "POST"
    assert request["contentType"] == "application/json"
    assert request["headers"]["Authorization"] == "Bearer header.claims.signature"
    assert set(request["headers"]) == {"Authorization", "Accept-Language"}


def test_answer_reaches_the_sidebar_whole(addon, answer):
    """The sentence, the details and the cells to correct are the backend's own."""
    envelope = {
        "outcome": "refused",
        "message": "В бэклоге есть ошибки.",
        "details": ["Исправьте две ячейки."],
        "cells": [{"sheet": "Бэклог", "cell": "F7", "message": "Количество — не число."}],
        "data": {"read": 12},
    }

    result = addon(answers=[answer(422, **envelope)]).call("runAction", "estimate", {}, "click-1").result

    assert result == envelope


@pytest.mark.parametrize(
    ("outside", "locale", "message"),
    [
        (
            {"error": "Address unavailable: https://vitrina.example/menu"},
            "ru_RU",
            "Нет связи с сервером Vitrina.",
        ),
        (
            {"error": "DNS error: https://vitrina.example/menu"},
            "en_US",
            "The Vitrina server cannot be reached.",
        ),
        # Google's own access check in front of the function answers with HTML.
        ({"status": 401, "headers": {}, "body": "<html>"}, "ru_RU", "Сервер Vitrina не узнал вас."),
        ({"status": 403, "headers": {}, "body": "<html>"}, "ru_RU", "У вас нет доступа к командам Vitrina."),
        (
            {"status": 502, "headers": {}, "body": "Bad Gateway"},
            "ru_RU",
            "Сервер Vitrina сейчас не справился (код 502).",
        ),
        (
            {"status": 429, "headers": {}, "body": ""},
            "ru_RU",
            "Сервер Vitrina сейчас не справился (код 429).",
        ),
        (
            {"status": 200, "headers": {}, "body": "<html>"},
            "ru_RU",
            "Сервер Vitrina ответил непонятно (код 200).",
        ),
        # JSON, but not an answer of ours.
        (
            {"status": 200, "headers": {}, "body": "null"},
            "ru_RU",
            "Сервер Vitrina ответил непонятно (код 200).",
        ),
        (
            {"status": 404, "headers": {}, "body": '{"outcome": "?"}'},
            "ru_RU",
            "Сервер Vitrina ответил непонятно (код 404).",
        ),
    ],
)
def test_failure_on_the_way_is_a_sentence(addon, outside, locale, message):
    """Every failure between the sheet and the backend is a sentence with advice."""
    result = addon(locale=locale, answers=[outside]).call("runAction", "push", {}, "click-1").result

    assert result["outcome"] == "failed"
    assert result["message"] == message
    assert len(result["details"]) == 1


def test_backends_own_refusal_wins_over_the_status(addon, answer):
    """The backend's own message is shown unchanged, with any status."""
    refusal = answer(403, outcome="refused", message="Вас нет в списке специалистов.")

    result = addon(answers=[refusal]).call("runAction", "push", {}, "click-1").result

    assert result["message"] == "Вас нет в списке специалистов."


@pytest.mark.parametrize(
    ("status", "retriable"),
    [(502, True), (503, True), (429, True), (400, False), (422, False)],
)
def test_only_passing_failures_may_be_repeated(addon, answer, status, retriable):
    """The sidebar offers a repeat only for failures that may pass."""
    failed = answer(status, outcome="failed", message="Не вышло.")

    result = addon(answers=[failed]).call("runAction", "push", {}, "click-1").result

    assert result["retriable"] is retriable


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"properties": {"script": {}}}, "Дополнению не задан адрес сервера Vitrina."),
        ({"identity_token": None}, "Google не подтвердил, кто вы."),
    ],
)
def test_nothing_is_sent_without_address_or_identity(addon, change, message):
    """A request that must fail is not sent, and the sentence says who can correct it."""
    execution = addon(**change).call("runAction", "push", {}, "click-1")

    assert execution.result["message"] == message
    assert execution.sent == []


def test_token_is_never_logged(addon):
    """A lost connection is logged without the token."""
    unreachable = {"error": "Address unavailable: https://vitrina.example/menu"}

    execution = addon(answers=[unreachable]).call("runAction", "push", {}, "click-1")

    assert "Address unavailable" in execution.one("log")["text"]
    assert "signature" not in json.dumps(execution.all("log"))


def test_operation_is_polled_by_its_id(addon, answer):
    """The sidebar polls the operation that the first answer named."""
    running = answer(outcome="running", message="Создаю карточки", data={"done": 3, "total": 7})

    execution = addon(answers=[running]).call("pollOperation", "push", "op-7")

    assert execution.sent[0]["action"] == "operation"
    assert execution.sent[0]["params"] == {"operation_id": "op-7"}
    assert execution.result["data"] == {"done": 3, "total": 7}


def test_reopened_sidebar_returns_to_what_still_runs(addon, answer):
    """A second click on an action that still runs shows its progress and starts nothing."""
    workbook = addon(answers=[answer(202, outcome="accepted", message="Принято.", operation_id="op-7")])
    workbook.call("runAction", "push", {}, "click-1")
    workbook.answers = [answer(outcome="running", message="Создаю карточки")]

    execution = workbook.call("pushToTracker")

    assert execution.sidebar_state["view"] == "operation"
    assert execution.sidebar_state["operationId"] == "op-7"
    assert [body["action"] for body in execution.sent] == ["operation"]


def test_ended_operation_is_forgotten(addon, answer):
    """A click after the end of the earlier operation is a new request, not an old result."""
    workbook = addon(answers=[answer(202, outcome="accepted", message="Принято.", operation_id="op-7")])
    workbook.call("runAction", "push", {}, "click-1")
    workbook.answers = [answer(outcome="done", message="Карточек: 7.")]

    assert workbook.call("pushToTracker").sidebar_state["view"] == "run"
    assert workbook.call("pushToTracker").sent == []


def test_lost_poll_does_not_forget_the_operation(addon, answer):
    """If the backend cannot be reached, the operation may still be running."""
    workbook = addon(answers=[answer(202, outcome="accepted", message="Принято.", operation_id="op-7")])
    workbook.call("runAction", "push", {}, "click-1")
    workbook.answers = [{"error": "Timeout: https://vitrina.example/menu"}]

    result = workbook.call("pollOperation", "push", "op-7").result

    assert result["unanswered"] is True
    assert workbook.properties["user"] == {"operation.book-1.push": "op-7"}


def test_cell_to_correct_is_selected(addon):
    """A click on a cell of the list selects it in the sheet."""
    assert addon().call("goToCell", "Бэклог", "F7").one("activate") == {
        "kind": "activate",
        "sheet": "Бэклог",
        "cell": "F7",
    }


def test_cell_of_a_renamed_tab_is_left_alone(addon):
    """A tab that does not exist any more is not an error."""
    assert addon().call("goToCell", "Старый лист", "F7").effects == []


def test_text_of_a_workbook_cannot_leave_the_sidebars_data(addon):
    """A text with a closing script tag stays data of the page."""
    text = "</script><script>alert(1)</script>"
    answer = {"outcome": "done", "message": text}

    execution = addon().call("showSidebar_", {"view": "notice", "answer": answer})

    assert execution.sidebar_state["answer"]["message"] == text
    assert "alert(1)</script>" not in execution.one("sidebar")["html"]
