"""Contract of every CRM, in the words of the port: no test here knows a vendor's wire.

Each test runs with amoCRM's adapter on the emulator and with the fake of unit tests.
What is special about amoCRM's wire is tested in ``tests/integration/test_amocrm.py``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.harness.crm_worlds import amocrm, memory
from tests.harness.crm_worlds.world import (
    BEGINS_ON,
    COMPANY,
    CONTACTS,
    HOURS,
    KIND,
    PIPELINES,
    PREPAID,
    CrmWorld,
    OpenCrmWorld,
)
from vitrina.crm_port import ContactRole, Crm, Deal, DealNote, DealTask, StageKind, WebhookState
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError

#: A world for each CRM. A new one is added here, and passes without a change of the tests.
WORLDS: Mapping[str, OpenCrmWorld] = {"amocrm": amocrm.open_world, "memory": memory.open_world}
NOTE = DealNote("vitrina:deal:7", "Книга: https://docs.example/book\nДоска: https://board.example")
DUE_AT = datetime(2026, 9, 3, 15, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], CrmWorld]]:
    """Opens each world once."""
    worlds: dict[str, CrmWorld] = {}
    with ExitStack() as stack:

        def opener(name: str) -> CrmWorld:
            if name not in worlds:
                worlds[name] = stack.enter_context(WORLDS[name]())
            return worlds[name]

        yield opener


@pytest.fixture(params=WORLDS)
def world(opened: Callable[[str], CrmWorld], request: pytest.FixtureRequest) -> CrmWorld:
    """A world of the CRM without deals."""
    found = opened(request.param)
    found.reset()
    return found


@pytest.fixture
def crm(world: CrmWorld) -> Crm:
    """The CRM itself."""
    return world.crm


@pytest.fixture
def deal_id(world: CrmWorld) -> str:
    """A deal at the first stage."""
    return world.add_deal()


def read(crm: Crm, deal_id: str) -> Deal:
    """The deal, which has to be there."""
    deal = crm.get_deal(deal_id)
    assert deal is not None
    return deal


def changed_ids(crm: Crm, since: datetime = LONG_AGO) -> list[str]:
    """Ids of changed deals in the order of the list."""
    return [one.deal_id for one in crm.list_changed_deals(since)]


def task_for(world: CrmWorld, key: str = "vitrina:fields:7") -> DealTask:
    """A task of Olga."""
    return DealTask(key, "Заполните поля: лимит часов", world.olga, DUE_AT)


# --- The account ---------------------------------------------------------------------------------


def test_account_has_a_name(crm: Crm) -> None:
    """A call that shows that address and token are right."""
    account = crm.get_account()

    assert account.account_id
    assert account.name == "Агентство"


def test_pipelines_have_their_stages_in_order(world: CrmWorld, crm: Crm) -> None:
    """Won and lost come last, and only they are closed."""
    pipelines = crm.list_pipelines()

    assert [one.name for one in pipelines] == [title for title, _ in PIPELINES.values()]
    for pipeline, (key, (_, stages)) in zip(pipelines, PIPELINES.items(), strict=True):
        assert [one.name for one in pipeline.stages[:-2]] == list(stages.values())
        kinds = [one.kind for one in pipeline.stages]
        assert kinds == [StageKind.OPEN] * len(stages) + [StageKind.WON, StageKind.LOST]
        assert [(pipeline.pipeline_id, one.stage_id) for one in pipeline.stages] == [
            world.stages[key, stage] for stage in (*stages, "won", "lost")
        ]


def test_fields_are_chosen_by_name(world: CrmWorld, crm: Crm) -> None:
    """Each has an id by which a deal has its value."""
    found = {one.name: one.field_id for one in crm.list_fields()}

    assert world.fields.items() <= found.items()


def test_users_have_emails_in_lower_case(world: CrmWorld, crm: Crm) -> None:
    """So that people of the agency are found by them."""
    found = {one.email: (one.user_id, one.name) for one in crm.list_users()}

    assert found["olga@a.test"] == (world.olga, "Ольга")
    assert found["bot@a.test"][0] == world.robot


# --- A deal --------------------------------------------------------------------------------------


def test_deal_is_read_with_all_that_the_product_needs(world: CrmWorld, crm: Crm) -> None:
    """Money in whole kopecks, the main contact first, values of fields by id."""
    values = {HOURS: 40.5, KIND: "Поддержка", BEGINS_ON: date(2026, 10, 1), PREPAID: True}
    deal_id = world.add_deal(
        "qualified", budget_roubles=124000, contacts=("irina", "petr"), has_company=True, fields=values
    )

    deal = read(crm, deal_id)

    assert (deal.deal_id, deal.name, deal.is_deleted) == (deal_id, "Сайт", False)
    assert deal.budget_kopecks == 12_400_000
    assert deal.responsible_id == world.olga
    assert (deal.pipeline_id, deal.stage_id) == world.stages["sales", "qualified"]
    assert deal.company is not None
    assert (deal.company.company_id, deal.company.name) == (world.company, COMPANY)
    assert [(one.contact_id, one.role) for one in deal.contacts] == [
        (world.contacts["irina"], ContactRole.MAIN),
        (world.contacts["petr"], ContactRole.FURTHER),
    ]
    assert dict(deal.fields) == {world.fields[name]: (value,) for name, value in values.items()}
    assert deal.updated_at.tzinfo is not None
    assert deal.url == crm.deal_url(deal_id)
    for url in (deal.url, deal.company.url, *(one.url for one in deal.contacts)):
        assert url.startswith("http")
    assert deal_id in deal.url


def test_empty_deal(crm: Crm, deal_id: str) -> None:
    """Without company, contacts and values."""
    deal = read(crm, deal_id)

    assert (deal.company, deal.contacts, dict(deal.fields), deal.budget_kopecks) == (None, (), {}, 0)


def test_personal_data_are_not_read_by_default(world: CrmWorld, crm: Crm) -> None:
    """A role and a link for each contact, and no call that would return a name."""
    deal_id = world.add_deal(contacts=("irina", "petr"), has_company=True)

    deal = read(crm, deal_id)

    assert [(one.name, one.phones) for one in deal.contacts] == [("", ()), ("", ())]
    assert all(one.url for one in deal.contacts)
    assert world.contact_reads() == 0
    shown = repr(deal)
    assert not [text for person in CONTACTS.values() for text in person if text and text in shown]


def test_personal_data_are_read_where_they_are_switched_on(world: CrmWorld, crm: Crm) -> None:
    """Names, and phones as they were typed."""
    deal_id = world.add_deal(contacts=("irina", "petr"))

    deal = crm.get_deal(deal_id, with_personal_data=True)

    assert deal is not None
    assert [(one.name, one.phones) for one in deal.contacts] == [
        ("Ирина Зернова", ("+7 900 000-00-01",)),
        ("Пётр Зернов", ()),
    ]
    assert world.contact_reads() == 2


@pytest.mark.parametrize("nobody", ["999999999", "", "abc", "../account", "5?with=contacts", "٥"])
def test_deal_that_does_not_exist(crm: Crm, nobody: str) -> None:
    """Nothing, whatever the id looks like."""
    assert crm.get_deal(nobody) is None


def test_deleted_deal_is_told_and_comes_back(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """From the bin a deal comes back as it was."""
    world.delete(deal_id)
    deleted = read(crm, deal_id)
    world.restore(deal_id)

    assert (deleted.deal_id, deleted.is_deleted) == (deal_id, True)
    assert (read(crm, deal_id).name, read(crm, deal_id).is_deleted) == ("Сайт", False)


def test_merged_deal_is_gone(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """The other one stays."""
    kept_id = world.add_deal()
    world.merge(kept_id, deal_id)

    assert crm.get_deal(deal_id) is None
    assert not read(crm, kept_id).is_deleted


# --- Changed deals -------------------------------------------------------------------------------


def test_nothing_changed(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """Neither without deals nor after the last change."""
    assert changed_ids(crm, world.now() + timedelta(hours=1)) == []
    world.reset()
    assert changed_ids(crm) == []


def test_changed_deals_since_a_moment(world: CrmWorld, crm: Crm) -> None:
    """That moment included; each deal once at its latest change, the oldest change first."""
    first, second, third = (world.add_deal() for _ in range(3))
    since = read(crm, second).updated_at
    world.move(first, "sales", "signed")
    world.set_budget(third, 5)
    world.set_budget(first, 6)

    changed = crm.list_changed_deals(since)

    assert [one.deal_id for one in changed] == [second, third, first]
    assert (changed[-1].pipeline_id, changed[-1].stage_id) == world.stages["sales", "signed"]
    assert changed[-1].updated_at == read(crm, first).updated_at
    assert changed_ids(crm, changed[-1].updated_at + timedelta(seconds=1)) == []


def test_deleted_and_merged_deals_in_the_list(world: CrmWorld, crm: Crm) -> None:
    """A deleted one has no stage; of merged ones the kept deal is told."""
    deleted, kept, gone = (world.add_deal() for _ in range(3))
    since = world.now()
    world.delete(deleted)
    world.merge(kept, gone)

    changed = {one.deal_id: one for one in crm.list_changed_deals(since)}

    assert set(changed) == {deleted, kept}
    assert (changed[deleted].is_deleted, changed[deleted].stage_id) == (True, "")
    assert (changed[kept].is_deleted, changed[kept].stage_id) == (False, world.stages["sales", "lead"][1])


class Follower:
    """Somebody who knows the deals from the timer's lists alone.

    Parameters
    ----------
    crm
        The CRM that is asked.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._since = LONG_AGO
        self.places: dict[str, tuple[str, str]] = {}
        self.deleted: set[str] = set()

    def look(self) -> None:
        """Ask for what changed since the last look, with an overlap."""
        for one in self._crm.list_changed_deals(self._since - timedelta(seconds=5)):
            self._since = one.updated_at
            self.deleted.discard(one.deal_id)
            self.places.pop(one.deal_id, None)
            if one.is_deleted:
                self.deleted.add(one.deal_id)
            else:
                self.places[one.deal_id] = (one.pipeline_id, one.stage_id)


