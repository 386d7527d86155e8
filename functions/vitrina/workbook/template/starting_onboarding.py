"""Starting templates of onboarding: what a new agency finds on the tab *Онбординг*."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vitrina.workbook.template.compiler import Value
from vitrina.workbook.template.definition import TEMPLATES_DIRECTORY, BookTemplate, Locale

#: Key of the tab.
ONBOARDING_TAB = "onboarding"
#: Columns whose text is in the language of the workbook, and those that are the same in each.
_TEXTS = ("task", "subtask", "need")
_FIGURES = ("number", "hours", "after_days", "after", "need_days")


@cache
def _table(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def starting_onboarding(
    template: BookTemplate, locale: Locale, profiles: Mapping[str, str]
) -> list[Mapping[str, Value]]:
    """The rows of the tab in one language, by key of the column.

    Parameters
    ----------
    profiles
        Titles of the agency's profiles. A role that the agency does not have keeps its usual title, so that
        the first use of the template names it as a bad cell.
    """
    table = _table(TEMPLATES_DIRECTORY / "starting_onboarding.json")
    usual = {one.key: one.title for one in template.standard_profiles(locale)}
    rows: list[Mapping[str, Value]] = []
    for data in table["rows"]:
        row: dict[str, Value] = {"kind": table["kinds"][data["kind"]][locale]}
        row |= {key: data[key] for key in _FIGURES if key in data}
        row |= {key: data[f"{key}.{locale}"] for key in _TEXTS if f"{key}.{locale}" in data}
        if "profile" in data:
            row["profile"] = profiles.get(data["profile"], usual[data["profile"]])
        rows.append(row)
    return rows
