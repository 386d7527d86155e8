"""The field «Обновлено» on the first tab: the time of the add-on's last write to the workbook."""

from __future__ import annotations

from datetime import datetime

from vitrina.domain.quantities import SERIAL_DAY_ZERO
from vitrina.operations.services import Services
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange

FIELD = "refreshed_at"


def write_refreshed_mark(services: Services, change: WorkbookChange, book: Book) -> None:
    """Write the present time, unless people removed the field or its tab."""
    if FIELD in book.fields and "client" in book.tabs:
        moment = services.clock.now().astimezone(services.time_zone)
        change.set_field(book.tab("client"), book.field(FIELD), serial_of_moment(moment))


def serial_of_moment(moment: datetime) -> float:
    """The serial number of a moment in Sheets, from the local time of its zone."""
    wall = moment.replace(tzinfo=None)
    zero = datetime.combine(SERIAL_DAY_ZERO, datetime.min.time())
    return round((wall - zero).total_seconds() / 86_400, 6)
