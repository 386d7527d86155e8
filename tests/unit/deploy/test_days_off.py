"""Tests of the working days that are kept in the repository."""

from __future__ import annotations

from pathlib import Path

from deploy.days_off import KEPT, write_days_off


def test_kept_days_are_those_of_the_package(tmp_path: Path) -> None:
    """``make days-off`` was run after the last change of ``holidays``."""
    path = tmp_path / "kept.py"
    write_days_off(path)

    assert KEPT.read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), "run `make days-off`"
