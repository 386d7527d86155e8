"""Tests of modules that are loaded when they are used."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from vitrina.deferred_imports import defer

#: Is long enough in loading for several threads to meet there.
SLOW = """
import time
first = 1
time.sleep(0.2)
def both():
    return first + second
second = 2
"""


@pytest.fixture
def deferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of this source, whose loading is deferred."""
    name = f"deferred_{tmp_path.name.replace('-', '_')}"
    before = list(sys.meta_path)

    def make(source: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        defer(name)
        return importlib.import_module(name)

    yield make
    sys.meta_path[:] = before
    sys.modules.pop(name, None)


def test_a_module_is_loaded_when_it_is_used(deferred: Callable[[str], ModuleType]) -> None:
    """The import itself runs nothing of it."""
    module = deferred("import sys\nsys.loaded_now = True\nvalue = 7")

    assert not hasattr(sys, "loaded_now")
    assert importlib.import_module(module.__name__) is module
    assert not hasattr(sys, "loaded_now")
    assert module.value == 7
    assert sys.__dict__.pop("loaded_now")
    assert type(module) is ModuleType


def test_threads_wait_until_a_module_is_loaded(deferred: Callable[[str], ModuleType]) -> None:
    """None of them sees a module that is half there."""
    module, found, errors = deferred(SLOW), [], []

    def use() -> None:
        try:
            found.append(module.both())
        except Exception as error:  # noqa: BLE001 - any would be wrong
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert (found, errors) == ([3] * 8, [])


def test_a_module_that_cannot_be_loaded_says_so_each_time(deferred: Callable[[str], ModuleType]) -> None:
    """It is not taken for loaded."""
    module = deferred("raise ValueError('not today')")

    for _ in range(2):
        with pytest.raises(ValueError, match="not today"):
            _ = module.value
