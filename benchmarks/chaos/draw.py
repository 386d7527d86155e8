"""Draws a history from a seed: clicks, and disturbances at the calls where they do most harm."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from benchmarks.chaos.agency import (
    APPROVALS,
    NORMS,
    OWN_COLUMN,
    PRIORITIES,
    PROFILE_TITLES,
    typed_hours,
    typed_rows,
)
from benchmarks.chaos.history import (
    CARD,
    DELAY,
    EDIT,
    FAULT,
    FREEZE,
    KILL,
    MAKE_DUE,
    RELEASE,
    Disturbance,
    History,
    Json,
    Phase,
)
from benchmarks.chaos.starting_points import STARTS, VARIANTS, agency_of
from benchmarks.chaos.visits.draw import VisitDrawer
from benchmarks.chaos.world import STORE, WORKERS

QUEUE = "queue"

#: The action that usually follows, by the last action or the starting point.
_NEXT = {
    "typed": "estimate",
    "estimate": "build_batch",
    "estimated": "build_batch",
    "build_batch": "start_batch",
    "previewed": "start_batch",
    "start_batch": "push",
    "started": "push",
    "push": "refresh",
    "pushed": "refresh",
    "shown": "refresh",
    "accepted": "refresh",
    "refresh": "estimate",
    "undo": "build_batch",
    "queue": "estimate",
}
_ACTIONS = ("estimate", "build_batch", "start_batch", "push", "refresh", "undo", "undo", QUEUE)

#: About how many outside calls an action makes.
_CALLS = {"estimate": 2, "build_batch": 2, "start_batch": 2, "push": 16, "refresh": 8, "undo": 6, QUEUE: 4}

_WRITE = "google:sheets.spreadsheets.batchUpdate"
_READ = "google:sheets.spreadsheets.get"
#: Calls of the store, and about how many of each an action makes.
_STORE_CALLS = {f"{STORE}commit": 4, f"{STORE}batchGet": 5, STORE: 9}
#: ``tracker:`` stands for the tracker of the world.
_SERVICES = ("google:", "tracker:", "")
_STATUSES = (429, 429, 503, 503, "timeout", "timeout", "drop", 500)
_STORE_STATUSES = (429, 503, 503, "timeout", "timeout", "drop", "drop")
#: The most that two clocks differ, in seconds.
_MOST_APART_S = 120
#: Groups of visits of a history, by its starting point. With a client there are more of them.
_VISITS = {
    **dict.fromkeys(("typed", "estimated", "previewed", "started"), (0, 0, 1)),
    "pushed": (0, 1, 1, 2),
    "shown": (2, 3, 4, 5),
    "accepted": (2, 3, 4, 5),
}
_WEBHOOKS = ("deliver", "deliver", "duplicate", "duplicate", "hold", "reverse", "drop")


def draw_history(seed: int, run: int, *, instances: bool = False, tracker: str = "") -> History:
    """The history of one run; the same for the same seed and run.

    Parameters
    ----------
    instances
        Processes are frozen as well, clocks are apart, and calls of the store fail; the rest is the same as
        without.
    tracker
        The tracker of the project; it is drawn where this is empty.
    """
    drawer = _Drawer(seed, run, tracker)
    history = drawer.history()
    return drawer.with_instances(history) if instances else history


class _Drawer:
    def __init__(self, seed: int, run: int, tracker: str) -> None:
        self._seed, self._run = seed, run
        self._draw = random.Random(f"{seed}:{run}")
        variants = [one for one in range(VARIANTS) if tracker in ("", agency_of(one).tracker)]
        self._variant = self._draw.choice(variants)
        self._start = self._draw.choices(STARTS, weights=(2, 3, 4, 3, 4, 5, 6))[0]
        self._tasks = [row.task for row in typed_rows(self._variant, agency_of(self._variant).word)]
        self._visits = VisitDrawer(self._draw, self._variant, self._start)
        self._added = 0

    def history(self) -> History:
        draw = self._draw
        clicks = self._clicks(draw.choice((1, 2, 2, 3, 3, 4)))
        disturbances: list[list[Disturbance]] = [[] for _ in clicks]

        def scatter(count: int, make: Callable[[tuple[str, ...]], list[Disturbance]]) -> None:
            for _ in range(count):
                phase = draw.randrange(len(clicks))
                disturbances[phase] += make(clicks[phase])

        for phase, clicked in enumerate(clicks):
            if "estimate" in clicked and draw.random() < 0.6:
                # Without this edit most estimates would have nothing to write.
                disturbances[phase].append(Disturbance(EDIT, 0, "before", "", self._type_base()))
        scatter(draw.choice((0, 1, 2, 2, 3, 3, 4, 6)), self._edit)
        scatter(draw.choice((0, 0, 0, 1, 1, 2)), self._fault)
        scatter(draw.choice((0, 0, 0, 0, 0, 1, 1, 2)), self._kill)
        scatter(draw.choice((0,) * 19 + (1,)), self._delay)
        if STARTS.index(self._start) >= STARTS.index("started"):
            scatter(draw.choice((0, 1, 2, 3)), self._card)
            scatter(draw.choice((0, 0, 1)), self._queue_or_webhooks)
        webhooks = draw.choice(_WEBHOOKS)
        visits: list[list[tuple[Json, ...]]] = [[] for _ in clicks]
        for _ in range(draw.choice(_VISITS[self._start])):
            phase = draw.randrange(len(clicks))
            visits[phase].append(tuple(self._visits.visits()))
            if draw.random() < 0.25:
                disturbances[phase].append(self._fault_outside())
        phases = tuple(
            Phase(one, tuple(more), tuple(visited))
            for one, more, visited in zip(clicks, disturbances, visits, strict=True)
        )
        return History(self._seed, self._run, self._variant, self._start, webhooks, phases)

    def with_instances(self, history: History) -> History:
        """The history with what several instances over a store far away may suffer beside."""
        draw = self._draw = random.Random(f"{self._seed}:{self._run}:instances")
        more: list[list[Disturbance]] = [[] for _ in history.phases]
        for count, make in (
            (draw.choice((0, 0, 1, 1, 2)), self._freeze),
            (draw.choice((0, 0, 0, 0, 1)), self._kill_at_store),
            (draw.choice((0, 0, 1, 2, 3)), self._store_fault),
            (draw.choice((0,) * 19 + (1,)), self._slow_store),
        ):
            for _ in range(count):
                more[draw.randrange(len(more))].append(make())
        phases = tuple(
            replace(phase, disturbances=(*phase.disturbances, *added))
            for phase, added in zip(history.phases, more, strict=True)
        )
        apart = tuple(draw.choice((0, 0, _MOST_APART_S // 2, _MOST_APART_S)) for _ in range(WORKERS))
        return replace(history, phases=phases, apart=apart if draw.random() < 0.5 else ())

    def _clicks(self, count: int) -> list[tuple[str, ...]]:
        draw, last = self._draw, self._start
        found: list[tuple[str, ...]] = []
        for _ in range(count):
            action = _NEXT[last] if draw.random() < 0.7 else draw.choice(_ACTIONS)
            last = action
            dice = draw.random()
            if dice < 0.15 and action != QUEUE:
                found.append((action, action))
            elif dice < 0.3:
                found.append((action, draw.choice(_ACTIONS)))
            else:
                found.append((action,))
        return found

    def _moment(self, clicks: tuple[str, ...]) -> tuple[int, str, str]:
        """The call before or after which it happens: mostly between the read and the write."""
        draw = self._draw
        dice = draw.random()
        if dice < 0.1:
            return 0, "before", ""
        if dice < 0.55:
            return draw.choice((1, 1, 1, 2)), "before", _WRITE
        calls = sum(_CALLS[action] for action in clicks)
        return draw.randint(1, calls + 1), draw.choice(("before", "before", "after")), ""

    def _edit(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        at, when, method = self._moment(clicks)
        return [Disturbance(EDIT, at, when, method, self._any_edit())]

    def _fault(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        """One failed call, or several in a row."""
        draw = self._draw
        method = draw.choice((*_SERVICES, _WRITE))
        first = 1 if method == _WRITE else draw.randint(1, sum(_CALLS[action] for action in clicks) + 1)
        status = draw.choice(_STATUSES)
        length = draw.choice((1, 1, 2, 4, 6)) if status in (429, 503) else 1
        return [Disturbance(FAULT, first + n, "before", method, {"status": status}) for n in range(length)]

    def _fault_outside(self) -> Disturbance:
        """A call to CRM, chat or tracker that fails, or at which the process dies."""
        draw = self._draw
        at, method = draw.randint(1, 5), draw.choice(("amocrm:", "telegram:", "telegram:", "tracker:"))
        if draw.random() < 0.4:
            return Disturbance(KILL, at, draw.choice(("before", "after")), method, {})
        return Disturbance(FAULT, at, "before", method, {"status": draw.choice(_STATUSES)})

    def _kill(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        at, when, method = self._moment(clicks)
        return (
            [Disturbance(KILL, max(1, at), self._draw.choice(("before", "after")), method, {})]
            if when
            else []
        )

    def _delay(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        """A call that takes longer than the lease, so that another process takes the lease meanwhile."""
        at, when, method = self._moment(clicks)
        return [Disturbance(DELAY, max(1, at), when, method, {})]

    def _freeze(self) -> Disturbance:
        """Freeze a process: after it read the sheet, around a call of the store, or when it has written."""
        draw = self._draw
        if draw.random() < 0.4:
            return Disturbance(FREEZE, draw.choice((1, 1, 2)), "after", _READ, {})
        if draw.random() < 0.2:
            return Disturbance(FREEZE, 1, "after", _WRITE, {})
        at, method = self._store_call()
        return Disturbance(FREEZE, at, draw.choice(("before", "after")), method, {})

    def _kill_at_store(self) -> Disturbance:
        at, method = self._store_call()
        return Disturbance(KILL, at, self._draw.choice(("before", "after")), method, {})

    def _store_fault(self) -> Disturbance:
        at, method = self._store_call()
        return Disturbance(FAULT, at, "before", method, {"status": self._draw.choice(_STORE_STATUSES)})

    def _slow_store(self) -> Disturbance:
        """A commit that takes longer than the lease."""
        at = self._draw.randint(1, _STORE_CALLS[f"{STORE}commit"])
        return Disturbance(DELAY, at, "before", f"{STORE}commit", {})

    def _store_call(self) -> tuple[int, str]:
        method = self._draw.choice(list(_STORE_CALLS))
        return self._draw.randint(1, 2 * _STORE_CALLS[method]), method

    def _card(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        draw = self._draw
        at, when, method = self._moment(clicks)
        what: Json = {
            "task": draw.choice(self._tasks),
            "user_id": draw.choice(agency_of(self._variant).people).number,
        }
        if draw.random() < 0.3:
            what["minutes"] = draw.choice((15, 30, 90, 100))
        else:
            what["stage"] = draw.randrange(4)
        return [Disturbance(CARD, at, when, method, what)]

    def _queue_or_webhooks(self, clicks: tuple[str, ...]) -> list[Disturbance]:
        at, when, method = self._moment(clicks)
        return [Disturbance(self._draw.choice((MAKE_DUE, RELEASE)), at, when, method, {})]

    # --- Edits -----------------------------------------------------------------------------------

    def _any_edit(self) -> Json:
        makers: tuple[tuple[int, Callable[[], Json]], ...] = (
            (6, self._type_hours),
            (3, self._type_own),
            (3, self._type_cell),
            (2, self._type_base),
            (3, self._add),
            (3, self._delete),
            (2, self._insert_rows),
            (3, self._sort),
            (2, self._drag),
            (2, self._copy_row),
            (2, self._cut_row),
            (1, self._column),
            (1, self._tab),
            (2, self._note),
            (3, self._remark),
        )
        weights = [weight for weight, _ in makers]
        return self._draw.choices([make for _, make in makers], weights=weights)[0]()

    def _task(self) -> str:
        return self._draw.choice(self._tasks)

    def _type_hours(self) -> Json:
        profile = self._draw.choice(list(PROFILE_TITLES))
        return {
            "do": "type",
            "task": self._task(),
            "column": f"hours.{profile}",
            "text": typed_hours(self._draw),
        }

    def _type_own(self) -> Json:
        return {"do": "type", "task": self._task(), "column": OWN_COLUMN, "text": self._text()}

    def _type_cell(self) -> Json:
        draw = self._draw
        column, text = draw.choice(
            (
                ("result", self._text()),
                ("priority", draw.choice(PRIORITIES)),
                ("wanted_on", f"{draw.randint(24, 30)}.11.2026"),
            )
        )
        return {"do": "type", "task": self._task(), "column": column, "text": text}

    def _type_base(self) -> Json:
        """Type a work type or a quantity, from which hours are estimated."""
        draw = self._draw
        column, text = draw.choice(
            (("work_type", draw.choice(list(NORMS))), ("quantity", str(draw.randint(1, 3))))
        )
        return {"do": "type", "task": self._task(), "column": column, "text": text}

    def _text(self) -> str:
        return f"правка {self._draw.randrange(10_000)}"

    def _add(self) -> Json:
        draw = self._draw
        task = self._new_task()
        cells = {"work_type": draw.choice(list(NORMS))}
        if draw.random() < 0.4:
            cells[f"hours.{draw.choice(list(PROFILE_TITLES))}"] = typed_hours(draw)
        edit: Json = {"do": "add", "task": task, "cells": cells}
        if draw.random() < 0.5:
            edit["above"] = self._task()
        self._tasks.append(task)
        return edit

    def _new_task(self) -> str:
        self._added += 1
        return f"Новая задача {self._added}"

    def _delete(self) -> Json:
        return {"do": "delete", "task": self._task()}

    def _tab_key(self) -> str:
        return self._draw.choice(("backlog", "backlog", "in_progress"))

    def _insert_rows(self) -> Json:
        above = self._draw.choice((self._task(), ""))
        return {
            "do": "insert_rows",
            "tab": self._tab_key(),
            "count": self._draw.randint(1, 3),
            "above": above,
        }

    def _sort(self) -> Json:
        draw = self._draw
        tab = self._tab_key()
        columns = ("task", "priority", "hours.design") if tab == "backlog" else ("action", "due_on", "hours")
        order = draw.choice(("ASCENDING", "DESCENDING"))
        return {"do": "sort", "tab": tab, "column": draw.choice(columns), "order": order}

    def _drag(self) -> Json:
        return {"do": "drag", "tab": self._tab_key(), "task": self._task(), "to": self._task()}

    def _copy_row(self) -> Json:
        edit = {"do": "copy_row", "task": self._task(), "new_task": self._new_task()}
        self._tasks.append(edit["new_task"])
        return edit

    def _cut_row(self) -> Json:
        return {"do": "cut_row", "task": self._task()}

    def _column(self) -> Json:
        draw = self._draw
        tab = self._tab_key()
        columns = ("task", "priority", "source") if tab == "backlog" else ("action", "hours", "status")
        if draw.random() < 0.5:
            return {"do": "insert_column", "tab": tab, "before": draw.choice(columns)}
        column = "depends_on" if tab == "backlog" else "remark"
        return {"do": "move_column", "tab": tab, "column": column, "before": draw.choice(columns)}

    def _tab(self) -> Json:
        draw = self._draw
        tab = self._tab_key()
        return draw.choice(
            (
                {"do": "rename_tab", "tab": tab, "title": f"Лист «{draw.randrange(100)}»"},
                {"do": "move_tab", "tab": tab, "index": draw.randrange(4)},
                {"do": "filter", "tab": tab},
            )
        )

    def _note(self) -> Json:
        return {"do": "note", "task": self._task(), "column": OWN_COLUMN, "text": self._text()}

    def _remark(self) -> Json:
        draw = self._draw
        column = draw.choice(("remark", "approval"))
        text = self._text() if column == "remark" else draw.choice(APPROVALS)
        profile = draw.choice(list(PROFILE_TITLES))
        return {"do": "remark", "task": self._task(), "profile": profile, "column": column, "text": text}
