"""What the doctor says about a CRM, over the fake and over amoCRM's emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from emulators.amocrm import create_app
from emulators.common.server import running
from tests.emulators.amocrm.amocrm_world import LEAD, World
from tests.harness.crm_worlds.memory import MemoryWorld
from tests.harness.fakes.crm import FakeCrm
from tests.harness.fakes.interruptions import busy, no_answer
from vitrina.bootstrap import CRM, crm_webhook_url, open_crm
from vitrina.cli.commands import main
from vitrina.cli.doctor.crm.checks import check_crm
from vitrina.cli.doctor.crm.trial import CRM_PROBES
from vitrina.cli.doctor.installation.fact import Fact
from vitrina.crm.amocrm import client
from vitrina.crm_port import ChangedDeal
from vitrina.errors import (
    AccessDeniedError,
    ConfigurationError,
    FatalServiceError,
    SettingsError,
    VitrinaError,
)
from vitrina.settings import Settings
from vitrina.trackers.registry import connection_from

pytestmark = pytest.mark.servers

TOKEN = "a-long-lived-token-of-amocrm"
ENVIRONMENT = {
    "VITRINA_STORE": "store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "123-abc",
    "VITRINA_OWNERS": "owner@a.test",
    "VITRINA_SERVICE_ACCOUNT": "vitrina@a.test",
    "VITRINA_TASK_URL": "https://vitrina.a.test/task",
    "VITRINA_WEBHOOK_URL": "https://vitrina.a.test/webhook",
    "VITRINA_WEBHOOK_SECRET": "s3cret" * 8,
    "VITRINA_RETRY_WAIT_S": "0.01",
}


@pytest.fixture
def world() -> MemoryWorld:
    """A CRM in memory with a deal."""
    world = MemoryWorld()
    world.reset()
    world.add_deal()
    return world


def facts(world: MemoryWorld) -> dict[str, Fact]:
    """What is found, by part."""
    return {one.part: one for one in check_crm(world.fake, world.fake, now=world.now())}


def raising(error: VitrinaError) -> Callable[[], None]:
    """What raises an error."""

    def fail() -> None:
        raise error

    return fail


# --- The fake ------------------------------------------------------------------------------------


def test_all_is_well(world: MemoryWorld) -> None:
    """Each part has a sentence; nothing is changed."""
    found = facts(world)

    assert {part: str(one.condition) for part, one in found.items()} == dict.fromkeys(
        ("account", "pipelines", "fields", "people", "deals"), "ok"
    )
    assert "Продажи: Заявка, Квалифицирован, Договор подписан" in found["pipelines"].observed
    assert found["people"].observed == "2 of 2 people can be found by their e-mail"
    assert found["deals"].observed.startswith("1 changed in the last 7 days")
    assert world.contact_reads() == 0


def test_dead_token_ends_the_report(world: MemoryWorld) -> None:
    """What to do is said once, and nothing else is asked."""
    world.deny("get_account")

    [(part, fact)] = facts(world).items()

    assert (part, str(fact.condition)) == ("account", "WRONG")
    assert "VITRINA_CRM_TOKEN" in fact.observed
    assert world.fake.calls.total() == 1


def test_busy_crm_is_unknown(world: MemoryWorld) -> None:
    """Not wrong: it may be well in a minute."""
    for fault in (busy("CRM"), no_answer("CRM")):
        world.fake.before("get_account", fault)
        assert str(facts(world)["account"].condition) == "unknown"


@pytest.mark.parametrize(
    ("call", "part", "error", "words"),
    [
        ("list_users", "people", AccessDeniedError("crm.forbidden", service="CRM"), "administrator's rights"),
        ("list_fields", "fields", FatalServiceError("crm.plan", service="CRM"), "plan does not include"),
    ],
)
def test_missing_right_or_plan(
    world: MemoryWorld, call: str, part: str, error: VitrinaError, words: str
) -> None:
    """Only this part is wrong, and says whom to ask."""
    world.fake.before(call, raising(error))

    found = facts(world)

    assert [name for name, one in found.items() if one.condition != "ok"] == [part]
    assert str(found[part].condition) == "WRONG"
    assert words in found[part].observed


def test_no_pipelines(world: MemoryWorld) -> None:
    """Somebody has to make one."""
    world.fake.set_up(pipelines=())

    assert str(facts(world)["pipelines"].condition) == "WRONG"


class Forgetful(FakeCrm):
    """A CRM that hides changes where only news is asked for."""

    def list_changed_deals(self, since: datetime) -> tuple[ChangedDeal, ...]:  # noqa: ARG002 - of the port
        """Nothing."""
        return ()


def test_hidden_changes_are_found(world: MemoryWorld) -> None:
    """The list of news lacks a deal that the whole list has."""
    crm = Forgetful()

    found = check_crm(crm, world.fake, now=world.now() + timedelta(days=1))

    [fact] = [one for one in found if one.part == "deals"]
    assert str(fact.condition) == "WRONG"
    assert "1 changed deals are hidden" in fact.observed


def test_answer_that_cannot_be_read(world: MemoryWorld) -> None:
    """An unexpected shape is told, not a stack trace."""

    def fail() -> None:
        raise KeyError("statuses")

    world.fake.before("list_pipelines", fail)

    fact = facts(world)["pipelines"]

    assert (str(fact.condition), fact.observed) == (
        "unknown",
        "the answer could not be read: KeyError('statuses')",
    )


# --- amoCRM and the settings ---------------------------------------------------------------------


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An account of amoCRM to which the installation is connected; calls do not wait for each other."""
    monkeypatch.setattr(client, "distance", lambda _: 0.0)
    with running(create_app()) as url:
        account = World(url)
        account.seed()
        for name, value in {**ENVIRONMENT, "VITRINA_CRM_URL": url, "VITRINA_CRM_TOKEN": "bot"}.items():
            monkeypatch.setenv(name, value)
        yield account
        account.close()


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and all that was printed."""
    code = main(["doctor", "--crm"])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_doctor_of_amocrm(account: World, capsys: pytest.CaptureFixture[str]) -> None:
    """All is well; nothing is changed, and nobody's data are read."""
    account.make_deal(contact_ids=[901])

    code, printed = run(capsys)

    assert (code, "WRONG" in printed) == (0, False), printed
    counts = account.control.get("/calls").json()["counts"]
    assert counts.get("contacts.get") is None
    assert counts.get("webhooks.add") is None


