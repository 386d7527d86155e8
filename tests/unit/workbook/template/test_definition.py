"""Templates: the contents of ``sheet_templates/``, and errors for mistakes in them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitrina.domain.backlog import ActionStatus, EstimateSource, Priority
from vitrina.errors import VitrinaError
from vitrina.texts import render, sentence
from vitrina.workbook.template.definition import (
    LOCALES,
    TEMPLATES_DIRECTORY,
    BookTemplate,
    Profile,
    TemplateError,
    load_template,
    text_keys,
)
from vitrina.workbook.template.schema import check_template

BOOKS = ("client", "agency")

#: Keys by which code finds columns, in their order; a group of profiles is one key.
CONTRACT = {
    "backlog": "id priority task result work_type quantity hours hours_total source wanted_on depends_on"
    " status reason",
    "in_progress": "id action status due_on specialist approval remark result profile quantity start_on hours"
    " logged_hours progress card",
    "done": "id task specialist hours logged_hours started_on finished_on approved_by approved_on",
    "metrics": "metric state plan_to_date trend target unit kind since_on source fact drawn of_target",
    "client_metrics": "project metric state since_on fact plan unit told",
    "schedule": "label load day",
    "norms": "work_type profile size unit pinned_hours hours_per_unit typical_hours p85_hours fact_count "
    "spread_hours difference source changed_on",
    "promises": "month finished_count within_typical within_p85 planned_hours actual_hours planned_ratio",
    "sales": "funnel month requests won open conversion",
    "speed": "grouping name count cycle_median cycle_long lead_median lead_long on_time",
    "specialists": "name email role profiles hours_per_day tracker_id",
    "absences": "specialist first_day last_day note",
    "projects": "client health waits next_due late_count finish project refreshed_at code workbook board"
    " stage period limit_hours weight",
    "settings": "key value",
}
FIELDS = (
    "client_name project_name responsible board_url chat_url documents period limit_hours backlog_count"
    " state done_lately waiting next_due contact backlog_unestimated in_progress_count used_hours left_hours"
    " expected_finish refreshed_at"
)


def template_of(tab: str) -> BookTemplate:
    """The template that has the tab."""
    return next(book for book in map(load_template, BOOKS) if tab in {one.key for one in book.tabs})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the templates that a test may change."""
    return Path(shutil.copytree(TEMPLATES_DIRECTORY, tmp_path / "sheet_templates"))


def spoil(directory: Path, name: str, change: Callable[[Any], None]) -> None:
    """Make a mistake in a file of *directory*."""
    path = directory / name
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


# --- The templates as they are -------------------------------------------------------------------


@pytest.mark.parametrize("tab", CONTRACT)
def test_columns_have_the_keys_that_code_finds_them_by(tab):
    """Every agreed column is there, in the agreed order; a template may add others between them."""
    keys = [column.key for column in template_of(tab).tab(tab).columns]

    agreed = CONTRACT[tab].split()
    assert [key for key in keys if key in agreed] == agreed


def test_tabs_stand_in_the_agreed_order():
    """Tabs are in the agreed order, from the form to the history."""
    assert [tab.key for tab in load_template("client").tabs] == [
        "client",
        "backlog",
        "in_progress",
        "schedule",
        "metrics",
        "done",
    ]
    assert [tab.key for tab in load_template("agency").tabs] == [
        "projects",
        "load",
        "board",
        "client_metrics",
        "norms",
        "promises",
        "speed",
        "sales",
        "specialists",
        "absences",
        "onboarding",
        "invoices",
        "settings",
        "log",
    ]


def test_the_form_has_every_agreed_field():
    """The form has every field that code uses."""
    fields = {field.range_name for field in load_template("client").tab("client").fields}

    assert {f"vt_{key}" for key in FIELDS.split()} <= fields


def test_texts_are_there_in_each_language_and_none_is_left_over():
    """Each language has exactly the texts that the templates need."""
    needed = {key for book in map(load_template, BOOKS) for key in text_keys(book)}
    standard = {key for key in load_template("client").texts["ru"] if key.startswith("profile.")}

    for locale in LOCALES:
        assert load_template("client").texts[locale].keys() == needed | standard


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("locale", LOCALES)
def test_only_the_headings_of_days_are_empty(book, locale):
    """Only headings of days are empty, because they get a date."""
    empty = {key for key in text_keys(load_template(book)) if not load_template(book).texts[locale][key]}

    groups = {"schedule.day", "load.day", "load.room"}
    assert empty <= groups | {f"{group}.note" for group in groups}


