"""A function answers requests itself, past the dispatch of the Flask application around it."""

from __future__ import annotations

import io
from collections.abc import Callable

import functions_framework
import pytest
from flask import Flask, Request, Response, has_app_context
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import TestResponse, encode_multipart

from emulators.world.functions import SOURCE, TARGETS
from vitrina.web.direct import NOT_OF_A_FUNCTION, serve_directly
from vitrina.web.http import limit_body

TEXT = "internal text"
LIMIT_BYTES = 100


def _ask(function: Callable[[Request], Response], path: str = "/a/b", **how: object) -> TestResponse:
    app = Flask("menu")
    serve_directly(app, function)
    return app.test_client().open(path, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("target", TARGETS)
def test_no_function_tells_a_mistake_of_the_program(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flask's answer would have the text of the exception."""

    def fail(*_: object) -> Response:
        raise ZeroDivisionError(TEXT)

    monkeypatch.setattr("vitrina.web.health._answer", fail)
    app = functions_framework.create_app(target, str(SOURCE))
    assert app.test_client().get("/health").text == "500"


def test_function_answers_any_path_and_method() -> None:
    """No rule, no context: the function sees the request as it came."""

    def function(request: Request) -> Response:
        return Response(f"{request.method} {request.path} {has_app_context()}")

    assert _ask(function, "/a//b", method="PURGE").text == "PURGE /a//b False"


@pytest.mark.parametrize("path", NOT_OF_A_FUNCTION)
def test_function_does_not_see_what_crawlers_ask_for(path: str) -> None:
    """Each of these would count as a guess of a link."""
    assert _ask(lambda _request: pytest.fail("was asked"), path).status_code == 404


def test_mistake_of_the_program_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """What the exception says may be internal."""

    def function(_request: Request) -> Response:
        raise ZeroDivisionError(TEXT)

    answer = _ask(function)
    assert (answer.status_code, answer.text) == (500, "500")
    assert [(one.message, one.exc_info is not None) for one in caplog.records] == [("unexpected", True)]


def test_error_of_werkzeug_is_the_answer() -> None:
    """Its parsers raise answers."""

    def function(_request: Request) -> Response:
        raise RequestEntityTooLarge

    assert _ask(function).status_code == 413


def test_rest_of_the_body_is_read_up_to_its_limit() -> None:
    """Callers whose body is not read see a lost connection instead of the answer."""
    body = io.BytesIO(b"x" * LIMIT_BYTES)

    def function(request: Request) -> Response:
        limit_body(request, LIMIT_BYTES)
        return Response("refused", 400)

    assert _ask(function, method="POST", input_stream=body, content_length=LIMIT_BYTES).text == "refused"
    assert body.tell() == LIMIT_BYTES


def test_files_of_a_form_are_closed() -> None:
    """Werkzeug keeps a large file in a temporary one until the request is closed."""
    files = []
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(b"x" * 600_000), "a.pdf")})
    form = f"multipart/form-data; boundary={boundary}"

    def function(request: Request) -> Response:
        files.append(request.files["file"])
        return Response("read")

    assert _ask(function, method="POST", data=body, content_type=form).text == "read"
    assert [one.closed for one in files] == [True]
