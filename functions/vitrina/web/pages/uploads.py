"""Reads a form with a file. Never more than a file may have is kept in memory, however much is sent."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import Request
from msgspec import Struct
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from vitrina.errors import BodyTooLargeError, RequestError
from vitrina.usecases.client_page.file_kinds import MOST_FILE_BYTES
from vitrina.web.http import limit_body

#: Most bytes of such a request; Cloud Run takes no more either.
FILE_BODY_BYTES = 32 * 1024 * 1024
#: Most bytes of a field beside the file, and most fields. Werkzeug's parser reads 64 KB at a time into
#: the same buffer.
FIELDS_BYTES, MOST_PARTS = 256 * 1024, 20


#: The type of a form with a file.
FORM_TYPE = "multipart/form-data"


class SentForm(Struct, frozen=True):
    """Fields of the form, and the file; without one both its name and its content are empty."""

    fields: Mapping[str, list[str]]
    name: str = ""
    content: bytes = b""

    def __repr__(self) -> str:
        """Without the content, which may be long."""
        return f"SentForm({self.fields!r}, {self.name!r})"


class _Kept(io.BytesIO):
    """Keeps a file up to its limit and one byte more, which tells that there was more."""

    def write(self, data: Any) -> int:
        """Take all of *data*, and keep what there is room for."""
        super().write(data[: max(0, MOST_FILE_BYTES + 1 - self.tell())])
        return len(data)


def is_file(request: Request) -> bool:
    """Whether the request is a form with a file."""
    return request.method == "POST" and request.mimetype == FORM_TYPE


def read_upload(request: Request, name: str) -> SentForm:
    """The form that was sent, with the file of the field *name*.

    Nothing of the body was read before: who may not send a file is refused without reading it.

    Raises
    ------
    BodyTooLargeError
        If the request is larger than ``FILE_BODY_BYTES``.
    RequestError
        If it is no form, or has too many fields.
    """
    if not is_file(request):
        raise RequestError("request.not_json")
    if (request.content_length or 0) > FILE_BODY_BYTES:
        raise BodyTooLargeError("page.file_too_large")
    limit_body(request, FILE_BODY_BYTES)
    parser = FormDataParser(
        stream_factory=lambda *_, **__: _Kept(),
        max_form_memory_size=FIELDS_BYTES,
        max_form_parts=MOST_PARTS,
        silent=False,
    )
    try:
        _, form, files = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge as error:
        raise BodyTooLargeError("page.file_too_large") from error
    except ValueError as error:
        raise RequestError("request.not_json") from error
    fields = {one: form.getlist(one) for one in form}
    sent = files.get(name)
    if sent is None or not sent.filename:
        return SentForm(fields)
    return SentForm(fields, sent.filename, sent.read())
