"""Reads requests: bearer token, and a body of limited length and depth that is checked against a schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import IO, Any, Protocol, cast

from flask import Request, Response
from werkzeug.wsgi import LimitedStream

from vitrina.errors import BodyTooLargeError, MethodNotAllowedError, RequestError
from vitrina.operations.clicks.limits import Limits
from vitrina.operations.former_secrets import FormerSecrets
from vitrina.operations.services import Services
from vitrina.ports import Identity, Json
from vitrina.settings import Settings

#: Most bytes that are read of a body. A webhook of Kaiten contains a whole card with its texts.
MENU_BODY_BYTES = 256 * 1024
WEBHOOK_BODY_BYTES = 1024 * 1024
OTHER_BODY_BYTES = 64 * 1024

#: Most levels of nested lists and objects. The add-on sends 3 levels, Kaiten's webhooks less than 10.
MAX_DEPTH = 20

#: Codes of the sentences that say what is expected in each field of the form.
_FORM_SENTENCES = {
    "client_name": "form.client_name",
    "project_name": "form.project_name",
    "code": "form.code",
    "period": "form.period",
    "limit_hours": "form.limit_hours",
    "responsible": "form.responsible",
}


class Application(Protocol):
    """The application that an entry point uses. Opening it fails if a setting or the store is missing."""

    @property
    def settings(self) -> Settings:
        """Settings of the installation."""

    @property
    def services(self) -> Services:
        """Adapters for the outside systems."""

    @property
    def identity(self) -> Identity:
        """Checks who sent a request."""

    @property
    def limits(self) -> Limits:
        """How much one may ask of this process."""

    @property
    def former_secrets(self) -> FormerSecrets:
        """Secrets of webhooks before their last change."""


OpenApplication = Callable[[], Application]


class _BoundedStream(LimitedStream):
    """Stream that ends without an error at the limit, or where the caller stopped sending."""

    def readinto(self, buffer: Any) -> int | None:
        """The next bytes, none where the server finds that what follows is no body."""
        try:
            return super().readinto(buffer)
        except Exception:  # noqa: BLE001 - each server has errors of its own for chunks that are none
            # What came is incomplete, as after ``on_disconnect``.
            self._pos = self.limit
            return 0

    def on_exhausted(self) -> None:
        """Do nothing: ``read_json`` sees from the length that the body is too large."""

    def on_disconnect(self, error: Exception | None = None) -> None:
        """Do nothing: an incomplete body is not JSON, and ``read_json`` raises for it."""


def has_body(request: Request) -> bool:
    """Whether the request has a body (RFC 9112, section 6.3)."""
    environ = request.environ
    return bool(environ.get("CONTENT_LENGTH")) or "HTTP_TRANSFER_ENCODING" in environ


def limit_body(request: Request, limit_bytes: int) -> None:
    """Limit what can be read of the body to *limit_bytes*; nothing at all if it declares a greater length.

    Call it before anything else: after the answer the rest of the body is read into memory, whatever the
    answer was (``web/direct.py``).
    """
    request.max_content_length = limit_bytes
    if not has_body(request):
        return
    length = request.content_length
    if length is None:
        # The body comes in chunks. One byte more than the limit shows that it is too large.
        readable_bytes = limit_bytes + 1 if request.environ.get("wsgi.input_terminated") else 0
    else:
        readable_bytes = 0 if length > limit_bytes else length
    request.stream = cast(IO[bytes], _BoundedStream(request.input_stream, readable_bytes))


def check_method(request: Request) -> None:
    """Raise ``MethodNotAllowedError`` unless the request is a POST."""
    if request.method != "POST":
        raise MethodNotAllowedError("request.method")


def bearer_token(request: Request) -> str:
    """The token of the ``Authorization`` header; empty if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_body(request: Request) -> bytes:
    """The body of a request that was limited by ``limit_body``; raises ``BodyTooLargeError``.

    If it declares a greater length, nothing of it is read.
    """
    limit_bytes = request.max_content_length
    if limit_bytes is None:
        raise RuntimeError("limit_body was not called")
    if (request.content_length or 0) > limit_bytes or len(request.get_data()) > limit_bytes:
        raise BodyTooLargeError("request.too_large", limit=limit_bytes // 1024)
    return request.get_data()


def read_json(request: Request, *, max_depth: int = MAX_DEPTH) -> Any:
    """The JSON body of a request whose body was limited by ``limit_body``.

    Parameters
    ----------
    max_depth
        Most levels of nested lists and objects.

    Raises
    ------
    BodyTooLargeError
        If the body is longer than the limit. If it declares its length, nothing of it is read.
    RequestError
        If it is not JSON in UTF-8, is nested too deeply, or has a number or a text that cannot be stored.
    """
    data = read_body(request)
    try:
        # By default Python guesses the encoding, and accepts NaN and Infinity as numbers.
        body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise RequestError("request.too_deep") from error
    except ValueError as error:
        raise RequestError("request.not_json") from error
    _check_values(body, max_depth)
    return body


def check(data: Any, schema: Json) -> None:
    """Raise ``RequestError`` if *data* does not match *schema*."""
    # Webhooks and pages, whose processes import this module as well, have no bodies of a known shape.
    import fastjsonschema

    try:
        _compiled(json.dumps(schema))(data)
    except fastjsonschema.JsonSchemaValueException as error:
        code = next((_FORM_SENTENCES[key] for key in error.path if key in _FORM_SENTENCES), None)
        raise RequestError(code or "request.invalid", problem=error.message) from error


@cache
def _compiled(schema: str) -> Callable[[Any], Any]:
    """Compares data with a schema, which is JSON text."""
    import fastjsonschema

    compare: Callable[[Any], Any] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return compare


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _check_values(value: Any, levels: int) -> None:
    """Raise if *value* has more levels than *levels*, or a text or a number that cannot be stored."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int | float):
        _check_number(value)
    elif isinstance(value, list | dict):
        if levels == 0:
            raise RequestError("request.too_deep")
        if isinstance(value, dict):
            for key in value:
                _check_text(key)
        for part in value.values() if isinstance(value, dict) else value:
            _check_values(part, levels - 1)


def _check_text(text: str) -> None:
    try:
        # JSON may contain one half of a surrogate pair, such as "\ud83d".
        text.encode()
    except UnicodeEncodeError as error:
        raise RequestError("request.broken_text") from error


def _check_number(number: float) -> None:
    try:
        # 1e999 is infinite; an integer of 400 digits does not fit into a float.
        is_finite = math.isfinite(number)
    except OverflowError:
        is_finite = False
    if not is_finite:
        raise RequestError("request.not_json")


def response(envelope: Json, status: int, *, retry_after_s: int | None = None) -> Response:
    """A response with a JSON body, and with the seconds after which the request may come again."""
    # A text of an outside system may have half of a surrogate pair.
    text = json.dumps(envelope, ensure_ascii=False).encode("utf-8", "replace")
    answer = Response(text, status=status, content_type="application/json")
    if status == MethodNotAllowedError.http_status:
        answer.headers["Allow"] = "POST"
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer
