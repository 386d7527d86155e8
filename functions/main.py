"""Entry points of the deployed functions, one each. Each also answers ``GET …/health``."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from vitrina.bootstrap import application
from vitrina.web.client_page import handle_client
from vitrina.web.health import serve
from vitrina.web.menu import handle_menu
from vitrina.web.pages.uploads import is_file
from vitrina.web.schedule import handle_schedule
from vitrina.web.task import handle_task
from vitrina.web.webhook import handle_webhook

#: Seconds in which a request is answered. Google gives up on a click after a minute; a tracker repeats its
#: webhook, and nobody looks at an empty page for long.
CLICK_S, WEBHOOK_S, PAGE_S = 50.0, 20.0, 20.0
#: The same for a file, which comes from a phone over a slow connection.
FILE_S = 150.0


@functions_framework.http
def menu(request: Request) -> Response:
    """A member of staff clicked."""
    return serve(request, application, handle_menu, limit_s=CLICK_S)


@functions_framework.http
def webhook(request: Request) -> Response:
    """A tracker says that something changed."""
    return serve(request, application, handle_webhook, limit_s=WEBHOOK_S)


@functions_framework.http
def client(request: Request) -> Response:
    """A client opens the page of his project, or answers there."""
    return serve(request, application, handle_client, limit_s=FILE_S if is_file(request) else PAGE_S)


@functions_framework.http
def task(request: Request) -> Response:
    """The queue delivers work."""
    return serve(request, application, handle_task)


@functions_framework.http
def schedule(request: Request) -> Response:
    """The timer rings."""
    return serve(request, application, handle_schedule)
