"""Templates of a release after this one, to which workbooks of today are brought along."""

from __future__ import annotations

from msgspec.structs import replace

from vitrina.operations.services import Services
from vitrina.workbook.template.definition import (
    BookTemplate,
    ColumnTemplate,
    Rule,
    TabTemplate,
    load_template,
)

VERSION = 99

RISK = ColumnTemplate("risk", "choice", 120, "addon", choices="priority", group="risk", since=VERSION)


def with_risk(tab: TabTemplate) -> TabTemplate:
    """The backlog with one more column, before the task, and a rule for it."""
    if tab.key != "backlog":
        return tab
    at = [one.key for one in tab.columns].index("task")
    rule = Rule('={cell:risk}<>""', "warning", ("id",), since=VERSION)
    return replace(tab, columns=(*tab.columns[:at], RISK, *tab.columns[at:]), rules=(rule, *tab.rules))


IDEAS = TabTemplate(
    "ideas",
    108,
    "table",
    "muted",
    20,
    columns=(ColumnTemplate("idea", "text", 200, "client", group="idea"),),
    since=VERSION,
)


def next_client_template() -> BookTemplate:
    """The client's template with a column, a rule of colour and a tab more."""
    template = load_template("client")
    tabs = (*map(with_risk, template.tabs), IDEAS)
    texts = {
        locale: {
            **known,
            "backlog.risk": "Риск",
            "backlog.risk.note": "Что может помешать.",
            "ideas": "Метрики",
            "ideas.idea": "Идея",
            "ideas.idea.note": "О чём подумать.",
        }
        for locale, known in template.texts.items()
    }
    return replace(template, tabs=tabs, texts=texts, version=VERSION)


def next_release(services: Services) -> Services:
    """The services of that release; its agency's workbook is only of another version."""
    agency = replace(load_template("agency"), version=VERSION)
    return replace(services, templates={"client": next_client_template(), "agency": agency})
