"""Draws what people do outside the menu."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.chaos.agency import OWN_COLUMN, other_agency, typed_hours, typed_rows
from benchmarks.chaos.history import Json
from benchmarks.chaos.starting_points import BESIDE, DEALS, agency_of
from tests.emulators.telegram.telegram_world import OLGA, PETR

STAGES = ("signed", "signed", "signed", "won", "lead", "lost")
#: About how many items are shown to the client at once.
MOST_SHOWN = 4
#: Starting points at which the client has a page, and at which he has accepted something.
SEEN, ACCEPTED = ("shown", "accepted"), ("accepted",)
BESIDE_ACTIONS = ("estimate", "push", "refresh", "build_batch")


class VisitDrawer:
    """Draws the visits of one history.

    Parameters
    ----------
    draw
        Whose chance decides.
    """

    def __init__(self, draw: random.Random, variant: int, start: str) -> None:
        self._draw = draw
        beside = other_agency(agency_of(variant))
        self._beside_tasks = [row.task for row in typed_rows(BESIDE, beside.word)]
        self._count = 0
        makers: list[tuple[int, Callable[[], list[Json]]]] = [
            (3, self._deal),
            (4, self._neighbour),
            (1, self._trespass),
            (1, self._new_client),
            (2, self._timer),
        ]
        if start == "pushed":
            makers.append((2, lambda: [{"by": "chat", "do": "claim"}]))
        if start in SEEN:
            makers += [(8, self._decision), (5, self._press), (2, self._wish), (1, self._mute)]
        if start in ACCEPTED:
            makers.append((5, self._accounting))
        self._makers = makers

    def visits(self) -> list[Json]:
        """Visits that belong together, in their order; mostly one."""
        weights = [weight for weight, _ in self._makers]
        return self._draw.choices([make for _, make in self._makers], weights=weights)[0]()

    # --- The client ----------------------------------------------------------------------------------

    def _decision(self) -> list[Json]:
        """A client decides on his page, perhaps at the same moment as somebody in the chat."""
        draw, which = self._draw, self._draw.randrange(MOST_SHOWN)
        act = draw.choice(("accept", "accept", "accept", "return", "return", "undo"))
        first: Json = {
            "by": "client",
            "do": act,
            "which": which,
            "text": self._text("Замечание"),
            "times": draw.choice((1, 1, 2)),
            "is_stale": draw.random() < 0.25,
        }
        if draw.random() < 0.35:
            return [first, self._press_of(which, draw.choice(("accept", "accept", "undo")))]
        return [first]

    def _press(self) -> list[Json]:
        draw, which = self._draw, self._draw.randrange(MOST_SHOWN)
        act = draw.choice(("accept", "accept", "accept", "undo", "return"))
        if act != "return":
            return [self._press_of(which, act)]
        remark = {"by": "chat", "do": "remark", "which": which, "text": self._text("Ответ"), "users": [PETR]}
        return [self._press_of(which, "return"), remark]

    def _press_of(self, which: int, act: str) -> Json:
        users = self._draw.choice(([PETR], [PETR], [PETR, OLGA], [OLGA, OLGA]))
        return {"by": "chat", "do": act, "which": which, "users": users}

    def _wish(self) -> list[Json]:
        draw = self._draw
        if draw.random() < 0.25:
            return [{"by": "chat", "do": "question", "text": self._text("Чат"), "users": [OLGA]}]
        do = draw.choice(("order", "order", "question"))
        return [{"by": "client", "do": do, "text": self._text("Просьба"), "times": draw.choice((1, 2))}]

    def _mute(self) -> list[Json]:
        return [{"by": "chat", "do": "mute"}]

    # --- Staff and accounting ------------------------------------------------------------------------

    def _accounting(self) -> list[Json]:
        draw = self._draw
        do = draw.choice(("ask", "ask", "page", "row"))
        if do == "ask":
            kinds = draw.choices(("both", "invoice", "closing"), weights=(3, 2, 1), k=draw.choice((1, 1, 2)))
            return [{"by": "accounting", "do": "ask", "kind": kind} for kind in kinds]
        ask: Json = {"by": "accounting", "do": "ask", "kind": "both"}
        number = str(draw.randint(100, 999))
        answer: Json = {"by": "accounting", "do": do, "number": number, "times": draw.choice((1, 2))}
        return [ask, answer]

    def _deal(self) -> list[Json]:
        draw = self._draw
        deal = draw.randrange(DEALS)
        stages = draw.sample(STAGES, draw.choice((1, 1, 2, 3)))
        return [{"by": "crm", "deal": deal, "stage": stage} for stage in stages]

    def _neighbour(self) -> list[Json]:
        draw, task = self._draw, self._draw.choice(self._beside_tasks)
        dice = draw.random()
        if dice < 0.55:
            return [{"by": "neighbour", "do": "click", "action": draw.choice(BESIDE_ACTIONS)}]
        if dice < 0.7:
            return [{"by": "neighbour", "do": "card", "task": task, "stage": draw.randrange(4)}]
        column, text = draw.choice((("hours.design", typed_hours(draw)), (OWN_COLUMN, self._text("правка"))))
        edit = {"do": "type", "task": task, "column": column, "text": text}
        return [{"by": "neighbour", "do": "edit", "edit": edit}]

    def _trespass(self) -> list[Json]:
        action = self._draw.choice(("estimate", "push", "refresh", "build_batch", "undo"))
        return [{"by": "neighbour", "do": "trespass", "action": action}]

    def _new_client(self) -> list[Json]:
        draw = self._draw
        new: Json = {"by": "neighbour", "do": "new_client", "is_beside": draw.random() < 0.5}
        return [{**new, "code": f"НОВЫЙ{draw.randint(1, 2)}", "times": draw.choice((1, 1, 2))}]

    def _timer(self) -> list[Json]:
        return [{"by": "timer"}]

    def _text(self, word: str) -> str:
        self._count += 1
        return f"{word} {self._count}-{self._draw.randrange(10_000)}"
