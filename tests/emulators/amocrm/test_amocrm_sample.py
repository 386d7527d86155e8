"""The CRM of the sample agency: an account that the product can read, filled once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from emulators.amocrm import create_app
from emulators.common.server import running
from emulators.world.crm import seed_amocrm
from emulators.world.processes import (
    ROBOT_ID,
    SERVICE_ACCOUNT,
    Person,
    Ports,
    crm_settings,
    settings_environment,
)
from emulators.world.sample import load_agency, load_crm
from emulators.world.story import people_of
from tests.emulators.amocrm.amocrm_world import World
from vitrina.bootstrap import open_crm
from vitrina.crm_port import StageKind
from vitrina.settings import Settings

CRM = load_crm()
PEOPLE = [Person("Витрина", SERVICE_ACCOUNT, ROBOT_ID), *people_of(load_agency())]
#: What a deal has to tell before a project can begin.
NEEDED = {"Вид проекта", "Период", "Лимит часов", "Код проекта", "Начало работ"}


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[World]:
    """An emulator with a state file, filled from the sample."""
    app = create_app(tmp_path / "amocrm.json")
    with running(app) as url:
        seed_amocrm(url, PEOPLE)
        world = World(url)
        yield world
        world.close()
    app.extensions["state_file"].flush()


def test_product_reads_the_sample(filled: World, tmp_path: Path) -> None:
    """Pipelines, people with the agency's addresses, and a deal with all that a project needs."""
    environment = settings_environment(tmp_path, Ports(), staff=[PEOPLE[1].email])
    crm = open_crm(Settings.from_environment({**environment, **crm_settings(filled.url)}))
    assert crm is not None
    names = {one.field_id: one.name for one in crm.list_fields()}
    sales, _ = crm.list_pipelines()
    deal = crm.get_deal(str(CRM["deals"][0]["id"]))

    assert [one.name for one in sales.stages if one.kind is StageKind.OPEN] == [
        "Новая заявка",
        "Квалифицирован",
        "КП отправлено",
        "Договор подписан",
    ]
    emails = {one.email for one in crm.list_users()}
    assert {one.email for one in PEOPLE} == emails
    assert deal is not None
    assert deal.company is not None
    assert deal.company.name == "Школа плавания «Дельфин»"
    values = {names[field_id]: value for field_id, value in deal.fields.items()}
    assert values["Лимит часов"] == (40.0,)
    assert values["Период"] == ("Неделя",)
    assert isinstance(values["Начало работ"][0], date)


def test_second_run_keeps_what_people_did(filled: World) -> None:
    """The account is filled only once."""
    deal = CRM["deals"][0]
    signed = CRM["pipelines"][0]["statuses"][-1]["id"]
    place = {"pipeline_id": CRM["pipelines"][0]["id"], "status_id": signed}
    filled.do("move_deal", id=deal["id"], user_id=PEOPLE[1].kaiten_id, **place)

    seed_amocrm(filled.url, PEOPLE)

    card = filled.control.get(f"/deals/{deal['id']}").json()
    assert card["status_id"] == signed
    assert len(card["notes"]) == len(deal["notes"])


def test_deals_of_the_sample() -> None:
    """Two deals with everything wait for a signature, others lack fields, and nothing is signed yet."""
    sales = CRM["pipelines"][0]
    signed = sales["statuses"][-1]["id"]
    in_sales = [deal for deal in CRM["deals"] if "pipeline_id" not in deal]
    given = [
        set(deal["fields"]) | ({"Начало работ"} if "begins_in_days" in deal else set()) for deal in in_sales
    ]
    managers = {one["email"] for one in load_agency()["managers"]}

    assert sum(fields >= NEEDED for fields in given) == 2
    assert all(deal["status_id"] != signed for deal in CRM["deals"])
    assert len({deal["status_id"] for deal in in_sales}) >= 4
    assert {deal["responsible"] for deal in CRM["deals"]} == managers


def test_codes_of_new_deals_are_free() -> None:
    """No deal that could become a project has the code of a client of the story."""
    taken = {client["code"] for client in load_agency()["clients"]}
    codes = [
        deal["fields"]["Код проекта"]
        for deal in CRM["deals"]
        if "pipeline_id" not in deal and "Код проекта" in deal["fields"]
    ]

    assert len(codes) == 3
    assert taken.isdisjoint(codes)
