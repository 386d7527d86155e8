"""What ``python -m vitrina doctor --crm`` does."""

from __future__ import annotations

from datetime import UTC, datetime

from vitrina.bootstrap import open_crm
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.crm.checks import check_crm
from vitrina.cli.doctor.installation.checks import format_facts
from vitrina.cli.doctor.installation.fact import Condition
from vitrina.settings import Settings


def run_for_crm(settings: Settings) -> int:
    """Print what was found; 0 if all is well, 2 if there is no CRM."""
    crm, plain = open_crm(settings), open_crm(settings, asks_for_news=False)
    if crm is None or plain is None:
        print_error("There is no CRM: set VITRINA_CRM_URL and VITRINA_CRM_TOKEN (docs/settings.md).")
        return 2
    facts = check_crm(crm, plain, now=datetime.now(UTC))
    print_line(f"The CRM\n\n{format_facts(facts)}")
    return 0 if all(one.condition == Condition.OK for one in facts) else 1
