"""All errors that a use case may end in, grouped by what can be done about them.

VitrinaError(code, **where)
├── UserError                      somebody can put it right in the sheet        HTTP 422
│   ├── CellsError                 bad cells, all of them together
│   ├── WorkbookShapeError         a tab, column or field is gone
│   ├── BusyError                  another action is at work there                HTTP 409
│   │   └── StoreConflictError     a document changed between reading and writing
│   └── ChangedMeanwhileError      the sheet is not as it was when it was read    HTTP 409
├── RequestError                   the request itself is wrong                   HTTP 400
│   ├── BodyTooLargeError          its body is longer than we read               HTTP 413
│   └── MethodNotAllowedError      it is no POST                                 HTTP 405
├── AuthenticationError            nobody, or somebody else, is asking           HTTP 401
├── NotStaffError                  a known person who may not do this            HTTP 403
├── UnknownWorkbookError           a spreadsheet that is not ours                HTTP 404
├── ServiceError                   an outside system said no
│   ├── RetriableServiceError      busy or gone for now; the same call may work  HTTP 503
│   ├── AccessDeniedError          somebody has to grant us access               HTTP 502
│   └── FatalServiceError          it will answer the same next time             HTTP 502
└── ConfigurationError             a setting is missing or wrong                 fails at start-up

``code`` names a sentence in ``texts/errors.*.json`` and ``where`` fills its placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class VitrinaError(Exception):
    """Something that a person can be told in one sentence."""

    http_status = 500

    def __init__(self, code: str, /, **where: Any) -> None:
        super().__init__(f"{code} {where}" if where else code)
        self.code = code
        self.where = where


class UserError(VitrinaError):
    """Somebody can put it right in the sheet."""

    http_status = 422


@dataclass(frozen=True)
class CellProblem:
    """One cell that cannot be understood, and what is expected in it."""

    sheet: str
    #: Address in A1 notation, as the person sees it.
    cell: str
    #: Code of the sentence.
    code: str
    where: tuple[tuple[str, Any], ...] = ()


class CellsError(UserError):
    """Some cells cannot be understood; all of them are named at once."""

    def __init__(self, problems: list[CellProblem]) -> None:
        super().__init__("cells.bad", count=len(problems))
        self.problems = tuple(problems)


class WorkbookShapeError(UserError):
    """A tab, a column or a field that the add-on needs is not in the workbook any more."""


class ChangedMeanwhileError(UserError):
    """The sheet is not as it was when it was read; nothing was written."""

    http_status = 409


class BusyError(UserError):
    """Another action is at work on the same thing; nothing was begun."""

    http_status = 409


class StoreConflictError(BusyError):
    """Documents of the store were changed by somebody else since they were read; nothing was written."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__("workbook.busy")
        self.keys = frozenset(keys)


class RequestError(VitrinaError):
    """The request is not one that the add-on sends."""

    http_status = 400


class BodyTooLargeError(RequestError):
    """The body of the request is longer than is read."""

    http_status = 413


class MethodNotAllowedError(RequestError):
    """The request has another method than POST."""

    http_status = 405


class AuthenticationError(VitrinaError):
    """The request does not prove who asks."""

    http_status = 401


class NotStaffError(VitrinaError):
    """The person is known and is not on the staff list."""

    http_status = 403


class UnknownWorkbookError(VitrinaError):
    """The spreadsheet was not made by this installation."""

    http_status = 404


class ServiceError(VitrinaError):
    """An outside system said no.

    Parameters
    ----------
    service
        Name of the system as a person knows it: ``Google``, ``Kaiten``.
    status
        HTTP status, or ``None`` where no answer came.
    """

    http_status = 502

    def __init__(self, code: str, /, *, service: str, status: int | None = None, **where: Any) -> None:
        super().__init__(code, service=service, status=status, **where)
        self.service = service
        self.status = status


class RetriableServiceError(ServiceError):
    """Busy or out of reach for now: 408, 429, 5xx, no answer."""

    http_status = 503

    def __init__(
        self,
        code: str,
        /,
        *,
        service: str,
        status: int | None = None,
        retry_after_s: float | None = None,
        **where: Any,
    ) -> None:
        super().__init__(code, service=service, status=status, **where)
        self.retry_after_s = retry_after_s


class AccessDeniedError(ServiceError):
    """401 or 403: somebody has to give us access again."""


class FatalServiceError(ServiceError):
    """Any other refusal: the same call would be refused again."""


class ConfigurationError(VitrinaError):
    """A setting is missing or wrong."""
