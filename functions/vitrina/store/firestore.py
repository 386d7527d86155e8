"""The store on Google Cloud: Firestore in Native mode, over its REST API."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import tenacity
from google.auth.exceptions import GoogleAuthError
from googleapiclient import errors

from vitrina.deadline import stop_at_deadline
from vitrina.errors import (
    AccessDeniedError,
    ConfigurationError,
    RetriableServiceError,
    StoreConflictError,
)
from vitrina.google.firestore import SERVICE
from vitrina.google.rest import RestService
from vitrina.google.server_time import ServerTime
from vitrina.google.services import BUSY_STATUSES, NO_ANSWER, may_pass
from vitrina.ports import (
    ABSENT,
    EXPIRES_AT,
    FOUND_BEFORE,
    FOUND_BY,
    Document,
    Json,
    Key,
    Put,
    Write,
    new_token,
)
from vitrina.store.documents import json_texts, require_index

#: The collection of all documents. Its indexes are in ``firestore.indexes.json``.
COLLECTION = "documents"

#: Documents in one request of a read.
_KEYS_AT_ONCE = 500
#: How often a call is sent while Firestore is busy, and the first wait before a repeat, which doubles.
_ATTEMPTS, _FIRST_WAIT_S = 5, 0.05
#: Canonical names of the errors of a commit whose precondition does not hold.
_PRECONDITION_STATUSES = frozenset({"FAILED_PRECONDITION", "ALREADY_EXISTS", "NOT_FOUND"})
#: Times of the last update that are kept for compare-and-set.
_MOST_UPDATE_TIMES = 20_000


class FirestoreStore:
    """``Store`` over one collection of a Firestore database. Safe to use from many threads and processes.

    Firestore compares the time of a document's last update, and our callers know its version. So the times
    of the versions that this process has read or written are kept; that of another version is read first.

    Parameters
    ----------
    service
        Sends the requests.
    database
        ``projects/P/databases/D``.
    time
        Is set by the times in Firestore's answers.
    """

    def __init__(self, service: RestService, database: str, time: ServerTime | None = None) -> None:
        self.time = time or ServerTime()
        self._service = service
        self._database = database
        self._root = f"{database}/documents"
        self._update_times = _UpdateTimes()

    # --- Reading -------------------------------------------------------------------------------------

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        found = (self._document(resource, known or {}) for resource in self._read(keys))
        return {(one.kind, one.key): one for one in found}

    def find(
        self,
        kind: str,
        /,
        *,
        where: Mapping[str, str | bool] | None = None,
        before: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """See ``Store``."""
        require_index(where, before)
        filters = [_filter("kind", "EQUAL", kind)]
        filters += [_filter(f"by.{name}", "EQUAL", value) for name, value in (where or {}).items()]
        query: Json = {}
        if before is not None:
            name, bound = before
            filters.append(_filter(f"by.{name}", "LESS_THAN", bound))
            query["orderBy"] = [_order(f"by.{name}")]
        query["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
        return self._query(query, limit)

    def page(self, after: Key | None, limit: int) -> list[Document]:
        """See ``Store``."""
        query: Json = {"orderBy": [_order("__name__")]}
        if after is not None:
            query["startAt"] = {"values": [{"referenceValue": self._name(after)}], "before": False}
        return self._query(query, limit)

    def _query(self, query: Json, limit: int | None) -> list[Document]:
        query["from"] = [{"collectionId": COLLECTION}]
        if limit is not None:
            query["limit"] = limit
        request = self._service.resource.runQuery(parent=self._root, body={"structuredQuery": query})
        rows = self._send(request)
        return [self._document(row["document"], {}) for row in rows if "document" in row]

    def _read(self, keys: Iterable[Key], **options: Any) -> list[Json]:
        """Those of the documents that exist, as JSON of Firestore's API."""
        names = [self._name(key) for key in dict.fromkeys(keys)]
        found: list[Json] = []
        for start in range(0, len(names), _KEYS_AT_ONCE):
            body = {"documents": names[start : start + _KEYS_AT_ONCE], **options}
            rows = self._send(self._service.resource.batchGet(database=self._database, body=body))
            found += [row["found"] for row in rows if "found" in row]
        return found

    def _document(self, resource: Json, known: Mapping[Key, Document]) -> Document:
        key, version = self._note_version(resource)
        if key in known and known[key].version == version:
            return known[key]
        return Document(*key, version, msgspec.json.decode(resource["fields"]["data"]["stringValue"]))

    def _note_version(self, resource: Json) -> tuple[Key, int]:
        """Kind, key and version of a document that was read; the time of this version is remembered."""
        fields = resource["fields"]
        key: Key = (fields["kind"]["stringValue"], fields["key"]["stringValue"])
        version = int(fields["version"]["integerValue"])
        self._update_times.note(key, version, resource["updateTime"])
        return key, version

    # --- Writing -------------------------------------------------------------------------------------

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``."""
        token = token or new_token()
        texts = json_texts(writes)
        for text in texts.values():
            # JSON would carry half a surrogate pair, which UTF-8 cannot.
            text.encode()
        for attempt in range(_ATTEMPTS):
            try:
                bodies = [self._write(one, token, texts.get((one.kind, one.key), "")) for one in writes]
            except KeyError:
                if self._was_carried_out(writes, token):
                    return
                continue
            request = self._service.resource.commit(database=self._database, body={"writes": bodies})
            try:
                results = self._send(request, has_preconditions=True).get("writeResults", [])
            except _PreconditionError:
                # A commit whose answer was lost is refused as well when it is sent again.
                if self._was_carried_out(writes, token):
                    return
                _sleep(attempt)
                continue
            for one, result in zip(writes, results, strict=True):
                if isinstance(one, Put):
                    self._update_times.note((one.kind, one.key), token, result["updateTime"])
            return
        raise RetriableServiceError("store.no_answer", service=SERVICE)

    def _write(self, one: Write, token: int, text: str) -> Json:
        """A write as Firestore takes it; raises ``KeyError`` if the time of its version is not known."""
        name = self._name((one.kind, one.key))
        body: Json = {"delete": name}
        if isinstance(one, Put):
            body = {"update": {"name": name, "fields": _fields(one, token, text)}}
        if one.version == ABSENT:
            body["currentDocument"] = {"exists": False}
        elif one.version is not None:
            body["currentDocument"] = {"updateTime": self._update_times.of((one.kind, one.key), one.version)}
        return body

    def _was_carried_out(self, writes: Sequence[Write], token: int) -> bool:
        """Whether the commit with *token* was carried out; raises ``StoreConflictError`` if it cannot be."""
        mask = {"fieldPaths": ["kind", "key", "version"]}
        found = self._read(((one.kind, one.key) for one in writes), mask=mask)
        versions = dict(map(self._note_version, found))
        if token in versions.values():
            return True
        conflicts = [
            (one.kind, one.key)
            for one in writes
            if one.version is not None and versions.get((one.kind, one.key), ABSENT) != one.version
        ]
        if conflicts:
            raise StoreConflictError(conflicts)
        return False

    # --- Calls ---------------------------------------------------------------------------------------

    def _send(self, request: Any, *, has_preconditions: bool = False) -> Any:
        """The answer to a request, which is sent again while Firestore is busy: all are repeatable.

        A read may be refused for a database or an index that is not there.
        """
        attempts = tenacity.Retrying(
            stop=stop_at_deadline(SERVICE, tenacity.stop_after_attempt(_ATTEMPTS)),
            wait=tenacity.wait_random_exponential(multiplier=_FIRST_WAIT_S),
            retry=tenacity.retry_if_exception(_is_busy),
            reraise=True,
        )
        try:
            return attempts(self._send_once, request)
        except errors.HttpError as error:
            if has_preconditions and _status_of(error) in _PRECONDITION_STATUSES:
                raise _PreconditionError from error
            if _is_busy(error):
                raise RetriableServiceError("store.no_answer", service=SERVICE) from error
            raise ConfigurationError("store.refused", reason=error.reason) from error
        except NO_ANSWER as error:
            raise RetriableServiceError("store.no_answer", service=SERVICE) from error
        except GoogleAuthError as error:
            if may_pass(error):
                raise RetriableServiceError("store.no_answer", service=SERVICE) from error
            raise AccessDeniedError("google.no_key", service=SERVICE, status=401) from error

    def _send_once(self, request: Any) -> Any:
        sent_at = self.time.machine_now()
        answer = self._service.send(request)
        received_at = self.time.machine_now()
        for moment in _moments_in(answer):
            self.time.note(moment, sent_at=sent_at, received_at=received_at)
        return answer

    def _name(self, key: Key) -> str:
        return f"{self._root}/{COLLECTION}/{document_id(key)}"


class _PreconditionError(Exception):
    """A document is not in the state that a commit expects."""


class _UpdateTimes:
    """Times of the last update of documents, by key and version. The oldest are dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[tuple[Key, int], str] = OrderedDict()

    def note(self, key: Key, version: int, update_time: str) -> None:
        """Remember the time of a version."""
        with self._lock:
            self._times[key, version] = update_time
            self._times.move_to_end((key, version))
            if len(self._times) > _MOST_UPDATE_TIMES:
                self._times.popitem(last=False)

    def of(self, key: Key, version: int) -> str:
        """When a version was written; raises ``KeyError`` if this process has not read or written it."""
        with self._lock:
            return self._times[key, version]


