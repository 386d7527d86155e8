"""Routes of the API: the call of each address, and how a request becomes an answer."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.common.authorization import bearer_token
from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.deliveries import install_webhook_control
from emulators.common.kept_state import KeptState
from emulators.kaiten import errors, seed
from emulators.kaiten.calls import NOT_MODELLED, ROUTES, Route
from emulators.kaiten.limiter import Limiter
from emulators.kaiten.models import Kaiten
from emulators.kaiten.webhooks import Webhooks

PREFIXES = ("/api/latest", "/api/v1")


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
        Epoch seconds for the rate limit.
    """
    webhooks, limiter = Webhooks(), Limiter(now)
    kaiten = Kaiten(webhooks.publish, clock)

    def forget_traffic() -> None:
        webhooks.clear()
        limiter.clear()

    kept = KeptState(
        state_path, kaiten.lock, kaiten.state, lambda body: seed.load(kaiten.state, body), forget_traffic
    )

    def fault(status: int, retry_after_s: float | None) -> Response:
        return errors.answer(status, retry_after_s=retry_after_s)

    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    control = Control(
        name_call=_name_of_call,
        fault_response=fault,
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
    )
    _install_limit(app, kaiten, limiter)
    control.install(app)
    _install_errors(app)
    _install_routes(app, kaiten)
    install_webhook_control(app, webhooks, lambda message: errors.answer(400, message))

    @app.post(f"{CONTROL_PREFIX}/rate-limit")
    def rate_limit() -> Response:
        kaiten.state.limit_per_s = int(request.get_json(force=True)["limit_per_s"])
        return jsonify({"limit_per_s": kaiten.state.limit_per_s})

    @app.after_request
    def note_change(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") and response.status_code == 200:
            kept.file.mark_changed()
            control.touch()
        return response

    app.extensions |= {"state_file": kept.file, "kaiten": kaiten, "webhooks": webhooks}
    return app


def _name_of_call() -> str | None:
    if not request.path.startswith(PREFIXES):
        return None
    return request.endpoint or "unknown"


def _install_limit(app: Flask, kaiten: Kaiten, limiter: Limiter) -> None:
    """Apply the limit before anything else: the real limit counts every call, also unknown ones."""

    @app.before_request
    def refuse_when_too_many() -> Response | None:
        if not request.path.startswith(PREFIXES):
            return None
        g.allowance = limiter.take(bearer_token(), kaiten.state.limit_per_s)
        return errors.answer(429) if g.allowance.is_refused else None

    @app.after_request
    def add_headers(response: Response) -> Response:
        if "allowance" in g:
            response.headers.update(g.allowance.headers())
        return response


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.KaitenError)
    def refused(error: errors.KaitenError) -> Response:
        return errors.answer(error.status, str(error))

    @app.errorhandler(errors.NotModelledError)
    def not_modelled(error: errors.NotModelledError) -> tuple[Response, int]:
        return jsonify({"message": f"The emulator does not model {error}"}), 501

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        message = error.description if request.path.startswith(CONTROL_PREFIX) else None
        return errors.answer(error.code or 500, message)


def _install_routes(app: Flask, kaiten: Kaiten) -> None:
    def view(route: Route, **ids: int) -> Response:
        with kaiten.lock:
            actor = kaiten.actor(bearer_token())
            if actor is None:
                return errors.answer(401)
            body = request.get_json(force=True, silent=True) if request.data else {}
            if body is None:
                raise errors.bad("Unexpected token in JSON")
            extras = {"body": body, "query": request.args.to_dict()}
            part, method = route.target.split(".")
            serve = getattr(getattr(kaiten, part), method)
            return jsonify(
                serve(actor, *(ids[key] for key in sorted(ids)), *(extras[name] for name in route.extras))
            )

    def refuse(name: str, **_: Any) -> Response:
        raise errors.NotModelledError(name)

    for prefix in PREFIXES:
        for route in ROUTES:
            _add(app, prefix + route.path, route.name, [route.method], functools.partial(view, route))
        for name, methods, path in NOT_MODELLED:
            _add(app, prefix + path, name, list(methods), functools.partial(refuse, name))


def _add(app: Flask, path: str, name: str, methods: list[str], view: Callable[..., Response]) -> None:
    """Add an address of a call; the second prefix shares the view of the first."""
    app.add_url_rule(path, name, app.view_functions.get(name, view), methods=methods)
