"""``python -m emulators.google --port 8401 [--state FILE]``."""

from __future__ import annotations

import argparse

from emulators.common.server import serve_forever
from emulators.google.app import create_app


def main() -> None:
    """Serve the emulator until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.google", description=__doc__)
    parser.add_argument("--port", type=int, default=8401)
    parser.add_argument("--state", metavar="FILE", help="keep the state in this file")
    arguments = parser.parse_args()
    app = create_app(arguments.state)
    state_file = app.extensions["google"].state_file
    serve_forever(app, arguments.port, at_exit=state_file.flush)


if __name__ == "__main__":
    main()
