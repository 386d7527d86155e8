"""``python -m benchmarks.two_way [--tracker kaiten] [--runs 200] [--seed 1]``: random edits on both sides.

Plays random histories of edits in the sheet and in a tracker's emulator, with clicks, webhooks that are lost,
late or doubled, and lost answers in between. ``--rule last-writer-wins`` plays them with a rule that loses
edits, to see that this is found. The exit code is 1 if a history has a violation.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext

from benchmarks.two_way.play import WORLDS, Played, last_writer_wins, opened, play

RULES = {"the product's": nullcontext, "last-writer-wins": last_writer_wins}


def play_all(tracker: str, seed: int, runs: Sequence[int]) -> list[Played]:
    """Play histories in one tracker, one after the other."""
    with opened(tracker) as stage:
        return [play(stage, seed, run) for run in runs]


def describe(played: Played) -> str:
    """A history with violations, as text."""
    head = f"--seed {played.seed} --only {played.run}"
    return "\n".join([head, *(f"    {step}" for step in played.steps), *played.violations])


def main(arguments: Sequence[str]) -> int:
    """Play and tell; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_way", description=__doc__)
    parser.add_argument("--tracker", choices=sorted(WORLDS), default="kaiten")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--rule", choices=sorted(RULES), default="the product's")
    given = parser.parse_args(arguments)
    runs = range(given.runs) if given.only is None else [given.only]
    with RULES[given.rule]():
        played = play_all(given.tracker, given.seed, runs)
    failed = [one for one in played if one.violations]
    counts = sum((one.counts for one in played), Counter[str]())
    for one in failed:
        print(describe(one))
    print(f"{len(played)} histories in {given.tracker}, {len(failed)} with violations: {dict(counts)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
