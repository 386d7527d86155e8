"""Routes of the API: the call of each address, and how a request becomes an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, MapAdapter, Rule

from emulators.asana import errors, seed
from emulators.asana.calls import BATCH, NOT_MODELLED, ROUTES, Route
from emulators.asana.limits import DEFAULTS, Limits
from emulators.asana.models import Asana
from emulators.asana.models.call import Call, Listing, Record, page_of
from emulators.asana.models.shapes import Shapes
from emulators.asana.models.state import Row
from emulators.asana.webhooks import Webhooks
from emulators.common.authorization import bearer_token
from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.deliveries import install_webhook_control
from emulators.common.kept_state import KeptState

PREFIX = "/api/1.0"
MOST_ACTIONS = 10
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@dataclass(frozen=True)
class Answer:
    """Status and JSON body of a call, and the count of objects in it."""

    status: int
    body: Row
    cost: int = 1


def create_app(
    state_path: Path | None = None, clock: Clock = utc_now, now: Callable[[], float] = time.time
) -> Flask:
    """The emulator as a WSGI application.

    Parameters
    ----------
    state_path
        File that keeps the state between runs, or ``None``.
    clock
        The clock for the times of rows.
    now
        Seconds for the limits.
    """
    webhooks, limits = Webhooks(), Limits(now)
    asana = Asana(webhooks.handshake, clock)
    webhooks.asana = asana
    asana.webhooks.on_new = webhooks.first_heartbeat

    def forget_traffic() -> None:
        webhooks.clear()
        limits.clear()

    kept = KeptState(state_path, asana.lock, asana.state, lambda body: seed.load(asana, body), forget_traffic)
    router = Router(asana, webhooks)
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    control = Control(
        name_call=router.name_of_request,
        fault_response=lambda status, retry_after_s: errors.answer(status, retry_after_s=retry_after_s),
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
    )
    _install_limits(app, asana, limits)
    control.install(app)
    _install_errors(app)
    _install_api(app, router)
    _install_webhook_control(app, asana, webhooks)

    @app.post(f"{CONTROL_PREFIX}/limits")
    def set_limits() -> Response:
        given = request.get_json(force=True)
        if set(given) - set(DEFAULTS):
            return errors.answer(400, f"limits are {', '.join(DEFAULTS)}")
        asana.state.limits.update(given)
        return jsonify(asana.state.limits)

    @app.after_request
    def note_change(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") and response.status_code < 300:
            kept.file.mark_changed()
            control.touch()
        return response

    app.extensions |= {"state_file": kept.file, "asana": asana, "webhooks": webhooks}
    return app


class Router:
    """Finds the call of an address and carries it out; a batch goes through it too."""

    def __init__(self, asana: Asana, webhooks: Webhooks) -> None:
        self._asana = asana
        self._webhooks = webhooks
        rules = [Rule(route.path, methods=[route.method], endpoint=route) for route in ROUTES]
        rules += [Rule(path, methods=list(methods), endpoint=name) for name, methods, path in NOT_MODELLED]
        rules.append(Rule("/batch", methods=["POST"], endpoint=BATCH))
        self._map = Map(rules, strict_slashes=False)

    def name_of_request(self) -> str | None:
        """Name of the call of the current request, or ``None`` if it is not of the API."""
        if not request.path.startswith(PREFIX):
            return None
        try:
            endpoint, _ = self._match(request.method, request.path.removeprefix(PREFIX))
        except HTTPException:
            return "unknown"
        return endpoint.name if isinstance(endpoint, Route) else endpoint

    def _match(self, method: str, path: str) -> tuple[Route | str, Mapping[str, str]]:
        adapter: MapAdapter = self._map.bind("app.asana.com")
        endpoint, ids = adapter.match(path, method=method)
        return endpoint, ids

    def serve(self, token: str, method: str, path: str, call: Callable[[Row], Call]) -> Answer:
        """Carry out one call and queue its events.

        Parameters
        ----------
        call
            Builds the call for the user of the token.
        """
        try:
            endpoint, ids = self._match(method, path)
        except MethodNotAllowed:
            raise errors.AsanaError(405) from None
        except (NotFound, HTTPException):
            raise errors.AsanaError(404, "No matching route for request") from None
        if not isinstance(endpoint, Route):
            raise errors.NotModelledError(endpoint)
        with self._asana.lock:
            actor = self._asana.actor(token)
        if actor is None:
            raise errors.AsanaError(401)
        part, name = endpoint.target.split(".")
        carry_out = getattr(getattr(self._asana, part), name)
        wanted = call(actor)
        if not endpoint.is_locked:
            made = carry_out(wanted, *ids.values())
            with self._asana.lock:
                return self._shown(endpoint, wanted, made)
        with self._asana.lock:
            made = carry_out(wanted, *ids.values())
            answer = self._shown(endpoint, wanted, made)
            for gid, events in self._asana.take_events().items():
                webhook = self._asana.state.tables["webhooks"].get(gid)
                if webhook is not None:
                    self._webhooks.publish(webhook, events)
        return answer

    def _shown(self, route: Route, call: Call, made: Any) -> Answer:
        shapes, chosen = Shapes(self._asana.context, call.actor), call.query.get("opt_fields")
        if isinstance(made, Record):
            shown = shapes.show(made.kind, made.row, chosen, is_full=True)
            return Answer(route.status, {"data": shown, **made.beside}, shapes.cost)
        if isinstance(made, Listing):
            rows, next_page, is_paged = page_of(call, made.rows)
            body: Row = {"data": [shapes.show(made.kind, row, chosen, is_full=False) for row in rows]}
            if is_paged:
                body["next_page"] = next_page
            return Answer(route.status, body, shapes.cost)
        return Answer(route.status, {"data": made})

    def serve_batch(self, token: str, data: Any) -> Answer:
        """``POST /batch``: up to ten calls; each has its own status, and one that fails stops no other."""
        actions = data.get("actions") if isinstance(data, dict) else None
        if not isinstance(actions, list) or not actions:
            raise errors.bad("actions: Missing input")
        if len(actions) > MOST_ACTIONS:
            raise errors.bad(f"actions: At most {MOST_ACTIONS} actions are allowed")
        if self._asana.actor(token) is None:
            raise errors.AsanaError(401)
        # Asana carries them out in parallel and promises no order: here it is never the one given.
        answers = [self._action(token, action) for action in reversed(actions)][::-1]
        shown = [{"status_code": one.status, "headers": {}, "body": one.body} for one in answers]
        return Answer(200, {"data": shown}, sum(one.cost for one in answers))

    def _action(self, token: str, action: Any) -> Answer:
        if not isinstance(action, dict) or not {"method", "relative_path"} <= set(action):
            return Answer(400, errors.body_of(400, "actions: An action needs method and relative_path"))
        method, path = str(action["method"]).upper(), str(action["relative_path"])
        data, options = action.get("data", {}), action.get("options", {})
        if path.startswith("/batch") or (path.startswith("/attachments") and method == "POST"):
            return Answer(400, errors.body_of(400, f"The endpoint {path} is not supported in a batch"))
        if "?" in path:
            return Answer(400, errors.body_of(400, "relative_path: Query parameters are not accepted"))
        query = {str(key): str(value) for key, value in data.items()} if method == "GET" else {}
        if "fields" in options:
            query["opt_fields"] = ",".join(options["fields"])
        query.update({key: str(options[key]) for key in ("limit", "offset") if key in options})
        try:
            return self.serve(
                token, method, path, lambda actor: Call(actor, path, {} if method == "GET" else data, query)
            )
        except errors.AsanaError as error:
            return Answer(error.status, errors.body_of(error.status, str(error)))


def _install_limits(app: Flask, asana: Asana, limits: Limits) -> None:
    """Apply the limits before anything else: the real ones count every call, also unknown ones."""

    @app.before_request
    def refuse_when_too_many() -> Response | None:
        if not request.path.startswith(PREFIX):
            return None
        is_read, calls = request.method == "GET", 1
        if request.path == f"{PREFIX}/batch":
            body = request.get_json(force=True, silent=True)
            data = body.get("data") if isinstance(body, dict) else None
            actions = data.get("actions") if isinstance(data, dict) else None
            calls = max(1, len(actions)) if isinstance(actions, list) else 1
        wait_s = limits.begin(bearer_token(), asana.state.limits, is_read=is_read, calls=calls)
        if wait_s is not None:
            return errors.answer(429, retry_after_s=wait_s)
        g.counted = (bearer_token(), is_read)
        return None

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        counted = g.pop("counted", None)
        if counted is not None:
            limits.end(counted[0], is_read=counted[1], cost=g.get("cost", 1))


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.AsanaError)
    def refused(error: errors.AsanaError) -> Response:
        return errors.answer(error.status, str(error))

    @app.errorhandler(errors.NotModelledError)
    def not_modelled(error: errors.NotModelledError) -> tuple[Response, int]:
        return jsonify(errors.body_of(501, f"The emulator does not model {error}")), 501

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        message = error.description if request.path.startswith(CONTROL_PREFIX) else None
        return errors.answer(error.code or 500, message)


def _install_api(app: Flask, router: Router) -> None:
    @app.route(f"{PREFIX}/<path:path>", methods=METHODS)
    def api(path: str) -> Response:
        path = f"/{path}"
        if request.method == "POST" and path == "/batch":
            answer = router.serve_batch(bearer_token(), _data())
        else:
            answer = router.serve(bearer_token(), request.method, path, lambda actor: _call(actor, path))
        g.cost = answer.cost
        response = jsonify(answer.body)
        response.status_code = answer.status
        return response


def _call(actor: Row, path: str) -> Call:
    query = {key: value for key, value in request.args.items() if key != "opt_pretty"}
    if request.method in ("GET", "DELETE"):
        return Call(actor, path, {}, query)
    if path == "/attachments":
        if request.mimetype != "multipart/form-data":
            raise errors.bad("Attachments are sent as multipart/form-data")
        files = {name: (file.filename or "", file.read()) for name, file in request.files.items()}
        return Call(actor, path, request.form.to_dict(), query, files)
    return Call(actor, path, _data(), query)


def _data() -> Any:
    """The envelope of the body. Without it Asana finds no fields."""
    if not request.data:
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise errors.bad("Could not parse request data, invalid JSON")
    if "data" not in body:
        raise errors.bad("data: Missing input")
    return body["data"]


def _install_webhook_control(app: Flask, asana: Asana, webhooks: Webhooks) -> None:
    install_webhook_control(app, webhooks, lambda message: errors.answer(400, message))

    @app.post(f"{CONTROL_PREFIX}/webhooks/advance")
    def advance() -> Response:
        body = request.get_json(force=True)
        webhooks.advance(int(body["hours"]), float(body.get("timeout_s", 10)))
        return jsonify({"now": webhooks.now().isoformat(), "webhooks": len(asana.state.tables["webhooks"])})

    @app.post(f"{CONTROL_PREFIX}/webhooks/resend")
    def resend() -> Response:
        webhooks.resend(int(request.get_json(force=True)["number"]))
        return jsonify({})

    @app.post(f"{CONTROL_PREFIX}/webhooks/forge")
    def forge() -> Response:
        body = request.get_json(force=True)
        webhook = asana.state.get("webhooks", body["webhook"])
        webhooks.forge(webhook, list(body["events"]), str(body.get("signature", "0" * 64)))
        return jsonify({})
