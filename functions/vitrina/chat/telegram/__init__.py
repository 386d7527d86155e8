"""Telegram as a ``Chat``."""

from vitrina.chat.telegram.client import connect
from vitrina.chat.telegram.webhooks import HEADER

__all__ = ["HEADER", "connect"]
