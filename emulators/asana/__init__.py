"""Asana on this machine: the REST API under ``/api/1.0`` and its webhooks."""

from emulators.asana.routes import create_app

__all__ = ["create_app"]
