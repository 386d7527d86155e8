"""Entry points of the deployed functions, one each."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from vitrina.bootstrap import application
from vitrina.web.menu import handle_menu
from vitrina.web.schedule import handle_schedule
from vitrina.web.task import handle_task
from vitrina.web.webhook import handle_webhook


@functions_framework.http
def menu(request: Request) -> Response:
    """A member of staff clicked."""
    app = application()
    return handle_menu(request, app.services, app.identity)


@functions_framework.http
def webhook(request: Request) -> Response:
    """A tracker says that something changed."""
    app = application()
    return handle_webhook(request, app.services, secret=app.settings.webhook_secret)


@functions_framework.http
def task(request: Request) -> Response:
    """The queue delivers work."""
    app = application()
    return handle_task(request, app.services, app.identity)


@functions_framework.http
def schedule(request: Request) -> Response:
    """The timer rings."""
    app = application()
    return handle_schedule(request, app.services, app.identity)
