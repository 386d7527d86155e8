"""Text that a person typed beside a decision, or sent from a page."""

from __future__ import annotations

import unicodedata

#: Most characters of a remark.
MOST_TEXT = 4000
#: Characters that a person's text keeps although they are no letters.
_KEPT_CONTROLS = "\n\t"


def clean_text(text: str) -> str:
    """A person's text without characters that could hide or turn what stands around it."""
    plain = "".join(" " if unicodedata.category(one) == "Zs" else one for one in text.replace("\r\n", "\n"))
    return "".join(one for one in plain if one.isprintable() or one in _KEPT_CONTROLS).strip()


def shortened(text: str, most: int) -> str:
    """The beginning of a text of more than *most* characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
