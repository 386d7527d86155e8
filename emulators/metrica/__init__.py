"""Yandex Metrica on this machine: the reports and the lists that the product reads."""

from emulators.metrica.routes import create_app

__all__ = ["create_app"]
