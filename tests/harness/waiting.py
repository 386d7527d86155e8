"""Waits for what a server or a page does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMEOUT_S = 30.0


def wait_until(is_so: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
    """Ask again and again until it is so; fail after *timeout_s* seconds."""
    give_up_at = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < give_up_at, f"not so after {timeout_s} s"
        time.sleep(0.02)
