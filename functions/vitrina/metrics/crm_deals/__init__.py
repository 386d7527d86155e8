"""Deals of a CRM as a ``MetricService``. Its one account is that of the CRM."""

from vitrina.metrics.crm_deals.client import CrmDeals

__all__ = ["CrmDeals"]
