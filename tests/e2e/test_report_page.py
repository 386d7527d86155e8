"""The page of a report: who sees it, and that nothing in it can act."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.agency_data import NOW
from tests.harness.client_site import AGENCY, BOOK, CONTENT, ClientSite, running_site
from tests.harness.metric_reports import sample_report
from vitrina.records.outside.client_links import Scope
from vitrina.records.told.metric_reports import ReportState

LISTED = {"number": 2, "revision": 1, "metric": "m", "name": "Заявки", "approved_on": "2026-11-26"}
#: Most bytes of a full report as it is sent.
MOST_BYTES = 12_000


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """A page that lists a report, which is not in the store yet."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as found:
        found.put_page(content={**CONTENT, "reports": [LISTED]})
        yield found


@pytest.mark.parametrize("scope", list(Scope))
def test_a_listed_report_is_shown(site: ClientSite, scope: Scope) -> None:
    """For both kinds of links, in both languages, with the headers of every page."""
    site.store.commit([sample_report(BOOK, AGENCY).put()])
    token = site.make_link(scope)
    for language, word in (("ru", "Можно ли верить цифрам"), ("en", "Can the figures be trusted")):
        answer = site.get(f"{token}/report-2?lang={language}")
        assert answer.status_code == 200
        assert word in answer.text
        assert "script" not in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def test_a_report_is_small(site: ClientSite) -> None:
    """It opens on a phone in the country."""
    site.store.commit([sample_report(BOOK, AGENCY).put()])
    answer = site.get(f"{site.make_link()}/report-2")
    data = answer.get_data()
    packed = data if answer.headers.get("Content-Encoding") == "gzip" else gzip.compress(data)
    assert len(packed) < MOST_BYTES


@pytest.mark.parametrize(
    "place", ["report-1", "report-3", "report-02", "report-", "report-2x", "report-2/done"]
)
def test_other_places_are_not_there(site: ClientSite, place: str) -> None:
    """A report that the page does not list is not found, whatever the store has."""
    for number in (1, 3):
        site.store.commit([sample_report(BOOK, AGENCY, number=number).put()])
    assert site.get(f"{site.make_link()}/{place}").status_code == 404


def test_a_draft_is_not_shown(site: ClientSite) -> None:
    """Not even where a page lists it by mistake; nor one of another project."""
    token = site.make_link()
    assert site.get(f"{token}/report-2").status_code == 404
    site.store.commit([sample_report("another book", AGENCY).put()])
    assert site.get(f"{token}/report-2").status_code == 404
    site.store.commit([sample_report(BOOK, AGENCY, state=ReportState.DRAFT.value).put()])
    assert site.get(f"{token}/report-2").status_code == 404


def test_a_revoked_link_opens_no_report(site: ClientSite) -> None:
    """As every page of it."""
    site.store.commit([sample_report(BOOK, AGENCY).put()])
    token = site.make_link(is_revoked=True)
    assert site.get(f"{token}/report-2").status_code == 404


def test_texts_of_people_are_texts(site: ClientSite) -> None:
    """What people and sources have typed cannot act, also inside pictures."""
    report = sample_report(BOOK, AGENCY, reason="<b>Причина</b>", name="<script>alert(1)</script>")
    gap = report.body["gap"][0]["parts"][0]
    gap["name"] = '"><script>alert(2)</script>'
    report.body["works"][0]["code"] = "<svg onload=alert(3)>"
    site.store.commit([report.put()])
    text = site.get(f"{site.make_link()}/report-2").text
    assert "&lt;b&gt;Причина" in text
    assert "<script" not in text
    assert "<svg onload" not in text
