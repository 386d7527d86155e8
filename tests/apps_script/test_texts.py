"""The add-on's texts: both languages are complete, and the generated script is up to date."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest


@pytest.fixture(scope="module")
def build_texts(addon_folder):
    """The generator, which is a script outside of packages."""
    spec = importlib.util.spec_from_file_location("build_texts", addon_folder / "build_texts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(build_texts):
    """Locale -> key -> text."""
    return {
        locale: json.loads((build_texts.TEXTS / f"addon.{locale}.json").read_text(encoding="utf-8"))
        for locale in build_texts.LOCALES
    }


def test_generated_script_is_in_step(build_texts):
    """The generator was run after the last change of a text."""
    assert build_texts.SCRIPT.read_text(encoding="utf-8") == build_texts.script()


def test_languages_have_the_same_keys(texts):
    """No text is missing in one language."""
    assert texts["ru"].keys() == texts["en"].keys()


def test_languages_have_the_same_placeholders(texts):
    """A placeholder of one language is in the other one too."""
    for key in texts["ru"]:
        placeholders = [set(re.findall(r"\{\w+\}", texts[locale][key])) for locale in ("ru", "en")]

        assert placeholders[0] == placeholders[1], key


def test_each_text_that_the_code_names_exists(texts, addon_folder):
    """A wrong key would break the menu."""
    named = set()
    for file in [*addon_folder.glob("*.js"), addon_folder / "Sidebar.html"]:
        if file.name != "Texts.js":
            named |= set(re.findall(r"'((?:[a-z_]+\.)+[a-z_]+)'", file.read_text(encoding="utf-8")))
    named = {
        key
        for key in named
        if key.split(".")[0] in {"menu", "notice", "progress", "result", "button", "error", "preview", "form"}
    }

    assert len(named) > 40
    assert named <= texts["ru"].keys()


def test_texts_that_depend_on_the_action_exist(texts):
    """Each action has the first sentence of its progress."""
    for action in (
        "estimate",
        "build_batch",
        "start_batch",
        "push",
        "refresh",
        "new_client",
        "recalculate_norms",
    ):
        assert f"progress.{action}" in texts["ru"]


def test_manifest_asks_for_no_more_than_it_uses(addon_folder):
    """The manifest has only these scopes, because a person has to grant each of them."""
    manifest = json.loads((addon_folder / "appsscript.json").read_text(encoding="utf-8"))

    assert manifest["oauthScopes"] == [
        "openid",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/script.external_request",
        "https://www.googleapis.com/auth/script.container.ui",
        "https://www.googleapis.com/auth/spreadsheets.currentonly",
    ]
    assert manifest["runtimeVersion"] == "V8"
