"""``python -m benchmarks.fuzz.served --port P --errors FILE``: all functions under gunicorn, as deployed.

Writes each error that nobody expected into the file, as a line of JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import threading
import traceback
from pathlib import Path

from functions_framework._http.gunicorn import GunicornApplication

from benchmarks.fuzz.judged import LIFTED, LOGGERS, UnhandledErrors
from emulators.common.server import LOOPBACK
from emulators.world.functions import create_app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz.served", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--errors", type=Path, required=True)
    arguments = parser.parse_args()
    app = create_app()
    for place, value in LIFTED.items():
        module, _, name = place.rpartition(".")
        setattr(importlib.import_module(module), name, value)

    def keep(told: str) -> None:
        with arguments.errors.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    threading.excepthook = lambda broken: keep("".join(traceback.format_exception(broken.exc_value)))
    handler = UnhandledErrors(keep)
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    os.environ.setdefault("THREADS", "8")
    GunicornApplication(app, LOOPBACK, arguments.port, debug=False).run()


if __name__ == "__main__":
    main()
