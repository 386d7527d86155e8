"""Bodies as they are sent to Google."""

from __future__ import annotations

import json

from vitrina.google.services import make_services, with_long_body


def test_bodies_are_short() -> None:
    """UTF-8 and no blanks; half of a character is sent as a question mark."""
    text = "Лендинг \ud83d"
    services = make_services("http://127.0.0.1:1")

    empty = services.spreadsheets.batchUpdate(spreadsheetId="book", body={})

    request = with_long_body(empty, {"requests": [{"a": [text, 1]}]})

    assert request.headers["content-type"] == "application/json"
    assert request.body_size == len(request.body)
    assert request.body == '{"requests":[{"a":["Лендинг ?",1]}]}'.encode()
    assert json.loads(request.body)["requests"] == [{"a": ["Лендинг ?", 1]}]
