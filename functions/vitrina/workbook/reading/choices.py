"""Labels of the drop-downs in every language, and the codes that they mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct


class Choices(Struct, frozen=True, dict=True, eq=False):
    """Labels by group, code and language (``ru``, ``en``)."""

    labels: Mapping[str, Mapping[str, Mapping[str, str]]]

    def label(self, group: str, code: str, locale: str) -> str:
        """The label of a code in a language."""
        return self.labels[group][code][locale]

    def all_labels(self, group: str, locale: str) -> list[str]:
        """All labels of a group in a language, in the order of the drop-down."""
        return [by_locale[locale] for by_locale in self.labels[group].values()]

    def code(self, group: str, text: str) -> str | None:
        """The code of a label in any language and case; ``None`` for another text."""
        return self._codes[group].get(text.strip().casefold())

    @cached_property
    def _codes(self) -> Mapping[str, Mapping[str, str]]:
        """Codes by group and by label in lower case. A label that two codes share means the first of them."""
        return {
            group: {
                label.casefold(): code
                for code, by_locale in reversed([*labels.items()])
                for label in by_locale.values()
            }
            for group, labels in self.labels.items()
        }
