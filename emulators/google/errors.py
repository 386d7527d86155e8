"""Errors of the emulator, with Google's messages and in Google's form.

Sheets and Drive have different forms of errors. An error has the data for both, and
:func:`sheets_body` and :func:`drive_body` build the body for each API.
"""

from __future__ import annotations

from typing import Any

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}

FAULT_MESSAGES = {
    401: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project.",
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    429: "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of "
    "service 'sheets.googleapis.com'.",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}

DRIVE_REASONS = {
    400: "badRequest",
    401: "authError",
    403: "insufficientFilePermissions",
    404: "notFound",
    429: "rateLimitExceeded",
    500: "internalError",
    501: "notImplemented",
    503: "backendError",
}


class ApiError(Exception):
    """A call is refused with an HTTP status and a message.

    Parameters
    ----------
    code
        HTTP status.
    message
        Google's message.
    violations
        ``(field, description)`` pairs, which Google lists under ``details``.
    reason, location
        Fields of Drive: a machine-readable reason and the name of the wrong parameter.
    info
        An ``ErrorInfo``, which Google lists under ``details``.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        violations: list[tuple[str, str]] | None = None,
        reason: str | None = None,
        location: str | None = None,
        info: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.violations = violations
        self.reason = reason
        self.location = location
        self.info = info


class NotModelledError(ApiError):
    """The emulator does not model this, and answers 501 instead of guessing."""

    def __init__(self, what: str) -> None:
        super().__init__(501, f"The emulator does not model {what}.")


class BadRequestError(ApiError):
    """Error 400; within a batch its message begins with the name of the sub-request."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def invalid(message: str) -> BadRequestError:
    """Error for a request that is well formed but impossible: ``No grid with id: 5``."""
    return BadRequestError(message)


def not_found() -> ApiError:
    """The answer of Sheets for a spreadsheet that does not exist."""
    return ApiError(404, FAULT_MESSAGES[404])


def file_not_found(file_id: str) -> ApiError:
    """The answer of Drive for a file that does not exist."""
    return ApiError(404, f"File not found: {file_id}.", reason="notFound", location="fileId")


def fault(code: int) -> ApiError:
    """The error for a failure that was requested with ``/_emulator/fail-next``."""
    return ApiError(code, FAULT_MESSAGES.get(code, "Request contains an invalid argument."))


def sheets_body(error: ApiError) -> dict[str, Any]:
    """The error in the form of Sheets."""
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "status": STATUS_NAMES.get(error.code, "UNKNOWN"),
    }
    if error.violations:
        body["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {"field": field, "description": text} if field else {"description": text}
                    for field, text in error.violations
                ],
            }
        ]
    if error.info:
        body["details"] = [*body.get("details", []), error.info]
    return {"error": body}


def drive_body(error: ApiError) -> dict[str, Any]:
    """The error in the form of Drive."""
    item: dict[str, Any] = {
        "message": error.message,
        "domain": "global",
        "reason": error.reason or DRIVE_REASONS.get(error.code, "badRequest"),
    }
    if error.location:
        item |= {"location": error.location, "locationType": "parameter"}
    return {"error": {"code": error.code, "message": error.message, "errors": [item]}}
