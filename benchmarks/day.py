"""``python -m benchmarks.day [--clients 50] [--webhooks 2000] [--markdown]``: what a day costs at Firestore.

Plays a working day of an agency over Google's Firestore emulator (``working_day.py``), and counts documents
read, written and deleted as Firestore bills them, at the place where the adapter sends its requests: by what
they were for, and by the kind of the documents. The exit code is 1 where a day is beyond the free quota and a
month of such days costs more than a dollar.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import as_table
from benchmarks.working_day import CLIENTS, Happened, play_day
from tests.harness.firestore_bill import DELETE, OPERATIONS, READ, WRITE, Bill

WEBHOOKS = 2000
SEED = 2026

#: What a database may do free of charge each day (firebase.google.com/docs/firestore/quotas).
FREE = {READ: 50_000, WRITE: 20_000, DELETE: 20_000}
#: Dollars for one beyond that, in us-central1 (cloud.google.com/firestore/pricing).
PRICES = {READ: 0.03 / 100_000, WRITE: 0.09 / 100_000, DELETE: 0.01 / 100_000}
WORKING_DAYS = 22
#: Dollars that a month may cost at most.
MOST_A_MONTH = 1.0

HEADER = ("", "Read", "Written", "Deleted")


def month_price(bill: Bill) -> float:
    """Dollars for a month of such days: what is beyond the free quota of each day."""
    beyond = {one: max(0, bill.total(one) - FREE[one]) for one in OPERATIONS}
    return WORKING_DAYS * sum(count * PRICES[one] for one, count in beyond.items())


def by_purpose(bill: Bill) -> list[tuple[str, ...]]:
    """A line for each purpose, most reads first."""
    names = {line.purpose for line in bill.counts}
    lines = [(name, *(bill.total(one, purpose=name) for one in OPERATIONS)) for name in names]
    return [_shown(line) for line in sorted(lines, key=lambda line: (-line[1], line[0]))]


def by_kind(bill: Bill) -> list[tuple[str, ...]]:
    """A line for each kind of documents, most reads first."""
    names = {line.kind for line in bill.counts}
    lines = [(name, *(bill.total(one, kind=name) for one in OPERATIONS)) for name in names]
    return [_shown(line) for line in sorted(lines, key=lambda line: (-line[1], line[0]))]


def totals(bill: Bill) -> list[tuple[str, ...]]:
    """The whole day, the free quota, and the share of it that the day takes."""
    counts = [bill.total(one) for one in OPERATIONS]
    free = [FREE[one] for one in OPERATIONS]
    shares = [f"{100 * count / most:.0f} %" for count, most in zip(counts, free, strict=True)]
    return [_shown(("the day", *counts)), _shown(("free each day", *free)), ("share", *shares)]


def _shown(line: Sequence[str | int]) -> tuple[str, ...]:
    return tuple(f"{one:,}" if isinstance(one, int) else one for one in line)


def verdict(bill: Bill) -> tuple[str, bool]:
    """What the day means for the operator, and whether that is well."""
    beyond = [one for one in OPERATIONS if bill.total(one) > FREE[one]]
    if not beyond:
        return "The day is free of charge.", True
    price = month_price(bill)
    dominant = "; ".join(f"most {one}s: {_largest(bill, one)}" for one in beyond)
    told = f"Beyond the free quota: {', '.join(f'{one}s' for one in beyond)} ({dominant})."
    return f"{told} A month costs ${price:.2f}; ${MOST_A_MONTH:.2f} at most.", price <= MOST_A_MONTH


def _largest(bill: Bill, operation: str) -> str:
    names = {line.purpose for line in bill.counts}
    largest = max(names, key=lambda name: bill.total(operation, purpose=name))
    return f"{largest} {bill.total(operation, purpose=largest):,}"


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS, help="clients of the agency")
    parser.add_argument("--webhooks", type=int, default=WEBHOOKS, help="changes of cards on the day")
    parser.add_argument("--seed", type=int, default=SEED, help="from which the day is drawn")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vitrina-") as folder:
        happened = play_day(
            Path(folder),
            os.environ.__setitem__,
            clients=arguments.clients,
            webhooks=arguments.webhooks,
            seed=arguments.seed,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    return report(happened, markdown=arguments.markdown)


def report(happened: Happened, *, markdown: bool) -> int:
    """Print the tables; returns the exit code."""
    bill = happened.bill
    print(
        f"{happened.client_count} clients, {happened.clicks} clicks, {happened.webhooks} webhooks, "
        f"{happened.tasks} tasks\n"
    )
    for first, lines in (("For", by_purpose(bill)), ("Kind", by_kind(bill)), ("In all", totals(bill))):
        print(as_table((first, *HEADER[1:]), lines, markdown=markdown), end="\n\n")
    told, is_well = verdict(bill)
    print(told)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
