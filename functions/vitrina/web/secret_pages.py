"""The ``client`` entry point: pages that are opened by a secret link without a login.

What stands before the token in the path says whose page it is: the client's, of his project, or accounting's,
of one request. A token of one opens nothing of the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from flask import Request, Response

from vitrina.errors import RequestError, RetriableServiceError, TooManyRequestsError, VitrinaError
from vitrina.operations.clicks.limits import GUEST
from vitrina.records.outside.accounting_links import PLACE as ACCOUNTING
from vitrina.records.outside.client_links import PLACE as CLIENT
from vitrina.records.outside.client_links import is_token
from vitrina.texts import Sentence, sentence
from vitrina.web.client_page import answer_client
from vitrina.web.http import OTHER_BODY_BYTES, Application, OpenApplication, limit_body
from vitrina.web.pages.frame import error_page, setting_of
from vitrina.web.pages.rendering import Setting

log = logging.getLogger("vitrina.client")


def _answer_accounting(
    request: Request, app: Application, setting: Setting, token: str, rest: Sequence[str]
) -> Response:
    # Few visits are those of accounting.
    from vitrina.web.accounting_page import answer_accounting

    return answer_accounting(request, app, setting, token, rest)


_AnswerPage = Callable[[Request, Application, Setting, str, Sequence[str]], Response]
_PAGES: Mapping[str, _AnswerPage] = {
    CLIENT: answer_client,
    ACCOUNTING: _answer_accounting,
}


def handle_pages(request: Request, application: OpenApplication) -> Response:
    """Answer for the page that the path names; an error is a page as well."""
    limit_body(request, OTHER_BODY_BYTES)
    # Until the page is known, its language is not either.
    setting: Setting | None = None
    try:
        app = application()
        answer_page, token, rest = _page_at(request.path)
        setting = setting_of(request, app.services, token, rest)
        # What is no token may be any text of kilobytes, and is not remembered.
        sharer = token if is_token(token) else GUEST
        with app.limits.pages.serve_or_raise(sharer, "page.too_many"):
            return answer_page(request, app, setting, token, rest)
    except TooManyRequestsError as error:
        answer = error_page(setting, error.http_status, Sentence(error.code, error.where))
        answer.headers["Retry-After"] = str(error.where["seconds"])
        return answer
    except RequestError as error:
        return error_page(setting, error.http_status, Sentence(error.code, error.where))
    except RetriableServiceError as error:
        log.warning("the store does not answer: %s", error.code)
        return error_page(setting, 503, sentence("page.later_again"))
    except VitrinaError as error:
        log.exception("page: %s", error.code)
        return error_page(setting, 503, sentence("page.later_again"))


def _page_at(path: str) -> tuple[_AnswerPage, str, Sequence[str]]:
    """The page that a path names, the token, and the rest of the path after the token."""
    parts = [part for part in path.split("/") if part]
    for index, part in enumerate(parts):
        if part in _PAGES:
            return _PAGES[part], "".join(parts[index + 1 : index + 2]), parts[index + 2 :]
    return answer_client, "", []
