"""Nonces of confirmations: what is confirmed is what was shown, by somebody who has the link.

A nonce is made with the token of the link, which the store does not know, so that nothing has to be kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

#: How long a confirmation may lie open.
LIFE = timedelta(hours=24)

Shown = Sequence[tuple[str, str]]


def new_nonce(token: str, kind: str, shown: Shown, now: datetime) -> str:
    """A nonce for one act: its kind, and everything that the confirmation shows."""
    issued = f"{int(now.timestamp()):x}"
    chance = secrets.token_hex(8)
    return f"{issued}-{chance}-{_sign(token, kind, shown, issued, chance)}"


def is_nonce(nonce: str, token: str, kind: str, shown: Shown, now: datetime) -> bool:
    """Whether a nonce was made for this act, not too long ago."""
    issued, _, rest = nonce.partition("-")
    chance, _, signature = rest.partition("-")
    expected = _sign(token, kind, shown, issued, chance)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return False
    age_s = now.timestamp() - int(issued, 16)
    return -60 <= age_s <= LIFE.total_seconds()


def _sign(token: str, kind: str, shown: Shown, issued: str, chance: str) -> str:
    message = json.dumps([kind, list(shown), issued, chance])
    return hmac.new(token.encode(), message.encode(), hashlib.sha256).hexdigest()[:32]
