"""The query language of ``files.list``, as far as it is modelled: terms joined with ``and``."""

from __future__ import annotations

import re
from typing import Any

from emulators.google.errors import ApiError, NotModelledError

_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_TERM = re.compile(
    rf"""\s*(?P<not>not\s+)?(?:
        (?P<field>name|mimeType|trashed|starred|modifiedTime|createdTime)\s*
            (?P<operator>=|!=|contains|<=|>=|<|>)\s*(?P<value>{_STRING}|true|false)
      | (?P<map>appProperties|properties)\s+has\s*\{{\s*key\s*=\s*(?P<key>{_STRING})\s+and\s+
            value\s*=\s*(?P<mapped>{_STRING})\s*\}}
      | (?P<member>{_STRING})\s+in\s+(?P<list>parents|owners|writers|readers)
    )\s*""",
    re.VERBOSE,
)


_JOINT = re.compile(r"(and|or)\b")
_NOT_MODELLED = re.compile(
    r"\s*(\(|fullText|sharedWithMe|memberOf|visibility|shortcutDetails|viewedByMeTime)"
)


def _text(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


Terms = list[re.Match[str]]


def parse(query: str) -> Terms:
    """The terms of a query; a file must match all of them.

    Raises
    ------
    ApiError
        400 ``Invalid Value`` if the text cannot be parsed.
    NotModelledError
        If it is valid but not modelled: ``or``, parentheses, other fields.
    """
    terms: Terms = []
    at = 0
    while query.strip():
        match = _TERM.match(query, at)
        if match is None:
            if _NOT_MODELLED.match(query, at):
                raise NotModelledError(f"the query {query}")
            raise _unreadable()
        terms.append(match)
        at = match.end()
        if at == len(query):
            break
        joint = _JOINT.match(query, at)
        if joint is None:
            raise _unreadable()
        if joint[1] == "or":
            raise NotModelledError(f"the query {query}")
        at = joint.end()
    return terms


def _unreadable() -> ApiError:
    return ApiError(400, "Invalid Value", reason="invalid", location="q")


def matches(terms: Terms, file: dict[str, Any]) -> bool:
    """Whether *file* matches every term."""
    return all(_term(term, file) != bool(term["not"]) for term in terms)


def _term(match: re.Match[str], file: dict[str, Any]) -> bool:
    if match["map"]:
        return file.get(match["map"], {}).get(_text(match["key"])) == _text(match["mapped"])
    if match["list"] == "parents":
        return _text(match["member"]) in file["parents"]
    if match["list"]:
        roles = {"owners": ("owner",), "writers": ("owner", "writer")}.get(match["list"], ())
        who = _text(match["member"]).casefold()
        return any(
            permission.get("emailAddress", "").casefold() == who
            and (not roles or permission["role"] in roles)
            for permission in file["permissions"]
        )
    value: Any = match["value"]
    value = value == "true" if value in ("true", "false") else _text(value)
    return _compare(file[match["field"]], match["operator"], value)


def _compare(actual: Any, operator: str, wanted: Any) -> bool:
    if isinstance(actual, str) and isinstance(wanted, str):
        if operator == "contains":
            # Drive matches the beginning of words.
            return any(
                word.startswith(wanted.casefold()) for word in [actual.casefold(), *actual.casefold().split()]
            )
        if operator in ("=", "!="):
            same = actual.casefold() == wanted.casefold()
            return same == (operator == "=")
        return {"<": actual < wanted, "<=": actual <= wanted, ">": actual > wanted, ">=": actual >= wanted}[
            operator
        ]
    return (actual == wanted) == (operator == "=")
