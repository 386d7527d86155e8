"""Compares the files of ``sheet_templates/`` with ``template.schema.json``.

Tests do so before a release is deployed, and the doctor afterwards. Functions load the files without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from vitrina.workbook.template.definition import TEMPLATES_DIRECTORY, TemplateError, read_json

SCHEMA = "template.schema.json"


def check_template(key: str, directory: Path = TEMPLATES_DIRECTORY) -> None:
    """Raise ``TemplateError`` unless the template *key* and the theme match their schema."""
    name = f"{key}.json"
    _validate(read_json(directory / name), read_json(directory / SCHEMA), name)
    check_part("theme", read_json(directory / "theme.json"), directory)


def check_part(key: str, raw: Any, directory: Path = TEMPLATES_DIRECTORY) -> None:
    """Raise ``TemplateError`` unless *raw*, the content of ``<key>.json``, matches its part of the schema."""
    parts = read_json(directory / SCHEMA)["$defs"]
    _validate(raw, {**parts[key], "$defs": parts}, f"{key}.json")


def _validate(raw: Any, schema: Mapping[str, Any], name: str) -> None:
    """Report the deepest of several errors, as it names the cause."""
    validator = jsonschema.Draft202012Validator(schema)
    found = jsonschema.exceptions.best_match(validator.iter_errors(raw))
    if found is not None:
        raise TemplateError(_place(raw, list(found.absolute_path), name), found.message)


def _place(raw: Any, path: Sequence[str | int], name: str) -> str:
    """Name a place by keys instead of indices: ``client.json › tabs › backlog › columns › task``."""
    words = [name]
    node = raw
    for step in path:
        node = node[step]
        key = node.get("key") if isinstance(step, int) and isinstance(node, dict) else None
        words.append(str(key if isinstance(key, str) else step))
    return " › ".join(words)
