"""What a process that is tried has besides the product: a look at its errors, and raised counts."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from vitrina.errors import VitrinaError

#: Counts of acts that pages and visitors may make, raised so that requests get further than their refusal,
#: and pauses that no test needs.
LIFTED: Mapping[str, float] = {
    "vitrina.records.outside.client_links.MOST_ACTS": 10**9,
    "vitrina.operations.clicks.guessers.MOST_UNKNOWN": 10**9,
    "vitrina.usecases.chats.updates.GATHER_S": 0.002,
    "vitrina.usecases.chats.workbook.GATHER_S": 0.002,
    "vitrina.chat.telegram.pace.DISTANCE_S": 0.0,
}
LOGGERS = ("", "vitrina", *("menu", "webhook", "task", "schedule", "client"))


class UnhandledErrors(logging.Handler):
    """Keeps errors that no code of the product expected, with their tracebacks."""

    def __init__(self, keep: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._keep = keep

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, VitrinaError):
            return
        told = "".join(traceback.format_exception(error))
        self._keep(f"{record.name}: {record.getMessage()}\n{told}")


@contextmanager
def unhandled_errors() -> Iterator[list[str]]:
    """What is logged in this process while the block runs."""
    found: list[str] = []
    handler = UnhandledErrors(found.append)
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        yield found
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(handler)
