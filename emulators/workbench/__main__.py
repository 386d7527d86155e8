"""``python -m emulators.workbench --port 8400 --google URL --kaiten URL --backend URL``."""

from __future__ import annotations

import argparse
from pathlib import Path

from emulators.common.server import serve_forever
from emulators.workbench.people import read_people
from emulators.workbench.routes import create_app
from emulators.workbench.surroundings import Surroundings


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.workbench", description=__doc__)
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--google", default="http://127.0.0.1:8401", help="the Google emulator")
    parser.add_argument("--kaiten", default="http://127.0.0.1:8402", help="the Kaiten emulator")
    parser.add_argument("--asana", default="", help="the Asana emulator; empty if it does not run")
    parser.add_argument("--amocrm", default="", help="the amoCRM emulator; empty if it does not run")
    parser.add_argument("--backend", default="http://127.0.0.1:8410", help="the functions; /menu is added")
    parser.add_argument("--people", type=Path, help="who may sit at the page: a JSON list, see people.py")
    parser.add_argument("--user", help="e-mail of the person that the page starts with")
    parser.add_argument("--audience", default="vitrina-addon", help="OAuth client id in identity tokens")
    arguments = parser.parse_args()
    surroundings = Surroundings(
        google_url=arguments.google.rstrip("/"),
        kaiten_url=arguments.kaiten.rstrip("/"),
        asana_url=arguments.asana.rstrip("/"),
        amocrm_url=arguments.amocrm.rstrip("/"),
        menu_url=arguments.backend.rstrip("/") + "/menu",
        audience=arguments.audience,
        people=read_people(arguments.people),
        first_user=arguments.user,
    )
    serve_forever(create_app(surroundings), arguments.port)


if __name__ == "__main__":
    main()
