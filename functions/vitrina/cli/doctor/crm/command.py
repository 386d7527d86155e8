"""What ``python -m vitrina doctor --crm`` does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from vitrina.bootstrap import open_crm
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.assumptions import Assumption
from vitrina.cli.doctor.crm.checks import check_crm
from vitrina.cli.doctor.crm.trial import TrialDeal, run_trial
from vitrina.cli.doctor.installation.checks import format_facts
from vitrina.cli.doctor.installation.fact import Condition
from vitrina.cli.doctor.probe import State
from vitrina.cli.doctor.report import format_report
from vitrina.crm_port import Crm
from vitrina.settings import Settings


def run_for_crm(settings: Settings, deal_id: str, assumptions: Sequence[Assumption]) -> int:
    """Print what was found; 0 if all is well, 2 if there is no CRM.

    Parameters
    ----------
    deal_id
        A test deal that is changed and put back; empty to change nothing.
    """
    crm, plain = open_crm(settings), open_crm(settings, asks_for_news=False)
    if crm is None or plain is None:
        print_error("There is no CRM: set VITRINA_CRM_URL and VITRINA_CRM_TOKEN (docs/settings.md).")
        return 2
    facts = check_crm(crm, plain, now=datetime.now(UTC))
    print_line(f"The CRM\n\n{format_facts(facts)}")
    is_good = all(one.condition == Condition.OK for one in facts)
    if is_good and deal_id:
        is_good = _try_in(crm, deal_id, assumptions)
    return 0 if is_good else 1


def _try_in(crm: Crm, deal_id: str, assumptions: Sequence[Assumption]) -> bool:
    """Run the trial; whether all assumptions hold."""
    deal = crm.get_deal(deal_id)
    if deal is None or deal.is_deleted:
        print_error(f"There is no deal {deal_id}: make one for the trial and name its number.")
        return False
    findings = run_trial(TrialDeal(crm, deal))
    rows = [one for one in assumptions if one.number in findings]
    print_line(f"\nThe assumptions\n\n{format_report(rows, findings)}")
    print_line(f"\nA note and a task remain in the deal: delete it by hand, {deal.url}")
    return all(one.state == State.HOLDS for one in findings.values())
