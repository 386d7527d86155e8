"""Inline keyboards: buttons under a message of a bot that carry some bytes."""

from __future__ import annotations

from typing import Any

from emulators.telegram.errors import NotModelledError, bad
from emulators.telegram.models.call import Call
from emulators.telegram.models.state import Row

MOST_DATA = 64
#: Rows and buttons of a row; the numbers are those that libraries name.
MOST_ROWS, MOST_IN_ROW = 100, 8
STYLES = ("danger", "success", "primary")
_WRONG = "can't parse inline keyboard button: "


def keyboard_of(call: Call) -> list[list[Row]]:
    """Rows of buttons of a call; none if it has no keyboard, or an empty one."""
    given = call.structure("reply_markup", dict)
    if given is None:
        return []
    for name in given:
        if name != "inline_keyboard":
            raise NotModelledError(f"reply_markup.{name}")
    rows = given.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(one, list) for one in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    keyboard = [[_button(one) for one in row] for row in rows if row]
    if len(keyboard) > MOST_ROWS or any(len(one) > MOST_IN_ROW for one in keyboard):
        raise bad("reply markup is too long")
    return keyboard


def markup(keyboard: list[list[Row]]) -> Row:
    """``InlineKeyboardMarkup``."""
    return {"inline_keyboard": keyboard}


def _button(given: Any) -> Row:
    if not isinstance(given, dict):
        raise bad(f"{_WRONG}Button must be an Object")
    for name in given:
        if name not in ("text", "callback_data", "style"):
            raise NotModelledError(f"the parameter {name} of a button")
    text, data, style = given.get("text"), given.get("callback_data"), given.get("style")
    if not isinstance(text, str) or not text.strip():
        raise bad(f'{_WRONG}Field "text" must be a non-empty String')
    if data is None:
        raise bad(f"{_WRONG}Text buttons are unallowed in the inline keyboard")
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= MOST_DATA:
        raise bad("BUTTON_DATA_INVALID")
    if style is not None and style not in STYLES:
        raise bad(f"{_WRONG}invalid button style specified")
    return {"text": text.strip(), "callback_data": data, **({"style": style} if style else {})}