def test_english_texts_are_english():
    """English texts have no Russian letters."""
    russian = {
        key
        for key, text in load_template("client").texts["en"].items()
        if re.search("[а-яё]", text, re.IGNORECASE)
    }

    assert russian == set()


def test_both_languages_fill_the_same_placeholders():
    """Texts of both languages have the same placeholders."""
    texts = load_template("client").texts

    for key, text in texts["ru"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", texts["en"][key])), key


@pytest.mark.parametrize(
    ("choices", "codes"),
    [
        ("priority", Priority),
        ("source", EstimateSource),
        ("status", ActionStatus),
        ("approval", ("accepted", "returned", "none")),
        ("period", ("week", "month")),
    ],
)
def test_drop_downs_offer_the_codes_of_the_domain(choices, codes):
    """Drop-downs have the codes of the domain, in the same order."""
    assert list(load_template("client").choices[choices]) == list(codes)


@pytest.mark.parametrize("locale", LOCALES)
def test_values_of_one_drop_down_differ(locale):
    """Values of one drop-down have different texts, so that code can distinguish them."""
    for book in map(load_template, BOOKS):
        for choices in book.choices:
            texts = [text.casefold() for text in book.choice_texts(choices, locale)]
            assert len(texts) == len(set(texts)), choices


def test_choice_labels_give_every_language_of_a_code():
    """``choice_labels`` has the labels of a code in every language."""
    assert load_template("client").choice_labels()["priority"]["urgent"] == {"ru": "Срочно", "en": "Urgent"}


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_internal_is_in_the_client_workbook(locale):
    """No text of the client workbook mentions money or other clients, because anyone can copy the file."""
    book = load_template("client")
    shown = " ".join(book.texts[locale][key] for key in text_keys(book)).casefold()

    for word in (
        "ставк",
        "маржа",
        "маржин",
        "себестоимост",
        "внутренн",
        "вес проекта",
        "margin",
        "rate",
        "internal",
    ):
        assert not re.search(rf"\b{word}", shown), word


@pytest.mark.parametrize("locale", LOCALES)
def test_words_that_stand_for_places_are_those_of_the_places(locale):
    """Quoted words in texts are titles of tabs or columns, or values of lists."""
    book = load_template("client")
    texts = book.texts[locale]
    guide = " ".join(text for key, text in texts.items() if key.startswith("client.guide."))
    titles = {texts[tab.key] for tab in book.tabs}
    titles |= {texts[f"{tab.key}.{column.key}"] for tab in book.tabs for column in tab.columns}
    titles |= {text for choices in book.choices for text in book.choice_texts(choices, locale)}
    titles.add("Бэклога")  # «Бэклог» in the genitive

    quoted = set(re.findall("[«“](.+?)[»”]", guide))

    assert quoted
    assert quoted <= titles


@pytest.mark.parametrize("locale", LOCALES)
def test_the_schedule_greys_the_lines_that_code_writes(locale):
    """Rules of colour use the texts of the lines that code writes for other projects and free hours."""
    template = load_template("client")

    for code in ("schedule.other_projects", "schedule.free"):
        assert template.text(locale, code) == render(sentence(code), locale)


# --- Unfolding -----------------------------------------------------------------------------------


def test_profiles_unfold_into_columns_in_their_place():
    """The backlog has a column of hours for each profile of the agency, and of no other."""
    backlog = load_template("client").tab("backlog")

    keys = [column.key for column in backlog.expand([Profile("design", "Дизайн"), Profile("video", "Видео")])]

    assert keys[5:10] == ["size", "quantity", "hours.design", "hours.video", "hours_total"]


def test_a_title_names_its_profile():
    """The title of an unfolded column contains the name of its profile."""
    book = load_template("client")
    column = next(
        one for one in book.tab("backlog").expand([Profile("video", "Видео")]) if one.group == "hours"
    )

    assert book.column_title("backlog", column, "ru") == "Видео, ч"
    assert book.column_title("backlog", column, "en") == "Видео, h"


def test_an_unfolded_key_is_unique_in_its_tab():
    """Unfolded keys are unique in their tab."""
    for book in map(load_template, BOOKS):
        for tab in book.tabs:
            keys = [column.key for column in tab.expand(book.standard_profiles("ru"))]
            assert len(keys) == len(set(keys)), tab.key


# --- A broken template ---------------------------------------------------------------------------


def tab_of(content: Any, key: str) -> Any:
    """A tab of a template, as it is in the file."""
    return next(tab for tab in content["tabs"] if tab["key"] == key)


BROKEN: dict[str, tuple[Callable[[Any], None], str, str]] = {
    "unknown property": (
        lambda content: tab_of(content, "backlog")["columns"][2].update(colour="red"),
        "client.json › tabs › backlog › columns › task",
        "colour",
    ),
    "wrong type": (
        lambda content: tab_of(content, "done")["columns"][0].update(width="wide"),
        "client.json › tabs › done › columns › id › width",
        "wide",
    ),
    "key twice": (
        lambda content: tab_of(content, "done")["columns"][0].update(key="task"),
        "client.json › tabs › done",
        "«task» is there twice",
    ),
    "sheet id twice": (
        lambda content: tab_of(content, "done").update(sheet_id=101),
        "client.json › tabs › sheet_id",
        "«101» is there twice",
    ),
    "unknown list": (
        lambda content: tab_of(content, "backlog")["columns"][1].update(choices="prioritet"),
        "client.json › tabs › backlog › priority › choices",
        "«prioritet»",
    ),
    "unknown colour": (
        lambda content: tab_of(content, "backlog").update(colour="pink"),
        "client.json › tabs › backlog › colour",
        "«pink»",
    ),
    "unknown style of a chip": (
        lambda content: content["choices"]["priority"].update(urgent="loud"),
        "client.json › choices › priority › urgent",
        "«loud»",
    ),
    "rule for no column": (
        lambda content: tab_of(content, "backlog")["rules"][0].update(columns=["deadline"]),
        "client.json › tabs › backlog › rules",
        "«deadline»",
    ),
    "formula that points nowhere": (
        lambda content: tab_of(content, "backlog")["rules"][0].update(formula="={cell:deadline}>0"),
        "client.json › tabs › backlog",
        "«cell:deadline»",
    ),
    "list without a text": (
        lambda content: content["choices"]["period"].update(quarter=None),
        "texts.ru.json",
        "«choice.period.quarter»",
    ),
    "other version": (
        lambda content: content.update(schema_version=2),
        "client.json › schema_version",
        "1 was expected",
    ),
}


def check_and_load(key, directory):
    """What tests and the doctor judge before a process relies on it."""
    check_template(key, directory)
    return load_template(key, directory)


@pytest.mark.parametrize("book", BOOKS)
def test_the_templates_match_their_schema(book):
    """Processes of the functions do not ask again."""
    check_template(book)


@pytest.mark.parametrize("case", BROKEN)
def test_an_error_names_the_place_of_a_mistake(directory, case):
    """The error names the place of a mistake by keys and not by numbers."""
    change, path, problem = BROKEN[case]
    spoil(directory, "client.json", change)

    with pytest.raises(TemplateError) as caught:
        check_and_load("client", directory)

    assert caught.value.path == path
    assert problem in caught.value.problem


def test_a_template_that_cannot_be_loaded_is_compared_with_its_schema(directory):
    """A process that loads it without that comparison names the place as well."""
    spoil(directory, "client.json", lambda content: content["tabs"][1].pop("key"))

    with pytest.raises(TemplateError) as caught:
        load_template("client", directory)

    assert caught.value.path == "client.json › tabs › 1"
    assert "'key' is a required property" in caught.value.problem


def test_an_error_names_a_missing_text_and_its_language(directory):
    """The error for a missing text names its key and language."""
    spoil(directory, "texts.en.json", lambda texts: texts.pop("backlog.task"))

    with pytest.raises(
        TemplateError, match=re.escape("texts.en.json: client.json needs the text «backlog.task»")
    ):
        load_template("client", directory)


def test_an_error_names_the_line_of_invalid_json(directory):
    """The error for invalid JSON names the line."""
    (directory / "theme.json").write_text('{\n  "font": "Roboto",\n}', encoding="utf-8")

    with pytest.raises(TemplateError, match=r"theme\.json: not JSON at line 3"):
        load_template("client", directory)


def test_an_error_names_a_missing_file(directory):
    """The error for a missing file names it."""
    (directory / "agency.json").unlink()

    with pytest.raises(TemplateError, match=r"agency\.json: the file is missing"):
        load_template("agency", directory)


def test_a_template_error_is_one_of_ours(directory):
    """Template errors are ``VitrinaError``, so that ``web`` answers them like others."""
    spoil(directory, "theme.json", lambda theme: theme["palette"].update(accent="teal"))

    with pytest.raises(VitrinaError) as caught:
        check_and_load("client", directory)

    assert caught.value.code == "template.invalid"
    assert caught.value.where["path"] == "theme.json › palette › accent"
