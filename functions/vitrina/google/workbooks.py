"""Spreadsheets through Sheets v4 and Drive v3."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tenacity
from google.auth.exceptions import GoogleAuthError
from googleapiclient import errors, http

from vitrina.deadline import stop_at_deadline
from vitrina.errors import (
    AccessDeniedError,
    FatalServiceError,
    RetriableServiceError,
    ServiceError,
)
from vitrina.google.refusals import OUR_FAULT, refused_batch
from vitrina.google.services import (
    BUSY_STATUSES,
    NO_ANSWER,
    SERVICE,
    GoogleServices,
    may_pass,
    with_long_body,
    with_spreadsheet,
)
from vitrina.ports import Json, Spreadsheet

log = logging.getLogger("vitrina.google")

SPREADSHEET_MIME_TYPE = "application/vnd.google-apps.spreadsheet"

_MARK = "developerMetadata(metadataId,metadataKey,metadataValue)"
_BOOK = (
    "spreadsheetId,properties(title,locale,timeZone),namedRanges,developerMetadata(metadataKey,metadataValue)"
)
_GRID = "gridProperties(rowCount,columnCount,frozenRowCount)"

#: Field mask of everything that the product reads from a workbook, in one request.
READ_FIELDS = (
    f"{_BOOK},sheets(properties(sheetId,title,index,{_GRID}),{_MARK},protectedRanges,"
    f"data(rowMetadata.{_MARK},columnMetadata.{_MARK},"
    "rowData.values(userEnteredValue,effectiveValue,note)))"
)

#: The same with what a person sees of the cells, and what is hidden.
SHOWN_FIELDS = (
    f"{_BOOK},sheets(properties(sheetId,title,index,hidden,{_GRID}),{_MARK},protectedRanges,"
    f"data(rowMetadata(hiddenByUser,hiddenByFilter,{_MARK}),columnMetadata(hiddenByUser,{_MARK}),"
    "rowData.values(userEnteredValue,effectiveValue,formattedValue,note,dataValidation.condition)))"
)

#: The same as ``READ_FIELDS`` with what an upgrade compares: drop-downs, rules of colour, ids of all marks.
UPGRADE_FIELDS = (
    f"spreadsheetId,properties(title,locale,timeZone),namedRanges,{_MARK},"
    f"sheets(properties(sheetId,title,index,{_GRID}),{_MARK},protectedRanges,"
    "conditionalFormats(ranges,booleanRule.condition),"
    f"data(rowMetadata.{_MARK},columnMetadata.{_MARK},"
    "rowData.values(userEnteredValue,effectiveValue,note,dataValidation(condition,inputMessage))))"
)

ATTEMPTS = 4
MAX_WAIT_S = 8.0
#: Shortest and longest wait in seconds after a call was refused for quota, which refills every minute.
REFILL_S = (15.0, 60.0)
#: Roles of Drive that may change the contents of a file.
_EDITING = frozenset({"writer", "fileOrganizer", "organizer", "owner"})


#: Reads the workbook, applies requests, the batch.
Write = Callable[[Callable[[], Spreadsheet], Callable[[Sequence[Json]], Json], Sequence[Json]], Json]


class GoogleWorkbooks:
    """``Workbooks`` of the real Google, or of a local server with the same API.

    Parameters
    ----------
    services
        Gives Google's resources when they are needed, as ``make_services`` does; few requests need them.
    url
        Address of a spreadsheet for a person, with ``{id}`` in it.
    folder_id
        Drive folder of new spreadsheets; empty for the root folder of the service account.
    wait_s
        Seconds before the first repeat; later waits grow up to ``MAX_WAIT_S``.
    attempts
        Count of attempts, including the first one.
    write
        Sends a batch by a function that does so, and may read the workbook before and after it. Without one
        batches are sent as they are.
    """

    def __init__(
        self,
        services: Callable[[], GoogleServices],
        *,
        url: str,
        folder_id: str = "",
        wait_s: float = 1.0,
        attempts: int = ATTEMPTS,
        write: Write | None = None,
    ) -> None:
        self._make_services = services
        self._url = url
        self._folder_id = folder_id
        self._wait_s = wait_s
        self._attempts = attempts
        self._write = write

    @property
    def _services(self) -> GoogleServices:
        return self._make_services()

    def read(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        return self._read(spreadsheet_id, READ_FIELDS)

    def read_as_shown(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        return self._read(spreadsheet_id, SHOWN_FIELDS)

    def read_for_upgrade(self, spreadsheet_id: str) -> Spreadsheet:
        """See ``Workbooks``."""
        return self._read(spreadsheet_id, UPGRADE_FIELDS)

    def _read(self, spreadsheet_id: str, fields: str) -> Spreadsheet:
        request = self._services.spreadsheets.get(spreadsheetId=spreadsheet_id, fields=fields)
        resource: Spreadsheet = self._send(with_spreadsheet(request), repeat=_is_busy)
        return resource

    def batch_update(self, spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        """See ``Workbooks``. More than one request where the guards do not hold on this account."""
        apply = partial(self._apply, spreadsheet_id)
        if self._write is None:
            return apply(requests)
        return self._write(partial(self.read, spreadsheet_id), apply, requests)

    def _apply(self, spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        request = with_long_body(
            self._services.spreadsheets.batchUpdate(spreadsheetId=spreadsheet_id, body={}),
            {"requests": list(requests)},
        )

        def refused(error: errors.HttpError) -> Exception | None:
            return refused_batch(str(error.reason), requests) if _status(error) == 400 else None

        try:
            reply: Json = self._send(request, repeat=_did_nothing, refused=refused)
        except FatalServiceError as error:
            if error.code == OUR_FAULT:
                log.exception("request refused by Google: %s", error.where["kind"])
            raise
        return reply

    def create(self, title: str, *, tag: str) -> str:
        """See ``Workbooks``."""
        body: Json = {"name": title, "mimeType": SPREADSHEET_MIME_TYPE, "appProperties": {"vitrina": tag}}
        if self._folder_id:
            body["parents"] = [self._folder_id]
        request = self._services.files.create(body=body, supportsAllDrives=True, fields="id")
        return str(self._send(request, repeat=_did_nothing)["id"])

    def find_by_tag(self, tag: str) -> str | None:
        """See ``Workbooks``."""
        request = self._services.files.list(
            q=f"appProperties has {{ key='vitrina' and value='{tag}' }} and trashed = false",
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            fields="files(id)",
        )
        files = self._send(request, repeat=_is_busy).get("files", [])
        return str(files[0]["id"]) if files else None

    def share_by_link(self, spreadsheet_id: str) -> None:
        """See ``Workbooks``."""
        request = self._services.permissions.create(
            fileId=spreadsheet_id,
            body={"type": "anyone", "role": "reader", "allowFileDiscovery": False},
            supportsAllDrives=True,
            fields="id",
        )
        # A second permission for "anyone" replaces the first one, so the call is safe to repeat.
        self._send(request, repeat=_is_busy)

    def is_open_to_edit(self, spreadsheet_id: str) -> bool:
        """See ``Workbooks``. A request for each hundred people."""
        page_token: str | None = None
        while True:
            request = self._services.permissions.list(
                fileId=spreadsheet_id,
                supportsAllDrives=True,
                pageSize=100,
                pageToken=page_token,
                fields="nextPageToken,permissions(type,role)",
            )
            answer = self._send(request, repeat=_is_busy)
            if any(one["type"] == "anyone" and one["role"] in _EDITING for one in answer["permissions"]):
                return True
            page_token = answer.get("nextPageToken")
            if page_token is None:
                return False

    def url(self, spreadsheet_id: str) -> str:
        """See ``Workbooks``."""
        return self._url.replace("{id}", spreadsheet_id)

    def _send(
        self,
        request: http.HttpRequest,
        *,
        repeat: Callable[[BaseException], bool],
        refused: Callable[[errors.HttpError], Exception | None] = lambda _: None,
    ) -> Any:
        attempts = tenacity.Retrying(
            stop=stop_at_deadline(SERVICE, tenacity.stop_after_attempt(self._attempts)),
            wait=tenacity.wait_random_exponential(multiplier=self._wait_s, max=MAX_WAIT_S),
            retry=tenacity.retry_if_exception(repeat),
            reraise=True,
        )
        try:
            return attempts(self._services.send, request)
        except errors.HttpError as error:
            raise refused(error) or service_error(error) from error
        except (*NO_ANSWER, GoogleAuthError) as error:
            raise service_error(error) from error


def service_error(error: Exception) -> ServiceError:
    """Our error for one of Google's client: a refusal, no answer, or no token."""
    if isinstance(error, errors.HttpError):
        return _translate(error)
    if isinstance(error, GoogleAuthError) and not may_pass(error):
        return AccessDeniedError("google.no_key", service=SERVICE, status=401)
    return RetriableServiceError("service.no_answer", service=SERVICE)


