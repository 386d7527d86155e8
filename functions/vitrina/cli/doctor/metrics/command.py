"""What ``python -m vitrina doctor --metrics`` does."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from vitrina.bootstrap import SystemClock, open_accounts, open_crm
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.installation.checks import format_facts
from vitrina.cli.doctor.installation.fact import Condition
from vitrina.cli.doctor.metrics.checks import check_sources
from vitrina.settings import Settings


def run_for_metrics(settings: Settings) -> int:
    """Read yesterday of each account, and print what was seen; 0 if all is well, 2 if there is no source."""
    clock = SystemClock(settings.now)
    services = open_accounts(settings, clock.now, open_crm(settings))
    if not services:
        print_error(
            "There is no source of facts with accounts: set VITRINA_METRICA_TOKEN, VITRINA_CALLTOUCH_TOKENS "
            "or VITRINA_CRM_URL (docs/settings.md)."
        )
        return 2
    yesterday = clock.now().astimezone(ZoneInfo(settings.time_zone)).date() - timedelta(days=1)
    facts = check_sources(services, yesterday)
    print_line(f"Sources of facts\n\n{format_facts(facts)}")
    return 0 if all(one.condition == Condition.OK for one in facts) else 1
