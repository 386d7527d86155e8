"""Mapping of Kaiten's JSON in cases that the emulator cannot produce."""

from __future__ import annotations

import pytest

from vitrina.ports import NewCard, Received, WebhookRequest
from vitrina.trackers.kaiten import mapping
from vitrina.trackers.kaiten.client import KaitenTracker


def test_card_ids_are_in_the_order_of_creation() -> None:
    """Card ids are ordered as numbers; as texts, 1000 would be before 999. A repeated card counts once."""
    cards = [{"id": number, "external_id": "key"} for number in (1000, 999, 12, 999)]

    assert mapping.card_ids_by_external_id(cards) == {"key": ("12", "999", "1000")}


def test_cards_without_our_key_are_left_out() -> None:
    """Cards of people have no external id, or an empty one."""
    cards = [{"id": 1}, {"id": 2, "external_id": None}, {"id": 3, "external_id": ""}]

    assert mapping.card_ids_by_external_id(cards) == {}


@pytest.mark.parametrize(("author", "is_own"), [({"id": 7}, True), ({"id": 8}, False), (None, False)])
def test_configured_user_is_known_at_once(author: object, is_own: bool) -> None:
    """A configured own user is known without a call."""
    tracker = KaitenTracker(
        base_url="http://127.0.0.1:9",
        token="t",
        space_id="1",
        webhook_url="https://x/kaiten/s",
        own_user_id="7",
    )
    body = {"event": "card:add", "data": {"id": 5, "author": author}}

    received = tracker.receive(WebhookRequest(("s",), {}, b"", lambda: body))

    assert received == Received(card_ids=() if is_own else ("5",))


def test_texts_of_clients_mean_nothing_in_markdown() -> None:
    """What a client typed is shown as it is: no heading, link, picture, mark-up of HTML, new paragraph."""
    text = (
        "*Срочно*: 10.5 + 2 (см. ТЗ)\n# x\n- [a](http://evil.example)\n"
        "  12. <img src=x>\n=== \\ `c` | ~e~ &amp;"
    )

    made = mapping.description(a_card(facts=(("Результат", text),)))

    assert made.split("  \n") == [
        r"**Результат:** \*Срочно\*: 10.5 + 2 (см. ТЗ)",
        r"\# x",
        r"\- \[a\](http://evil.example)",
        r"  12\. \<img src=x\>",
        r"\=== \\ \`c\` \| \~e\~ \&amp;",
    ]


def test_long_text_is_not_cut_inside_an_escape() -> None:
    """Half of an escaped character would escape what follows."""
    made = mapping.description(a_card(facts=(("", "*" * 20_000),)))

    assert len(made) <= mapping.DESCRIPTION_LENGTH
    assert made.endswith("*…")


def a_card(facts: tuple[tuple[str, str], ...]) -> NewCard:
    """A card with these facts."""
    return NewCard("key", "7/8", "1", "Тексты", facts, None, 0.0, None, (), ())
