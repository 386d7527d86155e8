"""Control endpoints that every emulator has beside the API of its service.

====================================  =========================================================
``POST   /_emulator/reset``           delete the state, faults, latency and counts
``POST   /_emulator/seed``            load a state (the form depends on the service, or a saved state)
``GET    /_emulator/state``           the whole state, as in its state file
``POST   /_emulator/save-state``      ``{"name"}``: copy the state in memory; a reset keeps the copy
``POST   /_emulator/restore-state``   ``{"name"}``: restore the state that was saved under that name
``GET    /_emulator/calls``           ``{"total": n, "counts": {"sheets.spreadsheets.get": n}}``
``DELETE /_emulator/calls``           start counting from zero
``POST   /_emulator/fail-next``       ``{"count", "status", "method", "retry_after"}``
``POST   /_emulator/plan``            ``[{"at", "when", "method", "status", "retry_after", "delay_s",
                                      "hold", "do"}]``
``GET    /_emulator/plan``            ``{"refusals": [...], "waiting": n}``: calls that wait in a step
``DELETE /_emulator/plan``            remove the steps that have not happened yet, release held calls
``POST   /_emulator/plan/release``    let held calls continue: ``{"released": n}``
``POST   /_emulator/latency``         ``{"seconds": 0.2}``
``GET    /_emulator/version``         ``{"version": n}``, grows with every change of the state
====================================  =========================================================

``status`` of *fail-next* is an HTTP status, ``"timeout"`` (the call is applied, then the
connection is closed without an answer) or ``"drop"`` (closed before the call is applied).
``method`` limits the fault to calls whose name starts with it.

A step of the *plan* happens at one future call: the ``at``-th from now, counted from one over the calls
whose name starts with ``method``. The step fails the call with ``status``, or does ``do`` right ``before``
the call (or ``after`` it was carried out); the possible actions depend on the service. If the action is
refused, ``GET /_emulator/plan`` shows the refusal.

A step may also make the call wait, for ``delay_s`` seconds or, with ``hold``, until it is released. With
``before`` the call is received now and carried out later; with ``after`` it is carried out now and answered
later. Both continue after the caller stopped waiting: the result of the call may appear after the caller's
next read.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, jsonify, request

from emulators.common.plan import PassingCall, Plan, Step

CONTROL_PREFIX = "/_emulator"
#: Seconds after which a held call continues by itself, so that a test that forgot it ends.
LONGEST_HOLD_S = 60.0


@dataclass
class Fault:
    """The next *count* calls whose name starts with *method* fail with *status*."""

    count: int
    status: int | str
    method: str = ""
    retry_after: float | None = None


class Control:
    """Counts, faults and latency of one emulator.

    Parameters
    ----------
    name_call
        Returns the name of the API method of the current Flask request, or ``None`` for a request
        that is not a call of the API and is neither counted nor failed.
    fault_response
        Builds the service's answer for a failed call, ``(status, retry_after)`` -> response.
    reset, seed
        Change the state of the service.
    snapshot
        Returns the state as JSON-able data.
    save_state
        Returns an unchanging copy of the state, in the cheapest form.
    restore_state
        Restores the state from the result of *save_state*.
    act
        Carries out the action of a step; raises an error with a message if it is refused.
    """

    def __init__(
        self,
        *,
        name_call: Callable[[], str | None],
        fault_response: Callable[[int, float | None], Response],
        reset: Callable[[], None],
        seed: Callable[[Any], Any],
        snapshot: Callable[[], Any],
        save_state: Callable[[], Any],
        restore_state: Callable[[Any], None],
        act: Callable[[Any], None] | None = None,
    ) -> None:
        self._name_call = name_call
        self._fault_response = fault_response
        self._reset = reset
        self._seed = seed
        self._snapshot = snapshot
        self._save_state = save_state
        self._restore_state = restore_state
        self._saved: dict[str, Any] = {}
        self._act = act
        #: May be replaced by the plan of another emulator, so that both count together.
        self.plan = Plan()
        #: Prefix of the names of calls in a plan that several emulators share.
        self.prefix = ""
        self._refusals: list[str] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._latency_s = 0.0
        self._version = 0
        #: Count of calls that wait in a step now.
        self._waiting = 0
        #: Held calls that have not been released.
        self._held: list[threading.Event] = []

    def touch(self) -> None:
        """Note that the state changed, so that a page reads it again."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def install(self, app: Flask) -> None:
        """Add the hooks and the control endpoints to *app*."""
        app.extensions["control"] = self
        app.before_request(self._before_call)
        app.after_request(self._after_call)
        app.register_blueprint(self._blueprint())

    def _before_call(self) -> Response | None:
        if request.path.startswith(CONTROL_PREFIX):
            return None
        name = self._name_call()
        if name is None:
            return None
        with self._lock:
            self._counts[name] += 1
            fault = self._take_fault(name)
            latency_s = self._latency_s
        if latency_s:
            time.sleep(latency_s)
        g.passing_call = PassingCall(self.prefix + name, int(request.environ.get("REMOTE_PORT") or 0))
        g.steps = self.plan.meet(g.passing_call.name)
        for step in g.steps:
            if step.when == "before":
                fault = self._take(step) or fault
        if fault is None:
            return None
        if fault.status == "timeout":
            g.drop_answer = True
            return None
        if fault.status == "drop":
            _close_connection()
            return Response(status=500)
        return self._fault_response(int(fault.status), fault.retry_after)

    def _take_fault(self, name: str) -> Fault | None:
        for fault in self._faults:
            if name.startswith(fault.method):
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _take(self, step: Step) -> Fault | None:
        """Carry out a step; return its fault."""
        if step.hold or step.delay_s:
            self._wait_in(step)
        if step.act is not None:
            step.act(g.passing_call)
        return None if step.status is None else Fault(1, step.status, retry_after=step.retry_after)

    def _wait_in(self, step: Step) -> None:
        # Read the body now, because the caller may close the connection while the call waits.
        request.get_data()
        released = threading.Event()
        with self._lock:
            self._waiting += 1
            if step.hold:
                self._held.append(released)
        if step.hold:
            released.wait(LONGEST_HOLD_S)
        time.sleep(step.delay_s)
        with self._lock:
            self._waiting -= 1

    def _release(self) -> int:
        """Let held calls continue; return their count."""
        with self._lock:
            held, self._held = self._held, []
        for released in held:
            released.set()
        return len(held)

    def _after_call(self, response: Response) -> Response:
        for step in g.get("steps", ()):
            if step.when == "after":
                self._take(step)
        if g.get("drop_answer"):
            _close_connection()
        return response

    def _step(self, body: dict[str, Any]) -> Step:
        """A step of the plan from JSON; raises ``TypeError`` or ``ValueError`` if it is wrong."""
        fields = dict(body)
        wanted = fields.pop("do", None)
        if wanted is None:
            return Step(**fields)
        if self._act is None:
            raise ValueError("there is nothing that could be done here; fail the call instead")
        act = self._act

        def do(_: PassingCall) -> None:
            try:
                act(wanted)
            except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on and the test is told
                with self._lock:
                    self._refusals.append(str(error))

        return Step(**fields, act=do)

    def _blueprint(self) -> Blueprint:
        control = Blueprint("control", __name__, url_prefix=CONTROL_PREFIX)
        self._add_state(control)
        self._add_traffic(control)
        self._add_plan(control)

        @control.get("/version")
        def version() -> Response:
            with self._changed:
                return jsonify({"version": self._version})

        return control

    def _add_state(self, control: Blueprint) -> None:
        @control.post("/reset")
        def reset() -> Response:
            with self._lock:
                self._counts.clear()
                self._faults.clear()
                self._latency_s = 0.0
                self._refusals.clear()
            self.plan.clear()
            self._release()
            self._reset()
            self.touch()
            return jsonify({})

        @control.post("/seed")
        def seed() -> Response:
            answer = self._seed(request.get_json(force=True))
            self.touch()
            return jsonify(answer if answer is not None else {})

        @control.get("/state")
        def state() -> Response:
            return jsonify(self._snapshot())

        @control.post("/save-state")
        def save_state() -> Response:
            self._saved[request.get_json(force=True)["name"]] = self._save_state()
            return jsonify({})

        @control.post("/restore-state")
        def restore_state() -> Response:
            name = request.get_json(force=True)["name"]
            if name not in self._saved:
                abort(404, f"no state is saved under the name {name}")
            self._restore_state(self._saved[name])
            self.touch()
            return jsonify({})

    def _add_traffic(self, control: Blueprint) -> None:
        @control.get("/calls")
        def calls() -> Response:
            with self._lock:
                return jsonify({"total": self._counts.total(), "counts": dict(self._counts)})

        @control.delete("/calls")
        def forget_calls() -> Response:
            with self._lock:
                self._counts.clear()
            return jsonify({})

        @control.post("/fail-next")
        def fail_next() -> Response:
            body = request.get_json(force=True)
            status = body.get("status", 503)
            if status not in ("timeout", "drop") and not isinstance(status, int):
                abort(400, "status is an HTTP status, 'timeout' or 'drop'")
            fault = Fault(
                count=int(body.get("count", 1)),
                status=status,
                method=str(body.get("method", "")),
                retry_after=body.get("retry_after"),
            )
            with self._lock:
                self._faults.append(fault)
            return jsonify({})

        @control.post("/latency")
        def latency() -> Response:
            with self._lock:
                self._latency_s = float(request.get_json(force=True)["seconds"])
            return jsonify({})

    def _add_plan(self, control: Blueprint) -> None:
        @control.post("/plan")
        def plan() -> Response:
            try:
                self.plan.add([self._step(body) for body in request.get_json(force=True)])
            except (TypeError, ValueError) as error:
                abort(400, str(error))
            return jsonify({})

        @control.get("/plan")
        def refusals() -> Response:
            with self._lock:
                return jsonify({"refusals": self._refusals, "waiting": self._waiting})

        @control.delete("/plan")
        def forget_plan() -> Response:
            self.plan.clear()
            self._release()
            return jsonify({})

        @control.post("/plan/release")
        def release() -> Response:
            return jsonify({"released": self._release()})


def _close_connection() -> None:
    """Close the client's socket, so that it sees a lost connection and no answer."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
