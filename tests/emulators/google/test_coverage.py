"""COVERAGE.md lists exactly what is modelled."""

from __future__ import annotations

import re
from pathlib import Path

import emulators.google
from emulators.google import app, discovery
from emulators.google.batch.registry import modelled_kinds
from emulators.google.calls import HANDLERS

TABLES = (Path(emulators.google.__file__).parent / "COVERAGE.md").read_text(encoding="utf-8")
LISTED = set(re.findall(r"^\| `([\w.]+)` \| modelled \|", TABLES, re.MULTILINE))


def test_every_method_is_listed() -> None:
    """A method is in the table exactly when it has a handler."""
    assert {name for name in LISTED if "." in name} == set(HANDLERS)


def test_every_request_kind_is_listed() -> None:
    """A request kind is in the table exactly when it has a handler."""
    assert {name for name in LISTED if "." not in name} == set(modelled_kinds())


def test_handlers_answer_methods_that_exist() -> None:
    """Every handler belongs to a method of a discovery document."""
    known = {method.id for name in app.DOCUMENTS for method in discovery.load(name).methods}

    assert set(HANDLERS) <= known
