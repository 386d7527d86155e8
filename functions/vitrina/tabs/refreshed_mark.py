"""The mark «Обновлено» on the first tab: when the add-on last wrote the workbook."""

from __future__ import annotations

from datetime import datetime

from vitrina.domain.quantities import SERIAL_DAY_ZERO
from vitrina.operations.services import Services
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange

FIELD = "refreshed_at"


def write_refreshed_mark(services: Services, change: WorkbookChange, book: Book) -> None:
    """Write the present moment, unless people took the field or its tab away."""
    if FIELD in book.fields and "client" in book.tabs:
        moment = services.clock.now().astimezone(services.time_zone)
        change.set_field(book.tab("client"), book.field(FIELD), serial_of_moment(moment))


def serial_of_moment(moment: datetime) -> float:
    """The serial number of a moment as its clock on the wall shows it."""
    wall = moment.replace(tzinfo=None)
    zero = datetime.combine(SERIAL_DAY_ZERO, datetime.min.time())
    return round((wall - zero).total_seconds() / 86_400, 6)
