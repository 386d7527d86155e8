"""``python -m benchmarks.webhook_burst``: a burst of webhooks, with the limits of Google and Kaiten.

Cards of all clients are changed at once, with a webhook for each change. Google allows 60 reads and 60 writes
a minute. The benchmark measures how fast a webhook is answered, and how long it takes until the cell shows
the change, compared with the best time that the quota allows. The exit code is 1 if a cell is wrong in the
end, if more was written in any minute than the quota allows, if a call was refused for it, or if a target
below is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import quantiles

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.burst import (
    Burst,
    Client,
    answers_s,
    create_clients,
    most_in_a_minute,
    observing,
    send_webhooks,
    wrong_cells,
)
from emulators.common.firestore import STORES, running_store
from emulators.world.processes import QUEUE, Person
from tests.harness.cluster import running_cluster
from tests.harness.local_office import LocalOffice
from vitrina.settings import Settings
from vitrina.workbook.template.definition import Profile

QUOTA_PER_MINUTE = 60
#: Calls a second of one user that Kaiten accepts, as measured by others.
KAITEN_LIMIT_PER_S = 50
CARDS = 4
WORKERS = 4
TIMEOUT_S = 300.0
PROFILE = "design"
MANAGER = "manager@mayak.example"
PEOPLE = [Person(f"Специалист {n}", f"specialist{n}@mayak.example", 10 + n) for n in range(1, 6)]

#: Settings of the queue in docs/deploy.md.
DEPLOYED_QUEUE = {
    "rateLimits": {"maxConcurrentDispatches": 8},
    "retryConfig": {"maxAttempts": 20, "minBackoff": "1s", "maxBackoff": "60s"},
}

#: Webhooks sent one by one before the burst.
CALM_WEBHOOKS = 200
#: Nineteen of twenty webhooks must be answered within these times, before the burst and in it. In the burst
#: one machine runs emulators, functions and senders.
CALM_TARGET_MS = 50.0
BURST_TARGET_MS = 1000.0
#: Largest delay of the last cell against the best time that the quota allows: one minute of the quota.
LATENESS_TARGET_S = 70.0


@dataclass(frozen=True)
class Outcome:
    """Result of a burst."""

    calm_s: Sequence[float]
    burst: Burst
    wrong: Sequence[str]
    reads_at: Sequence[float]
    writes_at: Sequence[float]
    refused: int
    dispatches: int
    postponed: int

    @property
    def calm_ms(self) -> list[float]:
        """Times of the answers before the burst."""
        return [1000 * one for one in self.calm_s]

    @property
    def burst_ms(self) -> list[float]:
        """Times of the answers in the burst."""
        return [1000 * event.answer_s for event in self.burst.events]

    def missed_targets(self) -> list[str]:
        """A sentence for each target that was missed."""
        found = [*self.wrong]
        unanswered = sum(event.answer_status != 200 for event in self.burst.events)
        if unanswered:
            found.append(f"{unanswered} webhooks were not answered with 200")
        for name, moments in (("reads", self.reads_at), ("writes", self.writes_at)):
            most = most_in_a_minute(moments)
            if most > QUOTA_PER_MINUTE:
                found.append(f"{most} {name} in one minute; {QUOTA_PER_MINUTE} at most")
        if self.refused:
            found.append(f"Google refused {self.refused} calls")
        for name, answers_ms, target_ms in (
            ("before the burst", self.calm_ms, CALM_TARGET_MS),
            ("in the burst", self.burst_ms, BURST_TARGET_MS),
        ):
            p95_ms = _figures(answers_ms)[1]
            if p95_ms > target_ms:
                found.append(f"p95 of the answers {name} is {p95_ms:.0f} ms; {target_ms:.0f} at most")
        late_s = max(self.burst.delays_s()) - max(self.burst.ideal_delays_s(QUOTA_PER_MINUTE))
        if late_s > LATENESS_TARGET_S:
            found.append(
                f"the last cell is {late_s:.0f} s later than it could be; {LATENESS_TARGET_S:.0f} at most"
            )
        return found


def _figures(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and maximum."""
    cuts = quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    return cuts[9], cuts[18], max(values)


def play(
    folder: Path,
    *,
    webhooks: int,
    workbooks: int,
    seconds: float,
    workers: int,
    quota: int,
    firestore_url: str,
) -> Outcome:
    """Set up the agency, send the webhooks, and wait until the cells are right."""
    with running_cluster(folder, workers=workers) as cluster:
        office = LocalOffice(cluster.servers, folder, MANAGER, firestore_url=firestore_url)
        real_time = {"VITRINA_NOW": "", "VITRINA_QUOTA_PER_MINUTE": str(quota)}
        office.reset(
            os.environ.__setitem__, people=PEOPLE, now=datetime.now().astimezone(), settings=real_time
        )
        office.http.patch(f"{cluster.servers.tasks}/v2/{QUEUE}", json=DEPLOYED_QUEUE).raise_for_status()
        settings = {name: text for name, text in os.environ.items() if name.startswith("VITRINA_")}
        with cluster.functions(settings):
            began_at = time.monotonic()
            office.set_up_agency(
                name="Маяк",
                profiles=[Profile(PROFILE, "Дизайн")],
                team=[
                    {
                        "name": one.name,
                        "email": one.email,
                        "profiles": "Дизайн",
                        "hours_per_day": 8,
                        "tracker_id.kaiten": str(one.kaiten_id),
                    }
                    for one in PEOPLE
                ],
                history={},
            )
            clients = create_clients(office, workbooks, cards=CARDS, profile=PROFILE)
            office.settle()
            print(f"{workbooks} clients with {CARDS} cards each made in {time.monotonic() - began_at:.0f} s")
            return _run_burst(office, clients, webhooks=webhooks, seconds=seconds)


