"""The calls that are modelled, and those that answer 501 with their name."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One call: its name, its address, and the method of a part of ``Kaiten`` that answers it.

    The method gets the acting user, then the ids of the path in order, then the *extras*.
    """

    name: str
    method: str
    path: str
    target: str
    extras: tuple[str, ...] = ()


ROUTES = (
    Route("users.current", "GET", "/users/current", "spaces.current_user"),
    Route("users.list", "GET", "/users", "spaces.list_users", ("query",)),
    Route("spaces.list", "GET", "/spaces", "spaces.list_spaces"),
    Route("spaces.create", "POST", "/spaces", "spaces.create_space", ("body",)),
    Route("spaces.get", "GET", "/spaces/<int:a>", "spaces.get_space"),
    Route("spaces.update", "PATCH", "/spaces/<int:a>", "spaces.update_space", ("body",)),
    Route("space_users.list", "GET", "/spaces/<int:a>/users", "spaces.list_space_users"),
    Route("space_users.invite", "POST", "/spaces/<int:a>/users", "spaces.invite", ("body",)),
    Route("space_users.update", "PATCH", "/spaces/<int:a>/users/<int:b>", "spaces.change_role", ("body",)),
    Route("space_users.remove", "DELETE", "/spaces/<int:a>/users/<int:b>", "spaces.expel"),
    Route("external_webhooks.list", "GET", "/spaces/<int:a>/external-webhooks", "spaces.list_webhooks"),
    Route(
        "external_webhooks.create",
        "POST",
        "/spaces/<int:a>/external-webhooks",
        "spaces.create_webhook",
        ("body",),
    ),
    Route(
        "external_webhooks.update",
        "PATCH",
        "/spaces/<int:a>/external-webhooks/<int:b>",
        "spaces.update_webhook",
        ("body",),
    ),
    Route("boards.list", "GET", "/spaces/<int:a>/boards", "boards.list_boards"),
    Route("boards.create", "POST", "/spaces/<int:a>/boards", "boards.create_board", ("body",)),
    Route("boards.get", "GET", "/spaces/<int:a>/boards/<int:b>", "boards.get_board"),
    Route("boards.update", "PATCH", "/spaces/<int:a>/boards/<int:b>", "boards.update_board", ("body",)),
    Route(
        "boards.delete", "DELETE", "/spaces/<int:a>/boards/<int:b>", "boards.delete_board", ("body", "query")
    ),
    Route("boards.get_with_cards", "GET", "/boards/<int:a>", "boards.get_board_with_cards"),
    Route("columns.list", "GET", "/boards/<int:a>/columns", "boards.list_columns"),
    Route("columns.create", "POST", "/boards/<int:a>/columns", "boards.create_column", ("body",)),
    Route("columns.update", "PATCH", "/boards/<int:a>/columns/<int:b>", "boards.update_column", ("body",)),
    Route("columns.delete", "DELETE", "/boards/<int:a>/columns/<int:b>", "boards.delete_column"),
    Route("subcolumns.list", "GET", "/columns/<int:a>/subcolumns", "boards.list_subcolumns"),
    Route("subcolumns.create", "POST", "/columns/<int:a>/subcolumns", "boards.create_subcolumn", ("body",)),
    Route("lanes.list", "GET", "/boards/<int:a>/lanes", "boards.list_lanes"),
    Route("lanes.create", "POST", "/boards/<int:a>/lanes", "boards.create_lane", ("body",)),
    Route("lanes.update", "PATCH", "/boards/<int:a>/lanes/<int:b>", "boards.update_lane", ("body",)),
    Route("cards.list", "GET", "/cards", "cards.list_cards", ("query",)),
    Route("cards.create", "POST", "/cards", "cards.create_card", ("body",)),
    Route("cards.get", "GET", "/cards/<int:a>", "cards.get_card"),
    Route("cards.update", "PATCH", "/cards/<int:a>", "cards.update_card", ("body",)),
    Route("cards.delete", "DELETE", "/cards/<int:a>", "cards.delete_card"),
    Route("cards.location_history", "GET", "/cards/<int:a>/location-history", "cards.location_history"),
    Route("members.list", "GET", "/cards/<int:a>/members", "parts.list_members"),
    Route("members.add", "POST", "/cards/<int:a>/members", "parts.add_member", ("body",)),
    Route("members.update", "PATCH", "/cards/<int:a>/members/<int:b>", "parts.update_member", ("body",)),
    Route("members.remove", "DELETE", "/cards/<int:a>/members/<int:b>", "parts.remove_member"),
    Route("comments.list", "GET", "/cards/<int:a>/comments", "parts.list_comments"),
    Route("comments.add", "POST", "/cards/<int:a>/comments", "parts.add_comment", ("body",)),
    Route("comments.update", "PATCH", "/cards/<int:a>/comments/<int:b>", "parts.update_comment", ("body",)),
    Route("comments.remove", "DELETE", "/cards/<int:a>/comments/<int:b>", "parts.remove_comment"),
    Route("checklists.create", "POST", "/cards/<int:a>/checklists", "checklists.create_checklist", ("body",)),
    Route("checklists.get", "GET", "/cards/<int:a>/checklists/<int:b>", "checklists.get_checklist"),
    Route(
        "checklists.update",
        "PATCH",
        "/cards/<int:a>/checklists/<int:b>",
        "checklists.update_checklist",
        ("body",),
    ),
    Route("checklists.remove", "DELETE", "/cards/<int:a>/checklists/<int:b>", "checklists.remove_checklist"),
    Route(
        "checklist_items.create",
        "POST",
        "/cards/<int:a>/checklists/<int:b>/items",
        "checklists.create_item",
        ("body",),
    ),
    Route(
        "checklist_items.update",
        "PATCH",
        "/cards/<int:a>/checklists/<int:b>/items/<int:d>",
        "checklists.update_item",
        ("body",),
    ),
    Route(
        "checklist_items.remove",
        "DELETE",
        "/cards/<int:a>/checklists/<int:b>/items/<int:d>",
        "checklists.remove_item",
    ),
    Route("time_logs.list", "GET", "/cards/<int:a>/time-logs", "parts.list_time_logs", ("query",)),
    Route("time_logs.add", "POST", "/cards/<int:a>/time-logs", "parts.add_time_log", ("body",)),
    Route(
        "time_logs.update", "PATCH", "/cards/<int:a>/time-logs/<int:b>", "parts.update_time_log", ("body",)
    ),
    Route("time_logs.remove", "DELETE", "/cards/<int:a>/time-logs/<int:b>", "parts.remove_time_log"),
    Route("external_links.list", "GET", "/cards/<int:a>/external-links", "parts.list_links"),
    Route("external_links.add", "POST", "/cards/<int:a>/external-links", "parts.add_link", ("body",)),
    Route(
        "external_links.update",
        "PATCH",
        "/cards/<int:a>/external-links/<int:b>",
        "parts.update_link",
        ("body",),
    ),
    Route("external_links.remove", "DELETE", "/cards/<int:a>/external-links/<int:b>", "parts.remove_link"),
    Route("children.list", "GET", "/cards/<int:a>/children", "parts.list_children"),
    Route("children.add", "POST", "/cards/<int:a>/children", "parts.add_child", ("body",)),
    Route("children.remove", "DELETE", "/cards/<int:a>/children/<int:b>", "parts.remove_child"),
    Route("parents.list", "GET", "/cards/<int:a>/parents", "parts.list_parents"),
    Route("card_tags.add", "POST", "/cards/<int:a>/tags", "parts.add_tag", ("body",)),
    Route("card_tags.remove", "DELETE", "/cards/<int:a>/tags/<int:b>", "parts.remove_tag"),
    Route("tags.list", "GET", "/tags", "parts.list_tags"),
    Route("tags.create", "POST", "/tags", "parts.create_tag", ("body",)),
    Route("custom_properties.list", "GET", "/company/custom-properties", "properties.list_properties"),
    Route(
        "custom_properties.create",
        "POST",
        "/company/custom-properties",
        "properties.create_property",
        ("body",),
    ),
)

