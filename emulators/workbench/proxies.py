"""Proxies from the page to the emulators, which are other sites for a browser because of their ports."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx
from flask import Flask, Response, jsonify, request

from emulators.workbench.surroundings import Surroundings

CHANGES_WAIT_S = 15.0
"""How long a page waits for news before it asks again."""
CHANGES_STEP_S = 0.15
"""How often the emulators are asked meanwhile: quicker than a person notices."""
VERSION_TIMEOUT_S = 5.0
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def install_proxies(app: Flask, surroundings: Surroundings, client: httpx.Client) -> None:
    """Add ``/google/…`` and a path for each tracker and the CRM, with the token of the person at the page."""

    # The encoded path is passed on: the name of a tab may contain a slash, and decoding would split it.
    @app.route("/google/<path:path>", methods=METHODS)
    def google(path: str) -> Response:  # noqa: ARG001
        return _forward(client, surroundings.google_url, "/google/", {})

    @app.route("/<any(kaiten, asana, amocrm):server>/<path:path>", methods=METHODS)
    def other(server: str, path: str) -> Response:  # noqa: ARG001
        person = surroundings.person(request.headers.get("x-workbench-user"))
        if person is None or person.tracker_token is None:
            return _message(401, "У этого человека нет сюда доступа.")
        if server not in surroundings.server_urls:
            return _message(404, "Этот сервер не запущен.")
        bearer = {"authorization": f"Bearer {person.tracker_token}"}
        return _forward(client, surroundings.server_urls[server], f"/{server}/", bearer)

    @app.get("/api/changes")
    def changes() -> Response:
        """Answer as soon as a version differs from the last one that the page knows."""
        urls = {"google": surroundings.google_url, **surroundings.server_urls}
        seen = {name: request.args.get(name, type=int) for name in urls}
        give_up_at = time.monotonic() + CHANGES_WAIT_S
        while True:
            now = {name: _version(client, url) for name, url in urls.items()}
            if now != seen or time.monotonic() > give_up_at:
                return jsonify(now)
            time.sleep(CHANGES_STEP_S)


def _forward(client: httpx.Client, base_url: str, prefix: str, headers: dict[str, str]) -> Response:
    if "content-type" in request.headers:
        headers["content-type"] = request.headers["content-type"]
    sent = urlsplit(request.environ["REQUEST_URI"])
    url = f"{base_url}/{sent.path.removeprefix(prefix)}" + (f"?{sent.query}" if sent.query else "")
    try:
        answer = client.request(request.method, url, content=request.get_data(), headers=headers)
    except httpx.TransportError as error:
        return _message(502, f"{base_url}: {error}")
    return Response(answer.content, answer.status_code, content_type=answer.headers.get("content-type"))


def _version(client: httpx.Client, base_url: str) -> int | None:
    """The version of an emulator's state; ``None`` while it does not answer."""
    try:
        return int(client.get(f"{base_url}/_emulator/version", timeout=VERSION_TIMEOUT_S).json()["version"])
    except (httpx.TransportError, ValueError, KeyError):
        return None


def _message(status: int, message: str) -> Response:
    response = jsonify({"message": message})
    response.status_code = status
    return response
