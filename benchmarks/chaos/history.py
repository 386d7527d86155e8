"""What happens in one run, as data: drawn from a seed, kept in a file, shrunk and played again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: Kinds of happenings: a person edits the sheet, a person works in the tracker, a call fails, a process
#: dies, a call takes longer than a lease holds, what the queue was to do later comes due, held webhooks are
#: let go.
EDIT, CARD, FAULT, KILL, DELAY = "edit", "card", "fault", "kill", "delay"
HURRY, RELEASE = "hurry", "release"


@dataclass(frozen=True)
class Happening:
    """Something that comes in between.

    Parameters
    ----------
    at
        Which call of the beat it comes before or after, counted over the calls whose name starts with
        *method*; 0 has it happen before the beat.
    what
        What is done, by its kind.
    """

    kind: str
    at: int
    when: str
    method: str
    what: Json


@dataclass(frozen=True)
class Beat:
    """Clicks at the same moment, and what happens until all of them are answered."""

    clicks: tuple[str, ...]
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True)
class History:
    """One run from its beginning to the moment when the world is brought to rest.

    ``scene`` is how far the workbook is when it begins, ``webhooks`` what becomes of the tracker's events.
    """

    seed: int
    run: int
    variant: int
    scene: str
    webhooks: str
    beats: tuple[Beat, ...]

    @property
    def size(self) -> int:
        """How many things happen."""
        return sum(len(beat.clicks) + len(beat.happenings) for beat in self.beats)

    def save(self, path: Path) -> None:
        """Write it to a file."""
        path.write_text(self.to_text() + "\n", encoding="utf-8")

    def to_text(self) -> str:
        """It as JSON, a line for each thing that happens."""
        data = asdict(self)
        lines = []
        for beat in data.pop("beats"):
            happenings = ",\n".join(f"      {_line(one)}" for one in beat["happenings"])
            inner = f"\n{happenings}\n    " if happenings else ""
            lines.append(f'    {{"clicks": {_line(beat["clicks"])}, "happenings": [{inner}]}}')
        head = ",\n".join(f'  "{key}": {_line(value)}' for key, value in data.items())
        return "{\n" + head + ',\n  "beats": [\n' + ",\n".join(lines) + "\n  ]\n}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def load_history(path: Path) -> History:
    """What ``save`` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return History(**data | {"beats": tuple(_beat(beat) for beat in data["beats"])})


def _beat(data: Json) -> Beat:
    return Beat(tuple(data["clicks"]), tuple(Happening(**one) for one in data["happenings"]))


def smaller(history: History) -> list[History]:
    """The histories with one thing less: a whole beat first, then a click, then a happening."""
    beats = history.beats
    found = [beats[:n] + beats[n + 1 :] for n in range(len(beats))]
    for n, beat in enumerate(beats):
        found += [(*beats[:n], changed, *beats[n + 1 :]) for changed in _smaller_beats(beat)]
    return [replace(history, beats=one) for one in found]


def _smaller_beats(beat: Beat) -> list[Beat]:
    fewer_clicks = [
        replace(beat, clicks=beat.clicks[:n] + beat.clicks[n + 1 :]) for n in range(len(beat.clicks))
    ]
    fewer_happenings = [
        replace(beat, happenings=beat.happenings[:n] + beat.happenings[n + 1 :])
        for n in range(len(beat.happenings))
    ]
    return fewer_clicks + fewer_happenings
