"""The printed report of the runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.chaos.check import KINDS
from benchmarks.chaos.play import Result

COUNTS = (
    "actions",
    "edits",
    "cards moved or hours logged",
    "faults",
    "slow calls",
    "kills",
    "freezes",
    "crm",
    "chat: claim",
    "chat: accept",
    "chat: return",
    "chat: undo",
    "chat: remark",
    "chat: question",
    "chat: mute",
    "client: accept",
    "client: return",
    "client: undo",
    "client: order",
    "client: question",
    "accounting: ask",
    "accounting: page",
    "accounting: row",
    "neighbour: click",
    "neighbour: edit",
    "neighbour: card",
    "neighbour: trespass",
    "neighbour: new_client",
    "timer",
    "webhooks",
    "timer calls for lost tasks",
    "guards fired",
    "guards fired, read again and written",
    "guards fired, refused or given up",
)
_OUTCOMES = ("done", "partial", "refused", "failed")


def report_lines(results: Sequence[Result], seconds: float) -> list[tuple[str, str]]:
    """Lines of the report: names and their counts."""
    counts: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
        outcomes.update(result.outcomes)
        kinds.update({violation.kind for violation in result.violations})
    by_outcome: Counter[str] = Counter()
    for name, count in outcomes.items():
        by_outcome[name.rpartition(": ")[2]] += count
    return [
        ("runs", f"{len(results):,}"),
        *((name, f"{counts[name]:,}") for name in COUNTS),
        *((f"ended: {name}", f"{by_outcome[name]:,}") for name in _OUTCOMES),
        *((f"runs with: {kind}", f"{kinds[kind]:,}") for kind in KINDS),
        ("seconds", f"{seconds:,.0f}"),
        ("seconds a run", f"{seconds / max(1, len(results)):.2f}"),
    ]


def failures(results: Sequence[Result]) -> list[Result]:
    """Results with violations, those of the shortest histories first."""
    failed = [one for one in results if one.violations]
    return sorted(failed, key=lambda one: (one.history.size, one.history.run))


def describe(result: Result) -> str:
    """How to play a failed run again, its violations, and the results of its clicks."""
    history = result.history
    lines = [f"--seed {history.seed} --only {history.run}"]
    lines += [f"    {violation}" for violation in result.violations]
    lines += [f"    answer: {one}" for one in result.click_results]
    return "\n".join(lines)


def format_lines(lines: Sequence[tuple[str, str]], *, markdown: bool) -> str:
    """The lines in two columns, figures to the right."""
    left, right = (max(len(line[column]) for line in lines) for column in (0, 1))
    if not markdown:
        return "\n".join(f"{name:<{left}}  {figure:>{right}}" for name, figure in lines)
    rule = f"|{'-' * (left + 2)}|{'-' * (right + 1)}:|"
    body = [f"| {name:<{left}} | {figure:>{right}} |" for name, figure in lines]
    return "\n".join([f"| {'':<{left}} | {'':>{right}} |", rule, *body])