def _run_burst(office: LocalOffice, clients: Sequence[Client], *, webhooks: int, seconds: float) -> Outcome:
    google, tasks, kaiten = (office.servers.url(name) for name in ("google", "tasks", "kaiten"))
    office.http.post(f"{kaiten}/_emulator/rate-limit", json={"limit_per_s": KAITEN_LIMIT_PER_S})
    before = {task["name"] for task in office.http.get(f"{tasks}/_emulator/tasks").json()["tasks"]}
    webhook_url = f"{os.environ['VITRINA_WEBHOOK_URL']}/kaiten/{os.environ['VITRINA_WEBHOOK_SECRET']}"
    user_ids = [one.kaiten_id for one in PEOPLE]
    first = clients[0].rows[0]
    calm_s = answers_s(office, first, count=CALM_WEBHOOKS, user_id=user_ids[0], webhook_url=webhook_url)
    office.settle()
    limits = {"reads_per_minute": QUOTA_PER_MINUTE, "writes_per_minute": QUOTA_PER_MINUTE}
    office.http.post(f"{google}/_emulator/quota", json=limits).raise_for_status()
    burst = Burst()
    with observing(office, clients) as observations:
        burst.observations = observations
        burst.events = send_webhooks(
            office,
            clients,
            webhooks=webhooks,
            seconds=seconds,
            user_ids=user_ids,
            webhook_url=webhook_url,
        )
        lasted_s = max(event.at for event in burst.events) - min(event.at for event in burst.events)
        print(f"{webhooks} webhooks sent in {lasted_s:.1f} s; waiting for the cells")
        give_up_at = time.monotonic() + TIMEOUT_S
        while max(burst.delays_s()) == float("inf") and time.monotonic() < give_up_at:
            time.sleep(0.5)
    told = [
        task
        for task in office.http.get(f"{tasks}/_emulator/tasks").json()["tasks"]
        if task["name"] not in before
    ]
    office.http.post(f"{kaiten}/_emulator/rate-limit", json={"limit_per_s": 10 * KAITEN_LIMIT_PER_S})
    quota = office.http.get(f"{google}/_emulator/quota").json()
    return Outcome(
        calm_s,
        burst,
        wrong_cells(office, clients),
        quota["reads"]["accepted_at"],
        quota["writes"]["accepted_at"],
        quota["reads"]["refused"] + quota["writes"]["refused"],
        dispatches=sum(len(task["attempts"]) for task in told),
        postponed=sum(status != 200 for task in told for status in task["attempts"]),
    )


def report(outcome: Outcome) -> str:
    """The figures as a table."""
    burst = outcome.burst
    rows = [
        ("webhook → answer, ms", outcome.burst_ms),
        ("  before the burst, ms", outcome.calm_ms),
        ("event → cell, s", burst.delays_s()),
        ("  the quota's limit, s", burst.ideal_delays_s(QUOTA_PER_MINUTE)),
    ]
    lines = [f"{'':24}{'median':>9}{'p95':>9}{'max':>9}"]
    lines += [f"{name:24}" + "".join(f"{one:9.1f}" for one in _figures(values)) for name, values in rows]
    reads, writes = outcome.reads_at, outcome.writes_at
    lines += [
        "",
        f"reads:  {len(reads):4} in all, {most_in_a_minute(reads):3} at most in a minute",
        f"writes: {len(writes):4} in all, {most_in_a_minute(writes):3} at most in a minute",
        f"refused by Google: {outcome.refused}; wrong cells: {len(outcome.wrong)}",
        f"tasks sent out: {outcome.dispatches}, of which to be repeated: {outcome.postponed}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook_burst", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=1000)
    parser.add_argument("--workbooks", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long the burst lasts")
    parser.add_argument("--workers", type=int, default=WORKERS, help="functions processes")
    parser.add_argument(
        "--quota",
        type=int,
        default=Settings.quota_per_minute,
        help="VITRINA_QUOTA_PER_MINUTE; with far more than Google's own, Google has to refuse",
    )
    parser.add_argument("--store", choices=STORES, default=STORES[0], help="where the documents are")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="vitrina-") as folder,
        running_store(arguments.store, Path(folder)) as firestore_url,
    ):
        outcome = play(
            Path(folder),
            webhooks=arguments.webhooks,
            workbooks=arguments.workbooks,
            seconds=arguments.seconds,
            workers=arguments.workers,
            quota=arguments.quota,
            firestore_url=firestore_url,
        )
    print(report(outcome))
    found = outcome.missed_targets()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
