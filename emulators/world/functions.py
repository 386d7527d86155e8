"""Serves all deployed functions on one port, each as a real ``functions-framework`` application.

``python -m emulators.world.functions --port 8410``; the settings come from the environment.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import functions_framework
from werkzeug.exceptions import NotFound

from emulators.common.server import serve_forever

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOURCE = Path(__file__).parents[2] / "functions" / "main.py"
TARGETS = ("menu", "webhook", "task", "schedule", "client")


def create_app() -> WSGIApplication:
    """``/menu``, ``/webhook`` and the others of ``TARGETS``, each the application of one Cloud Function."""
    apps = {target: functions_framework.create_app(target, str(SOURCE)) for target in TARGETS}

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The path is passed on unchanged, because a function also gets the paths below its own.
        target = environ.get("PATH_INFO", "").strip("/").split("/")[0]
        app = apps.get(target) or NotFound()
        return app(environ, start_response)

    return dispatch


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.world.functions", description=__doc__)
    parser.add_argument("--port", type=int, default=8410)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    serve_forever(create_app(), arguments.port)


if __name__ == "__main__":
    main()
