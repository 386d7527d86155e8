"""Asks the deployed functions whether they are well."""

from __future__ import annotations

import google.auth
import httpx
from google.auth import impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from vitrina import __version__
from vitrina.cli.doctor.installation.cloud import SCOPE
from vitrina.cli.doctor.installation.fact import UnknownError, WrongError, expect
from vitrina.settings import Settings

#: A first request may have to wait for an instance to start.
TIMEOUT_S = 30.0
#: Statuses with which Google refuses calls of a function that is not for everybody.
_REFUSED = (401, 403)


def function_urls(settings: Settings) -> dict[str, str]:
    """Address of each function by its name; that of ``menu`` is no setting and stands beside ``task``."""
    urls = {
        "webhook": settings.webhook_url,
        "client": settings.client_url,
        "task": settings.task_url,
        "schedule": settings.schedule_url,
    }
    if settings.task_url.endswith("task"):
        urls["menu"] = settings.task_url.removesuffix("task") + "menu"
    return {name: url.rstrip("/") for name, url in urls.items() if url}


def ask_function(url: str, *, is_local: bool) -> str:
    """What a function says about itself. Those of queue and timer take only calls with a token.

    Raises
    ------
    WrongError
        If it is not well, does not answer, or is of another release.
    UnknownError
        If it does not let us ask.
    """
    try:
        answer = httpx.get(f"{url}/health", timeout=TIMEOUT_S)
        if answer.status_code in _REFUSED and not is_local:
            token = {"Authorization": f"Bearer {_token(url)}"}
            answer = httpx.get(f"{url}/health", timeout=TIMEOUT_S, headers=token)
    except httpx.TransportError as error:
        raise WrongError(f"{url} does not answer: {error}") from error
    except GoogleAuthError as error:
        raise UnknownError(f"there is no token to ask it with: {error}") from error
    if answer.status_code in _REFUSED:
        raise UnknownError("it does not let your account ask")
    try:
        health = answer.json()
        told = f"release {health['version']}, settings {health['settings']}, store {health['store']}"
    except (ValueError, LookupError, TypeError) as error:
        raise WrongError(f"{url} is no function of Vitrina: it answers {answer.status_code}") from error
    expect((health["settings"], health["store"]) == ("ok", "ok"), f"{told}: its log says why")
    expect(health["version"] == __version__, f"{told}; this is {__version__}: deploy it again")
    return told


def _token(audience: str) -> str:
    """An ID token of the service account as which the operator works."""
    credentials, _ = google.auth.default(scopes=[SCOPE])
    if not isinstance(credentials, impersonated_credentials.Credentials):
        return str(id_token.fetch_id_token(Request(), audience))  # type: ignore[no-untyped-call]
    own = impersonated_credentials.IDTokenCredentials(  # type: ignore[no-untyped-call]
        credentials, target_audience=audience, include_email=True
    )
    own.refresh(Request())
    return str(own.token)
