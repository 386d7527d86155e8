"""Starting norms: guesses for an agency without finished work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from vitrina.domain.estimating.norms import NormCell
from vitrina.workbook.template.definition import TEMPLATES_DIRECTORY


class StartingNorm(Struct, frozen=True):
    """A guess of the typical hours that one ``unit`` of a work type takes one profile."""

    work_type: str
    unit: str
    profile: str
    typical_hours: float

    @property
    def cell(self) -> NormCell:
        """The group of the norm."""
        return NormCell(self.work_type.casefold(), "", self.profile)


@cache
def _table(path: Path) -> tuple[dict[str, object], ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8"))["norms"])


def starting_norms(locale: str, profiles: Mapping[str, str]) -> list[StartingNorm]:
    """The starting norms in one language, for the given profiles."""
    return [
        StartingNorm(
            str(row[f"work_type.{locale}"]),
            str(row[f"unit.{locale}"]),
            str(row["profile"]),
            float(str(row["hours"])),
        )
        for row in _table(TEMPLATES_DIRECTORY / "starting_norms.json")
        if row["profile"] in profiles
    ]
