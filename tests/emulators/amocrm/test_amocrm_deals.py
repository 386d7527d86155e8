"""Lists, deals, notes and tasks: the vendor's shapes, empty answers and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.amocrm.amocrm_world import (
    BOT,
    COMPANY,
    HOURS,
    IRINA,
    LEAD,
    LOST,
    PETR,
    SALES,
    SIGNED,
    STARTED,
    WON,
    World,
)

Json = dict[str, Any]
TASK = {"text": "Заполнить поля", "complete_till": 1_788_000_000, "entity_type": "leads"}


def leads(world: World, **params: Any) -> list[Json]:
    """Rows of a list of deals; none for 204."""
    answer = world.bot.get("/leads", params=params)
    assert answer.status_code in (200, 204), answer.text
    return answer.json()["_embedded"]["leads"] if answer.status_code == 200 else []


def problems_of(answer: Any) -> list[tuple[str, str]]:
    """Code and path of each error of a validation."""
    body = answer.json()
    assert (answer.status_code, body["status"], body["title"]) == (400, 400, "Bad Request")
    assert answer.headers["content-type"] == "application/problem+json"
    return [(one["code"], one["path"]) for group in body["validation-errors"] for one in group["errors"]]


# --- Lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/leads", "/tasks", "/webhooks"])
def test_empty_list_is_204_without_a_body(world: World, path: str) -> None:
    """There is nothing to parse."""
    answer = world.bot.get(path)

    assert (answer.status_code, answer.content) == (204, b"")


def test_pages_end_with_204_where_the_last_one_is_full(world: World) -> None:
    """Of five deals by two, the third page has one; of four by two, the second page has a link to nothing."""
    for _ in range(5):
        world.make_deal()

    pages = [world.bot.get("/leads", params={"limit": 2, "page": page}) for page in (1, 2, 3, 4)]

    assert [len(one.json()["_embedded"]["leads"]) for one in pages[:3]] == [2, 2, 1]
    assert ["next" in one.json()["_links"] for one in pages[:3]] == [True, True, False]
    assert pages[3].status_code == 204
    full = world.bot.get("/leads", params={"limit": 5}).json()
    assert "page=2" in full["_links"]["next"]["href"]
    assert world.bot.get(full["_links"]["next"]["href"]).status_code == 204
    assert pages[0].headers["content-type"] == "application/hal+json"
    assert "_total_items" not in pages[0].json()


@pytest.mark.parametrize("params", [{"limit": 251}, {"limit": 0}, {"page": 0}, {"limit": "x"}])
def test_wrong_page_is_refused(world: World, params: Json) -> None:
    """250 rows at most, pages from one."""
    assert world.bot.get("/leads", params=params).status_code == 400


def test_fields_have_smaller_pages(world: World) -> None:
    """A larger limit is taken as 50."""
    world.seed(fields=[{"id": 1000 + n, "name": f"Поле {n}", "type": "text"} for n in range(60)])

    pages = [
        world.bot.get("/leads/custom_fields", params={"limit": 250, "page": page}).json() for page in (1, 2)
    ]

    assert [len(one["_embedded"]["custom_fields"]) for one in pages] == [50, 10]


def test_changed_deals_are_filtered_and_ordered(world: World) -> None:
    """From a moment on, that moment included; the oldest change first."""
    first, second, third = (world.make_deal() for _ in range(3))
    world.do("change_deal", id=first, price=5)
    since = world.bot.get(f"/leads/{second}").json()["updated_at"]

    rows = leads(world, **{"filter[updated_at][from]": since, "order[updated_at]": "asc"})

    assert [row["id"] for row in rows] == [second, third, first]
    assert [row["id"] for row in leads(world, **{"filter[id][]": third})] == [third]


def test_nothing_newer_is_304(world: World, deal_id: int) -> None:
    """A change in the very second of the header does not count as newer."""
    headers = {"If-Modified-Since": "Tue, 01 Sep 2026 10:00:00 GMT"}
    assert world.bot.get("/leads", headers=headers).status_code == 200

    answer = world.bot.get("/leads", headers={"If-Modified-Since": "Tue, 01 Sep 2037 10:00:00 GMT"})

    assert (answer.status_code, answer.content) == (304, b"")


# --- Deals ---------------------------------------------------------------------------------------


def test_deal_has_the_shape_of_the_vendor(world: World) -> None:
    """Companies always, contacts if asked for and the main one last, fields as ``null`` if there are none."""
    deal_id = world.make_deal(price=124000, contact_ids=[PETR, IRINA], company_id=COMPANY)

    plain = world.bot.get(f"/leads/{deal_id}").json()
    full = world.bot.get(f"/leads/{deal_id}", params={"with": "contacts"}).json()

    assert (plain["price"], plain["custom_fields_values"], plain["is_deleted"]) == (124000, None, False)
    assert set(plain["_embedded"]) == {"tags", "companies"}
    assert [one["id"] for one in plain["_embedded"]["companies"]] == [COMPANY]
    contacts = full["_embedded"]["contacts"]
    assert [(one["id"], one["is_main"]) for one in contacts] == [(PETR, False), (IRINA, True)]
    assert not {"contact_ids", "company_id"} & full.keys()
    assert plain["_links"]["self"]["href"].endswith(f"/api/v4/leads/{deal_id}")


def test_numbers_of_fields_are_texts(world: World) -> None:
    """As people typed them."""
    deal_id = world.make_deal(fields={HOURS: "40"})

    [field] = world.bot.get(f"/leads/{deal_id}").json()["custom_fields_values"]

    assert (field["field_id"], field["field_type"], field["values"]) == (HOURS, "numeric", [{"value": "40"}])


def test_deal_moves_and_is_closed(world: World, deal_id: int) -> None:
    """142 and 143 belong to each pipeline and set the moment of closing; moving out empties it."""
    for pipeline_id, status_id, is_closed in (
        (SALES, SIGNED, False),
        (SALES, WON, True),
        (502, STARTED, False),
        (502, LOST, True),
    ):
        answer = world.bot.patch(
            f"/leads/{deal_id}", json={"pipeline_id": pipeline_id, "status_id": status_id}
        )
        row = world.bot.get(f"/leads/{deal_id}").json()

        assert set(answer.json()) == {"id", "updated_at", "_links"}
        assert (row["pipeline_id"], row["status_id"], row["closed_at"] is not None) == (
            pipeline_id,
            status_id,
            is_closed,
        )
        assert row["updated_by"] == BOT


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"pipeline_id": SALES, "status_id": STARTED}, "status_id"),
        ({"pipeline_id": 77, "status_id": LEAD}, "pipeline_id"),
        ({"status_id": "5012"}, "status_id"),
        ({}, "status_id"),
    ],
)
def test_wrong_stage_is_a_validation_error(world: World, deal_id: int, body: Json, path: str) -> None:
    """The answer names the field, and the deal stays."""
    answer = world.bot.patch(f"/leads/{deal_id}", json=body)

    assert problems_of(answer) == [("NotSupportedChoice", path)]
    assert world.bot.get(f"/leads/{deal_id}").json()["status_id"] == LEAD


def test_deleted_deal_is_found_in_the_bin_only(world: World, deal_id: int) -> None:
    """Its row has little more than the id; out of the bin it is back with everything."""
    world.do("delete_deal", id=deal_id)

    assert world.bot.get(f"/leads/{deal_id}").status_code == 204
    assert world.bot.patch(f"/leads/{deal_id}", json={"status_id": WON}).status_code == 404
    assert leads(world) == []
    [row] = leads(world, **{"with": "only_deleted"})
    assert set(row) == {"id", "updated_at", "is_deleted", "_links"}

    world.do("restore_deal", id=deal_id)
    assert [row["name"] for row in leads(world)] == ["Сайт"]


def test_merged_deals_vanish(world: World) -> None:
    """They are in no list; contacts and notes go to the deal that is kept."""
    kept, gone = world.make_deal(contact_ids=[IRINA]), world.make_deal(contact_ids=[IRINA, PETR])
    world.do("add_note", deal_id=gone, text="Договорились")
    world.do("merge_deals", into=kept, ids=[gone])

    assert world.bot.get(f"/leads/{gone}").status_code == 204
    assert leads(world, **{"with": "only_deleted"}) == []
    [row] = leads(world, **{"with": "contacts"})
    assert [one["id"] for one in row["_embedded"]["contacts"]] == [IRINA, PETR]
    [note] = world.bot.get(f"/leads/{kept}/notes").json()["_embedded"]["notes"]
    assert note["params"] == {"text": "Договорились"}


# --- Notes and tasks -----------------------------------------------------------------------------


def test_note_is_added_by_a_list(world: World, deal_id: int) -> None:
    """An object is refused, and so is a note without a text; the answer names ids only."""
    path, note = f"/leads/{deal_id}/notes", {"note_type": "common", "params": {"text": "Готово"}}

    assert problems_of(world.bot.post(path, json=note)) == [("InvalidType", "")]
    assert problems_of(world.bot.post(path, json=[note, {"note_type": "common", "params": {}}])) == [
        ("FieldMissing", "1.params.text")
    ]
    assert world.bot.get(path).status_code == 204
    [made] = world.bot.post(path, json=[note]).json()["_embedded"]["notes"]

    assert set(made) == {"id", "entity_id", "request_id", "_links"}
    [row] = world.bot.get(path).json()["_embedded"]["notes"]
    assert (row["id"], row["params"], row["created_by"]) == (made["id"], {"text": "Готово"}, BOT)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"text": ""}, ("InvalidType", "0.text")),
        ({"complete_till": "tomorrow"}, ("InvalidType", "0.complete_till")),
        ({"responsible_user_id": 99}, ("NotSupportedChoice", "0.responsible_user_id")),
    ],
)
def test_wrong_task_is_refused(world: World, deal_id: int, fields: Json, problem: tuple[str, str]) -> None:
    """With the place of the task in the list."""
    task = {**TASK, "entity_id": deal_id, "responsible_user_id": BOT, **fields}

    assert problems_of(world.bot.post("/tasks", json=[task])) == [problem]


def test_task_is_listed_by_its_deal(world: World, deal_id: int) -> None:
    """Done or not; tasks of other deals are left out."""
    other = world.make_deal()
    for one in (deal_id, other):
        body = [{**TASK, "entity_id": one, "responsible_user_id": BOT}]
        [made] = world.bot.post("/tasks", json=body).json()["_embedded"]["tasks"]
    world.do("finish_task", id=made["id"])

    params = {"filter[entity_type]": "leads", "filter[entity_id][]": other}
    [row] = world.bot.get("/tasks", params=params).json()["_embedded"]["tasks"]

    assert (row["entity_id"], row["is_completed"], row["text"]) == (other, True, TASK["text"])


def test_nothing_is_written_to_a_deal_that_is_gone(world: World, deal_id: int) -> None:
    """404 for notes and tasks."""
    world.do("delete_deal", id=deal_id)
    task = {**TASK, "entity_id": deal_id, "responsible_user_id": BOT}

    note = [{"note_type": "common", "params": {"text": "x"}}]
    assert world.bot.post(f"/leads/{deal_id}/notes", json=note).status_code == 404
    assert world.bot.post("/tasks", json=[task]).status_code == 404


def test_contact_and_company(world: World) -> None:
    """A phone is a field with a code; who is not there is 204."""
    contact = world.bot.get(f"/contacts/{IRINA}").json()

    [field] = contact["custom_fields_values"]
    assert (contact["name"], field["field_code"]) == ("Ирина Зернова", "PHONE")
    assert world.bot.get(f"/contacts/{PETR}").json()["custom_fields_values"] is None
    assert world.bot.get(f"/companies/{COMPANY}").json()["name"] == "ООО «Зерно»"
    assert world.bot.get("/companies/5").status_code == 204
