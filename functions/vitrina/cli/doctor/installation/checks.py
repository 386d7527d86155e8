"""The checks of an installation, in the order of the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vitrina.bootstrap import account_agencies, connections, open_store
from vitrina.cli.doctor.installation.cloud import Cloud
from vitrina.cli.doctor.installation.fact import (
    Condition,
    Fact,
    UnknownError,
    WrongError,
    expect,
    find_out,
)
from vitrina.cli.doctor.installation.health import ask_function, function_urls
from vitrina.google.verdict import Verdict, load_verdict
from vitrina.operations.clicks.accounts import CALLTOUCH_ACCOUNT, CRM_ACCOUNT, METRICA_ACCOUNT
from vitrina.ports import Json
from vitrina.records.books import find_agencies
from vitrina.settings import Settings

INDEXES = Path(__file__).resolve().parents[5] / "firestore.indexes.json"
#: A task that is tried less often than this may be given up while an outside system is away for minutes.
LEAST_ATTEMPTS = 10


def check_installation(settings: Settings, cloud: Cloud | None = None) -> list[Fact]:
    """Look at every part. Nothing is changed; a part that cannot be seen from here is ``UNKNOWN``."""
    cloud = cloud or Cloud()
    return [
        find_out("settings", lambda: check_settings(settings)),
        find_out("store", lambda: check_store(settings, cloud)),
        find_out("guards", lambda: check_guards(settings)),
        find_out("queue", lambda: check_queue(settings, cloud)),
        find_out("timer", lambda: check_timer(settings, cloud)),
        *(
            find_out(name, partial(ask_function, url, is_local=bool(settings.google_url)))
            for name, url in function_urls(settings).items()
        ),
    ]


def format_facts(facts: Sequence[Fact]) -> str:
    """The lines that the operator reads."""
    width = max(map(len, Condition))
    part_width = max(len(one.part) for one in facts)
    return "\n".join(f"{one.condition:<{width}}  {one.part:<{part_width}}  {one.observed}" for one in facts)


def is_complete(facts: Sequence[Fact]) -> bool:
    """Whether nothing was found to be wrong."""
    return all(one.condition != Condition.WRONG for one in facts)


def check_settings(settings: Settings) -> str:
    """Settings that may be empty, but without which something does not work."""
    needed = {
        "VITRINA_SCHEDULE_URL": settings.schedule_url,
        "VITRINA_TASKS_QUEUE": settings.tasks_queue,
        "VITRINA_KAITEN_URL": settings.kaiten_url,
        "VITRINA_KAITEN_TOKEN": settings.kaiten_token,
        "VITRINA_KAITEN_SPACE_ID": settings.kaiten_space_id,
        # The local server has no shared drives.
        "VITRINA_DRIVE_FOLDER_ID": settings.drive_folder_id or settings.google_url,
    }
    missing = [name for name, value in needed.items() if not value]
    expect(not missing, f"not set: {', '.join(missing)} (docs/settings.md)")
    return "all that new clients, cards, queue and timer need are set"


def check_store(settings: Settings, cloud: Cloud) -> str:
    """The store answers; a database has its indexes, and forgets what expired."""
    count = len(find_agencies(open_store(settings)))
    unnamed = _accounts_without_agency(settings) if count > 1 else []
    expect(
        not unnamed,
        f"it has {count} agencies, and these accounts name none of them, so that nobody may choose them: "
        f"{', '.join(unnamed)} (docs/settings.md, Several agencies)",
    )
    agencies = f"has {count} agencies" if count > 1 else "has an agency"
    holds = agencies if count else "has no agency yet: create-agency comes next"
    if not settings.store.startswith("projects/"):
        return f"the file answers and {holds}"
    if settings.firestore_url:
        return f"Google's emulator answers and {holds}; it needs no indexes"
    database = cloud.database(settings.store)
    expect(database.get("type") == "FIRESTORE_NATIVE", f"it is of the type {database.get('type')}")
    problems = _index_problems(settings.store, cloud)
    expect(not problems, f"{'; '.join(problems)}: run make deploy")
    return f"Firestore in {database.get('locationId')} answers, its indexes are built; it {holds}"


def check_guards(settings: Settings) -> str:
    """What the doctor found out, at its last visit, about the guards of writes; nothing is tried here."""
    verdict = load_verdict(open_store(settings))
    if verdict.tried_at is None:
        raise UnknownError("not tried on this account yet: run doctor without --installation")
    return f"tried at {verdict.tried_at:%Y-%m-%d %H:%M} UTC: {guards_told(verdict)}"


def guards_told(verdict: Verdict) -> str:
    """How workbooks are written after a verdict."""
    if not verdict.broken_guards:
        return "no guard is known to fail, writes are guarded"
    numbers = ", ".join(map(str, verdict.broken_guards))
    return f"{numbers} of docs/assumptions.md do not hold, so each write is checked by reading instead"


def _accounts_without_agency(settings: Settings) -> list[str]:
    """Names of accounts of outside systems of which the operator has not said whose they are."""
    connected = {
        **{one.name: True for one in connections(settings)},
        CRM_ACCOUNT: settings.crm_url,
        METRICA_ACCOUNT: settings.metrica_token,
        CALLTOUCH_ACCOUNT: settings.calltouch_tokens,
    }
    return [name for name, one in connected.items() if one and name not in account_agencies(settings)]


def _index_problems(database: str, cloud: Cloud) -> list[str]:
    """What of ``firestore.indexes.json`` the database lacks."""
    file = json.loads(INDEXES.read_text(encoding="utf-8"))
    [collection] = {one["collectionGroup"] for one in (*file["indexes"], *file["fieldOverrides"])}
    states = {_paths(one): one["state"] for one in cloud.indexes(database, collection)}
    problems = []
    for paths in map(_paths, file["indexes"]):
        state = states.get(paths, "missing")
        if state != "READY":
            problems.append(f"the index by {' and '.join(paths)} is {state}")
    for override in file["fieldOverrides"]:
        path = override["fieldPath"]
        resource = cloud.field(database, collection, path)
        if resource.get("indexConfig", {}).get("indexes"):
            problems.append(f"the field {path} is indexed, which costs time and money")
        if override.get("ttl") and resource.get("ttlConfig", {}).get("state") not in ("ACTIVE", "CREATING"):
            problems.append(f"documents are not deleted by {path}")
    return problems


def _paths(index: Json) -> tuple[str, ...]:
    """The fields of an index, without the document's name, which Firestore adds to each."""
    return tuple(one["fieldPath"] for one in index["fields"] if one["fieldPath"] != "__name__")


