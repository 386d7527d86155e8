"""Shared by all tests: how they are run, and settings of the developer's machine kept out."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from emulators.common.firestore import running_firestore
from emulators.google.behaviour import UNMATCHED_DELETE
from tests.harness.firestore import is_firestore_installed
from tests.harness.folders import memory_folder

if (_in_memory := memory_folder()) is not None:
    # Where pytest makes the folders of ``tmp_path``; the workers inherit it.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_in_memory))

# Workbooks are many small objects without cycles, which the collector would visit again and again.
gc.set_threshold(100_000, 50, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Variants that take minutes: all calls of the kill test with Asana, several processes over Firestore."""
    parser.addoption(
        "--full", action="store_true", help="do not shorten tests that are long: see CONTRIBUTING.md"
    )
    parser.addoption("--store", choices=("sqlite", "firestore"), default="sqlite", help="see CONTRIBUTING.md")
    parser.addoption(
        "--unmatched-delete",
        choices=("refused", "ignored"),
        default="refused",
        help="what Google does when metadata that is to be deleted is not there; see CONTRIBUTING.md",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Emulators of Google read it when they start, in this process and in those that tests start."""
    os.environ[UNMATCHED_DELETE] = config.getoption("--unmatched-delete")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers more than there are processors: tests also wait for leases, queues and processes.

    With ``-n logical`` there are as many as processors, for tests that wait for nothing.
    """
    processors = os.cpu_count() or 1
    return processors if config.getoption("numprocesses") == "logical" else processors + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process still works on them when all others end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured: the property ``figure`` of those that passed."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figure" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid}: {value}")


@pytest.fixture(scope="session")
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of the emulator that ``--store firestore`` asks for, empty for files."""
    is_firestore = request.config.getoption("--store") == "firestore"
    return str(request.getfixturevalue("firestore_url")) if is_firestore else ""


@pytest.fixture(scope="session")
def firestore_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Google's own Firestore emulator."""
    if not is_firestore_installed():
        pytest.skip("the Firestore emulator is not installed")
    with running_firestore(tmp_path_factory.mktemp("firestore") / "emulator.log") as url:
        yield url


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove settings of the developer's shell, and proxies for loopback."""
    for name in list(os.environ):
        if name.startswith("VITRINA_") and name != "VITRINA_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
