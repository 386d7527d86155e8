"""The nursery of the workers: ``python -m benchmarks.chaos.workers [--guards off]``.

Without guards a batch says nothing any more of where its rows were read. That is a change made here, to the
product in memory, before the workers are forked; the product itself has no such switch.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from emulators.world import workers


def take_guards_off() -> None:
    """Have every batch written as it is, whatever has become of the sheet."""
    from vitrina.workbook import change  # noqa: PLC0415 - the product, only where it is to be patched

    change._guard_requests = lambda *_: []  # noqa: SLF001


def make_ready(environment: Mapping[str, str]) -> None:
    """Build here what each worker would build with its first request: it takes a second, a fork nothing.

    All workers have the settings of the first one, and its clock.
    """
    from vitrina.bootstrap import application  # noqa: PLC0415 - it is imported by the usual nursery

    if not application.cache_info().currsize:
        os.environ.update(environment)
        services = application().services
        services.calendar.working_days_from(services.today(), count=30)
        services.store.close()


def main() -> None:
    """Fork workers as the usual nursery does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.workers", description=__doc__)
    parser.add_argument("--guards", choices=("on", "off"), default="on")
    if parser.parse_args().guards == "off":
        take_guards_off()
    workers.main(make_ready)


if __name__ == "__main__":
    main()