def document_id(key: Key) -> str:
    """Id of a document in the collection. Ids are in the same order as kinds and keys.

    An id may not contain a slash, be a dot or two, or begin with two underscores.
    """
    kind, name = key
    return f"{kind}:{name.replace('.', '.0').replace('/', '.1')}"


def _fields(put: Put, token: int, text: str) -> Json:
    names = (*FOUND_BY, *FOUND_BEFORE)
    by = {name: _value(put.data[name]) for name in names if isinstance(put.data.get(name), str | bool)}
    fields = {
        "kind": _value(put.kind),
        "key": _value(put.key),
        "version": {"integerValue": str(token)},
        "data": _value(text),
        "by": {"mapValue": {"fields": by}},
    }
    if EXPIRES_AT in put.data:
        # A policy of the database deletes documents by this field: ``ttl`` in firestore.indexes.json.
        fields[EXPIRES_AT] = {"timestampValue": put.data[EXPIRES_AT]}
    return fields


def _value(value: str | bool) -> Json:
    return {"booleanValue": value} if isinstance(value, bool) else {"stringValue": value}


def _filter(path: str, operator: str, value: str | bool) -> Json:
    return {"fieldFilter": {"field": {"fieldPath": path}, "op": operator, "value": _value(value)}}


def _order(path: str) -> Json:
    return {"field": {"fieldPath": path}, "direction": "ASCENDING"}


def _moments_in(answer: Any) -> list[datetime]:
    """Firestore's time of a read, which each of its rows has, or of a commit."""
    texts = (
        [answer.get("commitTime")]
        if isinstance(answer, dict)
        else [row.get("readTime") for row in answer[:1]]
    )
    # Firestore writes nine digits of a second, of which Python takes six.
    return [datetime.fromisoformat(text) for text in texts if text]


def _status_of(error: errors.HttpError) -> str:
    """The canonical name of an error, such as ``ABORTED``; a read answers with a list of one."""
    try:
        body = json.loads(error.content)
        body = body[0] if isinstance(body, list) else body
        return str(body["error"]["status"])
    except (ValueError, LookupError, TypeError):
        return ""


def _is_busy(error: BaseException) -> bool:
    """Whether the same call may succeed a little later."""
    if isinstance(error, errors.HttpError):
        return _status_of(error) == "ABORTED" or error.status_code in BUSY_STATUSES
    if isinstance(error, GoogleAuthError):
        return may_pass(error)
    return isinstance(error, NO_ANSWER)


def _sleep(attempt: int) -> None:
    time.sleep(random.uniform(0.0, _FIRST_WAIT_S * 2**attempt))  # noqa: S311 - no secret
