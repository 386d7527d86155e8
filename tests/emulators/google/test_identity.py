"""ID tokens are verified with the published certificates, by Google's own library."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from google.auth import jwt

from emulators.common.server import running
from emulators.google.app import create_app
from tests.emulators.google.conftest import control

WANTED = {"email": "anna@agency.ru", "audience": "vitrina-client-id"}


@pytest.fixture(scope="module")
def base() -> Any:
    """An emulator with the current time, because Google's library uses the clock of the machine."""
    with running(create_app()) as address:
        yield address


def token(base: str, **wanted: Any) -> str:
    """A token from the emulator."""
    return control(base, "/_emulator/identity/token", WANTED | wanted)["id_token"]


def certificates(base: str, version: int = 1) -> Any:
    """The published certificates."""
    with urlopen(f"{base}/oauth2/v{version}/certs") as response:  # noqa: S310 - loopback
        return json.loads(response.read())


def test_token_is_proved_by_the_certificates(base: str) -> None:
    """Issuer, audience, address and domain are in a token that verifies."""
    claims = jwt.decode(token(base), certs=certificates(base), audience="vitrina-client-id")

    assert {name: claims[name] for name in ("iss", "aud", "email", "email_verified", "hd")} == {
        "iss": "https://accounts.google.com",
        "aud": "vitrina-client-id",
        "email": "anna@agency.ru",
        "email_verified": True,
        "hd": "agency.ru",
    }


def test_other_key_is_not_proved(base: str) -> None:
    """A token signed with another key is refused."""
    with pytest.raises(ValueError, match="ertificate"):
        jwt.decode(token(base, key="other"), certs=certificates(base), audience="vitrina-client-id")


def test_expired_token(base: str) -> None:
    """A token can be made that expired already."""
    with pytest.raises(ValueError, match="expired"):
        jwt.decode(token(base, expires_in=-60), certs=certificates(base), audience="vitrina-client-id")


def test_claims_can_be_changed(base: str) -> None:
    """Claims are overridden, or removed by null."""
    signed = token(base, claims={"email_verified": False, "hd": None})

    claims = jwt.decode(signed, certs=certificates(base), audience="vitrina-client-id")

    assert claims["email_verified"] is False
    assert "hd" not in claims


def test_key_set_names_the_same_key(base: str) -> None:
    """Both forms of the certificates have one key id."""
    header = jwt.decode_header(token(base))

    assert (
        [key["kid"] for key in certificates(base, 3)["keys"]] == [header["kid"]] == list(certificates(base))
    )


def test_key_survives_a_restart(tmp_path: Path) -> None:
    """A token made before a restart is proved after it."""
    apps = []
    answers = []
    for _ in range(2):
        app = create_app(tmp_path / "state.json", clock=lambda: datetime.now(UTC))
        apps.append(app)
        with running(app) as address:
            answers.append((token(address), certificates(address)))
        app.extensions["google"].state_file.mark_changed()
        app.extensions["google"].state_file.flush()

    claims = jwt.decode(answers[0][0], certs=answers[1][1], audience="vitrina-client-id")

    assert claims["email"] == "anna@agency.ru"
