"""amoCRM as a ``Crm``."""

from vitrina.crm.amocrm.client import ASKS_FOR_NEWS, connect

__all__ = ["ASKS_FOR_NEWS", "connect"]
