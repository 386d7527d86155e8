"""``python -m emulators.metrica --port 8411 [--state FILE]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from emulators.common.server import serve_forever
from emulators.metrica.routes import create_app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.metrica", description=__doc__)
    parser.add_argument("--port", type=int, default=8411)
    parser.add_argument("--state", type=Path, help="file that keeps the state between runs")
    arguments = parser.parse_args()
    app = create_app(arguments.state)
    serve_forever(app, arguments.port, at_exit=app.extensions["state_file"].flush)


if __name__ == "__main__":
    main()
