"""``python -m benchmarks.warm [--rows 10 100 1000] [--people 8 300]``: time clicks and their calls to Google.

Each action of the menu is played at several sizes of backlog and team, over the local servers with the sample
agency, where further people are like those of the sample. What a click takes is divided by what its own calls
to Google take in the same click: emulator, way, client library, and the JSON of both ways. Processor time of
the process, in which Google and the functions work, is compared, so that other programs of the machine do not
disturb the ratio; milliseconds are for the reader. What a function is not billed for is not counted: tracker
and queue have processes of their own, the person who clicks and asks for the end a thread of his own, and he
signs in before. What is drawn after a click is not waited for. Beside the ratio stand the share of the click
that its explanations take, and how many of the items that are left out are told what would let them in. The
exit code is 1 where a ratio at 1,000 rows and the people of the sample is above the one that is aimed at.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks.api_calls import LIMIT_HOURS, SetEnv, backlog_rows, click_action, open_agency, play_batch
from benchmarks.tables import as_table
from emulators.world import client
from emulators.world.sample import load_agency
from emulators.world.story import staff_of
from tests.harness.local_office import LocalOffice
from tests.harness.servers import Servers, running_emulator_processes
from vitrina.domain.planning.explain import Explanation, explain
from vitrina.domain.planning.forecast import _forecast
from vitrina.google import workbooks
from vitrina.google.services import GoogleServices
from vitrina.usecases.batch import build_batch

ROWS = (10, 100, 1000)
#: As many as the sample agency has.
PEOPLE = (8,)
REPEAT_COUNT = 5
#: How often the end of an operation is asked for. The sidebar asks once a second; longer than what is
#: measured, what is drawn after the click would be counted with it.
POLL_S = 0.25

#: Action, and the most times the time of its calls to Google that it may take at ``JUDGED_ROWS``.
ACTIONS = {
    "estimate": 1.5,
    "build_batch": 2.5,
    "start_batch": 1.5,
    "push": None,
    "webhook": 1.5,
    "refresh": 1.5,
}
JUDGED_ROWS = 1000

HEADER = (
    "Action",
    "Rows",
    "People",
    "ms",
    "CPU ms",
    "Google's CPU ms",
    "×",
    "at most",
    "Explanations",
    "Told",
)


@dataclass(frozen=True)
class Cost:
    """What one click took: milliseconds, those of the processor, those of Google and of explanations.

    ``told`` counts items that are told a change, and all that are left out.
    """

    ms: float
    cpu_ms: float
    google_cpu_ms: float
    explain_cpu_ms: float
    told: tuple[int, int]

    @property
    def ratio(self) -> float:
        """The click divided by its calls to Google."""
        return self.cpu_ms / self.google_cpu_ms


#: Rows of the backlog and people.
Size = tuple[int, int]
Costs = dict[tuple[str, Size], list[Cost]]


def run(setenv: SetEnv, folder: Path, *, sizes: Sequence[Size], repeats: int) -> Costs:
    """Costs of each action at each size, one for each repeat."""
    found: Costs = {}
    folder.mkdir(parents=True, exist_ok=True)
    with running_emulator_processes(folder, ("kaiten", "tasks")) as servers:
        for number, size in enumerate(itertools.chain.from_iterable([sizes] * repeats)):
            for action, cost in _play(servers, setenv, folder / str(number), size).items():
                found.setdefault((action, size), []).append(cost)
    return found


class _Meter:
    """Times clicks, and in them the calls to Google and the explanations."""

    def __init__(self, office: LocalOffice) -> None:
        self._office = office
        self.costs: dict[str, Cost] = {}
        self._google_s = self._explain_s = 0.0
        self._told = (0, 0)

    @contextmanager
    def counting_parts(self) -> Iterator[None]:
        """Count the processor time of calls to Google and of explanations, while the block runs."""

        def of_google(do: Callable[..., Any]) -> Callable[..., Any]:
            def timed(*args: Any) -> Any:
                begun = _cpu_s()
                try:
                    return do(*args)
                finally:
                    self._google_s += _cpu_s() - begun

            return timed

        def timed_explain(*args: Any, **kwargs: Any) -> Sequence[Explanation]:
            begun = _cpu_s()
            found = explain(*args, **kwargs)
            self._explain_s += _cpu_s() - begun
            self._told = (sum(one.change is not None for one in found), len(found))
            return found

        with (
            patch.object(client, "POLL_S", POLL_S),
            patch.object(GoogleServices, "send", of_google(GoogleServices.send)),
            patch.object(workbooks, "with_long_body", of_google(workbooks.with_long_body)),
            patch.object(build_batch, "explain", timed_explain),
        ):
            yield

    @contextmanager
    def measure(self, action: str) -> Iterator[None]:
        """Time what the block does."""
        # What is drawn after the click before.
        self._office.settle()
        # The objects of the servers, which live in this process too, would be looked at again and again.
        gc.collect()
        gc.freeze()
        self._google_s = self._explain_s = 0.0
        self._told = (0, 0)
        begun, cpu_begun = time.perf_counter(), _cpu_s()
        yield
        ms, cpu_ms = 1000 * (time.perf_counter() - begun), 1000 * (_cpu_s() - cpu_begun)
        gc.unfreeze()
        self.costs[action] = Cost(ms, cpu_ms, 1000 * self._google_s, 1000 * self._explain_s, self._told)


def _cpu_s() -> float:
    """Processor seconds of this process, without its main thread, which plays the person who clicks."""
    person = time.pthread_getcpuclockid(threading.main_thread().ident or 0)
    return time.process_time() - time.clock_gettime(person)


def _play(servers: Servers, setenv: SetEnv, folder: Path, size: Size) -> dict[str, Cost]:
    """One agency, one client with so many rows of backlog, every action once."""
    row_count, people_count = size
    sample = load_agency()
    folder.mkdir(parents=True)
    office = LocalOffice(servers, folder, staff_of(sample)[0])
    meter = _Meter(office)
    agency = open_agency(office, setenv, sample)
    colleagues = _colleagues(sample, people_count - len(sample["specialists"]))
    if colleagues:
        office.paste_below("specialists", "name", colleagues, agency.spreadsheet_id)
    office.create_client(client_name="Benchmark", project_name="Warm", code="WRM", limit_hours=LIMIT_HOURS)
    office.paste_backlog(backlog_rows(sample, row_count))
    # Forecasts of an earlier round would be known: all rounds play the same agency.
    _forecast.cache_clear()
    # The first click of a process loads what it needs.
    click_action(office, "check_book")
    token = office.manager().sign_in()
    with meter.counting_parts(), patch.object(client.MenuClient, "sign_in", lambda _: token):
        play_batch(office, sample, meter.measure)
    office.http.close()
    return meter.costs


def _colleagues(sample: Mapping[str, Any], count: int) -> list[dict[str, str | float]]:
    """People who do the same as those of the sample, each under a name of his own."""
    known = itertools.cycle(sample["specialists"])
    return [
        {
            "name": f"{one['name']} {number}",
            "email": f"{number}.{one['email']}",
            "profiles": ", ".join(one["profiles"]),
            "hours_per_day": one["hours_per_day"],
        }
        for number, one in zip(range(count), known, strict=False)
    ]


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warm", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of the backlog")
    parser.add_argument("--people", type=int, nargs="+", default=PEOPLE, help="sizes of the team")
    parser.add_argument("--repeat", type=int, default=REPEAT_COUNT, help="runs; medians are shown")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vitrina-") as folder:
        costs = run(
            os.environ.__setitem__,
            Path(folder),
            sizes=list(itertools.product(arguments.rows, arguments.people)),
            repeats=arguments.repeat,
        )
    print(as_table(HEADER, list(_lines(costs)), markdown=arguments.markdown))
    above = [
        f"{action} at {rows:,} rows: {ratio:.2f} times its calls to Google; {most} at most"
        for (action, (rows, people)), ones in costs.items()
        if (rows, people) == (JUDGED_ROWS, *PEOPLE)
        and (most := ACTIONS[action]) is not None
        and (ratio := median(one.ratio for one in ones)) > most
    ]
    print("\n".join(above), file=sys.stderr)
    return 1 if above else 0


def _lines(costs: Costs) -> Iterator[tuple[str, ...]]:
    for action, most in ACTIONS.items():
        for (name, (rows, people)), ones in costs.items():
            if name == action:
                yield (
                    action,
                    f"{rows:,}",
                    f"{people}",
                    f"{median(one.ms for one in ones):,.0f}",
                    f"{median(one.cpu_ms for one in ones):,.0f}",
                    f"{median(one.google_cpu_ms for one in ones):,.0f}",
                    f"{median(one.ratio for one in ones):.2f}",
                    str(most) if most and (rows, people) == (JUDGED_ROWS, *PEOPLE) else "",
                    f"{median(one.explain_cpu_ms / one.cpu_ms for one in ones):.0%}",
                    "{} of {}".format(*ones[-1].told) if ones[-1].told[0] else "",
                )


if __name__ == "__main__":
    sys.exit(main())
