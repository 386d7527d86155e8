"""The operator's commands, and what is logged."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.office import Office
from tests.harness.stored import stored_history
from vitrina.bootstrap import application
from vitrina.cli.commands import COMMANDS, main
from vitrina.logs import JsonFormatter
from vitrina.operations.actor import CLOCK, person
from vitrina.operations.run import OPERATION
from vitrina.records.books import find_agencies


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Our log as Cloud Logging gets it: formatted while the request runs."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    log = logging.getLogger("vitrina")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield lines
    log.removeHandler(handler)
    log.setLevel(level)


HEADER = "work_type,profile,hours,quantity,finished_on\n"


def test_an_agency_is_made_and_learns_from_a_file(
    empty_office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The printed id is a workbook of ours; the file's facts become its norms: (2 + 4) / 2 = 3."""
    assert main(["create-agency", "Маяк", "--profile", "design=Дизайн", "--profile", "copy=Тексты"]) == 0
    agency_id = capsys.readouterr().out.split()[0]
    history = tmp_path / "history.csv"
    rows = 'Баннер,design,2,1,2026-10-01\nБаннер,design,"4,0",1,2026-10-02\n'
    history.write_text(HEADER + rows, encoding="utf-8")

    assert main(["import-history", agency_id, str(history)]) == 0
    assert empty_office.click(agency_id, "recalculate_norms")["outcome"] == "done"

    columns = ("work_type", "profile", "hours_per_unit", "fact_count")
    assert empty_office.table("norms", *columns, spreadsheet_id=agency_id) == [("Баннер", "Дизайн", 3.0, 2.0)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("work_type,hours\nБаннер,2\n", "no column profile, quantity, finished_on"),
        (HEADER + "Баннер,design,много,1,2026-10-01\n", "row 2"),
        (HEADER + "Баннер,design\n", "row 2: could not convert string to float"),
        (HEADER + "Баннер,magic,2,1,2026-10-01\n", "no profile magic"),
    ],
)
def test_a_bad_file_is_refused_whole(
    agency: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    """Nothing of it is brought in, and the operator reads what is wrong."""
    history = tmp_path / "history.csv"
    history.write_text(text, encoding="utf-8")
    assert agency.agency is not None
    before = len(stored_history(agency.services.store, agency.agency.spreadsheet_id))

    assert main(["import-history", agency.agency.spreadsheet_id, str(history)]) == 1

    assert complaint in capsys.readouterr().err
    assert len(stored_history(agency.services.store, agency.agency.spreadsheet_id)) == before


def test_a_file_that_is_not_there_is_named(
    agency: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator reads one line, not a traceback."""
    assert agency.agency is not None

    assert main(["import-history", agency.agency.spreadsheet_id, str(tmp_path / "none.csv")]) == 1

    assert "none.csv" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` shows the docstring of the command's module."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert (COMMANDS[command].__doc__ or "").splitlines()[0] in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["doctor"], ["create-agency", "Маяк"]])
def test_missing_settings_are_named(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each command prints which settings are missing and fails."""
    application.cache_clear()

    assert main(command) == 1

    assert "VITRINA_STORE" in capsys.readouterr().err


def test_a_bad_profile_is_refused(empty_office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile is KEY=TITLE; the parser refuses anything else, and no file is made."""
    with pytest.raises(SystemExit):
        main(["create-agency", "Маяк", "--profile", "Дизайн"])

    assert find_agencies(empty_office.services.store) == []
    assert "KEY=TITLE" in capsys.readouterr().err


def test_a_click_is_logged_with_ids_and_without_names(office: Office, log_lines: list[str]) -> None:
    """One JSON line a click: action, outcome, operation, workbook, actor; no task of the client."""
    office.fill_backlog({"task": "Секретная задача", "hours_design": "5"})

    office.do("estimate")

    clicked = next(json.loads(line) for line in log_lines if json.loads(line)["message"] == "clicked")
    assert (clicked["action"], clicked["outcome"], clicked["workbook"]) == (
        "estimate",
        "done",
        office.client_id,
    )
    assert (OPERATION, clicked["operation"]) in office.services.store.get_many(
        [(OPERATION, clicked["operation"])]
    )
    assert clicked["actor"] == person(office.staff).logged
    assert not any("Секретная" in line for line in log_lines)


def test_every_line_of_a_click_and_of_its_task_tells_who_caused_it(
    office: Office, log_lines: list[str]
) -> None:
    """Also of a queued operation, of the clock and of a refusal: a kind with a hash, no e-mail."""
    office.fill_backlog({"task": "Лендинг", "hours_design": "5"})
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    office.do("start_batch", preview_id=preview_id)
    office.do("push")
    office.do("estimate", absurd=1)
    office.call_schedule().raise_for_status()
    office.settle()

    lines = [json.loads(line) for line in log_lines]
    caused = {one["actor"] for one in lines}
    assert caused >= {person(office.staff).logged, CLOCK.logged, "webhook:kaiten"}
    assert {"clicked", "operation ended", "refused"} <= {one["message"] for one in lines}
    for one in lines:
        if one["logger"] in ("vitrina.menu", "vitrina.operations"):
            assert one["workbook"] == office.client_id, one
            assert "operation" in one or one["message"] == "refused", one
    assert re.fullmatch(r"person:[0-9a-f]{8}", person(office.staff).logged)
    assert "@" not in "".join(log_lines)
