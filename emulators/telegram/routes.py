"""How a request becomes an answer: ``/bot<token>/<method>`` with JSON, a form or a query."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.common.clock import Clock, utc_now
from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.deliveries import install_webhook_control
from emulators.common.kept_state import KeptState
from emulators.telegram import errors, seed
from emulators.telegram.calls import METHODS, PREFIX
from emulators.telegram.limiter import Limiter, Limits
from emulators.telegram.models import Telegram
from emulators.telegram.models.call import Call
from emulators.telegram.models.view import chats, presses, users
from emulators.telegram.webhooks import Webhooks

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


def create_app(
    state_path: Path | None = None, clock: Clock = utc_now, now: Callable[[], float] = time.time
) -> Flask:
    """The emulator as a WSGI application.

    Parameters
    ----------
    state_path
        File that keeps the state between runs, or ``None``.
    clock
        The clock for the times of messages.
    now
        Seconds for the limits.
    """
    webhooks, limiter = Webhooks(), Limiter(now)
    telegram = Telegram(webhooks, limiter.take, clock)

    def webhook_of(bot_id: int) -> dict[str, Any] | None:
        bot = telegram.state.users.get(str(bot_id))
        return None if bot is None else bot["webhook"]

    def forget_traffic() -> None:
        webhooks.clear()
        limiter.clear()

    def do(wanted: Any) -> dict[str, Any]:
        with telegram.lock:
            made = telegram.people.do(wanted)
            kept.file.mark_changed()
            return made

    def act_in_plan(wanted: Any) -> None:
        do(wanted)

    webhooks.webhook_of = webhook_of
    kept = KeptState(
        state_path,
        telegram.lock,
        telegram.state,
        lambda body: seed.load(telegram.state, body),
        forget_traffic,
    )
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    control = Control(
        name_call=_name_of_call,
        fault_response=errors.planned,
        reset=kept.reset,
        seed=kept.seed,
        snapshot=kept.snapshot,
        save_state=kept.snapshot,
        restore_state=kept.restore,
        act=act_in_plan,
    )
    control.install(app)
    _install_errors(app)
    _install_methods(app, telegram)
    install_webhook_control(app, webhooks, lambda message: errors.answer(400, message))
    _install_control(app, telegram, limiter, webhooks, do)

    @app.after_request
    def note_change(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") and response.status_code < 300:
            kept.file.mark_changed()
            control.touch()
        return response

    app.extensions |= {"state_file": kept.file, "telegram": telegram, "webhooks": webhooks}
    return app


def _name_of_call() -> str | None:
    return request.path.rpartition("/")[2] if request.path.startswith(PREFIX) else None


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.TelegramError)
    def refused(error: errors.TelegramError) -> Response:
        return errors.answer(error.status, error.reason, error.parameters)

    @app.errorhandler(errors.NotModelledError)
    def not_modelled(error: errors.NotModelledError) -> tuple[Response, int]:
        return jsonify({"detail": f"The emulator does not model {error}"}), 501

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        detail = error.description if request.path.startswith(CONTROL_PREFIX) else None
        return errors.answer(error.code or 500, detail or "")


def _install_methods(app: Flask, telegram: Telegram) -> None:
    @app.route(f"{PREFIX}<token>/<method>", methods=["GET", "POST"])
    def call_method(token: str, method: str) -> Response:
        if not _TOKEN.fullmatch(token):
            return errors.answer(404)
        with telegram.lock:
            bot = telegram.state.bot_with(token)
            if bot is None:
                return errors.answer(401)
            if method not in METHODS:
                raise errors.NotModelledError(method)
            part, name = METHODS[method].split(".")
            result = getattr(getattr(telegram, part), name)(Call(bot, _parameters()))
            body = json.dumps({"ok": True, "result": result}, ensure_ascii=False)
        return Response(body, mimetype="application/json")


def _parameters() -> dict[str, Any]:
    """Parameters of the query, the form, or the JSON; JSON ``null`` counts as not given."""
    found: dict[str, Any] = {**request.args.to_dict(), **request.form.to_dict()}
    if request.mimetype == "application/json" and request.data:
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict):
            raise errors.bad("can't parse JSON object")
        found |= {name: value for name, value in body.items() if value is not None}
    return found


def _install_control(
    app: Flask,
    telegram: Telegram,
    limiter: Limiter,
    webhooks: Webhooks,
    do: Callable[[Any], dict[str, Any]],
) -> None:
    @app.post(f"{CONTROL_PREFIX}/do")
    def act() -> Response:
        try:
            return jsonify(do(request.get_json(force=True)))
        except (KeyError, TypeError, ValueError) as error:
            abort(400, str(error))

    @app.get(f"{CONTROL_PREFIX}/chats")
    def list_chats() -> Response:
        with telegram.lock:
            return jsonify(chats(telegram.state))

    @app.get(f"{CONTROL_PREFIX}/users")
    def list_users() -> Response:
        with telegram.lock:
            return jsonify(users(telegram.state))

    @app.get(f"{CONTROL_PREFIX}/presses")
    def list_presses() -> Response:
        with telegram.lock:
            return jsonify(presses(telegram.state))

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
