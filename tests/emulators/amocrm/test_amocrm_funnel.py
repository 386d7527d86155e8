"""What a page with the funnel reads, and fields that people fill in on a deal's card."""

from __future__ import annotations

from typing import Any

from tests.emulators.amocrm.amocrm_world import (
    BOT,
    COMPANY,
    HOURS,
    IGOR,
    IRINA,
    KIND,
    LEAD,
    OLGA,
    PETR,
    SALES,
    SEED,
    SIGNED,
    TERMS,
    Receiver,
    World,
)

WEEKLY, MONTHLY = 7021, 7022
CHOICES = [{"id": WEEKLY, "value": "Неделя"}, {"id": MONTHLY, "value": "Месяц"}]
FIELDS = [
    {"id": HOURS, "name": "Лимит часов", "type": "numeric"},
    {"id": KIND, "name": "Период", "type": "select", "enums": CHOICES},
    {"id": TERMS, "name": "Условия", "type": "textarea"},
]


def read(world: World, deal_id: int) -> dict[str, Any]:
    """The card of a deal."""
    answer = world.control.get(f"/deals/{deal_id}").raise_for_status()
    card: dict[str, Any] = answer.json()
    return card


def values(world: World, deal_id: int) -> list[Any]:
    """Values of custom fields as the API tells them."""
    rows = world.bot.get(f"/leads/{deal_id}").json()["custom_fields_values"]
    return [(row["field_id"], row["values"]) for row in rows or ()]


def test_funnel_is_in_the_order_of_people(world: World) -> None:
    """Pipelines, stages and fields by their places; the system's stages are last, tokens are not told."""
    funnel = world.control.get("/deals").json()

    assert [one["name"] for one in funnel["pipelines"]] == ["Продажи", "Производство"]
    assert [one["id"] for one in funnel["pipelines"][0]["statuses"]] == [LEAD, 5012, SIGNED, 142, 143]
    assert [one["name"] for one in funnel["fields"]][:2] == ["Лимит часов", "Вид проекта"]
    assert funnel["users"][1] == {"id": OLGA, "name": "Ольга", "email": "Olga@a.test"}
    assert "token" not in funnel["users"][0]


def test_funnel_has_names_and_values_of_deals(world: World) -> None:
    """Company and person by name, values by field; a deleted deal is not there."""
    gone = world.make_deal(name="Лишняя")
    world.do("delete_deal", id=gone)
    deal_id = world.make_deal(
        price=124000, company_id=COMPANY, responsible_user_id=IGOR, fields={HOURS: "40"}
    )

    [deal] = world.control.get("/deals").json()["deals"]

    assert deal["id"] == deal_id
    assert (deal["price"], deal["company"], deal["responsible"]) == (124000, "ООО «Зерно»", "Игорь")
    assert deal["fields"] == {str(HOURS): ["40"]}
    assert (deal["note_count"], deal["open_task_count"]) == (0, 0)


def test_card_has_contacts_notes_and_tasks(world: World) -> None:
    """The main contact is marked, the newest note is first, notes without a text are left out."""
    deal_id = world.make_deal(contact_ids=[PETR, IRINA])
    world.do("add_note", deal_id=deal_id, note_type="call_in", params={"duration": 60})
    world.do("add_note", deal_id=deal_id, text="Ждут договор")
    world.bot.post(f"/leads/{deal_id}/notes", json=[{"note_type": "common", "params": {"text": "Готово"}}])
    task = {"text": "Заполнить лимит", "complete_till": 1790000000, "responsible_user_id": IGOR}
    world.bot.post("/tasks", json=[{**task, "entity_id": deal_id, "entity_type": "leads"}])

    card = read(world, deal_id)

    assert [(one["name"], one["is_main"]) for one in card["contacts"]] == [
        ("Пётр Зернов", False),
        ("Ирина Зернова", True),
    ]
    assert [(one["text"], one["author"]) for one in card["notes"]] == [
        ("Готово", "Витрина"),
        ("Ждут договор", "Ольга"),
    ]
    [shown] = card["tasks"]
    assert (shown["text"], shown["responsible"], shown["is_completed"]) == (
        "Заполнить лимит",
        "Игорь",
        False,
    )
    assert card["open_task_count"] == 1

    world.do("finish_task", id=shown["id"])
    assert read(world, deal_id)["open_task_count"] == 0


def test_card_of_a_deleted_deal_is_404(world: World, deal_id: int) -> None:
    """Also that of a deal that never was."""
    world.do("delete_deal", id=deal_id)

    assert world.control.get(f"/deals/{deal_id}").status_code == 404
    assert world.control.get("/deals/1").status_code == 404


def test_fields_are_set_one_by_one(world: World) -> None:
    """Other values stay; an empty text removes one; none at all is ``null``."""
    deal_id = world.make_deal(fields={TERMS: "Предоплата"})

    world.do("set_fields", id=deal_id, fields={HOURS: "40"})
    assert values(world, deal_id) == [(HOURS, [{"value": "40"}]), (TERMS, [{"value": "Предоплата"}])]

    world.do("set_fields", id=deal_id, fields={TERMS: ""})
    assert values(world, deal_id) == [(HOURS, [{"value": "40"}])]

    world.do("set_fields", id=deal_id, fields={HOURS: None})
    assert world.bot.get(f"/leads/{deal_id}").json()["custom_fields_values"] is None


def test_filled_field_sends_a_webhook(world: World, deal_id: int, receiver: Receiver) -> None:
    """``update``, with the new value."""
    world.do("set_fields", id=deal_id, fields={HOURS: "40"})
    world.settle()

    [form] = receiver.forms()
    assert form["leads[update][0][custom_fields][0][values][0][value]"] == "40"


def test_choices_have_ids(world: World, receiver: Receiver) -> None:
    """In the list of fields, in values and in webhooks; a choice that is not there is refused."""
    world.seed(fields=FIELDS)
    world.subscribe(receiver.url)
    funnel = world.control.get("/deals").json()
    assert [one["choices"] for one in funnel["fields"]] == [[], ["Неделя", "Месяц"], []]
    deal_id = world.make_deal(fields={KIND: "Месяц"})
    world.settle()

    listed = world.bot.get("/leads/custom_fields").json()["_embedded"]["custom_fields"]
    assert [one["enums"] for one in listed] == [
        None,
        [{"id": WEEKLY, "value": "Неделя", "sort": 1}, {"id": MONTHLY, "value": "Месяц", "sort": 2}],
        None,
    ]
    assert values(world, deal_id) == [(KIND, [{"value": "Месяц", "enum_id": MONTHLY, "enum_code": None}])]
    assert receiver.forms()[-1]["leads[add][0][custom_fields][0][values][0][enum]"] == str(MONTHLY)

    wrong = {"action": "set_fields", "user_id": BOT, "id": deal_id, "fields": {str(KIND): "Год"}}
    answer = world.control.post("/do", json=wrong)
    assert answer.status_code == 400
    assert "Год" in answer.json()["detail"]


def test_funnel_is_not_a_call_of_the_api(world: World) -> None:
    """A page that looks does not use up the limit of the integration."""
    world.seed(fields=SEED["fields"])
    world.control.post("/rate-limit", json={"limit_per_s": 1}).raise_for_status()

    for _ in range(4):
        world.control.get("/deals").raise_for_status()

    assert world.bot.get("/account").status_code == 200
    assert world.control.get("/rate").json()["refused"] == 0
    assert world.control.get("/deals").json()["pipelines"][0]["id"] == SALES
