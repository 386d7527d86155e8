"""The actions of the menu: what each needs, and which use case does it.

They stand in modules by area. A process imports an area when somebody asks for one of its actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from vitrina.usecases.actions.action import Action

#: Names of the actions by the module that has them.
AREAS: Mapping[str, tuple[str, ...]] = {
    "estimates": ("estimate",),
    "planning": (
        "build_batch",
        "preview_replan",
        "replan_work",
        "start_batch",
    ),
    "tasks": (
        "preview_assignment",
        "assign_task",
    ),
    "tracker": (
        "push",
        "refresh",
        "settle_conflicts",
        "switch_options",
        "preview_switch",
        "switch_tracker",
    ),
    "clients": (
        "new_client",
        "start_project",
        "invite_client",
        "preview_onboarding",
        "apply_onboarding",
        "show_as_client",
        "client_links",
        "make_client_link",
        "revoke_client_link",
    ),
    "chats": (
        "show_chat",
        "show_agency_chat",
        "open_questions",
        "answer_question",
        "note_call",
        "preview_digest",
        "send_digest",
    ),
    "metrics": (
        "metric_sources",
        "metric_measures",
        "choose_metric_source",
        "remove_metric_source",
        "preview_metric_report",
        "add_report_action",
        "approve_metric_report",
    ),
    "decisions": (
        "finished_work",
        "show_to_client",
        "decide_for_client",
        "accepted_work",
        "take_back_accepted",
    ),
    "accounting": (
        "accounting_options",
        "preview_accounting",
        "ask_accounting",
        "request_file",
        "withdraw_request",
    ),
    "agency": (
        "recalculate_norms",
        "update_load",
        "upgrade_books",
        "check_book",
        "check_all",
        "undo",
    ),
}


class _Actions(Mapping[str, Action]):
    """Actions by name."""

    def __init__(self) -> None:
        self._area_of = {name: area for area, names in AREAS.items() for name in names}

    def __getitem__(self, name: str) -> Action:
        actions: Mapping[str, Action] = import_module(f"{__name__}.{self._area_of[name]}").ACTIONS
        return actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._area_of)

    def __len__(self) -> int:
        return len(self._area_of)


ACTIONS: Mapping[str, Action] = _Actions()
