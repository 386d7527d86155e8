"""``python -m benchmarks.deals [--deals 500]``: deals move at random, and their projects are counted.

Webhooks are lost, doubled, held and turned round, and the timer calls now and then. In the end every deal
that stands at the chosen stage or past it must have one project, one board and one note. The emulator has
amoCRM's limit of 7 calls a second, and blocks who goes on. Exits with 1 if something differs from the model.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from benchmarks.tables import as_table
from tests.harness.deal_runs import DealRun, count_notes
from tests.harness.module_office import running_agency
from tests.harness.servers import running_servers

#: amoCRM's own.
LIMIT_PER_S = 7


def main() -> int:
    """Play one run and print a table; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deals", description=__doc__)
    parser.add_argument("--deals", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls-per-s", type=float, default=6.0, help="VITRINA_CRM_CALLS_PER_S")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    settings = {"CRM_CALLS_PER_S": str(arguments.calls_per_s), "CRM_REST_S": "61"}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_servers() as servers,
        running_agency(servers, Path(folder), has_crm=True, **settings) as office,
    ):
        office.crm.control("POST", "/rate-limit", {"limit_per_s": LIMIT_PER_S})
        moves_per_round = max(1, arguments.deals // 8)
        result = DealRun(office, arguments.seed).play(arguments.deals, arguments.rounds, moves_per_round)
        office.crm.lift_limit()
        notes = count_notes(office)
    wrong = [
        *result.wrong,
        *(f"deal {deal} has {count} notes" for deal, count in notes.items() if count != 1),
    ]
    lines = [
        ("deals; moves", f"{arguments.deals}; {result.moves:,}"),
        ("projects", f"{result.projects}"),
        ("calls of the CRM", f"{result.calls:,}"),
        ("most calls in a second", f"{result.most_per_s}"),
        ("refused calls", f"{result.refused}"),
        ("what differs from the model", f"{len(wrong)}"),
        ("seconds", f"{result.seconds:.0f}"),
    ]
    print(as_table((f"seed {arguments.seed}", ""), lines, markdown=arguments.markdown))
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
