"""Reports about metrics: each revision as it was, and for a project a list of those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Json, Key, Put, Store
from vitrina.records.packing import known_fields

METRIC_REPORT = "metric_report"
METRIC_REPORTS = "metric_reports"

#: Reports that the page of a client lists, and metrics of a project whose reports are followed.
MOST_SHOWN, MOST_METRICS = 12, 40
#: Most actions of a report, and most characters of its texts.
MOST_ACTIONS, MOST_REASON, MOST_ASKED, MOST_TITLE, MOST_OWNER = 10, 400, 400, 200, 100


class ReportState(StrEnum):
    """How far a report is. Only an approved one is shown to the client."""

    DRAFT = "draft"
    APPROVED = "approved"


class ReportAction(Struct, frozen=True):
    """What is done next: an item of the backlog, who sees to it, and by which ISO day."""

    number: int
    code: str
    title: str
    owner: str
    due_on: str


class MetricReport(Struct, frozen=True):
    """A revision of a report. Moments are ISO text.

    Parameters
    ----------
    number, revision
        All revisions of a report have its number; the first one is 1.
    metric, name
        Key of the metric, and its name when the report was written.
    body
        All figures, with their sources and moments, as JSON; ``schema`` is the version of its layout.
    reason
        What a person says of the cause, empty while it is not known.
    asked
        What the client is asked to decide, empty for nothing.
    cause
        Why it was drafted by itself: ``behind`` or ``questions``; empty for a click.
    sent_as
        Fingerprint of what was previewed when it was approved: a repeat of that click finds it.
    """

    spreadsheet_id: str
    agency_id: str
    number: int
    revision: int
    metric: str
    name: str
    made_at: str
    body: Mapping[str, Any]
    reason: str = ""
    asked: str = ""
    actions: tuple[ReportAction, ...] = ()
    cause: str = ""
    state: str = ReportState.DRAFT.value
    approved_at: str = ""
    approved_by: str = ""
    sent_as: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return report_key(self.spreadsheet_id, self.number, self.revision)

    @property
    def is_approved(self) -> bool:
        """Whether the client sees it."""
        return self.state == ReportState.APPROVED

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name != "version"}
        return Put(*self.key, data, self.version)


class ShownReport(Struct, frozen=True):
    """An approved report as the client's page lists it. ``approved_on`` is an ISO day."""

    number: int
    revision: int
    metric: str
    name: str
    approved_on: str


class ProjectReports(Struct, frozen=True):
    """Which reports a project has.

    Parameters
    ----------
    last_number
        Number of the newest report.
    drafts
        Number and revision of the draft of a metric, by its key.
    approved
        The same of the last approved report.
    shown
        Approved reports for the page, the newest first.
    tabs
        Id of the tab that a metric has in the workbook, by its key.
    """

    spreadsheet_id: str
    agency_id: str
    last_number: int = 0
    drafts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    approved: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    shown: tuple[ShownReport, ...] = ()
    tabs: Mapping[str, int] = field(default_factory=dict)
    version: int = ABSENT

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data: Json = {
            "agency_id": self.agency_id,
            "last_number": self.last_number,
            "drafts": {metric: list(one) for metric, one in self.drafts.items()},
            "approved": {metric: list(one) for metric, one in self.approved.items()},
            "shown": [to_builtins(one) for one in self.shown],
            "tabs": dict(self.tabs),
        }
        return Put(*reports_key(self.spreadsheet_id), data, self.version)

    def with_draft(self, report: MetricReport) -> ProjectReports:
        """With the draft of a metric in place of an earlier one."""
        drafts = {**self.drafts, report.metric: (report.number, report.revision)}
        return replace(self, drafts=_latest(drafts), last_number=max(self.last_number, report.number))

    def with_tab(self, metric: str, sheet_id: int) -> ProjectReports:
        """With the tab of a metric, of those whose reports are followed."""
        known = {one: key for one, key in self.tabs.items() if one in self.approved}
        return replace(self, tabs={**known, metric: sheet_id})

    def with_approved(self, report: MetricReport, approved_on: str) -> ProjectReports:
        """With a draft approved; an earlier revision of the same report is not listed any more."""
        drafts = {metric: one for metric, one in self.drafts.items() if metric != report.metric}
        line = ShownReport(report.number, report.revision, report.metric, report.name, approved_on)
        others = [one for one in self.shown if one.number != report.number]
        approved = {**self.approved, report.metric: (report.number, report.revision)}
        return replace(
            self,
            drafts=drafts,
            approved=_latest(approved),
            shown=(line, *others)[:MOST_SHOWN],
        )


def report_key(spreadsheet_id: str, number: int, revision: int) -> Key:
    """Where a revision of a report is kept."""
    return METRIC_REPORT, f"{spreadsheet_id}:{number}:{revision}"


def reports_key(spreadsheet_id: str) -> Key:
    """Where it stands which reports a project has."""
    return METRIC_REPORTS, spreadsheet_id


def reports_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> ProjectReports:
    """Which reports a project has, none where nothing is kept."""
    if document is None:
        return ProjectReports(spreadsheet_id, agency_id)
    values = known_fields(ProjectReports, document.data)
    return ProjectReports(
        spreadsheet_id,
        str(values.get("agency_id", agency_id)),
        int(values.get("last_number", 0)),
        _places(values.get("drafts", {})),
        _places(values.get("approved", {})),
        tuple(ShownReport(**known_fields(ShownReport, one)) for one in values.get("shown", ())),
        {metric: int(one) for metric, one in values.get("tabs", {}).items()},
        document.version,
    )


def load_reports(store: Store, spreadsheet_id: str, agency_id: str) -> ProjectReports:
    """Which reports a project has: one round trip."""
    key = reports_key(spreadsheet_id)
    return reports_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)


def load_report(store: Store, spreadsheet_id: str, place: tuple[int, int] | None) -> MetricReport | None:
    """A revision by its number and its own, ``None`` where there is none: one round trip."""
    if place is None:
        return None
    key = report_key(spreadsheet_id, *place)
    document = store.get_many([key]).get(key)
    return None if document is None else report_from_document(document)


def report_from_document(document: Document) -> MetricReport:
    """A kept revision."""
    values = known_fields(MetricReport, document.data)
    actions = tuple(ReportAction(**known_fields(ReportAction, one)) for one in values.pop("actions", ()))
    return MetricReport(**{**values, "actions": actions, "version": document.version})


def _places(data: Mapping[str, Iterable[int]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for metric, place in data.items():
        number, revision = place
        found[metric] = (int(number), int(revision))
    return found


def _latest(places: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Those with the highest numbers, so that the document does not grow with metrics that are gone."""
    kept = sorted(places.items(), key=lambda one: one[1])[-MOST_METRICS:]
    return dict(kept)
