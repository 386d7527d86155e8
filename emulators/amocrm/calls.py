"""The calls that are modelled, and those that answer 501 with their name."""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "/api/v4"


class Route(NamedTuple):
    """One call: its name, its address, and the method of a part of ``Account`` that answers it.

    The method gets the ``Call``, then the ids of the path. ``status`` is that of an answer that is not empty.
    """

    name: str
    method: str
    path: str
    target: str
    status: int = 200


ROUTES = (
    Route("account.get", "GET", "/account", "office.get_account"),
    Route("users.list", "GET", "/users", "office.list_users"),
    Route("pipelines.list", "GET", "/leads/pipelines", "office.list_pipelines"),
    Route("custom_fields.list", "GET", "/leads/custom_fields", "office.list_fields"),
    Route("leads.list", "GET", "/leads", "deals.list_deals"),
    Route("leads.get", "GET", "/leads/<int:a>", "deals.get_deal"),
    Route("leads.update", "PATCH", "/leads/<int:a>", "deals.update_deal"),
    Route("contacts.get", "GET", "/contacts/<int:a>", "office.get_contact"),
    Route("companies.get", "GET", "/companies/<int:a>", "office.get_company"),
    Route("notes.list", "GET", "/leads/<int:a>/notes", "parts.list_notes"),
    Route("notes.add", "POST", "/leads/<int:a>/notes", "parts.add_notes"),
    Route("tasks.list", "GET", "/tasks", "parts.list_tasks"),
    Route("tasks.add", "POST", "/tasks", "parts.add_tasks"),
    Route("webhooks.list", "GET", "/webhooks", "hooks.list_webhooks"),
    Route("webhooks.add", "POST", "/webhooks", "hooks.add_webhook", 201),
    Route("webhooks.remove", "DELETE", "/webhooks", "hooks.remove_webhook"),
)

NOT_MODELLED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("leads.create", ("POST", "PATCH"), "/leads"),
    ("leads.unsorted", ("GET", "POST"), "/leads/unsorted"),
    ("leads.custom_fields_change", ("POST", "PATCH"), "/leads/custom_fields"),
    ("contacts.list", ("GET", "POST", "PATCH"), "/contacts"),
    ("companies.list", ("GET", "POST", "PATCH"), "/companies"),
    ("notes.change", ("GET", "PATCH"), "/leads/<int:a>/notes/<int:b>"),
    ("tasks.change", ("GET", "PATCH"), "/tasks/<int:a>"),
    ("sources.list", ("GET", "POST"), "/sources"),
    ("events.list", ("GET",), "/events"),
    ("users.get", ("GET",), "/users/<int:a>"),
    ("pipelines.change", ("GET", "PATCH", "DELETE"), "/leads/pipelines/<int:a>"),
)
"""Calls that amoCRM has and this server answers with 501 and their name."""
