"""Cloud Tasks on this machine: the REST API v2, and dispatch over HTTP."""

from emulators.tasks.routes import create_app

__all__ = ["create_app"]
