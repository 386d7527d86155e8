"""What Google's servers do for a script: store its files, fetch for it, and make identity tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from flask import Flask, Response, jsonify, request, send_from_directory

from emulators.workbench.surroundings import Surroundings

ADDON = Path(__file__).resolve().parents[2] / "apps_script"
NOT_OF_THE_ADDON = "eslint.config.js"
TOKEN_LIFE_S = 3600


def install_google_servers(app: Flask, surroundings: Surroundings, client: httpx.Client) -> None:
    """Add ``/gas/…``."""

    @app.get("/gas/project")
    def project() -> Response:
        scripts = sorted(file.name for file in ADDON.glob("*.js") if file.name != NOT_OF_THE_ADDON)
        pages = {file.stem: file.read_text(encoding="utf-8") for file in ADDON.glob("*.html")}
        properties = {"VITRINA_URL": surroundings.menu_url}
        return jsonify({"scripts": scripts, "pages": pages, "script_properties": properties})

    @app.get("/gas/project/<name>")
    def script(name: str) -> Response:
        return send_from_directory(ADDON, name)

    @app.get("/gas/identity-token")
    def identity_token() -> Response:
        body = {
            "email": request.args["user"],
            "audience": surroundings.audience,
            "expires_in": TOKEN_LIFE_S,
        }
        answer = client.post(f"{surroundings.google_url}/_emulator/identity/token", json=body)
        return jsonify({"id_token": answer.raise_for_status().json()["id_token"]})

    @app.post("/gas/fetch")
    def fetch() -> Response:
        """``UrlFetchApp.fetch``; failures of the connection get Google's messages."""
        # Only JSON is accepted: a page of another site cannot send JSON without a preflight request.
        asked: dict[str, Any] = request.get_json()
        headers = {**asked["headers"], "content-type": asked["contentType"]}
        payload = (asked["payload"] or "").encode()
        try:
            answer = client.request(asked["method"], asked["url"], content=payload, headers=headers)
        except httpx.TimeoutException:
            return jsonify({"error": f"Timeout: {asked['url']}"})
        except (httpx.TransportError, httpx.InvalidURL):
            return jsonify({"error": f"Address unavailable: {asked['url']}"})
        return jsonify({"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text})
