"""Days and figures from a range of a spreadsheet that is shared with the service account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from vitrina.domain.dated_rows import Content, read_rows
from vitrina.errors import AccessDeniedError, FatalServiceError, UserError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, MeasureKind, Segments
from vitrina.metrics.sheet_range.link import SheetPlace, place_from_account, place_from_link
from vitrina.metrics.table_facts import facts_of, gap_of
from vitrina.ports import Json, Workbooks, decoded

NAME = "Google Sheets"
#: What the workbooks of an installation, and copies of them, are marked with.
BOOK_MARK = "vitrina.book"
MEASURE = "figure"


class SheetRanges:
    """Ranges of spreadsheets; see ``MetricService``."""

    name = NAME

    def __init__(
        self,
        workbooks: Workbooks,
        zone: tzinfo,
        now: Callable[[], datetime],
        *,
        is_book: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Read over *workbooks*; *is_book* tells whether a spreadsheet with our mark is no copy of one."""
        self._workbooks = workbooks
        self._zone = zone
        self._now = now
        self._is_book = is_book

    def accounts(self) -> Sequence[Account]:
        """See ``MetricService``. A range is named by its link, not chosen."""
        return []

    def source(self, account_id: str) -> SheetRange:
        """See ``MetricService``."""
        try:
            place = place_from_account(account_id)
        except ValueError:
            raise FatalServiceError("metrics.no_account", service=NAME) from None
        return SheetRange(self._workbooks, place, self._zone, self._now, self._is_book)

    def account_from(self, link: str, area: str) -> str:
        """See ``MetricService``."""
        place = place_from_link(link, area)
        if place is None:
            raise UserError("metrics.bad_link")
        return place.account_id

    def login_of(self, account_id: str) -> str:
        """See ``MetricService``: access is given to each spreadsheet by itself."""
        return account_id


class SheetRange:
    """One range as a ``MetricSource``."""

    segments: tuple[Segments, ...] = ()

    def __init__(
        self,
        workbooks: Workbooks,
        place: SheetPlace,
        zone: tzinfo,
        now: Callable[[], datetime],
        is_book: Callable[[str], bool],
    ) -> None:
        self._workbooks = workbooks
        self._place = place
        self._zone = zone
        self._now = now
        self._is_book = is_book

    def measures(self) -> Sequence[Measure]:
        """See ``MetricSource``; its name is that of the spreadsheet. Shows that the range can be read."""
        resource = self._resource()
        self._rows(resource)
        title = str(resource["properties"]["title"])
        return [Measure(MEASURE, title, MeasureKind.AMOUNT, code="sheet")]

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """See ``MetricSource``: one read of the spreadsheet."""
        now = self._now()
        rows = self._rows(self._resource())
        figures, problems = read_rows(rows, now.astimezone(self._zone).date())
        facts = facts_of(figures, first, last, now, is_told=True)
        found: Facts | Gap = gap_of(problems[0]) if problems else facts
        return {one: found if one == MEASURE else Gap("measure_unknown") for one in measure_ids}

    def by_segment(
        self,
        measure_id: str,  # noqa: ARG002 - part of the port
        segments: Segments,  # noqa: ARG002
        first: date,  # noqa: ARG002
        last: date,  # noqa: ARG002
    ) -> Mapping[str, DayValue]:
        """See ``MetricSource``: a range has no segments."""
        raise FatalServiceError("metrics.no_segments", service=NAME)

    def _resource(self) -> Json:
        spreadsheet_id = self._place.spreadsheet_id
        try:
            resource = decoded(self._workbooks.read(spreadsheet_id))
        except (AccessDeniedError, FatalServiceError) as error:
            if isinstance(error, FatalServiceError) and error.status not in (404, None):
                raise
            raise AccessDeniedError("metrics.not_shared", service=NAME, status=error.status) from error
        marks = {one.get("metadataKey") for one in resource.get("developerMetadata", ())}
        if BOOK_MARK in marks and not self._is_book(spreadsheet_id):
            # Nobody has shared a copy with us: we see it because it lies in our drive, whosever it is.
            raise AccessDeniedError("metrics.own_book", service=NAME)
        return resource

    def _rows(self, resource: Json) -> list[tuple[int, Content, Content]]:
        """Number, day and figure of each row of the range."""
        place = self._place
        sheets = resource.get("sheets", ())
        sheet = next((one for one in sheets if one["properties"].get("sheetId", 0) == place.sheet_id), None)
        if sheet is None:
            raise AccessDeniedError("metrics.not_shared", service=NAME)
        data: Json = next(iter(sheet.get("data", ())), {})
        rows = list(enumerate(data.get("rowData", ()), start=1))
        chosen = rows[place.first_row - 1 : place.last_row or None]
        left = place.first_column
        return [(number, _content(row, left), _content(row, left + 1)) for number, row in chosen]


def _content(row: Json, column: int) -> Content:
    cells = row.get("values", ())
    value = cells[column].get("effectiveValue", {}) if column < len(cells) and cells[column] else {}
    if "numberValue" in value:
        return float(value["numberValue"])
    if "errorValue" in value:
        return "#ERROR!"
    content: Content = value.get("stringValue", value.get("boolValue"))
    return content
