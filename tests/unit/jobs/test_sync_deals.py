"""Deals of the CRM: cards of the sales board, projects, questions, notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from tests.harness.deal_office import RULES, DealOffice
from tests.harness.fakes.interruptions import no_answer
from vitrina.crm_port import Company
from vitrina.errors import AccessDeniedError, RetriableServiceError
from vitrina.jobs import sync_deals
from vitrina.records.outside.deals import DealPhase
from vitrina.records.outside.launches import load_launch
from vitrina.usecases.deals.hints import take_deal_hints


@pytest.fixture
def office() -> DealOffice:
    """An agency whose CRM has no deals yet."""
    return DealOffice()


def test_a_won_deal_becomes_one_project(office: DealOffice) -> None:
    """Workbook, board, line in *Проекты*, and one note with both links in the deal."""
    deal_id = office.add_deal(name="Новый сайт", budget_kopecks=24_000_000)
    office.deliver()
    assert office.projects() == []

    office.move(deal_id, "signed")
    office.deliver()
    office.deliver()

    (project,) = office.projects()
    assert (project.client_name, project.project_name, project.code) == ("ООО «Зерно»", "Новый сайт", "ЗРН")
    assert project.deal_id == deal_id
    (note,) = office.crm.notes_of(deal_id).values()
    assert office.workbooks.url(project.spreadsheet_id) in note
    assert project.board_url in note
    assert office.deal(deal_id).phase is DealPhase.STARTED
    (row,) = office.table("projects", "client", "code", "from_deal", spreadsheet_id=office.agency_id)
    assert row == ("ООО «Зерно»", "ЗРН", "Бюджет: 240\xa0000 ₽")


def test_what_a_deal_lacks_is_asked_once_and_the_project_waits(office: DealOffice) -> None:
    """One task that names the fields, for the responsible person; filled in, the project begins."""
    office.choose(deal_code="Код проекта", deal_limit="Лимит часов", deal_period="Период")
    deal_id = office.add_deal("signed", company_id=None, fields={"period": "Год"})
    office.deliver()
    office.tick()

    assert office.projects() == []
    (task,) = office.crm.tasks_of(deal_id)
    assert task.assignee_id == "2"
    assert [line.strip("— ") for line in task.text.splitlines()[1:5]] == [
        "компания клиента: привяжите её к сделке",
        "«Код проекта»: поле пустое",
        "«Период»: не понять «Год». Подходит: неделя и месяц",
        "«Лимит часов»: поле пустое",
    ]
    assert "Код проекта" in office.journal()[0]

    company = Company("71", "Улыбка", "https://crm.example/companies/71")
    office.change(deal_id, company=company, fields={"code": ("улб",), "limit": ("40,5",)})
    office.deliver()
    assert office.projects() == []
    office.change(deal_id, fields={"code": ("улб",), "limit": ("40,5",), "period": ("месяц",)})
    office.deliver()

    (project,) = office.projects()
    assert project.code == "УЛБ"
    book = office.book(project.spreadsheet_id)
    assert (book.field("period").cell.text, book.field("limit_hours").cell.value) == ("месяц", 40.5)
    assert len(office.crm.tasks_of(deal_id)) == 1


def test_a_taken_code_is_lacking_too(office: DealOffice) -> None:
    """The code of the field is compared with those of the projects that are there."""
    office.create_client(code="ЗРН")
    office.choose(deal_code="Код проекта")
    deal_id = office.add_deal("signed", fields={"code": "ЗРН"})
    office.deliver()
    assert "код ЗРН уже у другого проекта" in office.crm.tasks_of(deal_id)[0].text
    assert len(office.projects()) == 1


def test_codes_that_are_made_differ(office: DealOffice) -> None:
    """Two deals of one company are two projects."""
    for name in ("Сайт", "Реклама"):
        office.add_deal("signed", name=name)
    office.deliver()
    assert [one.code for one in office.projects()] == ["ЗРН", "ЗРН2"]


@pytest.mark.parametrize("stage", ["working", "won"])
def test_a_deal_that_passed_the_stage_unseen_begins_its_project(office: DealOffice, stage: str) -> None:
    """Nobody looked while it stood at the chosen stage; the timer finds it, without a webhook."""
    deal_id = office.add_deal()
    office.deliver()
    office.move(deal_id, stage)
    office.crm.sent.clear()
    office.tick()
    office.run_queue()
    assert [one.deal_id for one in office.projects()] == [deal_id]


def test_old_deals_at_the_chosen_stage_are_passed_over_and_told() -> None:
    """Projects do not begin by the hundred when the stage is chosen; one that comes back begins its own."""
    office = DealOffice(rules={})
    old = [office.add_deal("signed", name=f"Старая {number}") for number in range(3)]
    office.choose(**RULES)
    office.change(old[0], name="Исправлено название")
    office.deliver()
    office.tick()
    assert office.projects() == []
    assert any("стадии: 3 сделки" in message for message in office.journal())

    office.move(old[1], "qualified")
    office.deliver()
    office.move(old[1], "signed")
    office.deliver()
    assert [one.deal_id for one in office.projects()] == [old[1]]


def test_a_qualified_lead_gets_one_card_on_the_sales_board(office: DealOffice) -> None:
    """With what the staff may know, and a link to the deal; a repeat makes no second one."""
    office.choose(deal_staff_fields="Условия")
    deal_id = office.add_deal("qualified", budget_kopecks=5_000_000, fields={"terms": "Предоплата 50 %"})
    office.deliver()
    office.change(deal_id, name="Другое название")
    office.deliver()
    office.tick()

    board = office.tracker.find_board("Продажи")
    assert board is not None
    assert [stage.title for stage in board.stages][:2] == ["Заявка", "Квалифицирован"]
    ((card_id,),) = office.tracker.find_cards(board.board_id).values()
    card = office.tracker.get_card(board.board_id, card_id)
    assert card is not None
    assert card.title == "ООО «Зерно» — Сайт"
    assert card.stage_id == board.stages[1].stage_id
    assert dict(card.facts) == {"Бюджет": "50\xa0000 ₽", "Условия": "Предоплата 50 %"}
    assert office.projects() == []


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda office, deal_id: office.move(deal_id, "new"), "вернули на этап"),
        (lambda office, deal_id: office.move(deal_id, "lost"), "нереализованная"),
        (lambda office, deal_id: office.change(deal_id, is_deleted=True), "удалили или объединили"),
    ],
    ids=["back", "lost", "deleted"],
)
def test_a_deal_that_turns_is_told_once_and_nothing_is_destroyed(
    office: DealOffice, do: Callable[[DealOffice, str], None], words: str
) -> None:
    """The project stays as it is; *Журнал* says so once."""
    deal_id = office.add_deal("signed")
    office.deliver()
    office.deliver()
    before = office.projects()

    for _ in range(2):
        do(office, deal_id)
        office.deliver()
        office.tick()

    assert office.projects() == before
    assert sum(words in message for message in office.journal()) == 1


def test_a_deal_that_turns_again_is_told_again(office: DealOffice) -> None:
    """What was told and is no longer so is told when it happens again."""
    deal_id = office.add_deal("signed")
    office.deliver()
    for stage in ("new", "signed", "new"):
        office.move(deal_id, stage)
        office.deliver()
    assert sum("вернули на этап" in message for message in office.journal()) == 2
    assert len(office.projects()) == 1


def test_a_merged_deal_is_found_gone(office: DealOffice) -> None:
    """It vanishes without a webhook; the next look at it tells."""
    deal_id = office.add_deal("signed")
    office.deliver()
    office.crm.remove(deal_id)
    take_deal_hints(office.services, (deal_id,))
    office.run_queue()
    assert any("удалили или объединили" in message for message in office.journal())


def test_stages_of_the_project_are_sent_back_once_each(office: DealOffice) -> None:
    """*В работе* and *Завершён* move the deal on, and never back."""
    deal_id = office.add_deal("signed")
    office.deliver()
    office.deliver()
    office.type("projects", 0, office.agency_id, stage="В работе")
    office.tick()
    assert office.crm.get_deal(deal_id).stage_id == "working"  # type: ignore[union-attr]

    office.move(deal_id, "signed")
    office.deliver()
    office.tick()
    assert office.crm.get_deal(deal_id).stage_id == "signed"  # type: ignore[union-attr]

    office.type("projects", 0, office.agency_id, stage="Завершён")
    office.tick()
    office.tick()
    assert office.crm.get_deal(deal_id).stage_id == "done"  # type: ignore[union-attr]
    assert office.crm.calls["move_deal"] == 2


def test_names_of_people_are_carried_over_only_where_that_is_switched_on(office: DealOffice) -> None:
    """By default there are the role and a link; the client sees only the fields that were chosen for him."""
    office.choose(deal_staff_fields="Скидка", deal_client_fields="Условия")
    fields = {"secret": "15 %", "terms": "Две правки в месяц"}
    office.add_deal("signed", contact_ids=("7",), fields=fields)
    office.deliver()
    assert office.crm.contact_reads == 0
    (row,) = office.table("projects", "from_deal", spreadsheet_id=office.agency_id)
    assert row[0].splitlines() == ["Бюджет: 0 ₽", "Основной контакт: https://crm.example/c/7", "Скидка: 15 %"]
    (project,) = office.projects()
    book = office.book(project.spreadsheet_id)
    assert book.field("terms").cell.text == "Условия: Две правки в месяц"
    seen = json.dumps(office.workbooks.look(project.spreadsheet_id), ensure_ascii=False)
    assert [word for word in ("15 %", "Скидка", "crm.example") if word in seen] == []

    office.choose(deal_personal_data="да")
    office.add_deal("signed", company_id="71", contact_ids=("7",))
    office.deliver()
    rows = office.table("projects", "from_deal", spreadsheet_id=office.agency_id)
    assert "Ирина Зернова, +7 900 000-00-01" in rows[0][0]


def test_settings_that_name_what_is_not_there_are_told_once(office: DealOffice) -> None:
    """With the cell and what there is."""
    office.choose(deal_project="Продажи: Договор подписан; Продажи: Оплачен", deal_code="Шифр")
    office.tick()
    office.tick()
    told = [message for message in office.journal() if "Настройки!" in message]
    assert len(told) == 2
    assert "«Продажи: Оплачен»" in told[0] or "«Продажи: Оплачен»" in told[1]
    office.add_deal("signed")
    office.deliver()
    assert len(office.projects()) == 1


@pytest.mark.parametrize("fails", ["before", "after"])
@pytest.mark.parametrize("call", ["get_deal", "write_note"])
def test_a_crm_that_does_not_answer_is_asked_again(office: DealOffice, call: str, fails: str) -> None:
    """Nothing is doubled, and *Проекты* says meanwhile what is missing and why."""
    deal_id = office.add_deal("signed")
    getattr(office.crm, fails)(call, no_answer("amoCRM"))
    with pytest.raises(RetriableServiceError):
        office.deliver()
    if call == "write_note":
        waiting = [one for one in office.queue.waiting if one.body["kind"] == "agency"]
        office.clock.advance(minutes=2)
        office.run_job(waiting[0].body)
        why = "заметка в сделке: amoCRM не отвечает, «Витрина» повторит сама"
        assert office.table("projects", "code", "missing", spreadsheet_id=office.agency_id) == [("ЗРН", why)]
    office.tick()
    office.tick()
    (project,) = office.projects()
    assert len(office.crm.notes_of(deal_id)) == 1
    assert load_launch(office.store, project.spreadsheet_id).missing == {}  # type: ignore[union-attr]
    assert office.table("projects", "code", "missing", spreadsheet_id=office.agency_id) == [("ЗРН", None)]


def test_a_project_whose_tracker_was_down_goes_on_where_it_failed(office: DealOffice) -> None:
    """The operation ends with an error; the timer begins it again, and one of everything is there."""
    for _ in range(3):
        office.tracker.before("create_board", no_answer("Kaiten"))
    deal_id = office.add_deal("signed")
    office.deliver()
    assert office.projects() == []
    for _ in range(8):
        office.tick(60)
    (project,) = office.projects()
    assert len(office.crm.notes_of(deal_id)) == 1
    assert len(office.workbooks.ids) == 2
    assert office.tracker.find_board(f"{project.title} ({project.code})") is not None


def test_without_a_chosen_stage_the_crm_is_not_asked() -> None:
    """An agency that begins its projects by hand costs no calls."""
    office = DealOffice(rules={})
    office.add_deal("signed")
    office.deliver()
    office.tick()
    assert sum(office.crm.calls.values()) == 0
    assert office.projects() == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_deals_that_move_at_random(seed: int) -> None:
    """Webhooks are lost, doubled and late: each deal at the stage or past it has one project, others none."""
    chance, office = Random(seed), DealOffice()
    stages = ("new", "qualified", "signed", "working", "done", "won", "lost")
    deals = [office.add_deal(company_id=chance.choice(("70", "71"))) for _ in range(15)]
    was_signed: set[str] = set()
    for _ in range(12):
        for deal_id in chance.sample(deals, 5):
            office.move(deal_id, chance.choice(stages))
            deal = office.crm.get_deal(deal_id)
            assert deal is not None
            if deal.stage_id in stages[2:6]:
                was_signed.add(deal_id)
        sent = office.crm.sent
        sent[:] = [one for one in sent for _ in range(chance.choice((0, 1, 2)))]
        chance.shuffle(sent)
        if chance.random() < 0.6:
            office.deliver(most=200)
        else:
            office.tick(most=200)
    office.tick(most=200)
    office.tick(most=200)

    now = {deal_id for deal_id in deals if office.crm.get_deal(deal_id).stage_id in stages[2:6]}  # type: ignore[union-attr]
    made = [one.deal_id for one in office.projects()]
    assert len(made) == len(set(made))
    assert now <= set(made) <= was_signed
    assert all(len(office.crm.notes_of(deal_id)) == 1 for deal_id in made)


def test_a_deal_chooses_the_onboarding(office: DealOffice) -> None:
    """Its tasks have people and days; the project is asked for nothing that is on the tab."""
    office.choose(deal_onboarding="Вид договора")
    deal_id = office.add_deal("signed", fields={"kind": "Реклама на заборах"})
    office.deliver()
    assert office.projects() == []
    assert "Подходит: Сайт и Продвижение" in office.crm.tasks_of(deal_id)[0].text

    office.change(deal_id, fields={"kind": ("сайт",)})
    office.deliver()
    (project,) = office.projects()
    rows = office.table("in_progress", "id", "specialist", "due_on", spreadsheet_id=project.spreadsheet_id)
    assert len({row[0] for row in rows}) == 5
    assert all(specialist and due_on for _, specialist, due_on in rows)
    assert load_launch(office.store, project.spreadsheet_id).missing == {}  # type: ignore[union-attr]


def test_an_onboarding_that_cannot_be_read_is_told_and_made_later(office: DealOffice) -> None:
    """*Проекты* say why it is missing; when the cell is corrected, it comes by itself."""
    office.choose(deal_onboarding="Вид договора")
    office.type("onboarding", 0, office.agency_id, hours="много")
    office.add_deal("signed", fields={"kind": "Сайт"})
    office.deliver()
    (project,) = office.projects()
    office.tick()
    ((missing,),) = office.table("projects", "missing", spreadsheet_id=office.agency_id)
    assert missing == "онбординг: исправьте ячейки G2 на листе «Онбординг», дальше само"
    assert office.table("in_progress", "id", spreadsheet_id=project.spreadsheet_id) == []

    office.type("onboarding", 0, office.agency_id, hours="4")
    office.tick()
    office.tick()
    assert len(office.table("in_progress", "id", spreadsheet_id=project.spreadsheet_id)) >= 5
    assert office.table("projects", "code", "missing", spreadsheet_id=office.agency_id) == [("ЗРН", None)]


def test_a_tracker_that_is_down_does_not_stop_other_deals(office: DealOffice) -> None:
    """The sales card comes later; the project of the next deal begins at once."""
    office.tracker.before("find_board", no_answer("Kaiten"))
    office.add_deal("qualified", company_id="71")
    deal_id = office.add_deal("signed")
    with pytest.raises(RetriableServiceError):
        office.deliver()
    office.tick()
    assert [one.deal_id for one in office.projects()] == [deal_id]
    board = office.tracker.find_board("Продажи")
    assert board is not None
    assert len(office.tracker.find_cards(board.board_id)) == 1


def test_a_dead_token_is_told_once(office: DealOffice) -> None:
    """*Журнал* says that deals are not read any more, and what to do."""

    def refuse() -> None:
        raise AccessDeniedError("crm.unauthorized", service="amoCRM", status=401)

    for _ in range(3):
        office.crm.before("connect_webhook", refuse)
        with pytest.raises(AccessDeniedError):
            office.tick()
        office.queue.waiting[:] = [one for one in office.queue.waiting if one.body["kind"] != "deals"]
    assert sum("VITRINA_CRM_TOKEN" in message for message in office.journal()) == 1


def test_a_code_that_was_taken_meanwhile_is_made_anew(office: DealOffice) -> None:
    """A manager makes a project with the same code while the deal is being looked at."""
    office.crm.before("get_deal", lambda: office.create_client(code="ЗРН"))
    office.add_deal("signed")
    office.deliver()
    office.tick()
    assert sorted(one.code for one in office.projects()) == ["ЗРН", "ЗРН2"]


def test_changes_are_listed_again_if_the_process_died(
    office: DealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was listed is kept only after the deals are noted."""
    office.add_deal("signed")
    office.crm.sent.clear()
    with monkeypatch.context() as patch:
        patch.setattr(sync_deals, "_touch", lambda *_: no_answer("the store")())
        with pytest.raises(RetriableServiceError):
            office.tick()
    office.tick()
    office.run_queue()
    assert len(office.projects()) == 1


def test_a_deal_that_is_deleted_while_its_project_begins(office: DealOffice) -> None:
    """The project stays and lacks no note; nothing is left to be looked at."""
    deal_id = office.add_deal("signed")
    office.crm.after("get_deal", lambda: office.change(deal_id, is_deleted=True))
    office.deliver()
    office.tick()
    (project,) = office.projects()
    assert load_launch(office.store, project.spreadsheet_id).missing == {}  # type: ignore[union-attr]
    assert not office.deal(deal_id).is_open
    assert sum("удалили или объединили" in message for message in office.journal()) == 1


def test_a_deal_that_is_deleted_after_its_project_failed(office: DealOffice) -> None:
    """It is not begun again."""
    for _ in range(3):
        office.tracker.before("create_board", no_answer("Kaiten"))
    deal_id = office.add_deal("signed")
    office.deliver()
    office.change(deal_id, is_deleted=True)
    office.deliver()
    for _ in range(4):
        office.tick(60)
    assert (office.projects(), office.deal(deal_id).is_open) == ([], False)
