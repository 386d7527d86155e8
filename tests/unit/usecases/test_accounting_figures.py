"""Every figure of random requests, read from the letter, the file and the row, and computed anew from
what was accepted.
"""

from __future__ import annotations

import io
import os
import random
import re

import openpyxl
import pytest
from msgspec.structs import replace

from tests.harness.accounting import accept, expected_sum, form
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.mail_port import Letter

SEED = int(os.environ.get("VITRINA_TEST_SEED", "0")) or random.SystemRandom().randrange(10**9)
PROJECTS = int(os.environ.get("VITRINA_PROJECTS", "20"))
#: Projects of one agency.
BLOCK = 20


class Box:
    """Keeps letters."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def send(self, letter: Letter) -> None:
        """See ``Mail``."""
        self.letters.append(letter)


def roubles(text: str) -> int:
    """Kopecks of an amount that a person reads."""
    whole, _, part = re.sub(r"[\s\u00a0]", "", text).partition(",")
    return int(whole) * 100 + int(part)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(PROJECTS // BLOCK))
def test_every_figure(block: int) -> None:
    """The seed is printed."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    chance = random.Random(f"{SEED}-{block}")
    office, box = client_office(), Box()
    office.services = replace(office.services, mail=box)
    rate = chance.choice([0, 1, 99_999, 250_000, 250_050, chance.randrange(10**6)])
    set_settings(office, accounting_channel="письмо", accounting_email="b@m.example", accounting_rate=rate)
    for number in range(BLOCK):
        spreadsheet_id, kind = f"book-{number}", chance.choice(["invoice", "closing", "both"])
        office.client_id = office.create_client(code=f"К{number}", project_name=f"Проект {number}")
        spreadsheet_id = office.client_id
        hours = {}
        for item in range(1, chance.randrange(2, 30)):
            hours[item] = chance.randrange(1, 10**4) / chance.choice([4, 100, 1000])
            when = office.clock.now()
            accept(
                office.store,
                spreadsheet_id,
                office.agency_id,
                item,
                when,
                hours=hours[item],
                title=chance.choice(["=1+1", "Баннер", "<b>x</b>", "@SUM(A1)"]),
            )
        wanted = form(spreadsheet_id, kind)
        shown = office.do("preview_accounting", **wanted)
        office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
        office.run_queue(60)
        sums = {item: expected_sum(one, rate) for item, one in hours.items()}
        check_letter(box.letters[-1], sums)
        row = office.table("invoices", "number", "total", "lines", spreadsheet_id=office.agency_id)[0]
        assert row == (f"К{number}-2026-11-1", sum(sums.values()) / 100, float(len(sums)))
    assert len(box.letters) == BLOCK


def set_settings(office: MemoryOffice, **settings: object) -> None:
    """Type into *Настройки*; a rate in kopecks is typed in roubles."""
    tab = office.tab("settings", office.agency_id)
    rows = {tab.cell(row, "key").text: row.index - tab.header_index - 1 for row in tab.rows}
    for key, value in settings.items():
        text = f"{value // 100},{value % 100:02d}" if isinstance(value, int) else str(value)
        office.type("settings", rows[key], office.agency_id, value=text)


def check_letter(letter: Letter, sums: dict[int, int]) -> None:
    """Lines and total of letter and file."""
    told = re.search(r"^Итого: ([\d\s\u00a0,]+) ₽$", letter.text, re.MULTILINE)
    assert told is not None, letter.text
    assert roubles(told[1]) == sum(sums.values())
    lines = re.findall(r"^\d+\. ЗРН-(\d+) .*, ([\d\u00a0,]+) ₽$", letter.text, re.MULTILINE)
    assert {int(number): roubles(amount) for number, amount in lines} == sums
    [file] = letter.attachments
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    rows = list(sheet.iter_rows(min_row=2))
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    found = {int(row[0].value.removeprefix("ЗРН-")): round(row[5].value * 100) for row in rows[:-1]}
    assert found == sums
    assert round(rows[-1][5].value * 100) == sum(sums.values())
