"""Health of a function: ``GET <function>/health``, asked by the deployment, the doctor and monitoring.

It needs no token and tells a stranger nothing: the release, and whether settings and store are well. The
reasons are in the log. A question costs at most one read of the store in ``KEEP_S`` seconds.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from flask import Request, Response

from vitrina import __version__
from vitrina.deadline import limited_to, patient_for
from vitrina.errors import ConfigurationError, RetriableServiceError, VitrinaError
from vitrina.logs import one_request
from vitrina.ports import Key
from vitrina.settings import Settings
from vitrina.web.http import OTHER_BODY_BYTES, OpenApplication, limit_body, response

log = logging.getLogger("vitrina.health")

#: States of settings and store.
OK, WRONG, NO_ANSWER, NOT_ASKED = "ok", "wrong", "no answer", "not asked"

#: Last part of the path.
HEALTH = "health"
#: Seconds that an answer waits for the store, and for which what it said is told again.
TIMEOUT_S, KEEP_S = 5.0, 10.0
#: How long work of the queue waits in all for a system that does not answer.
PATIENCE_S = 40.0
#: A document that every store may have; it need not be there.
_ANY_KEY: Key = ("meta", "schema")

Handle = Callable[[Request, OpenApplication], Response]


def serve(
    request: Request, application: OpenApplication, handle: Handle, *, limit_s: float = math.inf
) -> Response:
    """Answer a question about the function's health; every other request is answered by *handle*.

    After *limit_s* seconds no outside call is begun or waited for; no system that is silent is waited for
    longer than ``PATIENCE_S``.
    """
    if request.method in ("GET", "HEAD") and request.path.rstrip("/").endswith(f"/{HEALTH}"):
        return _answer(request, application)
    with one_request(), limited_to(limit_s), patient_for(PATIENCE_S):
        return handle(request, application)


def _answer(request: Request, application: OpenApplication) -> Response:
    limit_body(request, OTHER_BODY_BYTES)
    try:
        settings = Settings.from_environment()
    except (ConfigurationError, ValueError) as error:
        # A setting that is no number or no moment is a ValueError.
        log.error("settings are wrong: %s", error)  # noqa: TRY400 - the sentence names what is missing
        states = {"settings": WRONG, "store": NOT_ASKED}
    else:
        states = {"settings": OK, "store": _STORE.state(settings, application)}
    is_well = set(states.values()) == {OK}
    answer = response({"version": __version__, **states}, 200 if is_well else 503)
    answer.headers["Cache-Control"] = "no-store"
    return answer


class StoreCheck:
    """Asks the store of this process, one question at a time, and remembers the answer for a while."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, keep_s: float = KEEP_S) -> None:
        self._timeout_s = timeout_s
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._asked_at = 0.0
        self._state: Future[str] = Future()

    def state(self, settings: Settings, application: OpenApplication) -> str:
        """``OK``, ``WRONG``, or ``NO_ANSWER`` if the store does not answer in time."""
        with self._lock:
            is_old = self._state.done() and time.monotonic() - self._asked_at > self._keep_s
            if settings != self._settings or is_old:
                self._settings, self._asked_at, self._state = settings, time.monotonic(), Future()
                threading.Thread(target=_ask, args=(application, self._state), daemon=True).start()
            state, give_up_at = self._state, self._asked_at + self._timeout_s
        try:
            return state.result(max(0.0, give_up_at - time.monotonic()))
        except TimeoutError:
            return NO_ANSWER


_STORE = StoreCheck()


def _ask(application: OpenApplication, state: Future[str]) -> None:
    try:
        application().services.store.get_many([_ANY_KEY])
    except RetriableServiceError as error:
        log.warning("the store does not answer: %s", error.code)
        state.set_result(NO_ANSWER)
    except VitrinaError as error:
        log.error("the store is wrong: %s", error)  # noqa: TRY400 - our own sentence says enough
        state.set_result(WRONG)
    except Exception:
        log.exception("unexpected")
        state.set_result(WRONG)
    else:
        state.set_result(OK)
