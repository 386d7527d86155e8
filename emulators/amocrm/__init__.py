"""amoCRM on this machine: the REST API under ``/api/v4`` and its webhooks."""

from emulators.amocrm.routes import create_app

__all__ = ["create_app"]
