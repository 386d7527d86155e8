"""Converts amoCRM's JSON to the dataclasses of ``crm_port`` and back, without calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from vitrina.crm_port import (
    ChangedDeal,
    Company,
    Contact,
    ContactRole,
    CountedDeal,
    CrmUser,
    Deal,
    DealField,
    DealNote,
    DealStage,
    DealTask,
    FieldValue,
    Pipeline,
    StageKind,
)
from vitrina.ports import Json

#: Statuses that every pipeline has, with the same ids.
KINDS: Mapping[int, StageKind] = {142: StageKind.WON, 143: StageKind.LOST}
KOPECKS = 100
#: Our own limit: amoCRM's is not published.
TEXT_LENGTH = 10_000
CUT = "…"
PHONE = "PHONE"
#: Type of new tasks: the first one, which every account has.
TASK_TYPE = 1


# --- The account ---------------------------------------------------------------------------------


def pipelines_from(rows: Iterable[Json]) -> tuple[Pipeline, ...]:
    """Pipelines and their stages in the order that people gave them."""
    return tuple(
        Pipeline(
            str(row["id"]),
            str(row["name"]),
            tuple(
                DealStage(str(one["id"]), str(one["name"]), KINDS.get(one["id"], StageKind.OPEN))
                for one in _sorted(row["_embedded"]["statuses"])
            ),
        )
        for row in _sorted(rows)
    )


def fields_from(rows: Iterable[Json]) -> tuple[DealField, ...]:
    """Custom fields in the order of the card."""
    return tuple(
        DealField(str(row["id"]), str(row["name"]), str(row.get("code") or "")) for row in _sorted(rows)
    )


def users_from(rows: Iterable[Json]) -> tuple[CrmUser, ...]:
    """People of the account."""
    return tuple(
        CrmUser(str(row["id"]), str(row.get("name") or ""), str(row.get("email") or "").casefold())
        for row in rows
    )


def _sorted(rows: Iterable[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: row.get("sort") or 0)


# --- Deals ---------------------------------------------------------------------------------------


def deal_from(
    row: Json, *, url: str, company: Company | None, contacts: Sequence[Contact], zone: tzinfo
) -> Deal:
    """A deal; *row* of a deleted one may have little more than its id.

    Parameters
    ----------
    zone
        Time zone in which moments of fields become days.
    """
    responsible = row.get("responsible_user_id")
    return Deal(
        deal_id=str(row["id"]),
        name=str(row.get("name") or ""),
        budget_kopecks=kopecks(row.get("price")),
        responsible_id=str(responsible) if responsible else None,
        pipeline_id=_id(row.get("pipeline_id")),
        stage_id=_id(row.get("status_id")),
        company=company,
        contacts=tuple(contacts),
        fields=field_values(row.get("custom_fields_values"), zone),
        updated_at=moment(row["updated_at"]),
        is_deleted=bool(row.get("is_deleted")),
        url=url,
    )


def counted_from(row: Json, zone: tzinfo) -> CountedDeal:
    """A deal as it is counted."""
    closed_at = row.get("closed_at")
    return CountedDeal(
        deal_id=str(row["id"]),
        pipeline_id=_id(row.get("pipeline_id")),
        stage_id=_id(row.get("status_id")),
        created_at=moment(row["created_at"]),
        closed_at=moment(closed_at) if closed_at else None,
        budget_kopecks=kopecks(row.get("price")),
        fields=field_values(row.get("custom_fields_values"), zone),
    )


def changed_from(rows: Iterable[Json]) -> tuple[ChangedDeal, ...]:
    """Each deal once with its latest state, oldest change first; of two equal moments the later row."""
    latest: dict[int, Json] = {}
    for row in rows:
        known = latest.get(row["id"])
        if known is None or row["updated_at"] >= known["updated_at"]:
            latest[row["id"]] = row
    return tuple(
        ChangedDeal(
            str(row["id"]),
            "" if row.get("is_deleted") else _id(row.get("pipeline_id")),
            "" if row.get("is_deleted") else _id(row.get("status_id")),
            moment(row["updated_at"]),
            bool(row.get("is_deleted")),
        )
        for row in sorted(latest.values(), key=lambda row: (row["updated_at"], row["id"]))
    )


def contact_roles(rows: Sequence[Json]) -> list[tuple[str, ContactRole]]:
    """Ids and roles of the contacts of a deal, the main one first: the marked one, or else the first."""
    marked = [row for row in rows if row.get("is_main")] or list(rows[:1])
    further = [row for row in rows if row is not (marked[0] if marked else None)]
    return [(str(row["id"]), ContactRole.MAIN) for row in marked[:1]] + [
        (str(row["id"]), ContactRole.FURTHER) for row in further
    ]


def phones_of(contact: Json) -> tuple[str, ...]:
    """Phone numbers of a contact as people typed them, each once."""
    values = (
        str(one["value"])
        for field in contact.get("custom_fields_values") or ()
        if field.get("field_code") == PHONE
        for one in field.get("values") or ()
        if one.get("value")
    )
    return tuple(dict.fromkeys(values))


def field_values(rows: Sequence[Json] | None, zone: tzinfo) -> dict[str, tuple[FieldValue, ...]]:
    """Values by field id. amoCRM sends ``null`` where no field has a value."""
    found = {}
    for row in rows or ():
        read = (_value(one.get("value"), row.get("field_type"), zone) for one in row.get("values") or ())
        values = tuple(value for value in read if value is not None)
        if values:
            found[str(row["field_id"])] = values
    return found


def kopecks(price: Any) -> int | None:
    """A price in roubles as whole kopecks; ``None`` if it is no number."""
    if isinstance(price, bool) or not isinstance(price, int | float):
        return None
    amount = Decimal(str(price))
    return round(amount * KOPECKS) if amount.is_finite() else None


def moment(seconds: int) -> datetime:
    """A moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _value(value: Any, kind: str | None, zone: tzinfo) -> FieldValue | None:
    """A value of a field; ``None`` for an empty one, and for one that is not a single value."""
    if value is None or value == "" or isinstance(value, dict | list):
        return None
    if kind == "checkbox":
        return value in (True, 1, "1", "true")
    if kind in ("numeric", "monetary"):
        return _number(value)
    if kind in ("date", "date_time", "birthday"):
        return _day_or_moment(value, kind, zone)
    return str(value)


