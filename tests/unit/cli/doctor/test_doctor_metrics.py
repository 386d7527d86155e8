"""What the doctor says about sources of facts, over the emulators of Metrica and Calltouch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.metric_desk import TOKEN, MetricaDesk, counter, metrica_desk
from tests.harness.metric_worlds import calltouch
from tests.harness.metric_worlds.world import NOW, WEEK_OF_SIX, ZONE
from tests.unit.cli.doctor.test_doctor_chat import ENVIRONMENT
from vitrina.cli.commands import main

pytestmark = pytest.mark.servers


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[MetricaDesk]:
    """Metrica with two counters, and Calltouch with a site."""
    with metrica_desk(lambda: NOW.astimezone(ZONE)) as desk, calltouch.open_world() as calls:
        desk.seed(counter(1, WEEK_OF_SIX, every=2), counter(2, WEEK_OF_SIX))
        calls.fill(WEEK_OF_SIX)
        settings = {
            **ENVIRONMENT,
            "VITRINA_NOW": NOW.isoformat(),
            "VITRINA_METRICA_TOKEN": TOKEN,
            "VITRINA_METRICA_URL": desk.url,
            "VITRINA_CALLTOUCH_TOKENS": f"{calltouch.SITE}:{calltouch.TOKEN}",
            "VITRINA_CALLTOUCH_URL": calls.url,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield desk


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code, and all that was printed; no token is in it."""
    code = main(["doctor", "--metrics"])
    printed = capsys.readouterr()
    assert TOKEN not in printed.out + printed.err
    assert calltouch.TOKEN not in printed.out + printed.err
    return code, printed.out + printed.err


def test_a_day_of_each_account_is_told(desk: MetricaDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures, flags, and that the parts add up."""
    code, printed = run(capsys)

    assert code == 0, printed
    assert "2026-11-22: Visits 6; " in printed
    assert "Goal “Заявка”: reached 3" in printed
    assert "Goal “Заявка”: conversion of visits 3 of 6" in printed
    assert "divided into 3 by channel, 2 by campaign, 2 by page, 2 by device" in printed
    assert "Unique target calls 6" in printed
    assert desk.calls()["stat.bytime"] == 2


def test_what_is_wrong_is_told(desk: MetricaDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """A dead token, with what to do."""
    desk.do("kill_token", token=TOKEN)

    code, printed = run(capsys)

    assert code == 1
    assert "did not accept the access key" in printed


def test_no_source_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the settings that are lacking."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    assert main(["doctor", "--metrics"]) == 2
    assert "VITRINA_METRICA_TOKEN" in capsys.readouterr().err
