"""Endpoints beside the APIs: identity, edits and views of a person, groups, behaviour, clock, quota."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response, jsonify, request

from emulators.google import access, edits, grid, identity
from emulators.google.errors import ApiError
from emulators.google.quota import MINUTE_S, Quota
from emulators.google.store import Store


def blueprint(store: Store, quota: Quota, changed: Callable[[], None]) -> Blueprint:
    """Endpoints for *store* and *quota*; *changed* is called after each change of the store."""
    routes = Blueprint("google", __name__)

    def signed(answer: Callable[[], Any]) -> Response:
        """An answer that needs the keys, which are created at first use."""
        with store.lock:
            made = identity.ensure_keys(store)
            response = jsonify(answer())
        if made:
            changed()
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    @routes.post("/_emulator/identity/token")
    def token() -> Response:
        wanted = request.get_json(force=True)
        return signed(lambda: {"id_token": identity.token(store, wanted)})

    @routes.get("/oauth2/v1/certs")
    def certificates() -> Response:
        return signed(lambda: identity.certificates(store))

    @routes.get("/oauth2/v3/certs")
    def key_set() -> Response:
        return signed(lambda: identity.key_set(store))

    @routes.get("/_emulator/workbooks")
    def workbooks() -> Response:
        with store.lock:
            listed = [
                {
                    "spreadsheetId": book.spreadsheet_id,
                    "title": book.properties["title"],
                    "modifiedTime": store.files[book.spreadsheet_id]["modifiedTime"],
                }
                for book in store.books.values()
                if not store.files[book.spreadsheet_id]["trashed"]
            ]
        return jsonify(listed)

    @routes.get("/_emulator/files")
    def files() -> Response:
        """All files of Drive, without the contents of workbooks."""
        with store.lock:
            return jsonify([dict(file) for file in store.files.values()])

    @routes.post("/_emulator/clock")
    def clock() -> Response:
        now = request.get_json(force=True).get("now")
        with store.lock:
            store.frozen_at = datetime.fromisoformat(now) if now else None
        changed()
        return jsonify({"now": store.timestamp()})

    _install_behaviour(routes, store, changed)
    _install_people(routes, store, changed)
    _install_quota(routes, quota)
    return routes


def _install_people(routes: Blueprint, store: Store, changed: Callable[[], None]) -> None:
    @routes.post("/_emulator/edit")
    def edit() -> Response:
        body = request.get_json(force=True)
        answer: dict[str, Any] = {}
        try:
            with store.lock:
                if body.get("each"):
                    answer["messages"] = edits.apply_each(store, body)
                else:
                    edits.apply(store, body)
        except ApiError as error:
            return _refusal(error)
        changed()
        return jsonify(answer)

    @routes.get("/_emulator/look")
    def look() -> Response:
        person = request.args["as"]
        try:
            with store.lock:
                book = access.open_to_read(store, request.args["spreadsheet_id"], person)
                whole = grid.spreadsheet(book, None, None, store.now(), grid_data=True)
                seen = access.as_seen_by(store, book, whole, person)
                return Response(orjson.dumps(seen), mimetype="application/json")
        except ApiError as error:
            return _refusal(error)

    @routes.post("/_emulator/people")
    def people() -> Response:
        body = request.get_json(force=True)
        with store.lock:
            store.groups = {name.casefold(): list(members) for name, members in body["groups"].items()}
            store.domain = body["domain"]
        changed()
        return jsonify({})


def _install_behaviour(routes: Blueprint, store: Store, changed: Callable[[], None]) -> None:
    @routes.post("/_emulator/behaviour")
    def set_behaviour() -> Response:
        wanted = request.get_json(force=True)
        try:
            with store.lock:
                store.behaviour = store.behaviour.changed(wanted)
        except ApiError as error:
            return _refusal(error)
        changed()
        return jsonify(store.behaviour.to_json())

    @routes.get("/_emulator/behaviour")
    def show_behaviour() -> Response:
        return jsonify(store.behaviour.to_json())


def _refusal(error: ApiError) -> Response:
    response = jsonify({"message": error.message})
    response.status_code = error.code
    return response


def _install_quota(routes: Blueprint, quota: Quota) -> None:
    @routes.post("/_emulator/quota")
    def set_quota() -> Response:
        wanted = request.get_json(force=True)
        if wanted:
            quota.set(
                int(wanted["reads_per_minute"]),
                int(wanted["writes_per_minute"]),
                minute_s=float(wanted.get("minute_s", MINUTE_S)),
            )
        else:
            quota.clear()
        return jsonify(quota.to_json())

    @routes.get("/_emulator/quota")
    def show_quota() -> Response:
        return jsonify(quota.to_json())
