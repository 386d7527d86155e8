"""The calls that are modelled, and those that answer 501 with their name."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One call: its name, its address, and the method of a part of ``Asana`` that answers it.

    The method gets the ``Call``, then the ids of the path in order.
    """

    name: str
    method: str
    path: str
    target: str
    status: int = 200
    #: Whether the call holds the lock of the account.
    is_locked: bool = True


ROUTES = (
    Route("users.list", "GET", "/users", "people.list_users"),
    Route("users.get", "GET", "/users/<a>", "people.get_user"),
    Route("users.memberships", "GET", "/users/<a>/workspace_memberships", "people.memberships_of_user"),
    Route("workspaces.list", "GET", "/workspaces", "people.list_workspaces"),
    Route("workspaces.get", "GET", "/workspaces/<a>", "people.get_workspace"),
    Route("workspaces.users", "GET", "/workspaces/<a>/users", "people.list_users"),
    Route("workspaces.teams", "GET", "/workspaces/<a>/teams", "people.list_teams"),
    Route("workspaces.projects", "GET", "/workspaces/<a>/projects", "projects.list_projects"),
    Route("workspaces.add_user", "POST", "/workspaces/<a>/addUser", "people.add_user"),
    Route("workspaces.remove_user", "POST", "/workspaces/<a>/removeUser", "people.remove_user"),
    Route(
        "workspaces.memberships", "GET", "/workspaces/<a>/workspace_memberships", "people.list_memberships"
    ),
    Route("workspaces.custom_fields", "GET", "/workspaces/<a>/custom_fields", "fields.list_fields"),
    Route("workspace_memberships.get", "GET", "/workspace_memberships/<a>", "people.get_membership"),
    Route("teams.get", "GET", "/teams/<a>", "people.get_team"),
    Route("projects.list", "GET", "/projects", "projects.list_projects"),
    Route("projects.create", "POST", "/projects", "projects.create_project", 201),
    Route("projects.get", "GET", "/projects/<a>", "projects.get_project"),
    Route("projects.update", "PUT", "/projects/<a>", "projects.update_project"),
    Route("projects.delete", "DELETE", "/projects/<a>", "projects.delete_project"),
    Route("projects.add_members", "POST", "/projects/<a>/addMembers", "projects.add_members"),
    Route("projects.remove_members", "POST", "/projects/<a>/removeMembers", "projects.remove_members"),
    Route("projects.memberships", "GET", "/projects/<a>/project_memberships", "projects.list_memberships"),
    Route("projects.tasks", "GET", "/projects/<a>/tasks", "tasks.list_tasks"),
    Route("projects.sections", "GET", "/projects/<a>/sections", "projects.list_sections"),
    Route("projects.settings", "GET", "/projects/<a>/custom_field_settings", "fields.list_settings"),
    Route("projects.add_field", "POST", "/projects/<a>/addCustomFieldSetting", "fields.add_setting"),
    Route("projects.remove_field", "POST", "/projects/<a>/removeCustomFieldSetting", "fields.remove_setting"),
    Route("memberships.list", "GET", "/memberships", "projects.list_memberships"),
    Route("memberships.create", "POST", "/memberships", "projects.create_membership", 201),
    Route("memberships.delete", "DELETE", "/memberships/<a>", "projects.remove_membership"),
    Route("sections.create", "POST", "/projects/<a>/sections", "projects.create_section", 201),
    Route("sections.insert", "POST", "/projects/<a>/sections/insert", "projects.insert_section"),
    Route("sections.get", "GET", "/sections/<a>", "projects.get_section"),
    Route("sections.update", "PUT", "/sections/<a>", "projects.update_section"),
    Route("sections.delete", "DELETE", "/sections/<a>", "projects.delete_section"),
    Route("sections.tasks", "GET", "/sections/<a>/tasks", "tasks.list_section"),
    Route("sections.add_task", "POST", "/sections/<a>/addTask", "tasks.add_to_section"),
    Route("custom_fields.create", "POST", "/custom_fields", "fields.create_field", 201),
    Route("custom_fields.get", "GET", "/custom_fields/<a>", "fields.get_field"),
    Route("custom_fields.update", "PUT", "/custom_fields/<a>", "fields.update_field"),
    Route("custom_fields.delete", "DELETE", "/custom_fields/<a>", "fields.delete_field"),
    Route("tasks.list", "GET", "/tasks", "tasks.list_tasks"),
    Route("tasks.create", "POST", "/tasks", "tasks.create_task", 201),
    Route("tasks.get", "GET", "/tasks/<a>", "tasks.get_task"),
    Route("tasks.update", "PUT", "/tasks/<a>", "tasks.update_task"),
    Route("tasks.delete", "DELETE", "/tasks/<a>", "tasks.delete_task"),
    Route("tasks.projects", "GET", "/tasks/<a>/projects", "tasks.list_projects"),
    Route("tasks.add_project", "POST", "/tasks/<a>/addProject", "tasks.add_project"),
    Route("tasks.remove_project", "POST", "/tasks/<a>/removeProject", "tasks.remove_project"),
    Route("tasks.set_parent", "POST", "/tasks/<a>/setParent", "tasks.set_parent"),
    Route("subtasks.list", "GET", "/tasks/<a>/subtasks", "tasks.list_subtasks"),
    Route("subtasks.create", "POST", "/tasks/<a>/subtasks", "tasks.create_subtask", 201),
    Route("stories.list", "GET", "/tasks/<a>/stories", "parts.list_stories"),
    Route("stories.create", "POST", "/tasks/<a>/stories", "parts.add_comment", 201),
    Route("time.list", "GET", "/tasks/<a>/time_tracking_entries", "parts.list_entries"),
    Route("time.create", "POST", "/tasks/<a>/time_tracking_entries", "parts.add_entry", 201),
    Route("time.all", "GET", "/time_tracking_entries", "parts.list_all_entries"),
    Route("time.get", "GET", "/time_tracking_entries/<a>", "parts.get_entry"),
    Route("time.update", "PUT", "/time_tracking_entries/<a>", "parts.update_entry"),
    Route("time.delete", "DELETE", "/time_tracking_entries/<a>", "parts.delete_entry"),
    Route("attachments.list", "GET", "/attachments", "parts.list_attachments"),
    Route("attachments.create", "POST", "/attachments", "parts.attach"),
    Route("attachments.get", "GET", "/attachments/<a>", "parts.get_attachment"),
    Route("attachments.delete", "DELETE", "/attachments/<a>", "parts.delete_attachment"),
    Route("webhooks.list", "GET", "/webhooks", "webhooks.list_webhooks"),
    Route("webhooks.create", "POST", "/webhooks", "webhooks.create_webhook", 201, is_locked=False),
    Route("webhooks.get", "GET", "/webhooks/<a>", "webhooks.get_webhook"),
    Route("webhooks.update", "PUT", "/webhooks/<a>", "webhooks.update_webhook"),
    Route("webhooks.delete", "DELETE", "/webhooks/<a>", "webhooks.delete_webhook"),
)

