"""Routes of the API: the call of each address, quotas, and how a request becomes an answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.kept_state import KeptState
from emulators.metrica import errors
from emulators.metrica.limiter import Limiter, Quotas
from emulators.metrica.models import SWITCHES, Metrica

STATISTICS = "/stat/v1/data"


def create_app(
    state_path: Path | None = None, clock: Clock = utc_now, now: Callable[[], float] = time.time
) -> Flask:
    """The emulator as a WSGI application.

    Parameters
    ----------
    state_path
        File that keeps the state between runs, or ``None``.
    clock
        The moment, in the time zone of all counters.
    now
        Seconds for the quotas.
    """
    metrica, limiter = Metrica(clock), Limiter(now)
    kept = KeptState(state_path, metrica.lock, metrica, metrica.fill, limiter.clear)
    app = Flask(__name__)
    control = Control(
        name_call=lambda: None if request.path.startswith(CONTROL_PREFIX) else request.endpoint or "unknown",
        fault_response=lambda status, _: errors.answer(status),
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
        act=metrica.do,
    )
    _install_quotas(app, metrica, limiter)
    control.install(app)
    _install_errors(app)
    _install_routes(app, metrica)
    _install_control(app, metrica, limiter, control, kept)
    app.extensions |= {"state_file": kept.file, "metrica": metrica, "limiter": limiter}
    return app


def _token() -> str:
    return request.headers.get("Authorization", "").removeprefix("OAuth ")


def _install_quotas(app: Flask, metrica: Metrica, limiter: Limiter) -> None:
    """Apply the quotas before anything else, for a call as long as it takes."""

    @app.before_request
    def enter() -> Response | None:
        if request.path.startswith(CONTROL_PREFIX):
            return None
        login = str(metrica.tokens.get(_token(), {}).get("login", ""))
        kind = limiter.enter(login, is_statistics=request.path.startswith(STATISTICS))
        if kind is not None:
            return errors.answer(limiter.quotas.status, kind, "Quota exceeded")
        g.entered = login
        return None

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        if "entered" in g:
            limiter.leave(g.pop("entered"))


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.MetricaError)
    def refused(error: errors.MetricaError) -> Response:
        return errors.answer(error.status, error.kind, str(error))

    @app.errorhandler(errors.NotModelledError)
    def not_modelled(error: errors.NotModelledError) -> Response:
        return errors.answer(501, "not_modelled", f"The emulator does not model {error}")

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        return errors.answer(error.code or 500, "not_found", error.description or "")


def _install_routes(app: Flask, metrica: Metrica) -> None:
    def answered(read: Callable[..., Any], *ids: int) -> Response:
        with metrica.lock:
            if metrica.switches["is_down"]:
                return errors.answer(503)
            body = read(metrica.login(_token()), request.args.to_dict(), *ids)
            shape = metrica.switches["shape"] if request.path.startswith(STATISTICS) else ""
        return _distorted(body, shape)

    @app.get("/management/v1/counters", endpoint="counters.list")
    def counters() -> Response:
        return answered(metrica.list_counters)

    @app.get("/management/v1/counter/<int:counter_id>/goals", endpoint="goals.list")
    def goals(counter_id: int) -> Response:
        return answered(metrica.list_goals, counter_id)

    @app.get("/management/v1/clients", endpoint="clients.list")
    def clients() -> Response:
        return answered(metrica.list_clients)

    @app.get(STATISTICS, endpoint="stat.data")
    def data() -> Response:
        return answered(metrica.data)

    @app.get(f"{STATISTICS}/bytime", endpoint="stat.bytime")
    def by_time() -> Response:
        return answered(metrica.by_time)

    for name in ("comparison", "drilldown"):
        app.add_url_rule(f"{STATISTICS}/{name}", f"stat.{name}", view_func=_not_modelled(f"stat.{name}"))


def _not_modelled(name: str) -> Callable[[], Response]:
    def refuse() -> Response:
        raise errors.NotModelledError(name)

    return refuse


def _distorted(body: dict[str, Any], shape: str) -> Response:
    """The answer, or one of another form."""
    if shape == "not_json":
        return Response("<html>busy</html>", mimetype="text/html")
    if shape == "list":
        return jsonify([body])
    if shape == "no_totals":
        body = {key: one for key, one in body.items() if key not in ("totals", "data")}
    elif shape == "short":
        body = {**body, "totals": [one[:-1] if isinstance(one, list) else one for one in body["totals"]][:-1]}
    elif shape == "text":
        body = {
            **body,
            "totals": [["?" for _ in one] if isinstance(one, list) else "?" for one in body["totals"]],
        }
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _install_control(
    app: Flask, metrica: Metrica, limiter: Limiter, control: Control, kept: KeptState
) -> None:
    @app.post(f"{CONTROL_PREFIX}/do")
    def act() -> Response:
        try:
            with metrica.lock:
                metrica.do(request.get_json(force=True))
        except (KeyError, TypeError, ValueError) as error:
            abort(400, str(error))
        kept.file.mark_changed()
        control.touch()
        return jsonify({})

    @app.post(f"{CONTROL_PREFIX}/switches")
    def switch() -> Response:
        wanted = request.get_json(force=True)
        unknown = wanted.keys() - SWITCHES.keys()
        if unknown:
            abort(400, f"there is no switch {', '.join(sorted(unknown))}")
        with metrica.lock:
            metrica.switches |= wanted
        kept.file.mark_changed()
        return jsonify(metrica.switches)

    @app.post(f"{CONTROL_PREFIX}/quotas")
    def quotas() -> Response:
        limiter.quotas = Quotas(**request.get_json(force=True))
        return jsonify({})

    @app.get(f"{CONTROL_PREFIX}/quotas")
    def measured() -> Response:
        return jsonify(limiter.measured())