def _status(error: errors.HttpError) -> int:
    return int(error.resp.status)


def _is_rate_limit(error: errors.HttpError) -> bool:
    """Whether a 403 is about a quota and not about access rights."""
    return _status(error) == 403 and _has_reason(error, "ratelimitexceeded")


def _has_reason(error: errors.HttpError, wanted: str) -> bool:
    """Whether Google gives a reason that contains *wanted*, which is in lower case."""
    return any(
        wanted in str(detail.get("reason", "")).lower()
        for detail in error.error_details or ()
        if isinstance(detail, dict)
    )


def _did_nothing(error: BaseException) -> bool:
    """Whether Google refused the call without doing anything, so that a write may be repeated."""
    return isinstance(error, errors.HttpError) and (_status(error) == 429 or _is_rate_limit(error))


def _is_busy(error: BaseException) -> bool:
    """Whether an error is temporary, so that a read may be repeated."""
    if isinstance(error, errors.HttpError):
        return _status(error) in BUSY_STATUSES or _is_rate_limit(error)
    return isinstance(error, NO_ANSWER)


def _translate(error: errors.HttpError) -> ServiceError:
    status = _status(error)
    if status == 429 or _is_rate_limit(error):
        # The quota refills every minute. The wait is random, so that refused callers do not return together.
        retry_after_s = random.uniform(*REFILL_S)  # noqa: S311 - no secret
        return RetriableServiceError(
            "service.busy", service=SERVICE, status=status, retry_after_s=retry_after_s
        )
    if status in BUSY_STATUSES:
        return RetriableServiceError("service.busy", service=SERVICE, status=status)
    if status == 403 and _has_reason(error, "storagequotaexceeded"):
        return AccessDeniedError("google.no_storage", service=SERVICE, status=status)
    if status in (401, 403):
        return AccessDeniedError("google.no_access", service=SERVICE, status=status)
    if status == 404:
        return FatalServiceError("google.no_file", service=SERVICE, status=status)
    return FatalServiceError("service.refused", service=SERVICE, status=status, reason=str(error.reason))
