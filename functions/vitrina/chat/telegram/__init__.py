"""Telegram as a ``Chat``."""

from vitrina.chat.telegram.client import connect

__all__ = ["connect"]
