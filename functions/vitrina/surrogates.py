"""Halves of surrogate pairs, which JSON can carry and UTF-8 cannot: they can be neither sent nor stored."""

from __future__ import annotations


def replace_surrogates(text: str) -> str:
    """The text with a question mark in place of each half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
