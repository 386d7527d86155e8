"""Job of the clock that reads the facts of all metrics with a source, three projects at a time.

Each project is read about once a day. The last days are read again each time, because sources correct them.
What is wrong with one source does not stop the others: why its facts are missing is kept, and told to the
agency once. One process reads at a time, under a lease, so that the quotas of the sources are kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import date, timedelta

from msgspec import Struct, field

from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    FatalServiceError,
    RetriableServiceError,
    ServiceError,
)
from vitrina.jobs.metrics.outcome import REASONS, TOKEN_DEAD, Reading, outcome_of
from vitrina.jobs.metrics.tell import tell_gaps, tell_login
from vitrina.jobs.reconcile import PERIOD_S
from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import task_name, wish_keys
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.metrics.facts import ProjectFacts, facts_key
from vitrina.records.metrics.logins import DeadLogin, load_dead_logins, login_key
from vitrina.records.metrics.sources import ChosenSource, MetricSources, find_due
from vitrina.records.packing import Tracked
from vitrina.usecases.metrics.wishes import cells_wish, facts_wish

log = logging.getLogger("vitrina.metrics")

#: Projects that are read at the same time.
PARALLEL = 3
#: Most projects of one task; further ones are left to the next task.
MOST_AT_ONCE = 60
#: Readings in a row that get no answer, after which a system is asked no more by this task.
MOST_SILENT = 3
#: Seconds after which a run that waits for sources extends its lease.
HEARTBEAT_S = 20.0
#: Days that are read again each time; deals go on changing their stage.
AGAIN_DAYS, AGAIN_DAYS_OF = 3, {"crm": 60}
#: Days that are read the first time: more where a long range is one call.
FIRST_DAYS, FIRST_DAYS_OF = 60, {"metrica": 396, "sheet": 396, "pasted": 396}
#: Most days that are read for a metric that has been counted for long.
MOST_DAYS = 396

#: System and login of a source.
Login = tuple[str, str]


def plan_facts(services: Services) -> int:
    """Queue a reading where a project is due; return 1 if there is one."""
    if not services.metrics:
        return 0
    now = services.clock.now()
    if not find_due(services.store, now, 1):
        return 0
    # Named after its period, so that a repeat within it queues nothing.
    services.queue.add(task_name("facts-due", "", int(now.timestamp() // PERIOD_S)), {"kind": "facts"})
    return 1


def read_facts(services: Services, body: Json) -> None:
    """Read the sources of all projects that are due.

    Raises
    ------
    BusyError
        If another task reads: the queue tries again.
    """
    run = Run(services, CLOCK)
    with ending(run):
        run.take("metrics")
        known = services.store.get_many(wish_keys(body))
        due = find_due(services.store, services.clock.now(), MOST_AT_ONCE)
        _read(run, due)
        if len(due) == MOST_AT_ONCE:
            run.queue_at_end(facts_wish(services))
        run.fulfil_at_end(body, known)


def _read(run: Run, due: Sequence[Tracked[MetricSources]]) -> None:
    services, today = run.services, run.services.today()
    years = range((today - timedelta(days=MOST_DAYS)).year, today.year + 1)
    keys = [facts_key(tracked.value.spreadsheet_id, year) for tracked in due for year in years]
    documents = services.store.get_many(keys) if keys else {}
    dead: dict[Login, AccessDeniedError] = {}
    silence = Silence()
    projects = [
        _Project(
            services,
            tracked,
            ProjectFacts(services.store, documents, tracked.value.spreadsheet_id, years),
            dead,
            silence,
        )
        for tracked in due
    ]
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="facts") as pool:
        pending: dict[Future[list[Reading]], _Project] = {
            # How long a silent source is waited for goes with the context.
            pool.submit(copy_context().run, project.read): project
            for project in projects
        }
        while pending:
            ended, _ = wait(pending, timeout=HEARTBEAT_S, return_when=FIRST_COMPLETED)
            for future in ended:
                _try_to_keep(run, pending.pop(future), future)
            # Also where nothing was kept: the lease holds as long as sources are waited for.
            run.commit()
    _keep_logins(run, projects, dead)


class Silence:
    """Systems that do not answer: each further call would wait as long as the last ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[str, list[ServiceError]] = {}

    def note(self, system: str, error: ServiceError | None) -> None:
        """Note how a reading ended; an answer ends the silence."""
        with self._lock:
            if isinstance(error, RetriableServiceError):
                self._errors.setdefault(system, []).append(error)
            else:
                self._errors.pop(system, None)

    def of(self, system: str) -> ServiceError | None:
        """The error of a system that has not answered ``MOST_SILENT`` times in a row."""
        with self._lock:
            errors = self._errors.get(system, [])
            return errors[-1] if len(errors) >= MOST_SILENT else None


