"""Google's form of errors, and the messages of Cloud Tasks."""

from __future__ import annotations

from flask import Response, jsonify

STATUSES = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    405: ("UNIMPLEMENTED", "Method not allowed."),
    409: ("ALREADY_EXISTS", "Requested entity already exists"),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    500: ("INTERNAL", "Internal error encountered."),
    501: ("UNIMPLEMENTED", "Operation is not implemented."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}
EXISTED_TOO_RECENTLY = (
    "The task cannot be created because a task with this name existed too recently. "
    "For more information about task de-duplication see https://cloud.google.com/tasks/docs/reference/rest/v2/"
    "projects.locations.queues.tasks/create#body.request_body.FIELDS.task"
)
NO_LONGER_EXISTS = (
    "The task no longer exists, though a task with this name existed recently. "
    "The task either successfully completed or was deleted."
)


class GoogleError(Exception):
    """The call ends with *code* and changes nothing."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(message or STATUSES[code][1])
        self.code = code


def answer(code: int, message: str | None = None, retry_after_s: float | None = None) -> Response:
    """Google's answer to a refused call."""
    status, usual = STATUSES.get(code, STATUSES[500])
    response = jsonify({"error": {"code": code, "message": message or usual, "status": status}})
    response.status_code = code
    if retry_after_s is not None:
        response.headers["Retry-After"] = f"{retry_after_s:g}"
    return response
