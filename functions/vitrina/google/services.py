"""Resources of Google's API client, built once in a process and reused.

Every call of ``service.spreadsheets()`` makes all its methods anew. Therefore the resource objects are kept.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import google.auth
import google_auth_httplib2
import httplib2
import msgspec
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from googleapiclient import discovery
from googleapiclient import http as google_http
from googleapiclient.discovery_cache import get_static_doc
from msgspec import Struct

from vitrina.deadline import outside_call
from vitrina.errors import ConfigurationError
from vitrina.google.connection import Http, limit_wait
from vitrina.ports import Json, Spreadsheet

#: Name of the service in messages to people.
SERVICE = "Google"
SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
)

#: Statuses after which the same call may succeed: too many calls, or a server that is not there.
BUSY_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
#: Errors of a call that got no answer.
NO_ANSWER = (OSError, httplib2.HttpLib2Error, http.client.HTTPException)

_SPREADSHEET = msgspec.json.Decoder(Spreadsheet)
#: How JSON may write a half of a surrogate pair; two of them are a character.
_SURROGATES = (rb"\ud", rb"\uD")

#: A batch may take Google up to three minutes; a menu request cannot wait that long.
TIMEOUT_S = 60.0
#: A client waits for each of the few calls that keep a file.
FILE_TIMEOUT_S = 15.0


class GoogleServices(Struct, frozen=True, dict=True):
    """Resources of Sheets and Drive, each made when it is used first, and ``send`` for their requests."""

    _google_url: str
    _timeout_s: float
    _local: threading.local

    @cached_property
    def spreadsheets(self) -> Any:
        """Spreadsheets of Sheets."""
        return _make_api("sheets", "v4", self._google_url).spreadsheets()

    @cached_property
    def files(self) -> Any:
        """Files of Drive."""
        return _make_api("drive", "v3", self._google_url).files()

    @cached_property
    def permissions(self) -> Any:
        """Permissions of files of Drive."""
        return _make_api("drive", "v3", self._google_url).permissions()

    def send(self, request: google_http.HttpRequest) -> Any:
        """Execute *request* over this thread's own connection: ``httplib2`` is not thread-safe."""
        http = getattr(self._local, "http", None)
        if http is None:
            http = google_auth_httplib2.AuthorizedHttp(_credentials(self._google_url), http=Http())
            self._local.http = http
        with outside_call(SERVICE, self._timeout_s, NO_ANSWER) as limit_s:
            limit_wait(http.http, limit_s)
            return request.execute(http=http)


@cache
def make_services(google_url: str = "", *, timeout_s: float = TIMEOUT_S) -> GoogleServices:
    """Services of the real Google, or of a local server at *google_url*; cached for all callers."""
    return GoogleServices(google_url, timeout_s, threading.local())


@cache
def _credentials(google_url: str) -> Credentials:
    """Credentials for Sheets and Drive."""
    return credentials_for(google_url, SCOPES)


@cache
def _make_api(name: str, version: str, google_url: str) -> Any:
    """An API, built once; every time limit uses the same.

    The address is changed in the discovery documents: with the option ``api_endpoint`` batches and
    uploads would still go to the real Google (google.md section 7).
    """
    return api_of(discovery_document(name, version, google_url))


def with_long_body(request: google_http.HttpRequest, body: Json) -> google_http.HttpRequest:
    """Give a request, which was made with an empty body, its *body*: JSON in UTF-8 without blanks.

    It is shorter than the library would send it; Google refuses more than 10 MB (decision 0065). With a body
    as its argument the library would also make a text of it that nobody uses.
    """
    try:
        request.body = msgspec.json.encode(body)
    except UnicodeEncodeError:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        request.body = text.encode("utf-8", "replace")
    request.body_size = len(request.body)
    return request


def with_spreadsheet(request: google_http.HttpRequest) -> google_http.HttpRequest:
    """Make the library decode the answer of this request, which is a spreadsheet, with ``as_spreadsheet``."""
    request.postproc = lambda _, content: as_spreadsheet(content)
    return request


def as_spreadsheet(content: bytes) -> Spreadsheet:
    """The spreadsheet of an answer, with a question mark in place of each half of a surrogate pair.

    JSON can carry such halves; nothing that we send or store can, and ``msgspec`` does not read them.
    """
    if any(half in content for half in _SURROGATES):
        try:
            # Rows stay undecoded below, so that nobody would see what is in them.
            msgspec.json.decode(content)
        except msgspec.DecodeError:
            text = json.dumps(json.loads(content), ensure_ascii=False)
            content = text.encode("utf-8", "replace")
    return _SPREADSHEET.decode(content)


def api_of(document: Json) -> Any:
    """The API of a discovery document. Each of its requests is given a connection, with credentials."""
    # With credentials the library would ask at once whether they have a private key, and load cryptography.
    return discovery.build_from_document(document, http=httplib2.Http())


def credentials_for(url: str, scopes: Sequence[str]) -> Credentials:
    """Credentials of the service account, or none for a local server at *url*."""
    if url:
        anonymous: Credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return anonymous
    credentials, _ = google.auth.default(scopes=scopes)
    return credentials


def may_pass(error: GoogleAuthError) -> bool:
    """Whether a token may be had a little later: its server is busy or out of reach.

    The client fetches a token itself, at the first call of an hour or after a 401, so every call may fail so.
    """
    return bool(error.retryable) or isinstance(error, TransportError)


def discovery_document(name: str, version: str, google_url: str) -> dict[str, Any]:
    """The discovery document of an API, for the real Google or a local server at *google_url*."""
    text = get_static_doc(name, version)
    if text is None:
        raise ConfigurationError("settings.no_discovery_document", name=name)
    document: dict[str, Any] = msgspec.json.decode(text)
    # The library renders the fields of schemas into docstrings of methods, which takes a fresh process a
    # third of a second. Beside that it only looks there for pages of lists, which nobody asks for here.
    document["schemas"] = {name: {"id": name, "type": "object"} for name in document["schemas"]}
    if google_url:
        root = google_url.rstrip("/") + "/"
        document |= {"rootUrl": root, "mtlsRootUrl": root, "baseUrl": root + document["servicePath"]}
    return document
