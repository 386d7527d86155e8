"""All errors of the product, grouped by what can be done about them.

VitrinaError(code, **where)
├── UserError                      a person can correct it in the sheet          HTTP 422
│   ├── CellsError                 bad cells, all of them together
│   ├── WorkbookShapeError         a tab, column or field is missing
│   ├── BusyError                  another action is running there               HTTP 409
│   │   └── StoreConflictError     a document changed between reading and writing
│   └── ChangedMeanwhileError      the sheet changed after it was read           HTTP 409
├── RequestError                   the request itself is wrong                   HTTP 400
│   ├── BodyTooLargeError          its body is too long                          HTTP 413
│   ├── MethodNotAllowedError      it is not a POST                              HTTP 405
│   └── TooManyRequestsError       one more than somebody may make now           HTTP 429
├── AuthenticationError            the request does not prove who sent it        HTTP 401
├── NotStaffError                  a known person who may not do this            HTTP 403
├── UnknownWorkbookError           a spreadsheet that is not ours                HTTP 404
├── LongWorkError                  more than a click has time for: it is queued
├── ServiceError                   an outside system refused a call
│   ├── RetriableServiceError      busy or unreachable; the same call may work   HTTP 503
│   ├── AccessDeniedError          somebody has to grant us access               HTTP 502
│   └── FatalServiceError          the same call would be refused again          HTTP 502
└── ConfigurationError             a setting is missing or wrong                 fails at start-up
    └── SettingsError              settings of the environment, all together

``code`` names a sentence in ``texts/messages.*.json`` and ``where`` fills its placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class VitrinaError(Exception):
    """Root of all errors. Each has a sentence that tells a person what happened.

    Parameters
    ----------
    code
        Code of the sentence.
    where
        Values of its placeholders.
    """

    http_status = 500

    def __init__(self, code: str, /, **where: Any) -> None:
        super().__init__(f"{code} {where}" if where else code)
        self.code = code
        self.where = where


class UserError(VitrinaError):
    """An error that a person can correct in the sheet."""

    http_status = 422


@dataclass(frozen=True)
class CellProblem:
    """One cell that cannot be read, with a sentence about what is expected in it."""

    sheet: str
    #: Address in A1 notation, as the person sees it.
    cell: str
    #: Code of the sentence, and values of its placeholders.
    code: str
    where: tuple[tuple[str, Any], ...] = ()
    #: Workbook of the cell and the address that opens it there; empty where it is the one that was clicked.
    spreadsheet_id: str = ""
    url: str = ""


class CellsError(UserError):
    """Some cells cannot be read. All of them are reported together."""

    def __init__(self, problems: list[CellProblem]) -> None:
        super().__init__("cells.bad", count=len(problems))
        self.problems = tuple(problems)


class WorkbookShapeError(UserError):
    """A tab, a column or a field that the add-on needs is missing in the workbook."""


class ChangedMeanwhileError(UserError):
    """The sheet changed after it was read; nothing was written."""

    http_status = 409


class BusyError(UserError):
    """Another action is working on the same workbook; nothing was started."""

    http_status = 409


class StoreConflictError(BusyError):
    """Documents of the store were changed by others after they were read; nothing was written.

    Parameters
    ----------
    keys
        Kind and key of the changed documents.
    """

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__("workbook.busy")
        self.keys = frozenset(keys)


class RequestError(VitrinaError):
    """The request is not one that the add-on would send."""

    http_status = 400


class BodyTooLargeError(RequestError):
    """The body of the request is longer than allowed."""

    http_status = 413


class MethodNotAllowedError(RequestError):
    """The method of the request is not POST."""

    http_status = 405


class TooManyRequestsError(RequestError):
    """Somebody asks too often. ``seconds`` in ``where`` says after how many the same request may come."""

    http_status = 429


class AuthenticationError(VitrinaError):
    """The request does not prove who sent it."""

    http_status = 401


class NotStaffError(VitrinaError):
    """The person is known and has no role by which he may do this."""

    http_status = 403


class UnknownWorkbookError(VitrinaError):
    """The spreadsheet was not created by this installation."""

    http_status = 404


class ServiceError(VitrinaError):
    """An outside system refused a call or did not answer.

    Parameters
    ----------
    service
        Name of the system as a person knows it: ``Google``, ``Kaiten``.
    status
        HTTP status, or ``None`` if no answer came.
    """

    http_status = 502

    def __init__(self, code: str, /, *, service: str, status: int | None = None, **where: Any) -> None:
        super().__init__(code, service=service, status=status, **where)
        self.service = service
        self.status = status


class RetriableServiceError(ServiceError):
    """The service is busy or unreachable now: 408, 429, 5xx, no answer.

    Parameters
    ----------
    retry_after_s
        Seconds after which the service expects the next call, or ``None`` if it did not say.
    """

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
    """The service answered 401 or 403: somebody has to grant us access again."""


class FatalServiceError(ServiceError):
    """The service refused the call for another reason, and would refuse it again."""


class ConfigurationError(VitrinaError):
    """A setting is missing or wrong."""


@dataclass(frozen=True)
class SettingProblem:
    """A setting that is missing or wrong: the code of the sentence, and the values of its placeholders."""

    code: str
    where: Mapping[str, Any]


class SettingsError(ConfigurationError):
    """Some settings of the environment are missing or wrong. All of them are reported together."""

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        super().__init__("settings.wrong", names=[one.where["name"] for one in problems])
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "; ".join(f"{one.code} {dict(one.where)}" for one in self.problems)


class LongWorkError(VitrinaError):
    """A click found more to do than fits into its time: its operation is queued. Nobody sees this error."""

    def __init__(self) -> None:
        super().__init__("operation.accepted")
