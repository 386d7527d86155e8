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
    """A click of a member of staff."""
    app = application()
    return handle_menu(request, app.services, app.identity)


@functions_framework.http
def webhook(request: Request) -> Response:
    """A webhook of a tracker: something changed."""
    app = application()
    return handle_webhook(request, app.services, secret=app.settings.webhook_secret)


@functions_framework.http
def task(request: Request) -> Response:
    """A task from the queue."""
    app = application()
    return handle_task(request, app.services, app.identity)


@functions_framework.http
def schedule(request: Request) -> Response:
    """A call of the timer."""
    app = application()
    return handle_schedule(request, app.services, app.identity)
