"""Routes of the API, and how a request becomes an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.calltouch.models import SWITCHES, Calltouch, CalltouchError
from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.kept_state import KeptState

API = "/calls-service/RestAPI"


def create_app(state_path: Path | None = None, clock: Clock = utc_now) -> Flask:
    """The emulator as a WSGI application.

    Parameters
    ----------
    state_path
        File that keeps the state between runs, or ``None``.
    clock
        The moment, in the time zone of all sites.
    """
    calltouch = Calltouch(clock)
    kept = KeptState(state_path, calltouch.lock, calltouch, calltouch.fill, lambda: None)
    app = Flask(__name__)
    control = Control(
        name_call=lambda: None if request.path.startswith(CONTROL_PREFIX) else request.endpoint or "unknown",
        fault_response=lambda status, _: _refusal(status, "busy"),
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
        act=calltouch.do,
    )
    control.install(app)
    _install_routes(app, calltouch)
    _install_control(app, calltouch, control, kept)
    app.extensions |= {"state_file": kept.file, "calltouch": calltouch}
    return app


def _refusal(status: int, message: str) -> Response:
    response = jsonify({"code": status, "message": message})
    response.status_code = status
    return response


def _install_routes(app: Flask, calltouch: Calltouch) -> None:
    @app.errorhandler(CalltouchError)
    def refused(error: CalltouchError) -> Response:
        return _refusal(error.status, str(error))

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        return _refusal(error.code or 500, error.description or "")

    def answered(site_id: int, read: Callable[[dict[str, Any]], Any]) -> Any:
        with calltouch.lock:
            if calltouch.switches["is_down"]:
                raise CalltouchError(503, "down")
            return read(calltouch.site(site_id, request.args.get("clientApiId", "")))

    @app.get(f"{API}/<int:site_id>/getnodeid/", endpoint="node")
    def node(site_id: int) -> Response:
        return jsonify(answered(site_id, lambda site: site["node"]))

    @app.get(f"{API}/<int:site_id>/calls-diary/calls", endpoint="calls.list")
    def calls(site_id: int) -> Response:
        body = answered(site_id, lambda site: calltouch.diary(site, request.args.to_dict()))
        return _distorted(body, calltouch.switches["shape"])

    @app.get(f"{API}/requests", endpoint="requests.list")
    def requests() -> Response:
        raise CalltouchError(501, "the emulator does not model requests.list")


def _distorted(body: dict[str, Any], shape: str) -> Response:
    """The answer, or one of another form."""
    if shape == "not_json":
        return Response("<html>busy</html>", mimetype="text/html")
    if shape == "list":
        return jsonify(body["records"])
    if shape == "no_total":
        del body["recordsTotal"]
    elif shape == "endless":
        body["recordsTotal"] += 1
    elif shape == "wrong_day":
        body["records"] = [{**row, "date": row["date"].replace("/", "-")} for row in body["records"]]
    return jsonify(body)


def _install_control(app: Flask, calltouch: Calltouch, control: Control, kept: KeptState) -> None:
    @app.post(f"{CONTROL_PREFIX}/do")
    def act() -> Response:
        try:
            with calltouch.lock:
                calltouch.do(request.get_json(force=True))
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
        with calltouch.lock:
            calltouch.switches |= wanted
        kept.file.mark_changed()
        return jsonify(calltouch.switches)
