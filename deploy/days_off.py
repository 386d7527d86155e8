"""``python -m deploy.days_off`` writes the working days of some years as the package ``holidays`` tells them.

They are those of the country that is set where nobody sets another one. Other years and countries are
looked up in the package, which takes a fresh process longer.
"""

from __future__ import annotations

from pathlib import Path

from deploy import ROOT
from vitrina.domain.days_off import look_up

KEPT = ROOT / "functions/vitrina/domain/kept_days_off.py"
COUNTRY = "RU"
#: Years of finished work that is still looked at, and those that a forecast can reach.
YEARS = range(2024, 2036)

HEAD = '''"""Days of some years that are not what their weekday says; ``make days-off`` writes this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: By country and year: days from Monday to Friday without work, and Saturdays and Sundays with work, each
#: with the day off that it was worked for.
YEARS: Mapping[tuple[str, int], tuple[Sequence[str], Mapping[str, str]]] = {
'''


def write_days_off(path: Path = KEPT) -> None:
    """Write the module with the working days of ``YEARS`` to *path*."""
    lines = []
    for year in YEARS:
        days = look_up(COUNTRY, year)
        off = "".join(f'            "{day}",\n' for day in sorted(days.off))
        worked = "".join(f'            "{day}": "{of}",\n' for day, of in sorted(days.worked.items()))
        lines.append(
            f'    ("{COUNTRY}", {year}): (\n        [\n{off}        ],\n'
            + (f"        {{\n{worked}        }},\n" if worked else "        {},\n")
            + "    ),\n"
        )
    path.write_text(HEAD + "".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    write_days_off()
