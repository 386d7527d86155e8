"""Shared by all tests: no surroundings of the developer's machine leak in."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the developer's shell decide nothing; proxies are not asked for loopback."""
    for name in list(os.environ):
        if name.startswith("VITRINA_") and name != "VITRINA_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
