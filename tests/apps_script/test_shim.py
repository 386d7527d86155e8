"""The shim refuses calls that it does not model, with their name, and otherwise behaves like Google."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("SpreadsheetApp.getFoo()", "SpreadsheetApp.getFoo"),
        ("SpreadsheetApp.openById('x')", "SpreadsheetApp.openById"),
        ("SpreadsheetApp.getUi().createMenuu('x')", "Ui.createMenuu"),
        ("SpreadsheetApp.getActive().getRange('A1')", "Spreadsheet.getRange"),
        ("SpreadsheetApp.getActive().getSheetByName('Бэклог').getRange('A1:B2')", "Sheet.getRange(A1:B2)"),
        ("HtmlService.createHtmlOutput('').setFaviconUrl('x')", "HtmlOutput.setFaviconUrl"),
        ("UrlFetchApp.fetchAll([])", "UrlFetchApp.fetchAll"),
        ("UrlFetchApp.fetch('https://x', {followRedirects: false})", "UrlFetchApp.fetch: followRedirects"),
        ("PropertiesService.getScriptProperties().getKeys()", "Properties.getKeys"),
        ("ScriptApp.AuthMode.ALL", "ScriptApp.AuthMode.ALL"),
        ("Utilities.sleep(1)", "Utilities.sleep"),
    ],
)
def test_unmodelled_call_throws_its_name(addon, script_error, expression, name):
    """A call that the shim does not know throws an error with its name."""
    with pytest.raises(script_error, match=r".* is not modelled") as error:
        addon().evaluate(expression)

    assert name in str(error.value)


@pytest.mark.parametrize("scriptlet", ["<?= secret ?>", "<? if (x) ?>"])
def test_unmodelled_scriptlet_throws(addon, script_error, scriptlet):
    """Only unescaped printing is modelled; Google's contextual escaping is not."""
    workbook = addon()
    source = f"host = createScriptedHost(world), host.projectFile = () => '{scriptlet}', createGoogle(host)"

    with pytest.raises(script_error, match="scriptlet"):
        workbook.evaluate(
            f"(() => {{ let host; return ({source}) }})().HtmlService.createTemplateFromFile('x').evaluate()"
        )


def test_menu_keeps_order_separators_and_submenus(addon):
    """The host gets the menu as it was built."""
    execution = addon().evaluate(
        "SpreadsheetApp.getUi().createMenu('Меню').addItem('Один', 'one').addSeparator()"
        ".addSubMenu(SpreadsheetApp.getUi().createMenu('Ещё').addItem('Два', 'two')).addToUi()"
    )

    assert execution.one("menu") == {
        "kind": "menu",
        "title": "Меню",
        "items": [
            {"caption": "Один", "functionName": "one"},
            {"separator": True},
            {"submenu": {"title": "Ещё", "items": [{"caption": "Два", "functionName": "two"}]}},
        ],
    }


def test_alert_gives_the_pressed_button(addon):
    """The answer of a dialog is compared by identity, as in Google."""
    execution = addon().evaluate(
        "((ui) => ui.alert('Точно?', 'Вернуть нельзя.', ui.ButtonSet.OK_CANCEL) === ui.Button.OK)"
        "(SpreadsheetApp.getUi())"
    )

    assert execution.result is True
    assert execution.one("alert") == {
        "kind": "alert",
        "title": "Точно?",
        "prompt": "Вернуть нельзя.",
        "buttons": "OK_CANCEL",
    }


def test_error_status_throws_unless_muted(addon, script_error):
    """A refused request throws an error with Google's text, unless the caller mutes it."""
    refused = {"status": 404, "headers": {}, "body": "nothing here"}

    with pytest.raises(script_error, match=r"Request failed for https://x\.example returned code 404"):
        addon(answers=[refused]).evaluate("UrlFetchApp.fetch('https://x.example/path')")


@pytest.mark.parametrize(
    ("mode", "expression"),
    [
        ("NONE", "SpreadsheetApp.getActive()"),
        ("LIMITED", "UrlFetchApp.fetch('https://x')"),
        ("LIMITED", "ScriptApp.getIdentityToken()"),
    ],
)
def test_rights_of_a_simple_trigger(addon, script_error, mode, expression):
    """Calls that Google forbids in the trigger on opening are forbidden here too."""
    with pytest.raises(script_error, match="You do not have permission to call"):
        addon(auth_mode=mode).evaluate(expression)
