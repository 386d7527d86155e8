"""The workbench as an application: the page itself and its parts."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
from flask import Flask, Response, abort, jsonify, request, send_from_directory

from emulators.workbench.google_servers import install_google_servers
from emulators.workbench.proxies import install_proxies
from emulators.workbench.surroundings import Surroundings

STATIC = Path(__file__).resolve().parent / "static"
OUR_NAMES = ("127.0.0.1", "localhost", "::1")
URL_FETCH_TIMEOUT_S = 60.0
"""UrlFetchApp gives up after about a minute; Google documents no figure."""


def create_app(surroundings: Surroundings) -> Flask:
    """The workbench as a WSGI application."""
    app = Flask(__name__, static_folder=str(STATIC), static_url_path="/static")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # All servers are on this machine, so a proxy of the environment must not be used.
    client = httpx.Client(trust_env=False, timeout=URL_FETCH_TIMEOUT_S)
    app.extensions["http_client"] = client
    app.before_request(_refuse_foreign_name)
    app.after_request(_keep_out_of_caches)
    _install_page(app, surroundings)
    install_proxies(app, surroundings, client)
    install_google_servers(app, surroundings, client)
    return app


def _refuse_foreign_name() -> None:
    """Refuse requests with a foreign host name: another site could use a name that points to this machine."""
    if urlsplit(f"//{request.host}").hostname not in OUR_NAMES:
        abort(403)


def _keep_out_of_caches(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    return response


def _install_page(app: Flask, surroundings: Surroundings) -> None:
    @app.get("/")
    def page() -> Response:
        return send_from_directory(STATIC, "index.html")

    @app.get("/api/session")
    def session() -> Response:
        first = surroundings.person(surroundings.first_user) or surroundings.people[0]
        people = [
            {"email": person.email, "name": person.name, "has_token": person.tracker_token is not None}
            for person in surroundings.people
        ]
        trackers = list(surroundings.tracker_urls)
        has_crm = bool(surroundings.amocrm_url)
        return jsonify({"people": people, "user": first.email, "trackers": trackers, "has_crm": has_crm})
