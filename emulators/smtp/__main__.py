"""``python -m emulators.smtp --port 8408 --mail-port 8409``: control page, and SMTP."""

from __future__ import annotations

import argparse

from emulators.common.server import serve_forever
from emulators.smtp import MailServer, create_app, running_mail


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.smtp", description=__doc__)
    parser.add_argument("--port", type=int, default=8408)
    parser.add_argument("--mail-port", type=int, default=8409)
    arguments = parser.parse_args()
    server = MailServer()
    with running_mail(server, arguments.mail_port):
        serve_forever(create_app(server), arguments.port)


if __name__ == "__main__":
    main()
