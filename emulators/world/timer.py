"""Calls ``schedule`` once, as Cloud Scheduler does: ``python -m emulators.world.timer``.

``--every SECONDS`` repeats the call. The demonstration calls it from its own process.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.world.processes import SERVICE_ACCOUNT, Addresses, Ports

#: The period of the job in docs/deploy.md.
PERIOD_S = 900.0
TIMEOUT_S = 60.0


def call_schedule(servers: Addresses, *, email: str = SERVICE_ACCOUNT, audience: str = "") -> httpx.Response:
    """Call ``schedule`` with an ID token of *email* for *audience*, by default the function's URL."""
    url = f"{servers.url('functions')}/schedule"
    wanted: dict[str, Any] = {"email": email, "audience": audience or url}
    with local_client(timeout=TIMEOUT_S) as http:
        signed = http.post(f"{servers.url('google')}/_emulator/identity/token", json=wanted)
        token = signed.raise_for_status().json()["id_token"]
        return http.post(url, headers={"Authorization": f"Bearer {token}"})


def main() -> None:
    """Call once, or until stopped."""
    parser = argparse.ArgumentParser(prog="python -m emulators.world.timer", description=__doc__)
    parser.add_argument("--every", type=float, help="call again after so many seconds")
    for name in ("google", "functions"):
        parser.add_argument(f"--{name}-port", type=int, default=getattr(Ports(), name))
    arguments = parser.parse_args()
    ports = Ports(google=arguments.google_port, functions=arguments.functions_port)
    while True:
        answer = call_schedule(ports)
        print(answer.status_code, answer.text, flush=True)
        if arguments.every is None:
            return
        time.sleep(arguments.every)


if __name__ == "__main__":
    main()
