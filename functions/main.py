"""Entry points of the deployed functions, one each. Each also answers ``GET …/health``.

A process serves one of them, which ``FUNCTION_TARGET`` names, and imports at its start what that one needs.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import functions_framework
from flask import Request, Response, current_app, has_app_context

# What is imported lives as long as the process, so the collector would search it for garbage in vain.
gc.disable()

from vitrina.bootstrap import application  # noqa: E402
from vitrina.web.direct import serve_directly  # noqa: E402
from vitrina.web.health import serve  # noqa: E402

# Otherwise numpy starts a thread for each processor; after each product of arrays they wait without sleep.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

#: Seconds in which a request is answered. Google gives up on a click after a minute; a tracker repeats its
#: webhook, and nobody looks at an empty page for long.
CLICK_S, WEBHOOK_S, PAGE_S = 50.0, 20.0, 20.0
#: The same for a file, which comes from a phone over a slow connection.
FILE_S = 150.0

_TOKENS = "vitrina.google.id_tokens"
#: What the first request of each function imports.
_NEEDED: Mapping[str, Sequence[str]] = {
    "menu": ("vitrina.web.menu", _TOKENS, "fastjsonschema"),
    "webhook": ("vitrina.web.webhook", "vitrina.usecases.tracker.hints"),
    "client": ("vitrina.web.pages.uploads", "vitrina.web.secret_pages"),
    "task": ("vitrina.web.task", _TOKENS, "fastjsonschema"),
    "schedule": ("vitrina.web.schedule", _TOKENS),
}
# Nobody waits for it then where an instance is kept running.
for _name in _NEEDED.get(os.environ.get("FUNCTION_TARGET", ""), ()):
    import_module(_name)
gc.freeze()
# An answer makes tens of thousands of objects that live until its end; they are not searched again and again.
gc.set_threshold(10_000, 20, 50)
gc.enable()


@functions_framework.http
def menu(request: Request) -> Response:
    """A member of staff clicked."""
    from vitrina.web.menu import handle_menu

    return serve(request, application, handle_menu, limit_s=CLICK_S)


@functions_framework.http
def webhook(request: Request) -> Response:
    """A tracker says that something changed."""
    from vitrina.web.webhook import handle_webhook

    return serve(request, application, handle_webhook, limit_s=WEBHOOK_S)


@functions_framework.http
def client(request: Request) -> Response:
    """A client or accounting opens a page by a secret link, or answers there."""
    from vitrina.web.secret_pages import handle_pages

    limit_s = PAGE_S
    if request.method == "POST":
        # Most visits only look.
        from vitrina.web.pages.uploads import is_file

        limit_s = FILE_S if is_file(request) else PAGE_S
    return serve(request, application, handle_pages, limit_s=limit_s)


@functions_framework.http
def task(request: Request) -> Response:
    """The queue delivers work."""
    from vitrina.web.task import handle_task

    return serve(request, application, handle_task)


@functions_framework.http
def schedule(request: Request) -> Response:
    """The timer rings."""
    from vitrina.web.schedule import handle_schedule

    return serve(request, application, handle_schedule)


if has_app_context():
    # functions-framework runs this module in the context of its application, which has the function's name.
    _functions: Mapping[str, Any] = {one.__name__: one for one in (menu, webhook, client, task, schedule)}
    serve_directly(current_app, _functions[current_app.name])
