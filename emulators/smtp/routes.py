"""What a test or a person asks the mail server beside SMTP.

=====================================  ============================================================
``GET  /_emulator/letters``            all letters that were taken, the oldest first, as JSON
``POST /_emulator/reset``              forget letters and faults
``POST /_emulator/fail-next``          ``{"reply": 451, "count": 1}``; ``"lost"`` keeps the letter and
                                       closes the connection, ``"drop"`` closes it before that
=====================================  ============================================================
"""

from __future__ import annotations

from flask import Flask, Response, abort, jsonify, request

from emulators.smtp.server import DROPPED, LOST, MailServer


def create_app(server: MailServer) -> Flask:
    """The control page of a mail server as a WSGI application."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.get("/")
    @app.get("/_emulator/letters")
    def letters() -> Response:
        return jsonify({"letters": server.letters()})

    @app.post("/_emulator/reset")
    def reset() -> Response:
        server.clear()
        return jsonify({})

    @app.post("/_emulator/fail-next")
    def fail_next() -> Response:
        body = request.get_json(force=True)
        reply = body.get("reply")
        if reply not in (LOST, DROPPED) and not isinstance(reply, int):
            abort(400, "reply is a number of SMTP, 'lost' or 'drop'")
        server.fail_next(reply, int(body.get("count", 1)))
        return jsonify({})

    return app