def check_queue(settings: Settings, cloud: Cloud) -> str:
    """The queue runs, and does not give up early."""
    expect(settings.tasks_queue, "VITRINA_TASKS_QUEUE is not set")
    queue = (Cloud(settings.tasks_url) if settings.tasks_url else cloud).queue(settings.tasks_queue)
    attempts = int(queue.get("retryConfig", {}).get("maxAttempts", 0))
    at_once = queue.get("rateLimits", {}).get("maxConcurrentDispatches", "?")
    expect(queue.get("state") == "RUNNING", f"it is {queue.get('state')}: gcloud tasks queues resume")
    # Without a limit (-1) the queue never gives up.
    expect(
        attempts < 0 or attempts >= LEAST_ATTEMPTS,
        f"it gives a task up after {attempts} attempts: run make deploy",
    )
    return f"it runs {at_once} tasks at once and tries each {attempts} times"


def check_timer(settings: Settings, cloud: Cloud) -> str:
    """A job of Cloud Scheduler calls ``schedule`` with the right audience, and was answered."""
    url = settings.schedule_url
    expect(url, "VITRINA_SCHEDULE_URL is not set")
    if settings.google_url:
        raise UnknownError("on one machine nobody else sees what calls schedule")
    location = settings.tasks_queue.partition("/queues/")[0]
    job = next((one for one in cloud.jobs(location) if _target(one).get("uri") == url), None)
    if job is None:
        raise WrongError(f"no job in {location} calls {url}: run make deploy")
    audience = _target(job).get("oidcToken", {}).get("audience")
    expect(audience == url, f"its tokens are for {audience}, not for {url}: run make deploy")
    expect(job.get("state") == "ENABLED", f"it is {job.get('state')}: gcloud scheduler jobs resume")
    if "lastAttemptTime" not in job:
        raise UnknownError(f"it has not called yet; it calls at {job.get('schedule')}")
    code = job.get("status", {}).get("code", 0)
    expect(not code, f"its last call failed with the code {code}: see the log of schedule")
    return f"it calls at {job.get('schedule')}; its last call, at {job['lastAttemptTime']}, was answered"


def _target(job: Json) -> Json:
    target: Json = job.get("httpTarget", {})
    return target
