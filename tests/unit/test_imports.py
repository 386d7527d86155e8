"""Imports of the product point one way (design.md section 5)."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = FUNCTIONS / "vitrina"

#: The parts of the package, from the bottom up: each may import itself and those before it.
ORDER = ("domain", "workbook", "records", "operations", "project", "tabs", "usecases", "jobs", "web")
#: Parts that every part of ``ORDER`` above ``domain`` may import too.
SHARED = {
    "deadline",
    "logs",
    "surrogates",
    "ports",
    "chat_port",
    "crm_port",
    "mail_port",
    "metric_port",
    "texts",
}
#: Parts that the other parts may import, beside themselves, ``errors`` and packages.
ALLOWED = {
    "errors": set(),
    "deadline": set(),
    "deferred_imports": set(),
    "settings": set(),
    "texts": {"surrogates"},
    "surrogates": set(),
    "logs": set(),
    "ports": set(),
    "crm_port": {"ports"},
    "chat_port": {"ports", "crm_port"},
    "mail_port": set(),
    "metric_port": set(),
    "rest": {"deadline", "ports", "surrogates"},
    "google": {"deadline", "domain", "ports"},
    "trackers": {"domain", "ports", "rest"},
    "crm": {"domain", "ports", "crm_port", "rest"},
    "chat": {"ports", "crm_port", "chat_port", "rest"},
    "mail": {"deadline", "mail_port"},
    "metrics": {"crm_port", "domain", "ports", "metric_port", "rest"},
    "store": {"deadline", "domain", "google", "ports"},
    "cli": {*ORDER, "bootstrap", "chat", "crm", "google", "settings", "trackers", *SHARED} - {"web"},
    "__main__": {"cli"},
    "bootstrap": {
        *(*ORDER, *SHARED, "chat", "crm", "logs", "mail", "metrics", "google", "settings", "store"),
        "trackers",
    }
    - {"web"},
    **{
        part: set(ORDER[:place]) | (SHARED if part != "domain" else set()) for place, part in enumerate(ORDER)
    },
    "web": {*ORDER, *SHARED, "settings"},
}
#: A folder with more modules than this is split.
MOST_MODULES = 13
PURE_FORBIDDEN = {
    "os",
    "socket",
    "httpx",
    "requests",
    "sqlite3",
    "time",
    "googleapiclient",
    "google",
    "pathlib",
}


@cache
def imported_modules(path: Path) -> frozenset[str]:
    """Full names of all modules that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module or "")
    return frozenset(names)


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE or path.name != "__init__.py"
]


def test_imports_point_one_way() -> None:
    """No part imports a part above it."""
    for path in FILES:
        part = part_of(path)
        ours = {name.split(".")[1] for name in imported_modules(path) if name.startswith("vitrina.")}
        always = {part} if part == "domain" else {part, "errors"}

        assert part in ALLOWED, f"say in ALLOWED what {part} may import"
        assert ours <= ALLOWED[part] | always, path


def test_domain_does_no_io() -> None:
    """The core reads no file, no clock, no network."""
    for path in (PACKAGE / "domain").rglob("*.py"):
        roots = {name.split(".")[0] for name in imported_modules(path)}

        assert not roots & PURE_FORBIDDEN, path
        assert "now()" not in path.read_text(encoding="utf-8"), path
        assert "today()" not in path.read_text(encoding="utf-8"), path


def test_the_product_imports_no_tests_emulators_or_benchmarks() -> None:
    """Tests, emulators and benchmarks import the product, never the reverse."""
    roots = {name.split(".")[0] for path in FUNCTIONS.rglob("*.py") for name in imported_modules(path)}

    assert not roots & {"tests", "emulators", "benchmarks"}


def test_entry_points_see_only_web_and_bootstrap() -> None:
    """``main.py`` imports only ``web`` and ``bootstrap``."""
    ours = {name for name in imported_modules(FUNCTIONS / "main.py") if name.startswith("vitrina.")}

    assert {name.split(".")[1] for name in ours} == {"bootstrap", "web"}


def test_a_wrong_import_is_found(tmp_path: Path) -> None:
    """The check finds a use case that imports an adapter."""
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from vitrina.google import workbooks\n", encoding="utf-8")

    ours = {name.split(".")[1] for name in imported_modules(bad) if name.startswith("vitrina.")}
    assert not ours <= ALLOWED["usecases"]


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in FILES}),
    ids=lambda folder: str(folder.relative_to(FUNCTIONS)),
)
def test_no_folder_has_too_many_modules(folder: Path) -> None:
    """A folder has at most ``MOST_MODULES`` modules, so that a reader finds the right one."""
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]

    assert len(modules) <= MOST_MODULES