class BusyOlga:
    """Changes deals by chance, and keeps the truth about them."""

    def __init__(self, world: CrmWorld, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.places = {world.add_deal(): ("sales", "lead") for _ in range(25)}
        #: Places of deals in the bin.
        self.deleted: dict[str, tuple[str, str]] = {}
        self.merged: set[str] = set()

    def act(self) -> None:
        """One change."""
        deal_id = self._chance.choice(sorted(self.places))
        others = sorted(set(self.places) - {deal_id})
        dice = self._chance.random()
        if dice < 0.05 and len(others) > 5:
            self._world.delete(deal_id)
            self.deleted[deal_id] = self.places.pop(deal_id)
        elif dice < 0.1 and self.deleted:
            back = self._chance.choice(sorted(self.deleted))
            self._world.restore(back)
            self.places[back] = self.deleted.pop(back)
        elif dice < 0.13 and len(others) > 5:
            self._world.merge(self._chance.choice(others), deal_id)
            del self.places[deal_id]
            self.merged.add(deal_id)
        else:
            self.places[deal_id] = self._chance.choice(sorted(self._world.stages))
            self._world.move(deal_id, *self.places[deal_id])


def test_nothing_lost_stays_lost(world: CrmWorld, crm: Crm) -> None:
    """Without one webhook, with a look now and then, our picture follows 300 random changes of 25 deals."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
    olga, follower = BusyOlga(world, chance), Follower(crm)

    for _ in range(300):
        olga.act()
        if chance.random() < 0.1:
            follower.look()
    follower.look()

    places = {deal_id: world.stages[place] for deal_id, place in olga.places.items()}
    assert {one: place for one, place in follower.places.items() if one not in olga.merged} == places
    assert follower.deleted - olga.merged == set(olga.deleted)
    # What was merged is in no list, and is found to be gone where it is read.
    assert [crm.get_deal(one) for one in sorted(olga.merged)] == [None] * len(olga.merged)


# --- Notes and tasks -----------------------------------------------------------------------------


def test_note_is_written_once(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """A repeat finds it by its key, with another text, in another process, and after people changed it."""
    first = crm.write_note(deal_id, NOTE)
    world.rewrite_notes(deal_id)
    again = world.make_crm().write_note(deal_id, DealNote(NOTE.key, "Другой текст"))

    assert first == again
    [text] = world.notes_of(deal_id)
    assert NOTE.text in text
    assert NOTE.key in text


def test_keys_do_not_stand_for_each_other(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """A key that begins like another one is another key; notes of other deals do not count."""
    other = world.add_deal()
    ids = {crm.write_note(deal_id, DealNote(key, "Текст")) for key in ("a:1", "a:12", "a", "b")}
    ids.add(crm.write_note(other, DealNote("a:1", "Текст")))

    assert len(ids) == 5
    assert (len(world.notes_of(deal_id)), len(world.notes_of(other))) == (4, 1)


@pytest.mark.parametrize("text", ["x" * 20_000, "«Ёлки» & <b>палки</b>\r\n\t=1+1", ""])
def test_texts_of_any_kind_keep_their_key(world: CrmWorld, crm: Crm, deal_id: str, text: str) -> None:
    """Long, empty, with signs that mean something elsewhere."""
    for _ in range(2):
        crm.write_note(deal_id, DealNote("key", text))

    assert len(world.notes_of(deal_id)) == 1


def test_task_is_created_once(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """With its person and moment; a task that is done is still found."""
    task = task_for(world)
    first = crm.create_task(deal_id, task)
    world.finish_tasks(deal_id)

    assert world.make_crm().create_task(deal_id, task) == first
    [seen] = world.tasks_of(deal_id)
    assert task.text in seen.text
    assert (seen.assignee_id, seen.due_at) == (world.olga, DUE_AT)


def test_task_for_somebody_who_is_not_there(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """Refused, and nothing is made."""
    task = DealTask("key", "Текст", "999", DUE_AT)

    with pytest.raises(FatalServiceError):
        crm.create_task(deal_id, task)

    assert world.tasks_of(deal_id) == []


def write(world: CrmWorld, crm: Crm, call: str, deal_id: str) -> str:
    """A write of one of the two kinds."""
    return (
        crm.write_note(deal_id, NOTE) if call == "write_note" else crm.create_task(deal_id, task_for(world))
    )


def count(world: CrmWorld, call: str, deal_id: str) -> int:
    """Count of notes or tasks of the deal."""
    return len(world.notes_of(deal_id) if call == "write_note" else world.tasks_of(deal_id))


@pytest.mark.parametrize("call", ["write_note", "create_task"])
@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_repeat_after_a_fault_writes_once(
    world: CrmWorld, crm: Crm, deal_id: str, call: str, fault: str
) -> None:
    """Whatever happened to the first call: after a repeat by another process there is one."""
    getattr(world, fault)(call)
    with suppress(RetriableServiceError):
        write(world, crm, call, deal_id)
    assert count(world, call, deal_id) == (1 if fault == "lose_answer" else 0)

    made = write(world, world.make_crm(), call, deal_id)

    assert count(world, call, deal_id) == 1
    assert write(world, crm, call, deal_id) == made


@pytest.mark.parametrize("call", ["write_note", "create_task"])
def test_nothing_is_written_to_a_deal_that_is_gone(
    world: CrmWorld, crm: Crm, deal_id: str, call: str
) -> None:
    """Deleted, merged, or never there."""
    gone_id, kept_id = world.add_deal(), world.add_deal()
    world.delete(deal_id)
    world.merge(kept_id, gone_id)

    for one in (deal_id, gone_id, "999999999", "x"):
        with pytest.raises(FatalServiceError) as refused:
            write(world, crm, call, one)
        assert refused.value.code == "crm.not_found"


@pytest.mark.parametrize("key", ["", "a b", "a]", "ключ", ":a", "a:", "x" * 121])
def test_key_that_would_not_be_found_again_is_refused(key: str) -> None:
    """When the note is made, not when it is written."""
    with pytest.raises(ValueError, match="is not a key"):
        DealNote(key, "Текст")
    with pytest.raises(ValueError, match="is not a key"):
        DealTask(key, "Текст", "1", DUE_AT)


def test_due_moment_has_a_zone() -> None:
    """A moment without one would be another moment on another machine."""
    with pytest.raises(ValueError, match="time zone"):
        DealTask("key", "Текст", "1", datetime(2026, 9, 3, 15, 0))  # noqa: DTZ001 - that is the point


# --- Moving --------------------------------------------------------------------------------------


def test_deal_moves_through_both_pipelines(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """A repeat changes nothing, not even the moment of the change."""
    for place in (("sales", "signed"), ("work", "started"), ("work", "won"), ("sales", "won")):
        crm.move_deal(deal_id, *world.stages[place])
        moved = read(crm, deal_id)
        crm.move_deal(deal_id, *world.stages[place])

        assert (moved.pipeline_id, moved.stage_id) == world.stages[place]
        assert read(crm, deal_id) == moved


def test_wrong_stage_is_refused(world: CrmWorld, crm: Crm, deal_id: str) -> None:
    """A stage of another pipeline, an unknown one, a deal that is gone."""
    sales, started = world.stages["sales", "lead"][0], world.stages["work", "started"][1]
    for one, pipeline_id, stage_id in (
        (deal_id, sales, started),
        (deal_id, sales, "77"),
        (deal_id, "77", started),
        ("999999999", *world.stages["work", "started"]),
    ):
        with pytest.raises(FatalServiceError):
            crm.move_deal(one, pipeline_id, stage_id)

    assert read(crm, deal_id).stage_id == world.stages["sales", "lead"][1]


@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_move_after_a_fault(world: CrmWorld, crm: Crm, deal_id: str, fault: str) -> None:
    """A repeat brings the deal to its stage."""
    getattr(world, fault)("move_deal")
    try:
        crm.move_deal(deal_id, *world.stages["work", "started"])
    except RetriableServiceError:
        crm.move_deal(deal_id, *world.stages["work", "started"])

    assert (read(crm, deal_id).pipeline_id, read(crm, deal_id).stage_id) == world.stages["work", "started"]


# --- Failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["get_account", "get_deal", "list_changed_deals"])
def test_failures_tell_what_can_be_done(world: CrmWorld, crm: Crm, deal_id: str, call: str) -> None:
    """Busy and broken: try later. A dead token: somebody has to act. Afterwards all is as before."""

    def ask() -> object:
        if call == "get_deal":
            return crm.get_deal(deal_id)
        return crm.list_changed_deals(LONG_AGO) if call == "list_changed_deals" else crm.get_account()

    before = ask()
    world.be_busy(call)
    with pytest.raises(RetriableServiceError) as busy:
        ask()
    world.break_call(call)
    with pytest.raises(RetriableServiceError):
        ask()
    world.deny(call)
    with pytest.raises(AccessDeniedError) as denied:
        ask()

    assert busy.value.code == "service.busy"
    assert denied.value.code == "crm.unauthorized"
    assert ask() == before


# --- Webhooks ------------------------------------------------------------------------------------


def test_webhook_is_connected_once(world: CrmWorld, crm: Crm) -> None:
    """And connecting it again leaves it alone."""
    assert crm.check_webhook() == WebhookState.ABSENT

    for one in (crm, crm, world.make_crm()):
        one.connect_webhook()

    assert crm.check_webhook() == WebhookState.ACTIVE
    assert world.subscription_count() == 1


@pytest.mark.parametrize(
    ("spoil", "state"),
    [("switch_webhook_off", WebhookState.DISABLED), ("narrow_webhook", WebhookState.INCOMPLETE)],
)
def test_spoilt_webhook_is_told_and_made_again(
    world: CrmWorld, crm: Crm, spoil: str, state: WebhookState
) -> None:
    """Switched off by the CRM, or changed by people."""
    crm.connect_webhook()
    getattr(world, spoil)()
    assert crm.check_webhook() == state

    crm.connect_webhook()

    assert crm.check_webhook() == WebhookState.ACTIVE
    assert world.subscription_count() == 1


@pytest.mark.parametrize("fault", ["lose_answer", "break_call"])
def test_webhook_after_a_fault(world: CrmWorld, crm: Crm, fault: str) -> None:
    """One subscription in the end."""
    getattr(world, fault)("connect_webhook")
    try:
        crm.connect_webhook()
    except RetriableServiceError:
        crm.connect_webhook()

    assert crm.check_webhook() == WebhookState.ACTIVE
    assert world.subscription_count() == 1


def test_changes_are_hinted(world: CrmWorld, crm: Crm) -> None:
    """A new, a moved, a changed and a deleted deal; the deal itself is read by its id."""
    crm.connect_webhook()
    deal_id = world.add_deal()
    world.move(deal_id, "sales", "signed")
    world.set_budget(deal_id, 7)
    world.delete(deal_id)

    received = [crm.receive(request) for request in world.sent()]

    assert len(received) == 4
    assert {one.status for one in received} == {200}
    assert {one.deal_ids for one in received} == {(deal_id,)}


def test_forged_requests_are_refused(world: CrmWorld, crm: Crm) -> None:
    """404, as for an address that is not there."""
    assert {(one.status, one.deal_ids) for one in map(crm.receive, world.forged())} == {(404, ())}


def test_nonsense_gives_no_hint(world: CrmWorld, crm: Crm) -> None:
    """No error either: bad answers would switch the subscription off."""
    received = [crm.receive(request) for request in world.nonsense()]

    assert {one.deal_ids for one in received} == {()}
    assert {one.status for one in received} <= {200, 400}
