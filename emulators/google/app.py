"""The Flask application: finds the method of a call, checks the call and answers it."""

from __future__ import annotations

import time
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Flask, Response, g, request

from emulators.common.control import Control
from emulators.common.statefile import StateFile
from emulators.google import (
    discovery,
    drive_api,
    edits,
    errors,
    grid,
    masks,
    routes,
    schema,
    seed,
    sheets_api,
)
from emulators.google.calls import HANDLERS, Call, Media, Upload
from emulators.google.discovery import Document, Method
from emulators.google.errors import ApiError, NotModelledError
from emulators.google.quota import NOBODY_NAMED, Quota
from emulators.google.store import Clock, SavedStore, Store, system_clock

__all__ = ["create_app", "drive_api", "sheets_api"]

DOCUMENTS = ("sheets.v4", "drive.v3")
V2_UPLOAD = "/upload/drive/v2/files/"
#: Where the content of a resumable upload is sent, and the call that it completes.
RESUMABLE_PATH, RESUMABLE_CALL = "/upload/drive/v3/files", "drive.files.create"
READ = "sheets.spreadsheets.get"
JSON = "application/json"
#: Longer bodies are refused, as many programs report of the real service: jlolling/talendcomp_tGoogleSheet#1,
#: googleworkspace/dotnet-samples#23, SCRT-HQ/PSGSuite#62.
MOST_BODY_BYTES = 10_485_760


