"""Tells the agency why facts of metrics are missing: in its own chat and in *Журнал*, once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.run import Run
from vitrina.records.books import load_agency, load_project
from vitrina.records.metrics.logins import DeadLogin
from vitrina.records.metrics.sources import KnownGap, MetricSources
from vitrina.records.outside.chat_rules import Told
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.metrics.gaps import gap_sentence


def tell_gaps(run: Run, sources: MetricSources, gaps: Mapping[int, KnownGap]) -> None:
    """Tell of *gaps* of one project, in one message, with the last commit of the run."""
    if not gaps:
        return
    project = load_project(run.services.store, sources.spreadsheet_id)
    lines = [
        sentence("metrics.told_metric", metric=sources.chosen[number].metric, why=gap_sentence(gap))
        for number, gap in sorted(gaps.items())
    ]
    # Each line is a sentence of its own, and so is the message.
    text = "\n".join(render(one, project.locale) for one in lines)
    told = sentence("metrics.told_gaps", project=project.title, lines=text)
    _tell(run, sources.agency_id, sources.spreadsheet_id, told, project.locale)


def tell_login(run: Run, login: DeadLogin, service: str, project_count: int) -> None:
    """Tell that the token of a login is dead, once for all projects that read with it."""
    agency = load_agency(run.services.store, login.agency_id)
    account = f" ({login.login})" if login.login else ""
    told = sentence("metrics.told_token", service=service, account=account, count=project_count)
    _tell(run, login.agency_id, login.agency_id, told, agency.locale)


def _tell(run: Run, agency_id: str, spreadsheet_id: str, told: Sentence, locale: str) -> None:
    services, text = run.services, render(told, locale)
    at = services.clock.now().isoformat()
    name = f"no-facts-{hashlib.sha256(f'{spreadsheet_id}:{at}:{text}'.encode()).hexdigest()[:16]}"
    post_message(run, spreadsheet_id, agency_id, Told.NO_FACTS, name, text)
    line = JournalLine(
        operation_id=name,
        agency_id=agency_id,
        spreadsheet_id="" if spreadsheet_id == agency_id else spreadsheet_id,
        at=at,
        who="",
        action="metric_facts",
        outcome="failed",
        message=text,
    )
    run.at_end(line.put())
    run.queue_at_end(refresh_wish(services, agency_id, draws=False))
