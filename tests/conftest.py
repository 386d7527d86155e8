"""Shared by all tests: keeps settings of the developer's machine out."""

from __future__ import annotations

import os

import pytest

from tests.harness.folders import memory_folder

if (_in_memory := memory_folder()) is not None:
    # Where pytest makes the folders of ``tmp_path``; the workers inherit it.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_in_memory))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove settings of the developer's shell, and proxies for loopback."""
    for name in list(os.environ):
        if name.startswith("VITRINA_") and name != "VITRINA_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
