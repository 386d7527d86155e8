"""Calltouch on this machine: the diary of calls of some sites."""

from emulators.calltouch.routes import create_app

__all__ = ["create_app"]
