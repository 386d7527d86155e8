"""``python -m vitrina doctor`` on the emulator, and on a Google that breaks an assumption."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from emulators.google import metadata
from emulators.google.batch import developer_metadata, registry, rows
from emulators.google.errors import invalid
from tests.harness.office import MANAGER, Office
from vitrina.cli.commands import main
from vitrina.cli.doctor.adapter import DoctorWorkbooks
from vitrina.cli.doctor.assumptions import read_assumptions
from vitrina.cli.doctor.command import ask_person
from vitrina.cli.doctor.probe import State
from vitrina.cli.doctor.report import PROBES, run_probes
from vitrina.cli.doctor.scratch_workbook import TITLE, AskPerson, ScratchWorkbook
from vitrina.cli.doctor.tracker.probes import TRACKER_PROBES
from vitrina.settings import Settings
from vitrina.trackers.kaiten import mapping

VITAL = {probe.number for probe in PROBES if probe.is_vital}


def run_doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Mapping[int, str], str]:
    """Exit code, state by number, and all that was printed."""
    code = main(["doctor", *arguments])
    printed = capsys.readouterr().out
    states = re.findall(r"^ *(\d+)  (holds|DOES NOT HOLD|unknown|not tried)  ", printed, re.MULTILINE)
    return code, {int(number): state for number, state in states}, printed


def files(office: Office) -> list[tuple[str, bool]]:
    """Title of every file that Google keeps, and whether it is in the bin."""
    answer = office.http.get(
        f"{office.servers.google}/drive/v3/files", params={"fields": "files(name,trashed,mimeType)"}
    )
    return [
        (one["name"], one["trashed"])
        for one in answer.json()["files"]
        if not one["mimeType"].endswith("folder")
    ]


def test_all_holds_on_the_emulator(empty_office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever can be checked by calls holds; the rest says why it is not told; nothing is left over."""
    code, states, printed = run_doctor(capsys)

    by_hand = {probe.number for probe in PROBES if probe.is_by_hand}
    assert code == 0, printed
    assert set(states) == {one.number for one in read_assumptions()}
    assert {number for number, state in states.items() if state == "holds"} == {
        probe.number for probe in PROBES
    } - by_hand, printed
    assert {number for number, state in states.items() if state == "not tried"} == by_hand
    assert files(empty_office) == [(TITLE, True)]


# --- Other Googles -------------------------------------------------------------------------------


def stay_silent(batch: registry.Batch, body: registry.Request) -> registry.Reply:
    """A Google that does nothing where no metadata matches."""
    ids = developer_metadata._selected(batch, [body["dataFilter"]])
    return developer_metadata.delete(batch, body) if ids else {}


def create_anywhere(batch: registry.Batch, body: registry.Request) -> registry.Reply:
    """A Google that gives an id in use to another row, in silence."""
    metadata_id = body["developerMetadata"]["metadataId"]
    if metadata_id in batch.book.metadata:
        metadata.delete(batch.book, metadata_id)
    return developer_metadata.create(batch, body)


def free_at_the_end(batch: registry.Batch, body: registry.Request) -> registry.Reply:
    """A Google that frees the ids of a batch when the batch is done."""
    metadata_id = body["developerMetadata"]["metadataId"]
    if metadata_id in batch.store.book(batch.book.spreadsheet_id).metadata:
        raise invalid(f"The metadata ID {metadata_id} is already in use.")
    return developer_metadata.create(batch, body)


def sort_cells_alone(batch: registry.Batch, body: registry.Request) -> None:
    """A Google whose sort leaves metadata where it was."""
    sheet, _ = batch.area(body["range"])
    marks = [line.metadata for line in sheet.rows]
    rows.sort_range(batch, body)
    sheet.forget_positions()
    for line, mark in zip(sheet.rows, marks, strict=True):
        line.metadata = mark


