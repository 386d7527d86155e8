"""Calls of Telegram's Bot API, whose token stands in the address of each call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from vitrina.chat.telegram.pace import SERVICE, Pace
from vitrina.chat.telegram.refusals import error_from
from vitrina.errors import AccessDeniedError, RetriableServiceError, ServiceError
from vitrina.ports import Json
from vitrina.rest.transport import TimedTransport
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S, Refusals, RestWire, json_of, translated

#: How often a call that changes nothing is sent.
ATTEMPTS = 3
#: For answers that are no JSON: they come from a server in between.
REFUSALS: Refusals = {
    401: (AccessDeniedError, "chat.unauthorized"),
    404: (AccessDeniedError, "chat.unauthorized"),
}


class TokenTransport(httpx.BaseTransport):
    """Puts the token into the address at the last moment, so that no request, error or log line has it."""

    def __init__(self, token: str, inner: httpx.BaseTransport) -> None:
        self._token = token
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to ``…/bot<token>/<method>``."""
        before, _, method = request.url.raw_path.rpartition(b"/")
        path = b"/".join((before, b"bot" + self._token.encode(), method))
        sent = httpx.Request(
            request.method,
            request.url.copy_with(raw_path=path),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return self._inner.handle_request(sent)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class TelegramWire(RestWire):
    """Sends calls of one bot; see ``RestWire``. A call that got 429 is not repeated.

    Parameters
    ----------
    api_url
        Address of the Bot API, without the token.
    """

    pace: Pace

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        pace: Pace | None = None,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        wait_s: float = FIRST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(
            SERVICE,
            api_url.rstrip("/"),
            token,
            pace=pace or Pace(sleep=sleep),
            timeout_s=timeout_s,
            attempts=attempts,
            wait_s=wait_s,
            sleep=sleep,
        )

    @property
    def bot_id(self) -> str:
        """Id of the bot: its token begins with it."""
        return self._token.partition(":")[0]

    def send(self, method: str, body: Json | None = None, *, is_repeatable: bool = False) -> Any:
        """Call a method and return its ``result``.

        Raises
        ------
        RefusedError
            If Telegram refuses the call for a reason that is no lack of the group.
        ServiceError
            See ``Chat``. No call is sent to a chat for which Telegram wants none yet.
        """
        chat_id = str((body or {}).get("chat_id", ""))
        if chat_id:
            self.pace.check(chat_id)
        try:
            return self.call("POST", f"/{method}", body=body or {}, is_repeatable=is_repeatable)
        except RetriableServiceError as error:
            if error.retry_after_s is not None and chat_id:
                self.pace.rest(chat_id, error.retry_after_s)
            raise

    # --- See ``RestWire`` ---

    def make_client(self) -> httpx.Client:
        """A client that knows the token in its transport only."""
        return httpx.Client(
            base_url=self._api_url,
            headers={"Accept": "application/json"},
            transport=TokenTransport(self._token, TimedTransport()),
        )

    def content_of(self, response: httpx.Response) -> Any:
        """The ``result`` of an answer; raises our error for a refusal of Telegram."""
        try:
            answer = json_of(response)
        except ValueError:
            answer = None
        is_from_telegram = isinstance(answer, dict) and "ok" in answer
        if response.status_code >= 500 or not is_from_telegram:
            response.raise_for_status()
            raise ValueError("the answer is not one of the Bot API")
        if answer["ok"]:
            return answer["result"]
        method = response.request.url.path.rpartition("/")[2]
        raise error_from(method, answer, int(answer.get("error_code") or response.status_code))

    def error_of(self, error: Exception) -> ServiceError:
        """Our error for a failed call that Telegram did not answer."""
        return translated(error, SERVICE, REFUSALS)
