"""Routes of the API: the call of each address, and how a request becomes an answer."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.amocrm import errors, seed
from emulators.amocrm.calls import NOT_MODELLED, PREFIX, ROUTES, Route
from emulators.amocrm.limiter import Limiter, Limits
from emulators.amocrm.models import Account
from emulators.amocrm.models.call import Call
from emulators.amocrm.models.deals import NothingNewError
from emulators.amocrm.webhooks import Webhooks
from emulators.common.authorization import bearer_token
from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.deliveries import install_webhook_control
from emulators.common.kept_state import KeptState


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
        Seconds for the rate limit.
    """
    webhooks, limiter = Webhooks(), Limiter(now)
    account = Account(
        lambda url, body, is_subscription: webhooks.publish(url, body, is_subscription=is_subscription), clock
    )

    def switch_off(destination: str) -> None:
        with account.lock:
            account.hooks.switch_off(destination)
            kept.file.mark_changed()

    def forget_traffic() -> None:
        webhooks.clear()
        limiter.clear()

    def do(wanted: Any) -> dict[str, Any]:
        with account.lock:
            made = account.people.do(wanted)
            kept.file.mark_changed()
            return made

    def act_in_plan(wanted: Any) -> None:
        do(wanted)

    kept = KeptState(
        state_path, account.lock, account.state, lambda body: seed.load(account.state, body), forget_traffic
    )
    webhooks.switch_off = switch_off
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    control = Control(
        name_call=_name_of_call,
        fault_response=lambda status, wait_s: errors.answer(status, retry_after_s=wait_s),
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
        act=act_in_plan,
    )
    _install_limit(app, limiter)
    control.install(app)
    _install_errors(app)
    _install_routes(app, account)
    install_webhook_control(app, webhooks, lambda message: errors.answer(400, message))
    _install_control(app, limiter, webhooks, do)
    _install_funnel(app, account)

    @app.after_request
    def note_change(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") and response.status_code < 300:
            kept.file.mark_changed()
            control.touch()
        return response

    app.extensions |= {"state_file": kept.file, "account": account, "webhooks": webhooks}
    return app


def _name_of_call() -> str | None:
    if not request.path.startswith(PREFIX):
        return None
    return request.endpoint or "unknown"


def _install_limit(app: Flask, limiter: Limiter) -> None:
    """Apply the limit before anything else: it counts every call, also unknown ones."""

    @app.before_request
    def refuse_when_too_many() -> Response | None:
        if not request.path.startswith(PREFIX):
            return None
        status = limiter.take(bearer_token())
        return None if status is None else errors.answer(status, is_page=True)


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.AmoError)
    def refused(error: errors.AmoError) -> Response:
        return errors.answer(error.status, str(error), error.problems)

    @app.errorhandler(NothingNewError)
    def nothing_new(_: NothingNewError) -> Response:
        return Response(status=304)

    @app.errorhandler(errors.NotModelledError)
    def not_modelled(error: errors.NotModelledError) -> tuple[Response, int]:
        return jsonify({"detail": f"The emulator does not model {error}"}), 501

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        detail = error.description if request.path.startswith(CONTROL_PREFIX) else None
        return errors.answer(error.code or 500, detail or "")


def _install_routes(app: Flask, account: Account) -> None:
    def view(route: Route, **ids: int) -> Response:
        with account.lock:
            actor = account.actor(bearer_token())
            if actor is None:
                return errors.answer(401)
            body = request.get_json(force=True, silent=True) if request.data else None
            if request.data and body is None:
                raise errors.wrong_query("the body is not JSON")
            call = Call(
                actor,
                request.path.removeprefix(PREFIX),
                request.host_url.rstrip("/") + PREFIX,
                request.args.to_dict(),
                body,
                _newer_than(),
            )
            part, method = route.target.split(".")
            made = getattr(getattr(account, part), method)(call, *(ids[key] for key in sorted(ids)))
        if not made:
            return Response(status=204)
        return Response(json.dumps(made, ensure_ascii=False), route.status, mimetype="application/hal+json")

    def refuse(name: str, **_: Any) -> Response:
        raise errors.NotModelledError(name)

    for route in ROUTES:
        address = PREFIX + route.path
        app.add_url_rule(address, route.name, functools.partial(view, route), methods=[route.method])
    for name, methods, path in NOT_MODELLED:
        app.add_url_rule(PREFIX + path, name, functools.partial(refuse, name), methods=list(methods))


def _newer_than() -> int | None:
    text = request.headers.get("if-modified-since")
    return int(parsedate_to_datetime(text).timestamp()) if text else None


def _install_funnel(app: Flask, account: Account) -> None:
    """Add what a page with the funnel reads."""

    @app.get(f"{CONTROL_PREFIX}/deals")
    def deals() -> Response:
        with account.lock:
            return jsonify(account.funnel.read())

    @app.get(f"{CONTROL_PREFIX}/deals/<int:deal_id>")
    def deal(deal_id: int) -> Response:
        with account.lock:
            found = account.funnel.read_deal(deal_id)
        if found is None:
            abort(404, f"there is no deal {deal_id}")
        return jsonify(found)


def _install_control(
    app: Flask, limiter: Limiter, webhooks: Webhooks, do: Callable[[Any], dict[str, Any]]
) -> None:
    @app.post(f"{CONTROL_PREFIX}/do")
    def act() -> Response:
        try:
            return jsonify(do(request.get_json(force=True)))
        except (KeyError, TypeError, ValueError) as error:
            abort(400, str(error))

    @app.post(f"{CONTROL_PREFIX}/rate-limit")
    def rate_limit() -> Response:
        limiter.limits = Limits(**request.get_json(force=True))
        return jsonify({})

    @app.get(f"{CONTROL_PREFIX}/rate")
    def rate() -> Response:
        return jsonify(limiter.measured())

    @app.post(f"{CONTROL_PREFIX}/webhooks/advance")
    def advance() -> Response:
        body = request.get_json(force=True)
        return jsonify(
            {"settled": webhooks.advance(float(body["minutes"]), float(body.get("timeout_s", 10)))}
        )
