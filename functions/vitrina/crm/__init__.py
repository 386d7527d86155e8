"""Adapters of the port ``Crm``."""
