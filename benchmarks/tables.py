"""Tables of the benchmarks, for people and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def as_table(header: Sequence[str], lines: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """The table with aligned columns, the first on the left and numbers on the right."""
    everything = [list(header), *(list(line) for line in lines)]
    widths = [max(len(line[column]) for line in everything) for column in range(len(header))]
    edge, joint = ("| ", " | ") if markdown else ("", "  ")
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])

    def row(line: Sequence[str]) -> str:
        first, *numbers = line
        cells = [
            first.ljust(widths[0]),
            *(one.rjust(width) for one, width in zip(numbers, widths[1:], strict=True)),
        ]
        return (edge + joint.join(cells) + edge[::-1]).rstrip()

    head, *body = map(row, everything)
    return "\n".join([head, rule if markdown else "-" * len(head), *body])
