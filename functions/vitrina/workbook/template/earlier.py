"""What earlier releases wrote into workbooks and this one writes otherwise (``earlier.json``).

A cell that holds one of these is still as the add-on left it, and may be replaced when the workbook is
brought along. Everything else is people's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct, field

from vitrina.workbook.template.definition import (
    LOCALES,
    TEMPLATES_DIRECTORY,
    Locale,
    Rule,
    read_json,
    rule_from,
)

FILE = "earlier.json"


class Earlier(Struct, frozen=True):
    """Former texts, formulas, rules of colour and keys of columns of one template."""

    #: Language → key of the text → former wordings, with their placeholders.
    texts: Mapping[Locale, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    #: ``tab.column`` or ``tab.field`` → former formulas, with their placeholders.
    formulas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Tab → rules that are gone.
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    #: Tab → former key of a column → its key now.
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def wordings(self, locale: Locale, key: str, **values: object) -> frozenset[str]:
        """Former wordings of a text, with its placeholders filled."""
        return frozenset(text.format(**values) for text in self.texts.get(locale, {}).get(key, ()))


@cache
def load_earlier(key: str, directory: Path = TEMPLATES_DIRECTORY) -> Earlier:
    """What earlier releases wrote into workbooks of the template *key*; raises ``TemplateError``."""
    # Only an upgrade of a workbook needs it.
    from vitrina.workbook.template.schema import check_part

    raw = read_json(directory / FILE)
    check_part("earlier", raw, directory)
    own = raw[key]
    texts = {
        locale: {name: tuple(wordings) for name, wordings in raw["texts"][locale].items()}
        for locale in LOCALES
    }
    return Earlier(
        texts,
        {name: tuple(formulas) for name, formulas in own["formulas"].items()},
        {tab: tuple(map(rule_from, rules)) for tab, rules in own["rules"].items()},
        own["columns"],
    )
