"""What Kaiten's JSON means, where an emulator cannot show it."""

from __future__ import annotations

from vitrina.trackers.kaiten import mapping


def test_card_ids_are_in_the_order_of_creation() -> None:
    """By number: as text, 1000 would stand before 999. A card listed twice is one card."""
    cards = [{"id": number, "external_id": "key"} for number in (1000, 999, 12, 999)]

    assert mapping.card_ids_by_external_id(cards) == {"key": ("12", "999", "1000")}


def test_cards_without_our_key_are_left_out() -> None:
    """Cards of people have no external id, or an empty one."""
    cards = [{"id": 1}, {"id": 2, "external_id": None}, {"id": 3, "external_id": ""}]

    assert mapping.card_ids_by_external_id(cards) == {}
