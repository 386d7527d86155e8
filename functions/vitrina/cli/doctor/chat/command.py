"""What ``python -m vitrina doctor --chat`` does."""

from __future__ import annotations

from collections.abc import Sequence

from vitrina.bootstrap import open_chat
from vitrina.chat_port import Chat
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.assumptions import Assumption
from vitrina.cli.doctor.chat.checks import check_chat
from vitrina.cli.doctor.chat.hands import Hands
from vitrina.cli.doctor.chat.trial import TrialGroup, run_trial
from vitrina.cli.doctor.installation.checks import format_facts
from vitrina.cli.doctor.installation.fact import Condition
from vitrina.cli.doctor.probe import State
from vitrina.cli.doctor.report import format_report
from vitrina.settings import Settings


def run_for_chat(settings: Settings, group_id: str, assumptions: Sequence[Assumption]) -> int:
    """Print what was found; 0 if all is well, 2 if there is no chat.

    Parameters
    ----------
    group_id
        A test group in which something is made and deleted again; empty to change nothing.
    """
    chat = open_chat(settings)
    if chat is None:
        print_error("There is no chat: set VITRINA_CHAT_TOKEN (docs/settings.md).")
        return 2
    hands = Hands(settings)
    try:
        facts = check_chat(chat, hands, group_id)
        print_line(f"The chat\n\n{format_facts(facts)}")
        is_good = all(one.condition == Condition.OK for one in facts)
        if is_good and group_id:
            is_good = _try_in(chat, hands, group_id, assumptions)
    finally:
        hands.close()
    return 0 if is_good else 1


def _try_in(chat: Chat, hands: Hands, group_id: str, assumptions: Sequence[Assumption]) -> bool:
    """Run the trial; whether all assumptions hold and nothing is left over."""
    trial = TrialGroup(chat, hands, group_id)
    try:
        findings = run_trial(trial)
    finally:
        left = trial.clean_up()
    rows = [one for one in assumptions if one.number in findings]
    print_line(f"\nThe assumptions\n\n{format_report(rows, findings)}")
    for one in left:
        print_error(f"Left over: {one}")
    return not left and all(one.state == State.HOLDS for one in findings.values())
