"""The action of the menu that estimates a backlog; it needs less than those that plan."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.usecases.actions.action import NO_PARAMS, Action
from vitrina.usecases.batch.estimate import estimate

ACTIONS: Mapping[str, Action] = {
    "estimate": Action(
        "client", NO_PARAMS, lambda run, book, _: estimate(run, book), is_noted=True, reads_rows=True
    ),
}
