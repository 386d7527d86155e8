"""Bodies as they are sent to Google, and answers as they are read."""

from __future__ import annotations

import json

import pytest

from vitrina.google.services import as_spreadsheet, make_services, with_long_body
from vitrina.ports import decoded


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("я😀", "я😀"), (r"a\ud800b \ud83d\ude00", "a?b 😀"), (r"\uD83D\uDE00", "😀"), (r"\uDFFF", "?")],
)
def test_row_5_half_of_a_character_in_an_answer_is_replaced(text: str, expected: str) -> None:
    """JSON can carry half of a surrogate pair; nothing that we send or store can."""
    row = f'{{"values":[{{"note":"{text}"}}]}}'
    answer = f'{{"properties":{{"title":"{text}"}},"sheets":[{{"data":[{{"rowData":[{row}]}}]}}]}}'

    spreadsheet = decoded(as_spreadsheet(answer.encode()))

    assert spreadsheet["properties"]["title"] == expected
    assert spreadsheet["sheets"][0]["data"][0]["rowData"] == [{"values": [{"note": expected}]}]
