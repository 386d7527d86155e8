"""amoCRM as a ``Crm``."""

from vitrina.crm.amocrm.client import connect

__all__ = ["connect"]
