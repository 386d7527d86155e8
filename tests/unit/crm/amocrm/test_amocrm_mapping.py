"""amoCRM's JSON and our types."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from vitrina.crm.amocrm import mapping
from vitrina.crm_port import ContactRole, DealNote, DealTask, FieldValue, StageKind

MOSCOW = ZoneInfo("Europe/Moscow")
#: The first second of 2026-10-01 in Moscow, and three hours later.
MIDNIGHT = 1_790_802_000


def value_of(kind: str | None, *values: Any) -> tuple[FieldValue, ...]:
    """Values of one field; none if it is left out."""
    row = {"field_id": 7, "field_type": kind, "values": [{"value": value} for value in values]}
    return mapping.field_values([row], MOSCOW).get("7", ())


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "Сайт", "Сайт"),
        ("tracking_data", "https://a.test/?x=1", "https://a.test/?x=1"),
        # A kind that we do not know is a text.
        ("something_new", 5, "5"),
        (None, "x", "x"),
        ("numeric", "40", 40.0),
        ("numeric", "40,5", 40.5),
        ("numeric", "40 часов", "40 часов"),
        ("numeric", "inf", "inf"),
        ("monetary", "-0.5", -0.5),
        ("checkbox", True, True),
        ("checkbox", False, False),
        ("checkbox", "1", True),
        ("checkbox", "0", False),
        ("date", MIDNIGHT, date(2026, 10, 1)),
        ("date", str(MIDNIGHT), date(2026, 10, 1)),
        ("date", MIDNIGHT - 1, date(2026, 9, 30)),
        ("birthday", MIDNIGHT, date(2026, 10, 1)),
        ("date_time", MIDNIGHT, datetime(2026, 9, 30, 21, 0, tzinfo=UTC)),
        ("date", "soon", "soon"),
        ("date", 10**20, str(10**20)),
    ],
)
def test_values_of_fields(kind: str | None, value: Any, expected: FieldValue) -> None:
    """By the kind of the field; what cannot be read stays a text."""
    assert value_of(kind, value) == (expected,)
    assert type(value_of(kind, value)[0]) is type(expected)


@pytest.mark.parametrize("value", [None, "", {"name": "ООО"}, [1]])
def test_empty_and_nested_values_are_left_out(value: Any) -> None:
    """A field without a single value is not there at all."""
    assert value_of("text", value) == ()


def test_several_values_of_a_field() -> None:
    """In their order."""
    assert value_of("multiselect", "SEO", None, "Контекст") == ("SEO", "Контекст")


@pytest.mark.parametrize("rows", [None, [], [{"field_id": 7, "values": None}]])
def test_no_fields(rows: Any) -> None:
    """``null`` is what amoCRM sends."""
    assert mapping.field_values(rows, MOSCOW) == {}


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (124000, 12_400_000),
        (0, 0),
        # 0.1 + 0.2 has no exact form, a price as it is written has.
        (19.99, 1999),
        (0.29, 29),
        (1e16, 10**18),
        (None, None),
        ("5", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_price_is_whole_kopecks(price: Any, expected: int | None) -> None:
    """Roubles times a hundred, without the errors of floats."""
    assert mapping.kopecks(price) == expected


# --- Deals ---------------------------------------------------------------------------------------


def changed(deal_id: int, updated_at: int, status_id: int = 1, **more: Any) -> dict[str, Any]:
    """A row of a list."""
    return {"id": deal_id, "pipeline_id": 5, "status_id": status_id, "updated_at": updated_at, **more}


def test_row_that_comes_twice_counts_at_its_latest() -> None:
    """A page may repeat the end of the one before; of equal moments the later row counts."""
    rows = [changed(2, 20), changed(1, 10), changed(1, 30, 3), changed(2, 20, 4), changed(1, 10)]

    found = mapping.changed_from(rows)

    assert [(one.deal_id, one.stage_id) for one in found] == [("2", "4"), ("1", "3")]


def test_deal_that_was_deleted_while_the_lists_were_read() -> None:
    """It is in both lists: in the second one as deleted."""
    [found] = mapping.changed_from([changed(1, 10), {"id": 1, "updated_at": 10, "is_deleted": True}])

    assert (found.is_deleted, found.pipeline_id, found.stage_id) == (True, "", "")


def test_row_of_the_bin_becomes_a_deal() -> None:
    """With nothing but id, moment and mark."""
    row = {"id": 1, "updated_at": MIDNIGHT, "is_deleted": True}

    deal = mapping.deal_from(row, url="u", company=None, contacts=(), zone=MOSCOW)

    assert (deal.deal_id, deal.is_deleted, deal.name, deal.budget_kopecks) == ("1", True, "", None)
    assert (deal.responsible_id, deal.pipeline_id, deal.stage_id) == (None, "", "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([{"id": 1}], [("1", ContactRole.MAIN)]),
        # Without a mark the first one.
        ([{"id": 1}, {"id": 2}], [("1", ContactRole.MAIN), ("2", ContactRole.FURTHER)]),
        (
            [{"id": 1, "is_main": False}, {"id": 2, "is_main": True}],
            [("2", ContactRole.MAIN), ("1", ContactRole.FURTHER)],
        ),
        # Two marks: there is one main contact.
        (
            [{"id": 1, "is_main": True}, {"id": 2, "is_main": True}],
            [("1", ContactRole.MAIN), ("2", ContactRole.FURTHER)],
        ),
    ],
)
def test_roles_of_contacts(rows: list[dict[str, Any]], expected: list[tuple[str, ContactRole]]) -> None:
    """One main contact, which comes first."""
    assert mapping.contact_roles(rows) == expected


def test_phones() -> None:
    """Only fields with the code of phones, each number once."""
    contact = {
        "custom_fields_values": [
            {"field_code": "EMAIL", "values": [{"value": "a@a.test"}]},
            {"field_code": "PHONE", "values": [{"value": "+7 1"}, {"value": "+7 2"}, {"value": "+7 1"}]},
        ]
    }

    assert mapping.phones_of(contact) == ("+7 1", "+7 2")
    assert mapping.phones_of({"custom_fields_values": None}) == mapping.phones_of({}) == ()


def test_stages_are_ordered_by_people() -> None:
    """Not by the order of the answer; 142 and 143 are won and lost."""
    statuses = [{"id": 143, "name": "Нет", "sort": 11}, {"id": 142, "name": "Да", "sort": 10}]
    statuses += [{"id": 2, "name": "Вторая", "sort": 2}, {"id": 9, "name": "Первая", "sort": 1}]
    rows = [
        {"id": 5, "name": "Вторая", "sort": 2, "_embedded": {"statuses": []}},
        {"id": 6, "name": "Первая", "sort": 1, "_embedded": {"statuses": statuses}},
    ]

    first, second = mapping.pipelines_from(rows)

    assert (first.pipeline_id, second.pipeline_id, second.stages) == ("6", "5", ())
    assert [(one.stage_id, one.kind) for one in first.stages] == [
        ("9", StageKind.OPEN),
        ("2", StageKind.OPEN),
        ("142", StageKind.WON),
        ("143", StageKind.LOST),
    ]


def test_user_without_an_email() -> None:
    """Is listed, and found by nobody."""
    [user] = mapping.users_from([{"id": 5, "name": None}])

    assert (user.user_id, user.name, user.email) == ("5", "", "")


# --- Notes and tasks -----------------------------------------------------------------------------


def test_key_stands_in_the_last_line() -> None:
    """And is found as a whole only."""
    text = mapping.with_key("Текст", "a:1")

    assert text == "Текст\n[a:1]"
    assert mapping.has_key(text, "a:1")
    assert not any(mapping.has_key(text, key) for key in ("a", "a:", "1", "a:12"))


@pytest.mark.parametrize("length", [9_994, 9_995, 50_000])
def test_long_text_is_cut_before_the_key(length: int) -> None:
    """A line break, two brackets and three letters are six signs: 9,994 are left."""
    text = mapping.with_key("x" * length, "a:1")

    assert len(text) <= mapping.TEXT_LENGTH
    assert text.endswith("x\n[a:1]" if length == 9_994 else "x…\n[a:1]")


@pytest.mark.parametrize("row", [{}, {"params": []}, {"params": None}, {"params": {"text": None}}])
def test_note_of_another_kind_has_no_text(row: dict[str, Any]) -> None:
    """Empty parameters come as a list."""
    assert mapping.note_text(row) == ""


def test_bodies() -> None:
    """Moments are whole seconds, ids are numbers."""
    task = DealTask("k", "Текст", "2", datetime(2026, 9, 30, 21, 0, 0, 900_000, tzinfo=UTC))

    assert mapping.note_body(DealNote("k", "Да")) == {"note_type": "common", "params": {"text": "Да\n[k]"}}
    assert mapping.task_body("7", task) == {
        "text": "Текст\n[k]",
        "complete_till": MIDNIGHT,
        "entity_id": 7,
        "entity_type": "leads",
        "responsible_user_id": 2,
        "task_type_id": 1,
    }