def _number(value: Any) -> float | str:
    """A number, which amoCRM sends as a text; the text if it is none."""
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return str(value)
    return number if abs(number) < float("inf") else str(value)


def _day_or_moment(value: Any, kind: str, zone: tzinfo) -> FieldValue:
    """A day of the zone, or a moment in UTC; the text if it is no number of seconds that a clock can show."""
    try:
        at = moment(int(value))
        return at if kind == "date_time" else at.astimezone(zone).date()
    except (ValueError, OverflowError, OSError):
        return str(value)


def _id(value: Any) -> str:
    return "" if value is None else str(value)


# --- Notes and tasks -----------------------------------------------------------------------------


def note_body(note: DealNote) -> Json:
    """Body of a new note."""
    return {"note_type": "common", "params": {"text": with_key(note.text, note.key)}}


def task_body(deal_id: str, task: DealTask) -> Json:
    """Body of a new task at a deal."""
    return {
        "text": with_key(task.text, task.key),
        "complete_till": int(task.due_at.timestamp()),
        "entity_id": int(deal_id),
        "entity_type": "leads",
        "responsible_user_id": int(task.assignee_id),
        "task_type_id": TASK_TYPE,
    }


def note_text(row: Json) -> str:
    """Text of a note; empty for one of another kind. Empty ``params`` come as a list."""
    params = row.get("params")
    return str(params.get("text") or "") if isinstance(params, dict) else ""


def with_key(text: str, key: str) -> str:
    """A text with our key in its last line; a long text is cut before it."""
    line = f"\n{_mark(key)}"
    room = TEXT_LENGTH - len(line)
    return (text if len(text) <= room else text[: room - len(CUT)] + CUT) + line


def has_key(text: str, key: str) -> bool:
    """Whether a text contains our key, at any place."""
    return _mark(key) in text


def _mark(key: str) -> str:
    return f"[{key}]"
