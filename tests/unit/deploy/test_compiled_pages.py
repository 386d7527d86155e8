"""Tests of the compiled templates of the clients' pages."""

from __future__ import annotations

from pathlib import Path

from deploy.compiled_pages import compile_pages
from vitrina.web.pages.rendering import COMPILED


def test_compiled_pages_are_those_of_the_templates(tmp_path: Path) -> None:
    """``make pages`` was run after the last change of a template, or of Jinja."""
    compile_pages(tmp_path)

    assert _modules(COMPILED) == _modules(tmp_path), "run `make pages`"


def _modules(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
