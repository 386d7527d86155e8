"""Runs the add-on's own files in a JavaScript engine, with a host whose answers a test defines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from py_mini_racer import JSEvalException, MiniRacer

REPOSITORY = Path(__file__).resolve().parents[2]
ADDON = REPOSITORY / "apps_script"
SHIM = REPOSITORY / "emulators" / "workbench" / "static" / "gas_shim.js"
SCRIPTED_HOST = Path(__file__).with_name("scripted_host.js")


class ScriptError(Exception):
    """An error that the add-on threw, as Google would show it in its log."""


@dataclass
class Execution:
    """Result and effects of one call of a function of the add-on."""

    result: Any
    effects: list[dict[str, Any]]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """The effects of one kind, in order."""
        return [effect for effect in self.effects if effect["kind"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        """The only effect of its kind."""
        (effect,) = self.all(kind)
        return effect

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the requests to the backend."""
        return [json.loads(request["payload"]) for request in self.all("fetch")]

    @property
    def sidebar_state(self) -> dict[str, Any]:
        """The state with which the sidebar was opened."""
        found = re.search(
            r'<script type="application/json" id="state">(.*?)</script>', self.one("sidebar")["html"]
        )
        assert found is not None
        state: dict[str, Any] = json.loads(found[1])
        return state


@dataclass
class AddOn:
    """The add-on in one workbook. Each call has its own globals, as on Google; properties stay."""

    book: str | None = "client"
    tracker: str | None = None
    chat: str | None = None
    current_cell: dict[str, Any] | None = None
    locale: str = "ru_RU"
    user_locale: str = "ru"
    auth_mode: str = "FULL"
    identity_token: str | None = "header.claims.signature"
    answers: list[dict[str, Any]] = field(default_factory=list)
    properties: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"script": {"VITRINA_URL": "https://vitrina.example/menu"}}
    )

    def call(self, function: str, *arguments: Any) -> Execution:
        """Call a function of the add-on."""
        return self.evaluate(f"{function}(...{json.dumps(arguments)})")

    def open(self) -> Execution:
        """Run the functions that Google runs when the workbook is opened."""
        return self.evaluate(f"onOpen({{authMode: ScriptApp.AuthMode.{self.auth_mode}}})")

    def evaluate(self, expression: str) -> Execution:
        """Run an expression after all files of the add-on, in one global scope."""
        engine = MiniRacer()
        for file in (SHIM, SCRIPTED_HOST):
            engine.eval(file.read_text(encoding="utf-8"))
        engine.eval(f"const world = {json.dumps(self._world())};")
        engine.eval("installGoogle(globalThis, createScriptedHost(world));")
        for file in addon_scripts():
            engine.eval(file.read_text(encoding="utf-8"))
        engine.eval(f"const run = () => {expression};")
        try:
            told = engine.eval(
                "JSON.stringify({result: run() ?? null, effects, properties: world.properties})"
            )
        except JSEvalException as error:
            raise ScriptError(str(error)) from error
        state = json.loads(str(told))
        self.properties = state["properties"]
        return Execution(state["result"], state["effects"])

    def _world(self) -> dict[str, Any]:
        metadata = [{"key": "someone.else", "value": "client"}]
        if self.book is not None:
            metadata.append({"key": "vitrina.book", "value": self.book})
        if self.tracker is not None:
            metadata.append({"key": "vitrina.tracker", "value": self.tracker})
        if self.chat is not None:
            metadata.append({"key": "vitrina.chat", "value": self.chat})
        return {
            "spreadsheet": {
                "id": "book-1",
                "name": "Заря",
                "locale": self.locale,
                "metadata": metadata,
                "sheets": ["Бэклог", "В работе"],
                "currentCell": self.current_cell,
            },
            "authMode": self.auth_mode,
            "userLocale": self.user_locale,
            "identityToken": self.identity_token,
            "properties": self.properties,
            "files": {"Sidebar": (ADDON / "Sidebar.html").read_text(encoding="utf-8")},
            "answers": self.answers,
            "pressedButton": "OK",
        }


def addon_scripts() -> list[Path]:
    """The files that Google would run, in its order."""
    return sorted(file for file in ADDON.glob("*.js") if file.name != "eslint.config.js")


def answered(status: int = 200, **envelope: Any) -> dict[str, Any]:
    """An answer of the backend."""
    body = {"outcome": "done", "message": "Готово.", **envelope}
    return {"status": status, "headers": {}, "body": json.dumps(body)}


@pytest.fixture
def answer() -> Callable[..., dict[str, Any]]:
    """Creates an answer of the backend: ``answer(202, outcome="accepted", operation_id="op")``."""
    return answered


@pytest.fixture
def addon() -> Callable[..., AddOn]:
    """Creates the add-on of one workbook: ``addon(book="agency", locale="en_US")``."""
    return AddOn


@pytest.fixture
def script_error() -> type[ScriptError]:
    """The exception for an error in a script."""
    return ScriptError


@pytest.fixture(scope="session")
def addon_folder() -> Path:
    """The folder of the add-on's files."""
    return ADDON
