"""Telegram's Bot API on this machine: groups with topics, and the people in them."""

from emulators.telegram.routes import create_app

__all__ = ["create_app"]
