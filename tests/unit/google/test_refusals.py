"""What a refused batch means, by Google's sentence."""

from __future__ import annotations

import pytest

from vitrina.google.refusals import refused_batch

CHANGED, GONE, FAULT = "sheet.changed", "sheet.gone", "google.our_fault"

#: Google's sentences, from records of others, and those of the emulator where none is known.
SENTENCES = [
    ("Invalid requests[3].createDeveloperMetadata: The metadata ID 5 is already in use.", CHANGED),
    ("Invalid requests[2].deleteDeveloperMetadata: No developer metadata matches.", CHANGED),
    ("Invalid requests[2].createDeveloperMetadata: No grid with id: 7", CHANGED),
    ("Invalid requests[0].addProtectedRange: Invalid user: a@example.com", CHANGED),
    ("Invalid requests[1].updateCells: No grid with id: 7", GONE),
    (
        "Invalid requests[1].deleteDimension: Cannot delete a row that doesn't exist. Tried to delete row",
        GONE,
    ),
    (
        "Invalid requests[0].addSheet: A sheet with the name “A” already exists. Please enter another name.",
        GONE,
    ),
    ("Invalid requests[0].repeatCell: Range (A!A9) exceeds grid limits. Max rows: 8, max columns: 3", GONE),
    (
        "Invalid requests[9].updateCells: You are trying to edit a protected cell or object.",
        "google.protected",
    ),
    (
        "Invalid requests[0].updateCells: Your input has more than 50000 characters in a single cell.",
        "google.too_long",
    ),
    (
        "Invalid requests[0].insertDimension: … the number of cells in the workbook above the limit.",
        "google.too_large",
    ),
    (
        "Invalid requests[4].cutPaste: You must select all cells in a merged range to merge or unmerge them.",
        "google.merged",
    ),
    ("Invalid requests[4].sortRange: Cannot sort a range that contains vertical merges.", "google.merged"),
    ("Invalid requests[0].addConditionalFormatRule: Invalid ConditionValue.userEnteredValue: =1.5", FAULT),
    ("Invalid requests[0].updateCells: Invalid field: colour", FAULT),
    ("Invalid value at 'requests[0].create_developer_metadata' (TYPE_INT32), \"x\"", FAULT),
    ("Must specify at least one request.", FAULT),
]


@pytest.mark.parametrize(("sentence", "code"), SENTENCES)
def test_sentence(sentence: str, code: str) -> None:
    """Each sentence has one meaning."""
    assert refused_batch(sentence, []).code == code


def test_our_fault_names_the_kind_of_the_request() -> None:
    """The kind that Google names, or the whole batch."""
    kinds = [
        refused_batch(text, []).where["kind"]
        for text in (
            "Invalid requests[0].updateCells: Invalid field: colour",
            "Root element must be a message.",
        )
    ]

    assert kinds == ["updateCells", "batchUpdate"]


def test_text_that_is_too_long_is_recognised_by_its_beginning() -> None:
    """The longest text of the batch, notes and formulas included."""
    cells = [{"note": "кратко"}, {"userEnteredValue": {"stringValue": "Лендинг\n" + "о" * 60_000}}]
    requests = [{"updateCells": {"rows": [{"values": cells}]}}]

    error = refused_batch("… more than the maximum of 50000 characters in a single cell.", requests)

    assert error.where["start"].startswith("Лендинг ооо")
    assert error.where["length"] == 60_008
