"""The alarms: what Google reads in their files, and the log lines of the code that ring them.

The code is made to write each line; the line becomes an entry as Cloud Logging makes it of what a function
prints, and the filters of the alarms are evaluated on it.
"""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, request

from deploy import ROOT
from deploy.monitoring.steps import ALERTS, DASHBOARD
from emulators.google.discovery import load
from emulators.google.schema import Walker
from vitrina.errors import ConfigurationError, FatalServiceError, RetriableServiceError, VitrinaError
from vitrina.jobs import nightly
from vitrina.jobs.sync_deals import plan_deals
from vitrina.logs import JsonFormatter
from vitrina.operations.outbox import TaskWish
from vitrina.store.memory import MemoryStore
from vitrina.usecases.accounting import send
from vitrina.usecases.chats import talk
from vitrina.web import health
from vitrina.web.menu import handle_menu
from vitrina.web.schedule import handle_schedule
from vitrina.web.secret_pages import handle_pages
from vitrina.web.task import handle_task
from vitrina.web.webhook import handle_webhook

PACKAGE = ROOT / "functions" / "vitrina"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
POLICIES = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in ALERTS}
#: Alarms by what Google measures, which no log line rings.
BY_METRIC = {"timer-silent", "errors", "queue-long", "health"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Json = dict[str, Any]


# --- Filters, as Cloud Logging reads them ------------------------------------------------------------


def entry_of(line: str) -> Json:
    """The entry that Cloud Logging makes of a line of JSON: the severity becomes a field of its own."""
    payload = json.loads(line)
    resource = {"type": "cloud_run_revision"}
    return {"severity": payload.pop("severity"), "jsonPayload": payload, "resource": resource}


def rings(alarm: str, line: str) -> bool:
    """Whether a line rings an alarm: comparisons joined by AND, the last one with choices in brackets."""
    [condition] = POLICIES[alarm]["conditions"]
    matched = condition.get("conditionMatchedLog")
    comparisons = re.split(r" AND ", matched["filter"]) if matched else []
    return bool(comparisons) and all(_holds(one, entry_of(line)) for one in comparisons)


def _holds(comparison: str, entry: Json) -> bool:
    path, operator, value = re.fullmatch(r"([A-Za-z._]+)(=|:|>=)(.+)", comparison).groups()  # type: ignore[union-attr]
    actual: Any = entry
    for name in path.split("."):
        actual = actual.get(name, "")
    if operator == ">=":
        return LEVELS.index(actual) >= LEVELS.index(value)
    choices = re.findall(r'"([^"]*)"', value)
    assert choices, comparison
    return any(actual == one if operator == "=" else one in actual for one in choices)


# --- What the code writes ----------------------------------------------------------------------------


def fails(error: Exception) -> Callable[..., Any]:
    """Something that only raises *error*."""

    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


GONE = RetriableServiceError("service.no_answer", service="firestore")
REFUSED = FatalServiceError("service.refused", service="telegram")


def ask(handle: Callable[..., Any], error: Exception, path: str = "/", **how: Any) -> None:
    """Send a request to an entry point whose application cannot be opened."""
    with Flask("test").test_request_context(path, **{"method": "POST", **how}):
        handle(request, fails(error))


def break_menu(_: pytest.MonkeyPatch) -> None:
    """A click while the program has a mistake."""
    ask(handle_menu, KeyError("mistake"))


def drop_task(_: pytest.MonkeyPatch) -> None:
    """A task that would fail again."""
    ask(handle_task, VitrinaError("workbook.unknown"))


def break_page(_: pytest.MonkeyPatch) -> None:
    """A client opens the page while something does not fit."""
    ask(handle_pages, VitrinaError("workbook.unknown"), "/c/x", method="GET")


def lose_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store does not answer the question for health."""
    _ask_health(monkeypatch, GONE)


def break_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is another one than the settings say."""
    _ask_health(monkeypatch, ConfigurationError("settings.store"))


def _ask_health(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(health, "_STORE", health.StoreCheck())
    monkeypatch.setattr(health.Settings, "from_environment", object)
    with Flask("test").test_request_context("/health"):
        health.serve(request, fails(error), handle_menu)


def spoil_settings(_: pytest.MonkeyPatch) -> None:
    """A function starts without its settings."""
    with Flask("test").test_request_context("/health"):
        health.serve(request, fails(GONE), handle_menu)


def confuse_crm(_: pytest.MonkeyPatch) -> None:
    """A CRM, and no agency that its deals belong to."""
    plan_deals(SimpleNamespace(crm=object(), account_agencies={}, store=MemoryStore()))  # type: ignore[arg-type]


def lose_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat refuses one message for good."""
    monkeypatch.setattr(talk, "find_waiting", lambda *_: ["message"])
    monkeypatch.setattr(talk, "_place", lambda *_: "general")
    monkeypatch.setattr(talk, "_send", fails(REFUSED))
    kept = SimpleNamespace(spreadsheet_id="book")
    run = SimpleNamespace(services=SimpleNamespace(store=None))
    room = SimpleNamespace(run=run, kept=kept, drop=lambda *_, **__: None)
    talk._send_waiting(room)  # type: ignore[arg-type]


def lose_webhook(_: pytest.MonkeyPatch) -> None:
    """A webhook comes while the store does not answer."""
    ask(handle_webhook, GONE, "/kaiten/secret")


def lose_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """At night the tracker does not let its webhook be made anew."""
    project = SimpleNamespace(tracker="asana", board_id="1")
    monkeypatch.setattr(nightly, "find_projects", lambda *_: [project])
    tracker = SimpleNamespace(can=SimpleNamespace(sends_events=True), connect_webhook=fails(REFUSED))
    nightly.reconnect_webhooks(SimpleNamespace(store=None, trackers={"asana": tracker}), "agency")  # type: ignore[arg-type]


def lose_queue(_: pytest.MonkeyPatch) -> None:
    """The queue does not take a task."""
    queue = SimpleNamespace(add=fails(RetriableServiceError("service.no_answer", service="tasks")))
    TaskWish("sync-1", {"kind": "sync"}).try_to_send(SimpleNamespace(queue=queue))  # type: ignore[arg-type]


def refuse_timer(_: pytest.MonkeyPatch) -> None:
    """The timer calls with the method of somebody else."""
    ask(handle_schedule, GONE, method="GET")


def refuse_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail server refuses the letter to accounting."""
    monkeypatch.setattr(send, "letter_of", lambda *_: None)
    mail = SimpleNamespace(send=fails(FatalServiceError("service.refused", service="smtp")))
    run = SimpleNamespace(services=SimpleNamespace(mail=mail))
    assert send._mail(run, SimpleNamespace(unsent=None), "") is not None  # type: ignore[arg-type]


#: What rings each alarm.
EVENTS: dict[str, list[Callable[[pytest.MonkeyPatch], None]]] = {
    "own-error": [break_menu, drop_task, break_page],
    "store": [lose_store, break_store],
    "settings": [spoil_settings],
    "crm": [confuse_crm],
    "chat": [lose_message],
    "webhook": [lose_webhook, lose_connection],
    "queue": [lose_queue],
    "timer-refused": [refuse_timer],
    "left-undone": [refuse_letter],
}


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Our log, as it is printed."""
    printed: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.emit = lambda record: printed.append(handler.format(record))  # type: ignore[method-assign]
    log = logging.getLogger("vitrina")
    log.addHandler(handler)
    yield printed
    log.removeHandler(handler)


def test_each_alarm_of_the_log_has_an_event() -> None:
    """An alarm that nobody has heard may be broken."""
    assert set(EVENTS) | BY_METRIC == set(POLICIES)


@pytest.mark.parametrize(
    ("alarm", "event"),
    [pytest.param(alarm, event, id=event.__name__) for alarm, events in EVENTS.items() for event in events],
)
def test_what_happens_rings_its_alarm(
    alarm: str,
    event: Callable[[pytest.MonkeyPatch], None],
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line that the code writes rings this alarm and no other one."""
    event(monkeypatch)

    assert [name for name in POLICIES if any(rings(name, line) for line in lines)] == [alarm]


def test_ordinary_lines_ring_nothing(lines: list[str]) -> None:
    """A click, a refusal, a task that comes again."""
    log = logging.getLogger("vitrina.menu")
    log.setLevel(logging.INFO)
    log.info("clicked", extra={"action": "estimate", "outcome": "done"})
    log.info("refused", extra={"code": "authentication.no_token"})
    log.setLevel(logging.NOTSET)
    logging.getLogger("vitrina.task").warning("task postponed: %s", "workbook.busy")

    assert len(lines) == 3
    assert [(name, line) for name in POLICIES for line in lines if rings(name, line)] == []


# --- Every line has its place in the runbook ---------------------------------------------------------


@cache
def log_calls() -> frozenset[tuple[str, str]]:
    """Level and message of every call of a log in the product, without values and ends of messages."""
    return frozenset(_log_calls())


def _log_calls() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            level = node.func.attr
            if level not in ("warning", "error", "exception"):
                continue
            if ast.unparse(node.func.value) in ("log", "self._log"):
                assert isinstance(node.args[0], ast.Constant), ast.unparse(node)
                yield level, str(node.args[0].value).split(": %s")[0]


def test_every_error_rings_an_alarm() -> None:
    """Nobody reads the log at night: what is an error wakes somebody."""
    errors = {(level, message) for level, message in log_calls() if level in ("error", "exception")}

    for level, message in errors:
        traceback = {"exception": "Traceback (most recent call last): …"} if level == "exception" else {}
        line = json.dumps({"severity": "ERROR", "logger": "vitrina.x", "message": message, **traceback})
        assert [name for name in POLICIES if rings(name, line)] != [], message
    assert len(errors) > 5


def test_the_runbook_has_every_alarm_and_every_warning() -> None:
    """With the words of the log line, by which the operator looks for it."""
    for name in POLICIES:
        assert f"### {name}\n" in RUNBOOK
        assert f"`{name}` in docs/runbook.md" in POLICIES[name]["documentation"]["content"]
    assert [message for _, message in log_calls() if f"`{message}" not in RUNBOOK] == []


def test_the_runbook_names_no_line_that_is_not_written() -> None:
    """A log line that was renamed is found here."""
    table = re.findall(r"^\| `([^`]+)` \|", RUNBOOK, re.MULTILINE)

    assert set(table) == {message for _, message in log_calls()}


# --- The files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "api", "schema"),
    [*((one, "monitoring.v3", "AlertPolicy") for one in ALERTS), (DASHBOARD, "monitoring.v1", "Dashboard")],
    ids=lambda one: getattr(one, "stem", None),
)
def test_google_knows_every_field(file: Path, api: str, schema: str) -> None:
    """Names, types and choices are those of Google's description of the API."""
    document = load(api)
    walker = Walker(document)

    walker.message(document.schemas[schema], json.loads(file.read_text(encoding="utf-8")), "")

    assert walker.violations == []


def test_alarms_keep_what_google_demands() -> None:
    """Titles differ; an alarm of the log has one condition and a pause between two messages."""
    titles = [one["displayName"] for one in POLICIES.values()]
    assert len(set(titles)) == len(titles)
    for name, policy in POLICIES.items():
        [condition] = policy["conditions"]
        strategy = policy["alertStrategy"]
        assert ("conditionMatchedLog" in condition) == ("notificationRateLimit" in strategy)
        assert ("conditionMatchedLog" in condition) == (name not in BY_METRIC)
