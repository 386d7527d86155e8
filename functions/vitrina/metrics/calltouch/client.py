"""``MetricService`` for Calltouch: calls by day, all of them, unique ones and target ones."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from vitrina.errors import FatalServiceError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, MeasureKind, Segments
from vitrina.metrics.calltouch.wire import DISTANCE_S, SERVICE, URL, CalltouchWire, EvenPace, wrong_shape
from vitrina.ports import Json
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S

#: Calls on a page; most days of one list.
PAGE, MOST_DAYS = 1000, 90
#: Most pages of one list: an answer whose end never comes is no answer.
MOST_PAGES = 500

#: Flag of a call by measure; every call counts for the first one.
FLAGS: Mapping[str, str] = {
    "calls": "",
    "unique": "uniqueCall",
    "target": "targetCall",
    "unique_target": "uniqTargetCall",
}
FIELDS: Mapping[Segments, tuple[str, ...]] = {
    Segments.CHANNEL: ("source", "medium"),
    Segments.CAMPAIGN: ("utmCampaign",),
    Segments.DEVICE: ("device",),
}
#: What Calltouch writes where it knows nothing.
UNKNOWN = ("", "<не указано>", "<не заполнено>", "(none)")


def connect(
    tokens: Mapping[str, str],
    *,
    zone: tzinfo,
    now: Callable[[], datetime],
    url: str = URL,
    timeout_s: float = TIMEOUT_S,
    wait_s: float = FIRST_WAIT_S,
    distance_s: float = DISTANCE_S,
) -> Calltouch:
    """The adapter of some sites. Sends no request.

    Parameters
    ----------
    tokens
        Token of each site, by its number.
    zone
        Time zone of the sites: moments of calls are local.
    """
    pace = EvenPace(distance_s)
    wires = {
        site_id: CalltouchWire(url, token, pace=pace, timeout_s=timeout_s, wait_s=wait_s)
        for site_id, token in tokens.items()
    }
    return Calltouch(wires, zone, now)


class Calltouch:
    """The sites whose tokens are known; see ``MetricService``."""

    name = SERVICE

    def __init__(self, wires: Mapping[str, CalltouchWire], zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._sites = {site_id: Site(site_id, wire, zone, now) for site_id, wire in wires.items()}

    def accounts(self) -> Sequence[Account]:
        """See ``MetricService``: no call lists the sites of a token, so they are named by their numbers."""
        return [Account(site_id, site_id) for site_id in self._sites]

    def source(self, account_id: str) -> Site:
        """See ``MetricService``."""
        try:
            return self._sites[account_id]
        except KeyError:
            raise FatalServiceError("metrics.no_account", service=SERVICE) from None

    def account_from(self, link: str, area: str) -> str:  # noqa: ARG002 - part of the port
        """See ``MetricService``: accounts are chosen from the list."""
        raise FatalServiceError("metrics.no_account", service=self.name)

    def login_of(self, account_id: str) -> str:
        """See ``MetricService``: each site has a token."""
        return account_id


class Site:
    """One site as a ``MetricSource``."""

    segments = tuple(FIELDS)

    def __init__(self, site_id: str, wire: CalltouchWire, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._site_id = site_id
        self._wire = wire
        self._zone = zone
        self._now = now
        self._lock = threading.Lock()
        self._is_on_node = False

    def measures(self) -> Sequence[Measure]:
        """See ``MetricSource``. One call shows that the token works."""
        self._node()
        return [Measure(one, "", MeasureKind.COUNT, code=f"calls_{one}") for one in FLAGS]

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """See ``MetricSource``: the list of all calls, which is counted here."""
        now = self._now()
        counts: dict[str, dict[date, float]] = {
            one: {first + timedelta(days=number): 0.0 for number in range((last - first).days + 1)}
            for one in measure_ids
            if one in FLAGS
        }
        for call in self._calls(first, last):
            day = _day(call)
            for measure_id, days in counts.items():
                if day in days and _is_counted(call, measure_id):
                    days[day] += 1
        settled = min(last, now.astimezone(self._zone).date() - timedelta(days=1))
        found: dict[str, Facts | Gap] = {
            one: Facts({day: DayValue(count) for day, count in days.items()}, now, settled)
            for one, days in counts.items()
        }
        return {**{one: Gap("measure_unknown") for one in measure_ids}, **found}

    def by_segment(
        self, measure_id: str, segments: Segments, first: date, last: date
    ) -> Mapping[str, DayValue]:
        """See ``MetricSource``. What a call does not tell stands under an empty name."""
        if segments not in FIELDS or measure_id not in FLAGS:
            raise FatalServiceError("metrics.no_segments", service=SERVICE)
        sums: dict[str, float] = defaultdict(float)
        for call in self._calls(first, last):
            if first <= _day(call) <= last and _is_counted(call, measure_id):
                parts = (str(call.get(name) or "").strip() for name in FIELDS[segments])
                sums[" / ".join(one for one in parts if one not in UNKNOWN)] += 1
        return {name: DayValue(count) for name, count in sums.items()}

    def _node(self) -> CalltouchWire:
        with self._lock:
            if not self._is_on_node:
                self._wire.on_node(self._site_id)
                self._is_on_node = True
        return self._wire

    def _calls(self, first: date, last: date) -> Iterator[Json]:
        begins = first
        while begins <= last:
            ends = min(last, begins + timedelta(days=MOST_DAYS - 1))
            yield from self._list(begins, ends)
            begins = ends + timedelta(days=1)

    def _list(self, first: date, last: date) -> Iterator[Json]:
        wire, known, total = self._node(), set[Any](), 0
        for page in range(1, MOST_PAGES + 1):
            answer = wire.get(
                f"/calls-service/RestAPI/{self._site_id}/calls-diary/calls",
                {"dateFrom": f"{first:%d/%m/%Y}", "dateTo": f"{last:%d/%m/%Y}", "page": page, "limit": PAGE},
            )
            rows, total = _page(answer)
            # A call that comes in meanwhile moves the others to the next page.
            new = [row for row in rows if row["callId"] not in known]
            known.update(row["callId"] for row in new)
            yield from new
            if len(known) >= total or not rows:
                break
        if len(known) < total:
            raise wrong_shape()


def _page(answer: Any) -> tuple[list[Json], int]:
    rows = answer.get("records") if isinstance(answer, dict) else None
    total = answer.get("recordsTotal") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not isinstance(total, int):
        raise wrong_shape()
    if not all(isinstance(row, dict) and "callId" in row and "date" in row for row in rows):
        raise wrong_shape()
    return rows, total


def _day(call: Json) -> date:
    """The day of a call, whose moment is ``dd/mm/yyyy hh:mm:ss``."""
    try:
        day, month, year = map(int, str(call["date"])[:10].split("/"))
        return date(year, month, day)
    except ValueError:
        raise wrong_shape() from None


def _is_counted(call: Json, measure_id: str) -> bool:
    flag = FLAGS[measure_id]
    # Some answers have the flags as texts.
    return not flag or call.get(flag) in (True, "true", "True", 1, "1")
