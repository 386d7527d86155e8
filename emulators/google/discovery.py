"""The discovery documents that ship inside google-api-python-client: methods and schemas.

They are the only list of existing methods: a path that no document has answers 404, and a method that the
documents have but the emulator does not handle answers 501.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache

DOCUMENTS = Path(googleapiclient.discovery_cache.__file__).parent / "documents"

# Google binds the body of these methods to one field of the request message, so its error texts begin
# with that field's name. Read from recorded answers (values.update) and from the published protos.
BODY_FIELDS = {
    "sheets.spreadsheets.create": "spreadsheet",
    "sheets.spreadsheets.values.update": "data",
    "sheets.spreadsheets.values.append": "values",
}


@dataclass(frozen=True)
class Method:
    """One method of an API as its discovery document describes it."""

    id: str
    api: str
    http_method: str
    pattern: re.Pattern[str]
    parameters: dict[str, dict[str, Any]]
    request_schema: str | None
    response_schema: str | None
    body_field: str = ""
    literal_length: int = field(default=0, compare=False)
    takes_media: bool = False


@dataclass(frozen=True)
class Document:
    """One API: its schemas and its methods, the most specific path first."""

    name: str
    schemas: dict[str, dict[str, Any]]
    methods: tuple[Method, ...]

    @property
    def query_names(self) -> frozenset[str]:
        """Names of the query parameters of all methods."""
        return frozenset(name for method in self.methods for name in method.parameters)

    def match(self, http_method: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method that answers *path*, with the values of its path parameters."""
        for method in self.methods:
            if method.http_method == http_method and (found := method.pattern.fullmatch(path)):
                return method, found.groupdict()
        return None


@cache
def load(name: str) -> Document:
    """The document *name*, for example ``sheets.v4``."""
    raw = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    common = raw["parameters"]
    methods = sorted(
        _methods(raw, raw["servicePath"], common, name.partition(".")[0]),
        key=lambda method: -method.literal_length,
    )
    return Document(name=name, schemas=raw["schemas"], methods=tuple(methods))


def _methods(resource: dict[str, Any], prefix: str, common: dict[str, Any], api: str) -> Iterator[Method]:
    for raw in resource.get("methods", {}).values():
        paths = [prefix + raw["path"]]
        upload = raw.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path")
        if upload:
            paths.append(upload.lstrip("/"))
        for path in paths:
            yield Method(
                id=raw["id"],
                api=api,
                http_method=raw["httpMethod"],
                pattern=_pattern(path),
                parameters=common | raw.get("parameters", {}),
                request_schema=raw.get("request", {}).get("$ref"),
                response_schema=raw.get("response", {}).get("$ref"),
                body_field=BODY_FIELDS.get(raw["id"], ""),
                literal_length=len(re.sub(r"\{[^}]*\}", "", path)),
                takes_media=path == paths[-1] and bool(upload),
            )
    for child in resource.get("resources", {}).values():
        yield from _methods(child, prefix, common, api)


def _pattern(path: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        # An A1 range may contain slashes and colons; an id may not.
        inner = ".+" if match[1] == "range" else "[^/:]+"
        return f"(?P<{match[1]}>{inner})"

    parts = re.split(r"(\{[^}]*\})", path)
    text = "".join(
        re.sub(r"\{\+?(\w+)\}", group, part) if part.startswith("{") else re.escape(part) for part in parts
    )
    return re.compile("/" + text, re.DOTALL)
