"""Control endpoints that every emulator has beside the service it emulates.

====================================  =========================================================
``POST   /_emulator/reset``           empty the state, forget faults, latency and counts
``POST   /_emulator/seed``            load a state (the body is the service's own, or a saved state)
``GET    /_emulator/state``           the whole state, as its state file keeps it
``POST   /_emulator/save-state``      ``{"name"}``: copy the state in memory; a reset leaves the copy
``POST   /_emulator/restore-state``   ``{"name"}``: make the state what was saved under that name
``GET    /_emulator/calls``           ``{"total": n, "counts": {"sheets.spreadsheets.get": n}}``
``DELETE /_emulator/calls``           start counting from zero
``POST   /_emulator/fail-next``       ``{"count", "status", "method", "retry_after"}``
``POST   /_emulator/plan``            ``[{"at", "when", "method", "status", "retry_after", "delay_s",
                                      "hold", "do"}]``
``GET    /_emulator/plan``            ``{"refusals": [...], "waiting": n}``: calls that wait in a step
``DELETE /_emulator/plan``            forget the steps that have not happened yet, release held calls
``POST   /_emulator/plan/release``    let the calls that a step holds go on: ``{"released": n}``
``POST   /_emulator/latency``         ``{"seconds": 0.2}``
``GET    /_emulator/version``         ``{"version": n}``, grows with every change of the state
====================================  =========================================================

``status`` of *fail-next* is an HTTP status, ``"timeout"`` (the call is applied, then the
connection is closed without an answer) or ``"drop"`` (closed before the call is applied).
``method`` limits the fault to calls whose name starts with it.

A step of the *plan* happens at one call that is still to come: the ``at``-th from now, counted from one
over the calls whose name starts with ``method``. It fails the call with ``status``, or does ``do`` right
``before`` the call (or ``after`` it was carried out); what can be done is the service's own. Where that was
refused, the refusal is told by ``GET /_emulator/plan``.

A step may also make the call wait, for ``delay_s`` seconds or, with ``hold``, until it is released. Waiting
``before``, the call is received now and carried out later; waiting ``after``, it is carried out now and
answered later. Both go on when the caller has given up: what the call makes may appear after his next look.
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
#: A held call goes on by itself after this time, so that a test that forgot it ends.
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
        Gives the name of the API method of the current Flask request, or ``None`` for a request
        that is not a call of the API and is neither counted nor failed.
    fault_response
        Shapes the service's own answer for a failed call, ``(status, retry_after)`` -> response.
    reset, seed
        Change the state of the service.
    snapshot
        Gives the state as JSON-able data.
    save_state
        Gives a copy of the state that nothing changes any more, in whatever shape is cheapest.
    restore_state
        Makes the state a copy of what *save_state* gave.
    act
        Does what a step of the plan says; raises an error with a sentence where that is refused.
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
        #: Another emulator's may be put in its place, so that both count together.
        self.plan = Plan()
        #: Stands before the names of calls in the plan, where it serves several emulators.
        self.prefix = ""
        self._refusals: list[str] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._latency_s = 0.0
        self._version = 0
        #: Calls that wait in a step now.
        self._waiting = 0
        #: Held calls that have not been released.
        self._held: list[threading.Event] = []

    def touch(self) -> None:
        """Note that the state changed, so that a page knows that it has to look again."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def install(self, app: Flask) -> None:
        """Put the hooks and the control endpoints on *app*."""
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
        """Let a step happen; gives its fault."""
        if step.hold or step.delay_s:
            self._wait_in(step)
        if step.act is not None:
            step.act(g.passing_call)
        return None if step.status is None else Fault(1, step.status, retry_after=step.retry_after)

    def _wait_in(self, step: Step) -> None:
        # Read now: the caller may close the connection while the call waits.
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
        """Let held calls go on; gives their number."""
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
        """A step of the plan as JSON; raises ``TypeError`` or ``ValueError`` where it is none."""
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
