"""The history of one run as data, so that it can be drawn, saved, shrunk and played again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: Kinds of disturbances: a person edits the sheet, a person works in the tracker, a call fails, a process is
#: killed, a process is frozen for a minute, a call takes longer than a lease, postponed tasks of the queue
#: become due, held webhooks are sent.
EDIT, CARD, FAULT, KILL, FREEZE, DELAY = "edit", "card", "fault", "kill", "freeze", "delay"
MAKE_DUE, RELEASE = "make_due", "release"


@dataclass(frozen=True)
class Disturbance:
    """Something that happens during a phase, beside its clicks.

    Parameters
    ----------
    at
        Number of the call before or after which it happens, counted over the calls of the phase whose name
        starts with *method*; with 0 it happens before the phase.
    when
        ``before`` or ``after`` the call.
    what
        Details; which ones depends on the kind.
    """

    kind: str
    at: int
    when: str
    method: str
    what: Json


@dataclass(frozen=True)
class Phase:
    """Clicks and visits at the same moment, and the disturbances until all of them are answered.

    ``visits`` are what people do outside the menu of the project; those of one group are in their order.
    """

    clicks: tuple[str, ...]
    disturbances: tuple[Disturbance, ...] = ()
    visits: tuple[tuple[Json, ...], ...] = ()


@dataclass(frozen=True)
class History:
    """One run, from its starting point to the last click.

    ``start`` names the starting point, ``variant`` the backlog, and ``webhooks`` how the tracker delivers its
    events. ``apart`` has the seconds by which the clock of each process's machine is ahead.
    """

    seed: int
    run: int
    variant: int
    start: str
    webhooks: str
    phases: tuple[Phase, ...]
    apart: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The number of clicks, visits and disturbances."""
        return sum(
            len(phase.clicks) + len(phase.disturbances) + sum(map(len, phase.visits)) for phase in self.phases
        )

    def save(self, path: Path) -> None:
        """Write the history to a file."""
        path.write_text(self.to_text() + "\n", encoding="utf-8")

    def to_text(self) -> str:
        """The history as JSON, with a line for each disturbance."""
        data = asdict(self)
        lines = []
        for phase in data.pop("phases"):
            disturbances = ",\n".join(f"      {_line(one)}" for one in phase["disturbances"])
            inner = f"\n{disturbances}\n    " if disturbances else ""
            visits = ", ".join(map(_line, phase["visits"]))
            lines.append(
                f'    {{"clicks": {_line(phase["clicks"])}, "visits": [{visits}], "disturbances": [{inner}]}}'
            )
        head = ",\n".join(f'  "{key}": {_line(value)}' for key, value in data.items())
        return "{\n" + head + ',\n  "phases": [\n' + ",\n".join(lines) + "\n  ]\n}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def load_history(path: Path) -> History:
    """Read a history that ``save`` has written."""
    data = json.loads(path.read_text(encoding="utf-8"))
    parts = {
        "phases": tuple(_phase(one) for one in data["phases"]),
        "apart": tuple(data.get("apart", ())),
    }
    return History(**data | parts)


def _phase(data: Json) -> Phase:
    return Phase(
        tuple(data["clicks"]),
        tuple(Disturbance(**one) for one in data["disturbances"]),
        tuple(map(tuple, data.get("visits", ()))),
    )


def smaller_histories(history: History) -> list[History]:
    """All histories with one part less: first a whole phase, then a click, a visit, or a disturbance.

    Where clocks are apart, one with equal clocks is among them.
    """
    phases = history.phases
    found = [phases[:n] + phases[n + 1 :] for n in range(len(phases))]
    for n, phase in enumerate(phases):
        found += [(*phases[:n], changed, *phases[n + 1 :]) for changed in _smaller_phases(phase)]
    equal_clocks = [replace(history, apart=())] if history.apart else []
    return [*(replace(history, phases=one) for one in found), *equal_clocks]


def _smaller_phases(phase: Phase) -> list[Phase]:
    fewer_clicks = [
        replace(phase, clicks=phase.clicks[:n] + phase.clicks[n + 1 :]) for n in range(len(phase.clicks))
    ]
    fewer_happenings = [
        replace(phase, disturbances=phase.disturbances[:n] + phase.disturbances[n + 1 :])
        for n in range(len(phase.disturbances))
    ]
    fewer_visits = [
        replace(phase, visits=(*phase.visits[:n], *smaller, *phase.visits[n + 1 :]))
        for n, group in enumerate(phase.visits)
        for smaller in _smaller_groups(group)
    ]
    return fewer_clicks + fewer_visits + fewer_happenings


def _smaller_groups(group: tuple[Json, ...]) -> list[tuple[tuple[Json, ...], ...]]:
    """No group, or the group with one visit less."""
    if len(group) == 1:
        return [()]
    return [(), *((group[:n] + group[n + 1 :],) for n in range(len(group)))]
