"""Calls a function in several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def run_at_once(do: Callable[[int], None], count: int) -> None:
    """Call *do* with 0, 1, 2 … at the same moment, each in a thread; raise an error of any of them."""
    gate = threading.Barrier(count)
    errors: list[BaseException] = []

    def wait_and_do(number: int) -> None:
        gate.wait()
        try:
            do(number)
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=wait_and_do, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