def test_trial_in_a_deal(account: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Every assumption holds; the deal stands where it stood, and what remains is said."""
    deal_id = account.make_deal()

    code = main(["doctor", "--crm-deal", str(deal_id)])

    printed = capsys.readouterr().out
    assert (code, printed.count("holds")) == (0, len(CRM_PROBES)), printed
    assert "A note and a task remain in the deal" in printed
    assert account.bot.get(f"/leads/{deal_id}").json()["status_id"] == LEAD
    assert len(account.bot.get(f"/leads/{deal_id}/notes").json()["_embedded"]["notes"]) == 1


def test_trial_in_a_deal_that_is_not_there(account: World, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what to do."""
    code = main(["doctor", "--crm-deal", "123"])

    assert code == 1
    assert "There is no deal 123: make one for the trial" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("token", "words"),
    [("dead", "VITRINA_CRM_TOKEN"), ("igor", "administrator's rights to the person who issued the token")],
)
def test_doctor_with_a_wrong_token(
    account: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    words: str,
) -> None:
    """Dead, or of somebody who is no administrator."""
    monkeypatch.setenv("VITRINA_CRM_TOKEN", token)

    code, printed = run(capsys)

    assert code == 1
    assert words in printed


def test_doctor_without_an_answer(
    account: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known, which is not well either."""
    monkeypatch.setenv("VITRINA_CRM_URL", "http://127.0.0.1:9")

    code, printed = run(capsys)

    assert code == 1
    assert "unknown  account  amoCRM does not answer" in printed


def test_doctor_without_a_crm(
    account: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both settings are named."""
    monkeypatch.delenv("VITRINA_CRM_URL")
    monkeypatch.delenv("VITRINA_CRM_TOKEN")

    code, printed = run(capsys)

    assert (code, printed) == (
        2,
        "There is no CRM: set VITRINA_CRM_URL and VITRINA_CRM_TOKEN (docs/settings.md).\n",
    )


@pytest.mark.parametrize("lacking", ["VITRINA_CRM_URL", "VITRINA_CRM_TOKEN"])
def test_half_of_the_settings_is_refused(
    account: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    """With a sentence that names both."""
    monkeypatch.delenv(lacking)

    code, printed = run(capsys)

    assert code == 1
    assert "VITRINA_CRM_URL and VITRINA_CRM_TOKEN belong together" in printed


def test_settings_hide_the_token() -> None:
    """Not in ``repr`` of the settings, and not in that of the adapter."""
    values = {**ENVIRONMENT, "VITRINA_CRM_URL": "https://agency.amocrm.ru", "VITRINA_CRM_TOKEN": TOKEN}
    settings = Settings.from_environment(values)

    crm = open_crm(settings)

    assert settings.crm_token == TOKEN
    assert TOKEN not in repr(settings) + repr(crm) + repr(vars(crm))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VITRINA_CRM_URL", "http://agency.amocrm.ru"),
        ("VITRINA_CRM_URL", "agency"),
        ("VITRINA_CRM_REST_S", "-1"),
        ("VITRINA_CRM_REST_S", "soon"),
    ],
)
def test_wrong_setting_is_named(name: str, value: str) -> None:
    """The token goes over https only."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({**ENVIRONMENT, name: value})

    assert name in str(refused.value)


def test_address_of_the_webhook() -> None:
    """A secret of its own, below a name that no connection of a tracker can have."""
    settings = Settings.from_environment(ENVIRONMENT)

    name, secret = crm_webhook_url(settings).rsplit("/", 2)[1:]

    assert (name, len(secret)) == (CRM, 64)
    assert settings.webhook_secret not in secret
    with pytest.raises(ConfigurationError):
        connection_from(CRM, {"kind": "none"})
