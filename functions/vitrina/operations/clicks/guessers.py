"""Counts the unknown tokens that each visitor asks for, so that guessing tokens of pages is slowed down."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

#: The longest text of an address; a header may have any text there, which is not to be kept.
_MOST_ADDRESS = 45
#: Unknown tokens that one visitor may ask for in ``WINDOW_S`` seconds, and visitors that are remembered.
MOST_UNKNOWN, WINDOW_S, MOST_VISITORS = 20, 600.0, 10_000


class Guessers:
    """Visitors who asked for unknown tokens, in the memory of this process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def is_over(self, address: str) -> bool:
        """Whether a visitor has asked for too many unknown tokens."""
        with self._lock:
            since, count = self._counts.get(network(address, 32, 64), (0.0, 0))
            return count >= MOST_UNKNOWN and self._now() - since < WINDOW_S

    def note(self, address: str) -> None:
        """Count an unknown token that a visitor asked for."""
        visitor, now = network(address, 32, 64), self._now()
        with self._lock:
            since, count = self._counts.pop(visitor, (now, 0))
            self._counts[visitor] = (now, 1) if now - since >= WINDOW_S else (since, count + 1)
            while len(self._counts) > MOST_VISITORS:
                self._counts.popitem(last=False)


def network(address: str, bits_v4: int, bits_v6: int) -> str:
    """The network of an IP address, given by its first bits; empty for a text that is no IP address."""
    return _network(address, bits_v4, bits_v6) if len(address) <= _MOST_ADDRESS else ""


@lru_cache(maxsize=1000)
def _network(address: str, bits_v4: int, bits_v6: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = bits_v4 if parsed.version == 4 else bits_v6
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
