"""``python -m emulators.google --port 8401 [--state FILE] [--account EMAIL]``."""

from __future__ import annotations

import argparse

from emulators.common.server import serve_forever
from emulators.google.app import create_app


def main() -> None:
    """Serve the emulator until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.google", description=__doc__)
    parser.add_argument("--port", type=int, default=8401)
    parser.add_argument("--state", metavar="FILE", help="keep the state in this file")
    parser.add_argument("--account", metavar="EMAIL", help="the account that makes every call")
    arguments = parser.parse_args()
    app = create_app(arguments.state)
    google = app.extensions["google"]
    if arguments.account:
        google.store.behaviour = google.store.behaviour.changed({"account": arguments.account})
    state_file = google.state_file
    serve_forever(app, arguments.port, at_exit=state_file.flush)


if __name__ == "__main__":
    main()
