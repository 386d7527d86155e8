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
    return handle_menu(request, application)


@functions_framework.http
def webhook(request: Request) -> Response:
    """A tracker says that something changed."""
    return handle_webhook(request, application)


@functions_framework.http
def task(request: Request) -> Response:
    """The queue delivers work."""
    return handle_task(request, application)


@functions_framework.http
def schedule(request: Request) -> Response:
    """The timer rings."""
    return handle_schedule(request, application)
