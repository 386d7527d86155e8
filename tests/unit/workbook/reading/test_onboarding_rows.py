"""Rows of *Онбординг*: what a template says, and bad cells with a way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import CHOICES, TODAY, resource, sheet
from vitrina.domain.backlog import Specialist
from vitrina.domain.onboarding.template import ClientNeed, OnboardingTemplate, TemplateStep, TemplateTask
from vitrina.errors import CellsError, UserError
from vitrina.texts import LOCALES, Sentence, render
from vitrina.workbook.reading.onboarding_rows import OnboardingTab, read_onboarding
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.definition import load_template
from vitrina.workbook.template.starting_onboarding import starting_onboarding

COLUMNS = [column.key for column in load_template("agency").tab("onboarding").columns]
PROFILES = {"design": "Дизайн", "copy": "Тексты", "seo": "SEO"}
TEAM = Team((Specialist("Анна", ("design",), 8.0), Specialist("Борис", ("copy", "design"), 6.0)), PROFILES)

Row = Mapping[str, Any]


def read(*rows: Row, kind: str = "Сайт") -> OnboardingTab:
    """The tab with these rows, all of one kind where a row has none."""
    lines = [(None, {"kind": kind, **row}) for row in rows]
    book = parsed(resource(sheet("onboarding", COLUMNS, lines, title="Онбординг")))
    norms = {("баннер", "design"): 3.0}
    return read_onboarding(
        book,
        CHOICES,
        team=TEAM,
        norm_hours=lambda work_type, profile: norms.get((work_type.casefold(), profile)),
        today=TODAY,
    )


def problems(*rows: Row) -> dict[str, str]:
    """Code by address of the bad cells; each has a sentence in every language."""
    with pytest.raises(CellsError) as caught:
        read(*rows).template("Сайт")
    for one in caught.value.problems:
        assert all(render(Sentence(one.code, dict(one.where)), locale) for locale in LOCALES)
    return {one.cell: one.code for one in caught.value.problems}


TASK: Row = {"number": 1, "task": "А", "profile": "Дизайн", "hours": 2}


def test_rows_with_one_number_are_one_task() -> None:
    """Rows of one role are one step; a row may only say what the client has to do."""
    template = read(
        {"number": 2, "task": "Прототип", "subtask": "Страницы", "profile": "тексты", "hours": "1 ч 30 мин"},
        {"number": 2, "subtask": "Главная", "profile": "Дизайн", "hours": 4, "after": "№1", "after_days": 3},
        {"number": 2, "subtask": "Внутренняя", "specialist": "анна", "work_type": "Баннер"},
        {"number": 1, "task": "Бриф", "specialist": "Борис", "hours": 2},
        {"number": 1, "need": "Заполнить бриф", "need_days": 2},
    ).template(" САЙТ ")

    assert template == OnboardingTemplate(
        "Сайт",
        (
            TemplateTask(
                1, "Бриф", (TemplateStep("copy", 2.0, "Борис"),), needs=(ClientNeed("Заполнить бриф", 2),)
            ),
            TemplateTask(
                2,
                "Прототип",
                (
                    TemplateStep("copy", 1.5, "", ("Страницы",)),
                    TemplateStep("design", 7.0, "Анна", ("Главная", "Внутренняя")),
                ),
                after=(1,),
                after_days=3,
            ),
        ),
    )
    assert template.tasks[1].result == "— Страницы\n— Главная\n— Внутренняя"


def test_kinds_stand_in_the_order_of_the_tab() -> None:
    """Each once, however it is capitalised."""
    assert read(TASK, {**TASK, "kind": "Реклама"}, {**TASK, "kind": "сайт"}).kinds == ("Сайт", "Реклама")


@pytest.mark.parametrize("kind", ["Дача", ""])
def test_an_unknown_kind_is_said(kind: str) -> None:
    """With those that there are."""
    with pytest.raises(UserError) as caught:
        read(TASK).template(kind)

    assert caught.value.code == "onboarding.unknown_kind"


def test_an_empty_tab_is_said() -> None:
    """A manager has to know where to type the tasks."""
    with pytest.raises(UserError) as caught:
        read(kind="").template("Сайт")

    assert caught.value.code == "onboarding.empty"


@pytest.mark.parametrize(
    ("changes", "cell", "code"),
    [
        ({"number": ""}, "B3", "cell.onboarding_number"),
        ({"number": 0}, "B3", "cell.onboarding_whole"),
        ({"number": "два"}, "B3", "cell.onboarding_whole"),
        ({"number": 1.5}, "B3", "cell.onboarding_whole"),
        ({"task": ""}, "C3", "cell.onboarding_task"),
        ({"profile": ""}, "E3", "cell.onboarding_nobody"),
        ({"profile": "Шаман"}, "E3", "cell.onboarding_profile"),
        ({"profile": "SEO"}, "E3", "cell.onboarding_without_people"),
        ({"profile": "Тексты", "specialist": "Анна"}, "E3", "cell.onboarding_other"),
        ({"specialist": "Никто"}, "F3", "cell.unknown_person"),
        ({"hours": ""}, "G3", "cell.onboarding_hours"),
        ({"hours": 0}, "G3", "cell.onboarding_hours"),
        ({"hours": 5000}, "G3", "cell.hours_range"),
        ({"hours": "", "work_type": "Ракета"}, "H3", "cell.onboarding_no_norm"),
        ({"after_days": 1000}, "I3", "cell.onboarding_whole"),
        ({"after_days": -1}, "I3", "cell.onboarding_whole"),
        ({"after": "потом"}, "J3", "cell.onboarding_after"),
        ({"after": "1"}, "J3", "cell.onboarding_itself"),
        ({"after": "7, 8"}, "J3", "cell.onboarding_unknown"),
        # 1,3 that the spreadsheet took for a date.
        ({"after": 46082}, "J3", "cell.onboarding_unknown"),
        ({"need_days": 3}, "K3", "cell.onboarding_need"),
        ({"need": "Логотип", "need_days": "скоро"}, "L3", "cell.onboarding_whole"),
        ({"kind": ""}, "A3", "cell.onboarding_kind"),
    ],
)
def test_bad_cells_are_named(changes: Row, cell: str, code: str) -> None:
    """Each with its address, and all together."""
    found = problems({**TASK, **changes}, {**TASK, "number": 9, "task": "", "hours": 0})

    assert found[cell] == code
    assert {"C4": "cell.onboarding_task", "G4": "cell.onboarding_hours"}.items() <= found.items()


def test_bad_cells_of_several_rows_are_named() -> None:
    """A circle, a role that comes again, two people of one role, and a task that nobody does."""
    first: Row = {**TASK, "number": 1, "after": "2"}
    assert problems(first, {**TASK, "number": 2, "after": "1"}) == {"J3": "cell.onboarding_circle"}
    assert problems(TASK, {**TASK, "profile": "Тексты"}, TASK) == {"E5": "cell.onboarding_again"}
    named = ({**TASK, "specialist": "Анна"}, {**TASK, "specialist": "Борис"})
    assert problems(*named) == {"F4": "cell.onboarding_two_people"}
    assert problems({"number": 1, "task": "А", "need": "Бриф"}) == {"E3": "cell.onboarding_no_work"}


def test_bad_cells_of_another_kind_do_not_matter() -> None:
    """One template that is being typed does not stop the others."""
    tab = read(TASK, {"kind": "Реклама", "number": "?", "hours": -3})

    assert [task.title for task in tab.template("Сайт").tasks] == ["А"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_starting_templates_can_be_used(locale: Any) -> None:
    """Two kinds, by an agency that has people of every usual profile."""
    template = load_template("agency")
    profiles = {one.key: one.title for one in template.standard_profiles(locale)}
    rows = [(None, row) for row in starting_onboarding(template, locale, profiles)]
    book = parsed(resource(sheet("onboarding", COLUMNS, rows)))
    team = Team((Specialist("Анна", tuple(profiles), 8.0),), profiles)
    tab = read_onboarding(book, CHOICES, team=team, norm_hours=lambda *_: None, today=TODAY)

    sizes = [len(tab.template(kind).tasks) for kind in tab.kinds]

    assert sizes == [5, 6]