BATCH = "batch"
"""The name of ``POST /batch``, which sends its actions through the other routes."""

NOT_MODELLED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("events", ("GET",), "/events"),
    ("jobs.get", ("GET",), "/jobs/<a>"),
    ("organization_exports", ("GET", "POST"), "/organization_exports"),
    ("portfolios", ("GET", "POST"), "/portfolios"),
    ("goals", ("GET", "POST"), "/goals"),
    ("projects.duplicate", ("POST",), "/projects/<a>/duplicate"),
    ("projects.task_counts", ("GET",), "/projects/<a>/task_counts"),
    ("projects.add_followers", ("POST",), "/projects/<a>/addFollowers"),
    ("projects.remove_followers", ("POST",), "/projects/<a>/removeFollowers"),
    ("projects.save_as_template", ("POST",), "/projects/<a>/saveAsTemplate"),
    ("projects.statuses", ("GET", "POST"), "/projects/<a>/project_statuses"),
    ("project_templates.list", ("GET",), "/project_templates"),
    ("project_templates.instantiate", ("POST",), "/project_templates/<a>/instantiateProject"),
    ("custom_fields.enum_options", ("POST",), "/custom_fields/<a>/enum_options"),
    ("stories.change", ("GET", "PUT", "DELETE"), "/stories/<a>"),
    ("status_updates", ("GET", "POST"), "/status_updates"),
    ("tags", ("GET", "POST"), "/tags"),
    ("tasks.add_dependencies", ("POST",), "/tasks/<a>/addDependencies"),
    ("tasks.add_followers", ("POST",), "/tasks/<a>/addFollowers"),
    ("tasks.remove_followers", ("POST",), "/tasks/<a>/removeFollowers"),
    ("tasks.add_tag", ("POST",), "/tasks/<a>/addTag"),
    ("tasks.remove_tag", ("POST",), "/tasks/<a>/removeTag"),
    ("tasks.duplicate", ("POST",), "/tasks/<a>/duplicate"),
    ("tasks.search", ("GET",), "/workspaces/<a>/tasks/search"),
    ("teams.create", ("POST",), "/teams"),
    ("teams.users", ("GET",), "/teams/<a>/users"),
    ("typeahead", ("GET",), "/workspaces/<a>/typeahead"),
    ("users.favorites", ("GET",), "/users/<a>/favorites"),
    ("user_task_list", ("GET",), "/users/<a>/user_task_list"),
    ("workspaces.events", ("GET",), "/workspaces/<a>/events"),
)
"""Calls that Asana has and this server answers with 501 and their name."""
