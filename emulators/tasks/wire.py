"""Converts requests and answers with Google's own message types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.cloud import tasks_v2
from google.protobuf import json_format  # type: ignore[import-untyped]

from emulators.tasks.errors import GoogleError
from emulators.tasks.models import Json, Settings, Task

BASIC, FULL = 1, 2
DEFAULT_DEADLINE_S = 600.0
DEADLINE_RANGE_S = (15.0, 1800.0)


def parse(kind: Any, body: Any) -> Json:
    """The message as plain data, with enums as numbers; error 400 if *body* is not such a message."""
    try:
        message = json_format.ParseDict(body, kind.pb(kind()))
    except json_format.ParseError as error:
        raise GoogleError(400, f"Invalid JSON payload received. {error}") from None
    plain: Json = json_format.MessageToDict(message, use_integers_for_enums=True)
    return plain


def new_task(task: Json) -> tuple[Json, float | None, float]:
    """``(httpRequest, due_at, deadline_s)`` of the task of a create call."""
    request = task.get("httpRequest")
    if request is None:
        raise GoogleError(501, "The emulator does not model tasks for App Engine")
    if "oauthToken" in request:
        raise GoogleError(501, "The emulator does not model oauthToken")
    if not str(request.get("url", "")).startswith(("http://", "https://")):
        raise GoogleError(400, "HttpRequest.url must start with 'http://' or 'https://'.")
    if "body" in request and request.get("httpMethod", 1) not in (1, 4, 6):
        raise GoogleError(400, "HTTP request body is only allowed for POST, PUT and PATCH.")
    deadline_s = seconds(task["dispatchDeadline"]) if "dispatchDeadline" in task else DEFAULT_DEADLINE_S
    if not DEADLINE_RANGE_S[0] <= deadline_s <= DEADLINE_RANGE_S[1]:
        raise GoogleError(400, "Task.dispatchDeadline must be between 15s and 1800s.")
    due_at = epoch(task["scheduleTime"]) if "scheduleTime" in task else None
    return request, due_at, deadline_s


def task_to_json(task: Task, view: int) -> Json:
    """A Task resource; the payload only in the full view."""
    request = {key: value for key, value in task.http_request.items() if view == FULL or key != "body"}
    shown: Json = {
        "name": task.name,
        "httpRequest": {"httpMethod": 1, **request},
        "scheduleTime": rfc3339(task.due_at),
        "createTime": rfc3339(task.created_at),
        "dispatchDeadline": f"{task.deadline_s:g}s",
        "dispatchCount": task.dispatch_count,
        "responseCount": task.response_count,
        "view": view,
    }
    if task.attempts:
        shown["firstAttempt"] = {"dispatchTime": rfc3339(task.attempts[0]["dispatchTime"])}
        shown["lastAttempt"] = {
            key: rfc3339(task.attempts[-1][key])
            for key in ("scheduleTime", "dispatchTime", "responseTime")
            if key in task.attempts[-1]
        }
    return shown


def settings_from(queue: Json, present: Settings) -> Settings:
    """Settings of a Queue resource; settings that it does not name do not change."""
    limits, retries = queue.get("rateLimits", {}), queue.get("retryConfig", {})
    if "maxRetryDuration" in retries and seconds(retries["maxRetryDuration"]):
        raise GoogleError(501, "The emulator does not model retryConfig.maxRetryDuration")
    return Settings(
        max_attempts=retries.get("maxAttempts", present.max_attempts),
        min_backoff_s=seconds(retries["minBackoff"]) if "minBackoff" in retries else present.min_backoff_s,
        max_backoff_s=seconds(retries["maxBackoff"]) if "maxBackoff" in retries else present.max_backoff_s,
        max_doublings=retries.get("maxDoublings", present.max_doublings),
        max_concurrent_dispatches=limits.get("maxConcurrentDispatches", present.max_concurrent_dispatches),
        max_dispatches_per_second=limits.get("maxDispatchesPerSecond", present.max_dispatches_per_second),
        is_paused=present.is_paused,
    )


def queue_to_json(name: str, settings: Settings) -> Json:
    """A Queue resource."""
    return {
        "name": name,
        "rateLimits": {
            "maxDispatchesPerSecond": settings.max_dispatches_per_second,
            "maxConcurrentDispatches": settings.max_concurrent_dispatches,
        },
        "retryConfig": {
            "maxAttempts": settings.max_attempts,
            "minBackoff": f"{settings.min_backoff_s:.9f}s",
            "maxBackoff": f"{settings.max_backoff_s:.9f}s",
            "maxDoublings": settings.max_doublings,
        },
        "state": "PAUSED" if settings.is_paused else "RUNNING",
    }


def epoch(text: str) -> float:
    """RFC 3339 to seconds."""
    return datetime.fromisoformat(text).timestamp()


def rfc3339(moment: float) -> str:
    """Seconds to RFC 3339."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """A duration as JSON writes it: ``3.5s``."""
    return float(text.removesuffix("s"))


CREATE_TASK = tasks_v2.CreateTaskRequest
RUN_TASK = tasks_v2.RunTaskRequest
QUEUE = tasks_v2.Queue
