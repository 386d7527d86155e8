"""Defects that runs must find. The product has no switches for them: its code is patched in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace


def _without_guards() -> None:
    """Batches do not check that rows and cells are still as they were read."""
    from vitrina.workbook.writing import change, row_writes, shelf  # noqa: PLC0415 - imported only if patched

    change.guard_mark = row_writes.guard_mark = shelf.guard_mark = lambda *_: []
    row_writes.compare_requests = lambda *_: []


def _launches_again() -> None:
    """Each process forgets once that a deal has begun its project; its launches are operations of its own."""
    from vitrina.records.outside.deals import DealPhase  # noqa: PLC0415
    from vitrina.usecases.deals import look_at_deal  # noqa: PLC0415

    load, click = look_at_deal.load_deal, look_at_deal._click  # noqa: SLF001
    forgotten: set[str] = set()

    def load_forgotten(store: Any, deal_id: str, agency_id: str) -> Any:
        kept = load(store, deal_id, agency_id)
        if kept.phase is not DealPhase.STARTED or deal_id in forgotten:
            return kept
        forgotten.add(deal_id)
        return replace(kept, phase=DealPhase.SEEN)

    def another(*arguments: Any) -> Any:
        made = click(*arguments)
        return replace(made, request_id=f"{made.request_id}-{os.getpid()}")

    look_at_deal.load_deal, look_at_deal._click = load_forgotten, another  # noqa: SLF001


def _decides_again() -> None:
    """Work is returned although another decision holds. Two acceptances of it could never be carried out."""
    from vitrina.records.outside.decisions import DecisionKind  # noqa: PLC0415
    from vitrina.usecases.decisions import decide  # noqa: PLC0415

    judge = decide._judge  # noqa: SLF001

    def judge_anew(services: Any, page: Any, verdict: Any, *more: Any) -> Any:
        if verdict.kind is DecisionKind.RETURNED:
            page = page.with_items(replace(one, decided=None) for one in page.items)
        return judge(services, page, verdict, *more)

    decide._judge = judge_anew  # noqa: SLF001


def _asks_again() -> None:
    """Accounting may be asked for a document that another request asks for."""
    from vitrina.usecases.accounting import draft  # noqa: PLC0415

    draft._refuse_overlap = lambda *_: None  # noqa: SLF001


def _lets_everybody_in() -> None:
    """Whoever is signed in may click in every workbook."""
    from vitrina.operations.clicks import access  # noqa: PLC0415
    from vitrina.workbook.reading.team import Role  # noqa: PLC0415

    access._role_in = lambda *_: Role.OWNER  # noqa: SLF001


def _beside_the_sheet() -> None:
    """All defects but the first one: each is found by violations of another kind."""
    for patch in (_launches_again, _decides_again, _asks_again, _lets_everybody_in):
        patch()


#: The patches by name.
DEFECTS: Mapping[str, Callable[[], None]] = {
    "guards": _without_guards,
    "launch": _launches_again,
    "decision": _decides_again,
    "accounting": _asks_again,
    "border": _lets_everybody_in,
    "all beside the sheet": _beside_the_sheet,
}
