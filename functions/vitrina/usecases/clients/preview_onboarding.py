"""*Добавить онбординг…*: shows the kinds of project, then what a template would add. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.ports import Json
from vitrina.project.snapshot import read_stored, snapshot_of
from vitrina.records.layouts import shape_key
from vitrina.texts import Sentence, sentence
from vitrina.usecases.clients.draft_onboarding import Draft, draft_onboarding, read_templates, template_of
from vitrina.workbook.reading.settings import read_terms
from vitrina.workbook.writing.heal import repair_messages


def preview_onboarding(run: Run, spreadsheet_id: str, *, kind: str = "") -> Answer:
    """Show what the template of *kind* would add to the project; without *kind*, which kinds there are.

    ``data`` has ``kinds`` and, with a kind, the ``plan_id`` for ``apply_onboarding``, tasks and needs.

    Raises
    ------
    UserError, CellsError
        If there are no templates, or cells of the chosen one are bad.
    """
    stored = read_stored(run, spreadsheet_id, more=[shape_key(run.agency_id)])
    book, templates = read_templates(run, stored.agency, stored.norms.value.norms, stored.more)
    kinds = templates.tab.kinds
    if not kinds:
        raise UserError("onboarding.empty", sheet=templates.tab.tab.title)
    if not kind and len(kinds) > 1:
        return Answer(Outcome.DONE, sentence("onboarding.choose"), data={"kinds": kinds})
    template = template_of(run, book, templates, kind or kinds[0])
    snapshot = snapshot_of(run, stored, fenced=False)
    snapshot.read_agency_work()
    draft = draft_onboarding(snapshot, templates.team, template)
    return Answer(
        Outcome.DONE,
        _message(draft),
        details=(
            *draft_messages(draft),
            *repair_messages(snapshot.book, snapshot.backlog_identity, snapshot.progress_identity),
        ),
        data={"kinds": kinds, "kind": template.kind, **_data(draft, templates.team.profiles)},
    )


def _message(draft: Draft) -> Sentence:
    if draft.plan.due_on is None:
        return sentence("onboarding.nothing_new", kind=draft.template.kind)
    return sentence("onboarding.plan", count=len(draft.plan.tasks), hours=draft.hours, due=draft.plan.due_on)


def draft_messages(draft: Draft) -> list[Sentence]:
    """What is there already, how much later it ends because of the project's limit, what finds no line."""
    messages = []
    if draft.known and draft.plan.tasks:
        codes, count = draft.known_codes, len(draft.known)
        code = "onboarding.there" if codes else "onboarding.finished"
        messages.append(sentence(code, count=count, **({"items": codes} if codes else {})))
    due, without = draft.plan.due_on, draft.due_without_limit
    if due is not None and without is not None and without < due:
        limit = read_terms(draft.snapshot.book, draft.snapshot.services.choices).limit_hours
        messages.append(sentence("onboarding.limit", limit=limit, due=due, without=without))
    if draft.needs_without_line:
        messages.append(sentence("onboarding.no_line", needs=draft.needs_without_line))
    return messages


def _data(draft: Draft, profiles: Mapping[str, str]) -> Json:
    return {
        "plan_id": draft.plan_id if draft.plan.tasks else None,
        "hours": draft.hours,
        "due_on": draft.plan.due_on,
        "known": draft.known_codes,
        "tasks": [
            {
                "number": planned.task.number,
                "task": planned.task.title,
                "actions": [
                    {
                        "profile": profiles.get(action.profile, action.profile),
                        "specialist": action.specialist,
                        "hours": action.hours,
                        "start_on": action.start_on,
                        "due_on": action.due_on,
                    }
                    for action in planned.actions
                ],
            }
            for planned in sorted(draft.plan.tasks, key=lambda one: (one.start_on, one.task.number))
        ],
        "needs": [{"text": need.text, "due_on": need.due_on} for need in draft.needs],
    }