NOT_MODELLED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("users.get", ("GET", "PATCH"), "/users/<int:a>"),
    ("spaces.delete", ("DELETE",), "/spaces/<int:a>"),
    ("subcolumns.change", ("PATCH", "DELETE"), "/columns/<int:a>/subcolumns/<int:b>"),
    ("cards.batch_update", ("PATCH",), "/cards"),
    ("cards.activity", ("GET",), "/cards/<int:a>/activity"),
    ("cards.allowed_users", ("GET",), "/cards/<int:a>/allowed-users"),
    ("cards.baselines", ("GET",), "/cards/<int:a>/baselines"),
    ("blockers", ("GET", "POST"), "/cards/<int:a>/blockers"),
    ("blockers.change", ("PATCH", "DELETE"), "/cards/<int:a>/blockers/<int:b>"),
    ("files", ("GET", "PUT"), "/cards/<int:a>/files"),
    ("files.change", ("PATCH", "DELETE"), "/cards/<int:a>/files/<b>"),
    ("automations", ("GET", "POST"), "/spaces/<int:a>/automations"),
    ("automations.change", ("GET", "PATCH", "DELETE"), "/spaces/<int:a>/automations/<b>"),
    ("custom_properties.change", ("GET", "PATCH", "DELETE"), "/company/custom-properties/<int:a>"),
    ("select_values", ("GET", "POST"), "/company/custom-properties/<int:a>/select-values"),
    ("card_types", ("GET", "POST"), "/card-types"),
    ("sprints", ("GET", "POST"), "/sprints"),
    ("time_logs.company", ("GET",), "/time-logs"),
    ("user_roles", ("GET", "POST"), "/user-roles"),
    ("company.users", ("GET", "POST"), "/company/users"),
)
"""Calls that Kaiten has and this server answers with 501 and their name."""