class _Project(Struct, frozen=True):
    """A project whose sources are read; *dead* and *silence* are shared by all of them."""

    services: Services
    tracked: Tracked[MetricSources]
    facts: ProjectFacts
    dead: dict[Login, AccessDeniedError]
    silence: Silence
    #: Logins that gave an answer.
    alive: set[Login] = field(default_factory=set)

    def read(self) -> list[Reading]:
        """Read all accounts, one after the other. Writes nothing; called in a thread."""
        return [self._read(*key, sources) for key, sources in self._by_account().items()]

    def _by_account(self) -> dict[tuple[str, str, date], tuple[ChosenSource, ...]]:
        """Sources that one call can read: of one account and from the same day on."""
        series, groups = self.facts.series, dict[tuple[str, str, date], tuple[ChosenSource, ...]]()
        last = self.services.today() - timedelta(days=1)
        for number, source in self.tracked.value.chosen.items():
            first = last - timedelta(days=FIRST_DAYS_OF.get(source.system, FIRST_DAYS))
            if source.since_on:
                first = min(first, date.fromisoformat(source.since_on))
            known = series.get(number)
            newest = known.last_known if known and known.origin == source.origin else None
            is_begun_before = bool(source.since_on) and source.since_on < min(
                (day.isoformat() for day in (known.days if known else ())), default=""
            )
            if known is not None and newest is not None and not is_begun_before:
                settled = min(date.fromisoformat(known.settled_to), newest)
                again = AGAIN_DAYS_OF.get(source.system, AGAIN_DAYS)
                first = settled - timedelta(days=again - 1)
            first = min(max(first, last - timedelta(days=MOST_DAYS)), last)
            key = source.system, source.account_id, first
            groups[key] = (*groups.get(key, ()), source)
        return groups

    def _read(self, system: str, account_id: str, first: date, sources: tuple[ChosenSource, ...]) -> Reading:
        last = self.services.today() - timedelta(days=1)
        service = self.services.metrics.get(system)
        if service is None:
            unknown = FatalServiceError("metrics.not_connected", service=system)
            return Reading(sources, first, last, error=unknown)
        login = (system, service.login_of(account_id))
        known = self.dead.get(login) or self.silence.of(system)
        if known is not None:
            return Reading(sources, first, last, error=known)
        measures = tuple(dict.fromkeys(one.measure_id for one in sources))
        try:
            found = service.source(account_id).read(measures, first, last)
        except AccessDeniedError as error:
            if REASONS.get(error.code) == TOKEN_DEAD:
                # The other accounts of this login would be refused as well.
                self.dead[login] = error
            return Reading(sources, first, last, error=error)
        except ServiceError as error:
            self.silence.note(system, error)
            return Reading(sources, first, last, error=error)
        except Exception:
            log.exception("source not read", extra={"workbook": self.tracked.value.spreadsheet_id})
            unread = FatalServiceError("metrics.shape", service=service.name)
            return Reading(sources, first, last, error=unread)
        self.silence.note(system, None)
        self.alive.add(login)
        return Reading(sources, first, last, found)


def _try_to_keep(run: Run, project: _Project, future: Future[list[Reading]]) -> None:
    """Keep what was read of a project; one that cannot be kept does not stop the others.

    Raises
    ------
    BusyError
        If another task reads, or the store is busy.
    """
    try:
        _keep(run, project, future.result())
    except BusyError:
        raise
    except Exception:
        run.drop_final_writes()
        log.exception("facts not kept", extra={"workbook": project.tracked.value.spreadsheet_id})


def _keep(run: Run, project: _Project, readings: Sequence[Reading]) -> None:
    """Keep what was read of a project, have it written into the workbook, and tell of new gaps."""
    services = run.services
    before, known = project.tracked.value, project.facts.series
    outcome = outcome_of(before, known, readings, services.clock.now(), services.time_zone)
    run.at_end(updates=[project.tracked.change(outcome.applied)])
    if outcome.series != known:
        run.at_end(updates=project.facts.changes(outcome.series))
    if outcome.series != known or outcome.gaps != before.gaps:
        run.queue_at_end(cells_wish(services, before.spreadsheet_id))
    tell_gaps(run, before, outcome.new_gaps)
    run.carry_out_final_writes()


def _keep_logins(run: Run, projects: Sequence[_Project], dead: Mapping[Login, AccessDeniedError]) -> None:
    """Tell of each dead token once, and forget the ones that work again."""
    by_login: dict[tuple[str, Login], int] = {}
    alive: set[tuple[str, Login]] = set()
    for project in projects:
        agency_id = project.tracked.value.agency_id
        alive |= {(agency_id, login) for login in project.alive}
        for login in {
            _login(project.services, one) for one in project.tracked.value.chosen.values()
        } & dead.keys():
            by_login[agency_id, login] = by_login.get((agency_id, login), 0) + 1
    keys = {one: login_key(one[0], *one[1]) for one in (*by_login, *alive)}
    known = load_dead_logins(run.services.store, keys.values()) if keys else {}
    now = run.services.clock.now().isoformat()
    for (agency_id, login), count in by_login.items():
        if keys[agency_id, login] not in known:
            record = DeadLogin(agency_id, *login, now)
            run.at_end(record.put())
            tell_login(run, record, dead[login].service, count)
    for one in alive - by_login.keys():
        if keys[one] in known:
            run.at_end(known[keys[one]].delete())


def _login(services: Services, source: ChosenSource) -> Login:
    service = services.metrics.get(source.system)
    return source.system, service.login_of(source.account_id) if service is not None else ""
