"""What a manager changes in the preview of a batch, and what the start makes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import ChangedMeanwhileError, UserError
from vitrina.texts import render


@pytest.fixture
def office() -> MemoryOffice:
    """Three tasks of a designer: the week of both holds two of them."""
    office = client_office()
    office.fill_backlog(
        {"task": "Лендинг", "hours_design": "30", "priority": "Высокий"},
        {"task": "Баннер", "hours_design": "30"},
        {"task": "Логотип", "hours_design": "30"},
    )
    return office


def tasks(answer: Any) -> list[str]:
    """Tasks that would be started."""
    return [one["task"] for one in answer.data["chosen"]]


def told(answer: Any) -> list[str]:
    """Details as a person reads them."""
    return [render(one, "ru") for one in answer.details]


def people(answer: Any) -> dict[str, str]:
    """Who would do what."""
    return {one["task"]: one["actions"][0]["specialist"] for one in answer.data["chosen"]}


def test_item_is_taken_out_and_another_one_enters(office: MemoryOffice) -> None:
    """The one that is out says why; the client reads nothing of the manager."""
    before = office.do("build_batch")
    out = next(one["number"] for one in before.data["chosen"] if one["task"] == "Лендинг")

    after = office.do("build_batch", wishes={"out": [out]})

    assert "Логотип" not in tasks(before)
    assert sorted(tasks(after)) == ["Баннер", "Логотип"]
    [left] = after.data["left_out"]
    assert (left["task"], left["is_taken_out"]) == ("Лендинг", True)
    assert render(left["reason"], "ru").startswith("вы убрали её из этого периода")
    assert render(left["group"], "ru") == "вы убрали"
    office.do("start_batch", preview_id=after.data["preview_id"])
    assert sorted(task for (task,) in office.table("in_progress", "action")) == ["Баннер", "Логотип"]
    [(_, reason)] = office.table("backlog", "task", "reason")
    assert reason.startswith("решили начать позже")


def test_item_is_ticked_in_and_the_cost_is_told(office: MemoryOffice) -> None:
    """It takes the place of the one that would be there."""
    before = office.do("build_batch")
    [left] = before.data["left_out"]

    after = office.do("build_batch", wishes={"wanted": [left["number"]]})

    assert left["task"] in tasks(after)
    [gone] = after.data["left_out"]
    assert f"из-за ваших изменений не вошли: {gone['id']}" in told(after)
    priorities = {one["task"]: one["priority"].code for one in after.data["chosen"]}
    assert priorities[left["task"]] == "priority.normal"


def test_item_that_does_not_fit_says_why(office: MemoryOffice) -> None:
    """Hours of people are not exceeded for a tick: of three wanted items the last one has no room."""
    before = office.do("build_batch")
    [left] = before.data["left_out"]
    wanted = [left["number"], *(one["number"] for one in before.data["chosen"])]

    after = office.do("build_batch", wishes={"wanted": wanted})

    [gone] = after.data["left_out"]
    assert gone["number"] == wanted[-1]
    assert [one for one in told(after) if one.startswith(f"{gone['id']} не помещается: ")]


def test_another_person_does_it(office: MemoryOffice) -> None:
    """Whoever has the profile; nobody else can be chosen."""
    before = office.do("build_batch")
    item = before.data["chosen"][0]
    action = item["actions"][0]
    [other, *_] = [name for name in action["colleagues"] if name != action["specialist"]]
    wish = {"item": item["number"], "profile": action["profile_key"], "specialist": other}

    after = office.do("build_batch", wishes={"people": [wish]})

    assert people(after)[item["task"]] == other
    with pytest.raises(UserError) as refused:
        office.do("build_batch", wishes={"people": [{**wish, "specialist": "Никто"}]})
    assert (refused.value.code, refused.value.where["profile"]) == ("batch.wish_person", "Дизайн")


def test_day_is_kept_or_the_day_that_can_be_is_told(office: MemoryOffice) -> None:
    """The item with a day comes first."""
    [left] = office.do("build_batch").data["left_out"]

    kept = office.do("build_batch", wishes={"done_by": [{"item": left["number"], "day": "2026-11-27"}]})
    late = office.do("build_batch", wishes={"done_by": [{"item": left["number"], "day": "2026-11-24"}]})

    due = {one["task"]: one["due_on"] for one in kept.data["chosen"]}
    assert due[left["task"]] <= date(2026, 11, 27)
    assert not any("не успеть" in one for one in told(kept))
    assert f"{left['id']} к 24.11.2026 не успеть, получится 26.11.2026" in told(late)


@pytest.mark.parametrize(
    ("day", "code"), [("2026-11-20", "batch.wish_past"), ("2026-11-31", "batch.wish_no_day")]
)
def test_impossible_day_is_refused(office: MemoryOffice, day: str, code: str) -> None:
    """One that is over, and one that no calendar has."""
    with pytest.raises(UserError) as refused:
        office.do("build_batch", wishes={"done_by": [{"item": 1, "day": day}]})

    assert refused.value.code == code


def test_start_refuses_what_would_differ(office: MemoryOffice) -> None:
    """A row that was wanted has other hours meanwhile."""
    [left] = office.do("build_batch").data["left_out"]
    preview_id = office.do("build_batch", wishes={"wanted": [left["number"]]}).data["preview_id"]
    tab = office.tab("backlog")
    row = next(row for row in tab.rows if tab.cell(row, "task").text == left["task"])
    office.type("backlog", row.index - tab.header_index - 1, hours_design="10")

    with pytest.raises(ChangedMeanwhileError):
        office.do("start_batch", preview_id=preview_id)