def states_of(office: Office, *numbers: int, person: AskPerson | None = None) -> Mapping[int, State]:
    """States by some of the checks only."""
    scratch = ScratchWorkbook(
        DoctorWorkbooks.from_settings(Settings.from_environment()), editors=[MANAGER], ask_person=person
    )
    findings = run_probes(scratch, [probe for probe in PROBES if probe.number in (11, 6, *numbers)])
    return {number: findings[number].state for number in numbers}


def test_a_silent_deletion_alone_does_no_harm(empty_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The creation that follows is refused all the same."""
    monkeypatch.setitem(registry._HANDLERS, "deleteDeveloperMetadata", stay_silent)

    assert states_of(empty_office, 1, 2) == {1: State.HOLDS, 2: State.HOLDS}


def test_ids_that_are_freed_late_are_told(empty_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """No guarded write would ever be accepted."""
    monkeypatch.setitem(registry._HANDLERS, "createDeveloperMetadata", free_at_the_end)

    assert states_of(empty_office, 1) == {1: State.FAILS}


def test_a_comparison_that_never_is_equal_is_told(
    empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where duplicates are not removed every write would be refused, a good one too."""
    monkeypatch.setitem(registry._HANDLERS, "deleteDuplicates", lambda *_: {})

    assert states_of(empty_office, 35, 36) == {35: State.HOLDS, 36: State.FAILS}


def test_what_does_not_hold_is_told_with_what_to_do(
    empty_office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Silent deletions, ids that are given twice and marks that stay when rows are sorted: all are seen."""
    monkeypatch.setitem(registry._HANDLERS, "deleteDeveloperMetadata", stay_silent)
    monkeypatch.setitem(registry._HANDLERS, "createDeveloperMetadata", create_anywhere)
    monkeypatch.setitem(registry._HANDLERS, "sortRange", sort_cells_alone)

    code, states, printed = run_doctor(capsys)

    fallbacks = {one.number: one.fallback for one in read_assumptions()}
    assert code == 1
    assert {number for number, state in states.items() if state == "DOES NOT HOLD"} == {2, 5, 27, 28, 35, 38}
    assert "a write into the wrong row was accepted" in printed
    for number in (2, 5, 27, 28, 35):
        assert f"instead: {fallbacks[number]}" in printed
    assert files(empty_office) == [(TITLE, True)]


def test_a_google_that_refuses_the_scratch_file(
    empty_office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without rights in the folder nothing else can be told, and the exit code says so."""
    empty_office.fail_next("google", method="drive.files.create", status=403)

    code, states, printed = run_doctor(capsys)

    assert (code, states[11]) == (1, "DOES NOT HOLD")
    assert {states[number] for number in VITAL} == {"unknown"}
    assert "the scratch spreadsheet could not be created" in printed
    assert files(empty_office) == []


def test_the_scratch_file_goes_when_the_doctor_breaks(
    empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw, or Ctrl+C: the file is in the bin all the same."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    empty_office.fail_next("google", method="drive.files.create", status="timeout")
    monkeypatch.setattr("vitrina.cli.doctor.command.vital_probes_hold", interrupted)
    monkeypatch.setattr("vitrina.cli.doctor.scratch_workbook.ScratchWorkbook.fill", interrupted)

    with pytest.raises(KeyboardInterrupt):
        main(["doctor"])

    assert files(empty_office) == [(TITLE, True)]


# --- By hand -------------------------------------------------------------------------------------


def editing_person(office: Office, *turns: Sequence[Mapping[str, Any]]) -> AskPerson:
    """Somebody who, when asked, edits the scratch file in turn."""
    waiting = list(turns)

    def edit(instruction: str) -> None:
        assert "On the tab «Бэклог» of http" in instruction
        [book] = [
            one
            for one in office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
            if one["title"] == TITLE
        ]
        office.edit(*waiting.pop(0), spreadsheet_id=book["spreadsheetId"])

    return edit


def test_what_a_person_did_is_looked_at(empty_office: Office) -> None:
    """Rows sorted and dragged, cut and copied, deleted and typed again: as they are assumed to be."""
    backlog = {"sheet": "Бэклог"}
    person = editing_person(
        empty_office,
        [
            {**backlog, "type": "sort", "range": "A2:Q4", "column": "C", "order": "ASCENDING"},
            {**backlog, "type": "move_rows", "at": 2, "count": 1, "to": 5},
        ],
        [
            {**backlog, "type": "cut_paste", "from": "A2:Q2", "to": "A121"},
            {**backlog, "type": "copy_paste", "from": "A3:Q3", "to": "A122"},
        ],
        [
            {**backlog, "type": "delete_rows", "at": 2, "count": 1},
            {**backlog, "type": "insert_rows", "at": 2, "count": 1},
            {**backlog, "type": "type", "cell": "C2", "text": "undone"},
        ],
        [],
    )

    states = states_of(empty_office, 3, 32, 33, 34, person=person)

    assert states == dict.fromkeys((3, 32, 33, 34), State.HOLDS)


def test_a_person_who_does_nothing_or_harm(empty_office: Office) -> None:
    """A step that was not done is not tried; a row with another row's mark fails."""
    moved = [
        {"sheet": "Бэклог", "type": "cut_paste", "from": "C2:C3", "to": "C10"},
        {"sheet": "Бэклог", "type": "cut_paste", "from": "C10", "to": "C3"},
        {"sheet": "Бэклог", "type": "cut_paste", "from": "C11", "to": "C2"},
    ]
    person = editing_person(empty_office, [], [], moved, moved)

    states = states_of(empty_office, 3, 32, 33, 34, person=person)

    assert states == {3: State.NOT_TRIED, 32: State.NOT_TRIED, 33: State.FAILS, 34: State.FAILS}


def test_the_doctor_waits_for_enter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The instruction is read before anything is looked at."""
    answers = io.StringIO("\nrest")
    monkeypatch.setattr("sys.stdin", answers)

    ask_person("Sort it.")

    assert "Sort it.\nPress Enter" in capsys.readouterr().out
    assert answers.read() == "rest"


# --- Trackers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tracker_name", ["kaiten and asana"], indirect=True)
def test_what_is_assumed_of_trackers_is_tried(
    empty_office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a board of each connection, of which nothing is left.

    The Asana of the tests hides no field from guests, as its OpenAPI file has no way to do so.
    """
    code, states, printed = run_doctor(capsys, "--tracker")

    tried = {number for probe in TRACKER_PROBES for number in probe.numbers.values()}
    assert (code, states) == (0, {**dict.fromkeys(tried, "holds"), 54: "DOES NOT HOLD"}), printed
    assert "guests see Витрина: часы по плану" in printed
    assert "Kaiten (kaiten)" in printed
    assert "Asana (asana)" in printed
    assert (empty_office.desk.boards(), empty_office.desk.cards()) == ([], [])


def test_tracker_that_forgets_our_key_is_told(
    empty_office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do instead; the board is deleted all the same."""
    card_body = mapping.card_body
    monkeypatch.setattr(mapping, "card_body", lambda card: {**card_body(card), "external_id": None})

    code, states, printed = run_doctor(capsys, "--tracker", "kaiten")

    assert code == 1
    assert {number for number, state in states.items() if state != "holds"} == {16}
    assert "live cards with its key: 0" in printed
    assert "instead: a marker in the description" in printed
    assert empty_office.desk.boards() == []


def test_plan_without_time_tracking_is_told(empty_office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no failure: hours are typed then."""
    empty_office.fail_next("kaiten", method="time_logs.add", status=402)

    code, states, printed = run_doctor(capsys, "--tracker", "kaiten")

    assert (code, states[22]) == (0, "not tried")
    assert "the plan of the account has no time tracking" in printed


def test_unknown_connection_is_refused(empty_office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is asked of any tracker."""
    empty_office.forget_calls()

    assert main(["doctor", "--tracker", "trello"]) == 2

    assert "trello" in capsys.readouterr().err
    assert empty_office.calls("kaiten") == {}
