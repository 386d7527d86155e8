"""A call as the parts of Telegram see it: which bot calls, and its parameters."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulators.telegram.errors import NotModelledError, bad
from emulators.telegram.models.state import Row

_TRUE, _FALSE = ("true", "1"), ("false", "0")


def length(text: str) -> int:
    """Count of characters as Telegram counts them: units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True)
class Call:
    """One call. Parameters of forms and queries are texts, those of JSON have their types."""

    bot: Row
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def check_names(self, known: Collection[str]) -> None:
        """Answer 501 for a parameter that is not modelled."""
        for name in self.parameters:
            if name not in known:
                raise NotModelledError(f"the parameter {name}")

    def integer(self, name: str) -> int | None:
        """A number, or ``None`` if it is not given."""
        value = self.parameters.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise bad(f'field "{name}" must be of type Number')
        try:
            return int(value)
        except ValueError:
            raise bad(f"invalid {name} specified") from None

    def needed_integer(self, name: str) -> int:
        """A number that has to be given."""
        value = self.integer(name)
        if value is None:
            raise bad(f"parameter {name} is required")
        return value

    def text(self, name: str) -> str | None:
        """A text, or ``None`` if it is not given."""
        value = self.parameters.get(name)
        if value is not None and not isinstance(value, str):
            raise bad(f'field "{name}" must be of type String')
        return value

    def boolean(self, name: str) -> bool:
        """A yes or no; no if it is not given."""
        value = self.parameters.get(name, False)
        if isinstance(value, bool):
            return value
        if not isinstance(value, str) or value.lower() not in (*_TRUE, *_FALSE):
            raise bad(f'field "{name}" must be of type Boolean')
        return value.lower() in _TRUE

    def structure(self, name: str, kind: type) -> Any:
        """An object or a list, which a form has as JSON; ``None`` if it is not given."""
        value = self.parameters.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise bad(f"can't parse {name} JSON object") from None
        if value is not None and not isinstance(value, kind):
            raise bad(f"object expected as {name}")
        return value
