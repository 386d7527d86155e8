"""Shared by all tests: keeps settings of the developer's machine out."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove settings of the developer's shell, and proxies for loopback."""
    for name in list(os.environ):
        if name.startswith("VITRINA_") and name != "VITRINA_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
