"""What a manager ticks in the preview of a batch: items in and out, other people, days to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from vitrina.domain.planning.explain import Explanation
from vitrina.domain.planning.planner import PeriodPlan
from vitrina.domain.planning.wishes import Cost, Wishes
from vitrina.errors import UserError
from vitrina.ports import Json
from vitrina.project.snapshot import Snapshot
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.team import Team

_NUMBER: Json = {"type": "integer", "minimum": 1, "maximum": 10_000_000}
_NUMBERS: Json = {"type": "array", "items": _NUMBER, "maxItems": 2_000, "uniqueItems": True}
_NAME: Json = {"type": "string", "maxLength": 200}

#: Schema of the wishes in the parameters of a click.
WISHES_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "out": _NUMBERS,
        "wanted": _NUMBERS,
        "people": {
            "type": "array",
            "maxItems": 2_000,
            "items": {
                "type": "object",
                "properties": {"item": _NUMBER, "profile": _NAME, "specialist": _NAME},
                "required": ["item", "profile", "specialist"],
                "additionalProperties": False,
            },
        },
        "done_by": {
            "type": "array",
            "maxItems": 2_000,
            "items": {
                "type": "object",
                "properties": {
                    "item": _NUMBER,
                    "day": {"type": "string", "pattern": r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z"},
                },
                "required": ["item", "day"],
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
    "default": {},
}


def wishes_from(data: Json, snapshot: Snapshot, team: Team) -> Wishes:
    """The wishes of a click; those for rows that are not in the backlog any more are left out.

    Raises
    ------
    UserError
        If a person does not work on the profile any more, or a day is over or does not exist.
    """
    book_id = snapshot.project.spreadsheet_id
    codes = {row.number: row.code for row in snapshot.backlog.rows}
    profiles = {one.name: one.profiles for one in team.specialists}
    people: dict[tuple[tuple[str, int], str], str] = {}
    for one in data.get("people", ()):
        if one["item"] not in codes:
            continue
        if one["profile"] not in profiles.get(one["specialist"], ()):
            title = snapshot.agency.profiles.get(one["profile"], one["profile"])
            raise UserError("batch.wish_person", person=one["specialist"], profile=title)
        people[(book_id, one["item"]), one["profile"]] = one["specialist"]
    done_by: dict[tuple[str, int], date] = {}
    for one in data.get("done_by", ()):
        if one["item"] in codes:
            done_by[book_id, one["item"]] = _day(one["day"], codes[one["item"]], snapshot.today)
    out = frozenset((book_id, number) for number in data.get("out", ()) if number in codes)
    wanted = [(book_id, number) for number in data.get("wanted", ()) if number in codes]
    # A day can be kept only by an item that is in.
    wanted = [key for key in dict.fromkeys([*done_by, *wanted]) if key not in out]
    return Wishes(out, tuple(wanted), people, {key: day for key, day in done_by.items() if key not in out})


def _day(text: str, code: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError("batch.wish_no_day", item=code) from None
    if day < today:
        raise UserError("batch.wish_past", item=code, day=day)
    return day


def wish_messages(
    wishes: Wishes,
    plan: PeriodPlan,
    explanations: Iterable[Explanation],
    cost: Cost,
    whys: Mapping[int, Sentence],
) -> list[Sentence]:
    """What could not be done of the wishes, and what they cost the other items.

    *whys* are the reasons of items that are left out, by number.
    """
    days = {one.item.key: one for one in plan.chosen}
    left = {one.left.item.key: one.left.item for one in explanations}
    messages = [
        sentence("batch.wish_not_in", item=left[key].code, why=whys[key[1]])
        for key in wishes.wanted
        if key in left
    ]
    messages += [
        sentence("batch.wish_later_than", item=days[key].item.code, day=day, due=days[key].due_on)
        for key, day in wishes.done_by.items()
        if key in days and days[key].due_on > day
    ]
    if cost.gone:
        messages.append(sentence("batch.wish_gone", items=[item.code for item in cost.gone]))
    if cost.later:
        items = [
            sentence("batch.wish_later_item", item=item.code, before=before, after=after)
            for item, before, after in cost.later
        ]
        messages.append(sentence("batch.wish_later", items=items))
    return messages
