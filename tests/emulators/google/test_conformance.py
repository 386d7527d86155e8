"""Replays recorded traffic of the real Google and compares the answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.common.server import running
from emulators.google.app import create_app
from tests.emulators.google.conftest import control

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("VITRINA_SHARED", ROOT.parent / "shared"))
REPLAY = SHARED / "conformance" / "replay.py"
REQUIRED_RATIO = 0.997
#: Who made the recordings; some answers name him.
ACCOUNT = "telegram-budgeter@telegram-budgeter.iam.gserviceaccount.com"


@pytest.mark.skipif(not REPLAY.exists(), reason=f"the recordings are not at {SHARED}; set VITRINA_SHARED")
def test_answers_equal_recorded_google(record_property: Callable[[str, object], None]) -> None:
    """At least 99.7 % of the recorded calls are answered with equal values."""
    with running(create_app()) as base:
        control(base, "/_emulator/behaviour", {"account": ACCOUNT})
        done = subprocess.run(
            [
                sys.executable,
                str(REPLAY),
                base,
                "--cassettes",
                str(REPLAY.parent / "cassettes"),
                "--level",
                "value",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    total = re.search(r"(\d+)/(\d+) interactions", done.stdout)

    assert total, done.stdout + done.stderr
    record_property("figure", f"{total[0]} with equal values")
    assert int(total[1]) / int(total[2]) >= REQUIRED_RATIO, done.stdout