class Google:
    """The emulator: its state, and the processing of a call."""

    def __init__(self, state_path: Path | None, clock: Clock) -> None:
        self.store = Store(clock)
        #: Calls whose content is still to come, by the id of the upload.
        self.uploads: dict[str, Call] = {}
        self.quota = Quota(time.time)
        self.documents = [discovery.load(name) for name in DOCUMENTS]
        self.state_file = StateFile(state_path, self.store.dump)
        loaded = self.state_file.load()
        if loaded is not None:
            self.store.load(loaded)
        self.control = Control(
            name_call=self._name_call,
            fault_response=lambda status, retry_after: self._error(errors.fault(status), retry_after),
            reset=self._reset,
            seed=self._seed,
            snapshot=self.store.dump,
            save_state=self.store.save_state,
            restore_state=self._restore_state,
            act=self._edit,
        )

    def changed(self) -> None:
        """Note that the state changed."""
        self.state_file.mark_changed()
        self.control.touch()

    def _reset(self) -> None:
        self.quota.clear()
        self.uploads.clear()
        with self.store.lock:
            self.store.reset()
        self.state_file.mark_changed()

    def _seed(self, body: Any) -> Any:
        with self.store.lock:
            answer = seed.load(self.store, body)
        self.state_file.mark_changed()
        return answer

    def _edit(self, body: Any) -> None:
        with self.store.lock:
            edits.apply(self.store, body)
        self.changed()

    def _restore_state(self, saved: SavedStore) -> None:
        self.store.restore_state(saved)
        self.state_file.mark_changed()

    # Processing of a call

    def _find(self) -> tuple[Document, Method, dict[str, str]] | None:
        if "found" not in g:
            g.found = None
            for document in self.documents:
                match = document.match(request.method, request.path)
                if match is not None:
                    g.found = (document, *match)
                    break
        return g.found

    def _name_call(self) -> str | None:
        found = self._find()
        if found is not None:
            return found[1].id
        if self._is_content():
            return RESUMABLE_CALL
        return "drive.v2.files.update" if request.path.startswith(V2_UPLOAD) else None

    def answer(self) -> Response:
        """Answer the current request."""
        try:
            return self._answer()
        except ApiError as error:
            return self._error(error)

    def _answer(self) -> Response:
        found = self._find()
        if found is None:
            return self._outside_documents()
        document, method, path = found
        self.quota.take(method.id, request.args.get("quotaUser", NOBODY_NAMED))
        registered = HANDLERS.get(method.id)
        if registered is None:
            raise NotModelledError(f"the method {method.id}")
        call = self._call(document, method, path)
        if call.query.get("uploadType") == "resumable":
            return self._begin_upload(call)
        if method.id == READ:
            return self._read(call)
        return self._carry_out(call)

    def _carry_out(self, call: Call) -> Response:
        registered = HANDLERS[call.method.id]
        with self.store.lock:
            result = registered.handler(call)
            call.commit()
        if registered.changes or call.method.id.endswith(".create"):
            self.changed()
        if result is None:
            return Response(status=204)
        if isinstance(result, drive_api.Raw):
            return Response(result.content, mimetype=result.mime_type)
        return _json(masks.select(call.mask, result))

    # Resumable uploads: a first request says what is coming, a second one brings the whole content.

    def _begin_upload(self, call: Call) -> Response:
        if call.method.id != RESUMABLE_CALL:
            raise NotModelledError(f"resumable uploads of {call.method.id}")
        with self.store.lock:
            drive_api.check_create(call)
            upload_id = self.store.new_file_id()
        mime_type = request.headers.get("X-Upload-Content-Type", "application/octet-stream")
        length = int(request.headers.get("X-Upload-Content-Length", -1))
        self.uploads[upload_id] = replace(call, upload=Upload(mime_type, length))
        address = f"{request.host_url.rstrip('/')}{RESUMABLE_PATH}?uploadType=resumable&upload_id={upload_id}"
        return Response(status=200, headers={"Location": address, "X-GUploader-UploadID": upload_id})

    def _is_content(self) -> bool:
        return request.method == "PUT" and request.path == RESUMABLE_PATH

    def _finish_upload(self) -> Response:
        """Take the content. One that is complete is answered with the file; a repeat finds the id in use."""
        call = self.uploads.get(request.args.get("upload_id", ""))
        if call is None or call.upload is None:
            raise ApiError(404, errors.FAULT_MESSAGES[404])
        content = request.get_data()
        total = len(content)
        whole = f"bytes 0-{total - 1}/{total}"
        if request.headers.get("Content-Range", whole) != whole:
            raise NotModelledError("resumable uploads in several parts")
        if call.upload.length not in (-1, total):
            raise ApiError(400, "Invalid request. The content has another length than announced.")
        # The limit of an upload in one request does not concern this one.
        answer = self._carry_out(replace(call, media=Media(content, call.upload.mime_type)))
        del self.uploads[request.args["upload_id"]]
        return answer

    def _read(self, call: Call) -> Response:
        """Answer a read of a workbook. Its text is kept until the workbook changes or a minute has passed."""
        minute, query = call.now.replace(second=0, microsecond=0), request.query_string
        with self.store.lock:
            book = call.book()
            if book.answers[0] != minute:
                book.answers = (minute, {})
            texts = book.answers[1]
            if query not in texts:
                texts[query] = grid.json_text(masks.select(call.mask, sheets_api.get(call)))
            return Response(texts[query], mimetype=JSON)

    def _call(self, document: Document, method: Method, path: dict[str, str]) -> Call:
        query = schema.check_query(
            document, method, parse_qsl(request.query_string.decode(), keep_blank_values=True)
        )
        media = None
        raw = request.get_data()
        if request.path.startswith(("/upload/", "/resumable/")):
            raw, media = self._split_upload(raw, query)
        elif len(raw) > MOST_BODY_BYTES:
            raise errors.invalid(f"Request payload size exceeds the limit: {MOST_BODY_BYTES} bytes.")
        sent = schema.parse_json(raw) if method.request_schema else {}
        body = schema.check_body(document, method, sent)
        answer_schema = method.response_schema
        mask = masks.check_response_mask(document, answer_schema, query.get("fields"))
        return Call(
            method,
            self.store,
            path,
            query,
            body,
            mask,
            self.store.now(),
            media,
            sent=frozenset(_nulls(sent)),
        )

    def _split_upload(self, raw: bytes, query: dict[str, Any]) -> tuple[bytes, Media | None]:
        kind = query.get("uploadType")
        if kind == "resumable":
            return raw, None
        if kind == "media":
            return b"", Media(raw, request.mimetype)
        if kind != "multipart":
            raise NotModelledError(f"uploads of the type {kind}")
        header = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
        message = message_from_bytes(header + raw, policy=policy.HTTP)
        first, second = cast(EmailMessage, message).iter_parts()
        return first.get_payload(decode=True), Media(
            second.get_payload(decode=True), second.get_content_type()
        )

    def _outside_documents(self) -> Response:
        if request.method == "PUT" and request.path.startswith(V2_UPLOAD):
            method = Method("drive.v2.files.update", "drive", "PUT", None, {}, None, None)  # type: ignore[arg-type]
            path = {"fileId": request.path.removeprefix(V2_UPLOAD)}
            call = Call(method, self.store, path, {}, {}, None, self.store.now())
            with self.store.lock:
                result = drive_api.import_csv(call, request.get_data())
                call.commit()
            self.changed()
            return _json(result)
        if self._is_content():
            return self._finish_upload()
        if request.path.startswith("/batch"):
            raise NotModelledError("several HTTP calls in one (new_batch_http_request)")
        if request.path.startswith("/resumable/"):
            raise NotModelledError("resumable uploads at /resumable/")
        raise ApiError(404, errors.FAULT_MESSAGES[404])

    def refuse(self, error: ApiError) -> Response:
        """The answer to a refused call of the emulator's own endpoints."""
        return self._error(error)

    def _error(self, error: ApiError, retry_after: float | None = None) -> Response:
        is_drive = "/drive/" in request.path
        response = _json(errors.drive_body(error) if is_drive else errors.sheets_body(error))
        response.status_code = error.code
        if retry_after is not None:
            response.headers["Retry-After"] = f"{retry_after:g}"
        return response


def _json(value: Any) -> Response:
    return Response(grid.json_text(value), mimetype=JSON)


def _nulls(sent: Any, prefix: str = "") -> list[str]:
    """Names of fields in a body that are null: for Drive this means to remove a property."""
    found = []
    for name, value in sent.items() if isinstance(sent, dict) else ():
        if value is None:
            found.append(prefix + name)
        elif isinstance(value, dict):
            found.extend(_nulls(value, f"{prefix}{name}."))
    return found


def create_app(state_path: Path | str | None = None, *, clock: Clock = system_clock) -> Flask:
    """The emulator as a WSGI application.

    Parameters
    ----------
    state_path
        File that stores the state; with ``None`` it is in memory only.
    clock
        Returns the current time; tests give a fixed one.
    """
    google = Google(Path(state_path) if state_path is not None else None, clock)
    app = Flask("emulators.google")
    google.control.install(app)
    app.register_blueprint(routes.blueprint(google.store, google.quota, google.changed))
    app.extensions["google"] = google

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def call(**_: str) -> Response:
        return google.answer()

    app.register_error_handler(ApiError, google.refuse)
    return app
