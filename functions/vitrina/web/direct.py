"""Calls a function for each request, without Flask's dispatch.

functions-framework makes a Flask application for each function. For each request Flask looks for a rule,
opens a context and a session, and sends signals. No function uses them, and they take longer than the rest of
a view of a client's page (docs/decisions/0073).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from flask import Flask, Request, Response
from werkzeug.exceptions import HTTPException

from vitrina.web.http import has_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("vitrina.direct")

#: Paths for which browsers and crawlers ask at every address; functions-framework answers them itself.
NOT_OF_A_FUNCTION = ("/robots.txt", "/favicon.ico")

Function = Callable[[Request], Response]


def serve_directly(app: Flask, function: Function) -> None:
    """Replace the WSGI application inside *app* by one that only calls *function*."""
    app.wsgi_app = _Direct(app.wsgi_app, function)  # type: ignore[method-assign]


class _Direct:
    """WSGI application that calls a function for each request."""

    def __init__(self, framework: WSGIApplication, function: Function) -> None:
        self._framework = framework
        self._function = function

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in NOT_OF_A_FUNCTION:
            return self._framework(environ, start_response)
        request = Request(environ)
        # This closes the files of a form.
        with closing(request):
            answer = self._answer(request)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> WSGIApplication:
        try:
            answer = self._function(request)
            if has_body(request):
                # As functions-framework does: a caller whose body was not read sees a lost connection.
                request.get_data()
        except HTTPException as error:
            return error
        except Exception:
            log.exception("unexpected")
            return Response("500", 500, content_type="text/plain; charset=utf-8")
        return answer
