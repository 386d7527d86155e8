"""Kaiten on this machine: the REST API under ``/api/latest`` and its external webhooks."""

from emulators.kaiten.routes import create_app

__all__ = ["create_app"]
