"""docs/failures.md names tests of each failure and finding, and every numbered test of a failure."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Count of known failures, and of findings of the audit.
COUNT, FINDINGS = 21, 14


def rows(table: int = 0) -> dict[int, list[str]]:
    """Names of tests in the first or the second table of the document, by the number of the row."""
    document = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    text = re.split(r"^# ", document, flags=re.MULTILINE)[table + 1]
    found = re.findall(r"^\| (\d+) \| (?:[^|]+\|){2} ([^|]+) \|$", text, re.MULTILINE)
    return {int(number): re.findall(r"`(test_\w+)`", tests) for number, tests in found}


@cache
def all_tests() -> frozenset[str]:
    """Names of all existing tests."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE))


def number_of(test: str) -> int | None:
    """The number of the failure in the name of a test."""
    found = re.match(r"test_failure_(\d\d)_", test)
    return int(found[1]) if found else None


def test_every_failure_has_its_row_and_a_test_with_its_number() -> None:
    """The rows are 1 to 21 without a gap, each with a test that has the number in its name."""
    assert list(rows()) == list(range(1, COUNT + 1))
    for number, named in rows().items():
        assert number in {number_of(test) for test in named}, number


def test_every_named_test_is_there() -> None:
    """Every test that the document names exists."""
    named = {test for table in (0, 1) for line in rows(table).values() for test in line}

    assert named - all_tests() == set()


def test_every_numbered_test_is_in_its_row() -> None:
    """Every test with a number is named in the row of this number."""
    named = rows()
    for test in sorted(all_tests()):
        number = number_of(test)
        assert number is None or test in named[number], test


def test_every_finding_of_the_audit_has_its_row_and_tests() -> None:
    """The rows are 1 to 14 without a gap; a test with a number is not in the row of another one."""
    findings = rows(1)

    assert list(findings) == list(range(1, FINDINGS + 1))
    assert all(findings.values())
    for number, named in findings.items():
        numbers = {int(found[1]) for test in named if (found := re.match(r"test_row_(\d+)_", test))}
        assert numbers <= {number}, number
