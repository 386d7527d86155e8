"""What a client adds from his page: checks, and each thing carried out once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.harness.chat_office import ChatOffice
from tests.harness.client_asks import HOSTILE, ask
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, client_office, started_office
from vitrina.errors import BusyError, RetriableServiceError, UserError
from vitrina.jobs.expire import expire
from vitrina.jobs.registry import call_timer, run_job
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import Run
from vitrina.records.outside.chat_questions import answers_for_page
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.client_wishes import CLIENT_WISH, load_wish
from vitrina.usecases.client_page.ask import MOST_WAITING, WishOutcome
from vitrina.usecases.decisions.decide import clean_text
from vitrina.workbook.reading.book import Cell, column_letters
from vitrina.workbook.writing.client_needs import need_lines

URL = "https://disk.example/brief?id=1"
LONG = "я" * 100_000


class Desk:
    """An office, and its client at his page."""

    def __init__(self, office: MemoryOffice) -> None:
        self.office = office

    def ask(self, kind: str, nonce: str = "", **fields: object) -> WishOutcome:
        """Send a form."""
        office = self.office
        # Two forms are never sent at the same moment, so that they have an order.
        office.clock.advance(minutes=0.001)
        return ask(office.services, office.client_id, office.agency_id, kind, nonce, **fields)

    def done(self, kind: str, **fields: object) -> str:
        """Send a form and have it carried out; how it ended."""
        outcome = self.ask(kind, **fields)
        self.office.run_queue(60)
        return self.result(outcome)

    def result(self, outcome: WishOutcome) -> str:
        """What has become of a form."""
        wish = load_wish(self.office.store, outcome.wish_id)
        assert wish is not None
        return wish.result

    def rows(self) -> list[tuple[object, ...]]:
        """Rows of the backlog."""
        return self.office.table("backlog", "id", "task", "result", "status", "priority")

    def cell(self, number: int, column: str, tab: str = "backlog") -> Cell:
        """A cell of the first row of an item."""
        place = self.office.tab(tab)
        row = next(one for one in place.rows if place.cell(one, "id").text == f"ЗРН-{number}")
        return place.cell(row, column)

    def journal(self) -> list[str]:
        """Messages of *Журнал* about the client, the latest first."""
        lines = self.office.table("log", "message", "who", spreadsheet_id=self.office.agency_id)
        return [str(message) for message, who in lines if who == "Клиент"]

    def proposals(self) -> tuple[int, ...]:
        """Numbers of the client's own proposals."""
        return load_page(self.office.store, self.office.client_id, self.office.agency_id).proposals

    def fill_need(self, place: int, text: str) -> None:
        """Type a line of «Что нужно от вас»."""
        cell = need_lines(self.office.book())[place - 1].text
        self.office.edit({"type": "type", "sheet": cell.sheet_title, "cell": cell.address, "text": text})

    def ticks(self) -> list[bool]:
        """Ticks of the lines."""
        return [one.is_done for one in need_lines(self.office.book())]


@pytest.fixture
def desk() -> Desk:
    """An empty backlog, and no chat."""
    return Desk(client_office())


# --- Checks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("question", {"text": " \x00\u202e "}, "no_text"),
        ("question", {}, "no_text"),
        ("question", {"text": LONG}, "long_text"),
        ("question", {"text": ["a"]}, "bad_form"),
        ("order", {"title": "\n", "text": "Подробно"}, "no_title"),
        ("order", {"title": "я" * 201}, "long_text"),
        ("order", {"title": "Баннер", "text": LONG}, "long_text"),
        ("review", {"mark": "", "text": "Хорошо"}, "bad_mark"),
        ("review", {"mark": "6"}, "bad_mark"),
        ("review", {"mark": "-1"}, "bad_form"),
        ("review", {"mark": "5.0"}, "bad_form"),
        ("review", {"mark": "٥"}, "bad_form"),
        ("review", {"mark": 5, "text": LONG}, "long_text"),
        ("attachment", {"number": "x", "url": URL}, "bad_form"),
        ("attachment", {"number": "999999999", "url": URL}, "bad_form"),
        ("attachment", {"url": URL, "note": LONG}, "long_text"),
        ("need", {"line": "0", "ticked": "on"}, "bad_form"),
        ("need", {"line": "1", "ticked": "maybe"}, "bad_form"),
        ("priority", {"number": "1", "direction": "up"}, "not_yours"),
        ("priority", {"number": "1", "direction": "left"}, "bad_form"),
        ("unknown", {"text": "x"}, "bad_form"),
    ],
)
def test_a_bad_form_is_refused(desk: Desk, kind: str, fields: dict[str, object], code: str) -> None:
    """With a sentence for the client; nothing is kept."""
    with pytest.raises(UserError) as refused:
        desk.ask(kind, **fields)

    assert refused.value.code == f"client_page.ask.{code}"
    assert desk.office.store.keys(CLIENT_WISH) == desk.office.store.keys(OUTBOX) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://disk.example/a",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "//disk.example",
        "ftp://disk.example",
        "https://bank.example@evil.example/",
        "https://disk.example/a b",
        "https://disk.example/\u202egnp",
        "https://disk.example/<script>",
        'https://disk.example/"onload=',
        "https://disk.example:99999/",
        "https://[::1",
        "=https://disk.example",
        "https://disk.example/" + "a" * 2000,
    ],
)
def test_only_a_whole_https_link_is_taken(desk: Desk, url: str) -> None:
    """Nothing that runs, hides where it leads, or is not encrypted."""
    with pytest.raises(UserError, match=r"client_page\.ask\.(bad_link|long_text)"):
        desk.ask("attachment", url=url)


@pytest.mark.parametrize("nonce", ["short", "a" * 101, "a" * 15 + "/", "a" * 16 + "\n"])
def test_a_form_needs_a_nonce(desk: Desk, nonce: str) -> None:
    """One that the page could have given."""
    with pytest.raises(UserError, match=r"bad_form"):
        desk.ask("question", nonce, text="Когда?")


def test_too_much_at_once_is_refused(desk: Desk) -> None:
    """Somebody with the link cannot fill the store; when it is carried out, he may go on."""
    for number in range(MOST_WAITING):
        desk.ask("question", text=f"Вопрос {number}")
    with pytest.raises(UserError, match=r"too_many"):
        desk.ask("question", text="Ещё")
    desk.office.run_queue(200)

    assert desk.ask("question", text="Ещё").is_new


# --- Each kind -------------------------------------------------------------------------------------


def test_an_order_becomes_a_proposal_that_can_be_estimated(desk: Desk) -> None:
    """It gets a number and a note; after the manager took it, the norms give its hours."""
    office = desk.office
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    assert desk.done("order", title=" Баннер  на\nглавную", text="Два размера\n=1+1") == "done"
    assert desk.rows() == [
        ("ЗРН-1", "Лендинг", None, None, None),
        ("ЗРН-2", "Баннер на главную", "Два размера\n=1+1", "Предложение", None),
    ]
    assert desk.cell(2, "id").note == "Заказал клиент на своей странице, 23.11.2026."
    assert desk.journal() == ["Клиент заказал ЗРН-2: Баннер на главную. Два размера =1+1"]
    assert desk.proposals() == (2,)

    office.type("backlog", 1, status="Можно брать", work_type="Баннер")
    assert office.do("estimate").outcome == "done"
    assert float(desk.cell(2, "hours_total").value or 0) > 0
    assert desk.cell(2, "id").note.startswith("Заказал клиент")


def test_a_repeat_of_a_form_gets_the_first_result(desk: Desk) -> None:
    """Also with other words, another kind, and after it was carried out."""
    first = desk.ask("order", "n" * 16, title="Баннер")
    again = desk.ask("order", "n" * 16, title="Плакат")
    assert (again.wish_id, again.at, first.is_new, again.is_new) == (first.wish_id, first.at, True, False)
    desk.office.run_queue(60)
    later = desk.ask("question", "n" * 16, text="Когда?")
    assert (later.kind, later.result, later.message.code) == ("order", "done", "client_page.ask.order")
    desk.office.run_queue(60)

    assert [row[1] for row in desk.rows()] == ["Баннер"]
    assert desk.office.store.find(CLIENT_WISH, where={"is_open": True}) == []


def test_the_same_form_twice_at_the_same_moment(desk: Desk) -> None:
    """Of two processes that have both found nothing, the second one finds the first."""
    found: list[WishOutcome] = []
    desk.office.store.before("commit", lambda: found.append(desk.ask("order", "n" * 16, title="Баннер")))
    second = desk.ask("order", "n" * 16, title="Баннер")
    desk.office.run_queue(60)

    assert (found[0].is_new, second.is_new) == (True, False)
    assert len(desk.rows()) == 1


def test_priorities_move_among_the_clients_proposals_only(desk: Desk) -> None:
    """Step by step to the end; nobody else's row, and none that was taken up."""
    office = desk.office
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    desk.done("order", title="Баннер")
    for _ in range(2):
        desk.ask("priority", number=2, direction="up")
    office.run_queue(60)
    assert desk.cell(2, "priority").text == "Срочно"
    assert desk.done("priority", number=2, direction="up") == "done"
    assert desk.cell(2, "priority").text == "Срочно"
    assert desk.done("priority", number="2", direction="down") == "done"
    assert desk.cell(2, "priority").text == "Высокий"
    with pytest.raises(UserError, match=r"not_yours"):
        desk.ask("priority", number=1, direction="up")

    office.type("backlog", 1, priority="Низкий", status="Можно брать")
    assert desk.done("priority", number=2, direction="up") == "changed"
    assert desk.cell(2, "priority").text == "Низкий"
    assert "Просьба клиента не выполнена" in desk.journal()[0]
    assert desk.cell(1, "priority").is_empty


def test_ticks_of_needs(desk: Desk) -> None:
    """Set and taken back; not where another text stands now, and not in an empty line."""
    desk.fill_need(2, "=Доступ  к хостингу".removeprefix("="))
    assert desk.done("need", line="2", ticked="on", text="Доступ к хостингу") == "done"
    assert desk.ticks()[:3] == [False, True, False]
    desk.ask("need", line=2, ticked=False)
    desk.ask("need", line=2, ticked=True)
    desk.ask("need", line=2, ticked=False, text="Доступ к хостингу")
    desk.office.run_queue(60)
    assert desk.ticks()[1] is False
    desk.fill_need(2, "Логотип")
    assert desk.done("need", line=2, ticked=True, text="Доступ к хостингу") == "changed"
    assert desk.done("need", line=3, ticked=True) == "changed"
    assert desk.done("need", line=99, ticked=True) == "changed"
    assert not any(desk.ticks())


def test_links_are_noted_in_the_row_of_the_item() -> None:
    """In the backlog or in progress, below what stands there; without a row staff are told only."""
    desk = Desk(started_office())
    office = desk.office
    desk.done("order", title="Баннер")
    place = office.tab("in_progress")
    row = next(one for one in place.rows if place.cell(one, "id").text == "ЗРН-1")
    office.edit(
        {"type": "note", "sheet": place.title, "cell": place.address(row, "id"), "text": "Моя заметка"}
    )
    for number in (1, 3, "", 77):
        assert desk.done("attachment", number=number, url=URL, note="Бриф") == "done"
    assert desk.done("attachment", number=3, url=URL, note="Бриф") == "done"

    line = f"Ссылка от клиента, 23.11.2026: {URL} Бриф"
    assert desk.cell(1, "id", "in_progress").note == f"Моя заметка\n{line}"
    assert desk.cell(3, "id").note == f"Заказал клиент на своей странице, 23.11.2026.\n{line}"
    assert len([one for one in desk.journal() if URL in one]) == 5
    assert any("строки которой в книге нет" in one for one in desk.journal())


def test_a_question_without_a_chat_is_answered_on_the_page(desk: Desk) -> None:
    """It stands on *Проекты* and on the first tab until somebody answers from the menu."""
    office = desk.office
    assert desk.done("question", text="Когда макет?") == "done"
    columns = ("questions",)
    assert office.table("projects", *columns, spreadsheet_id=office.agency_id) == [
        ("1 вопрос, с 23.11.2026: Когда макет?",)
    ]
    assert office.book().field("questions").cell.text == "№ 1 от 23.11.2026: Когда макет?"
    (asked,) = answers_for_page(office.store, office.client_id)
    assert (asked.number, asked.is_open, asked.answer_text) == (1, True, "")
    desk.done("question", text="А сайт?")

    answer = office.do("answer_question", number=1, text=" В четверг ")
    assert answer.message.code == "questions.answered_page"
    office.run_queue(60)
    found = answers_for_page(office.store, office.client_id)
    assert [(one.number, one.answer_text) for one in found] == [(2, ""), (1, "В четверг")]
    assert found[1].answered_at
    assert office.book().field("questions").cell.text == "№ 2 от 23.11.2026: А сайт?"
    office.do("answer_question", number=2, text="Завтра")
    office.run_queue(60)
    assert office.table("projects", *columns, spreadsheet_id=office.agency_id) == []


def test_a_question_of_the_page_in_the_chat() -> None:
    """In the topic for questions, with a number of its own; whoever answers there answers on the page."""
    office = ChatOffice()
    desk = Desk(office)
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    office.ask(group, "/question Первый?")
    desk.done("question", text="Когда *макет*?")
    office.deliver()
    (told,) = office.texts(group, "Вопросы")
    assert told == "Вопрос № 2 со страницы проекта: Когда *макет*?"
    assert any("Клиент задал вопрос № 2" in one for one in office.texts(internal))

    notice = next(one for one in group.messages.values() if one.text == told)
    office.ask(group, "В четверг", person_id="1", reply_to=notice.message_id)
    (question,) = answers_for_page(office.store, office.client_id)
    assert (question.is_open, question.answer_text) == (False, "В четверг")
    assert office.texts(group, "Вопросы") == [f"{told}\n\nОтветили."]
    office.ask(group, "/question Третий?")
    assert [one.number for one in office.questions()] == [1, 3]


def test_reviews_are_kept_and_told() -> None:
    """In *Журнал* and in the agency's own chat, never in the client's; everything else is deleted later."""
    office = ChatOffice()
    desk = Desk(office)
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    desk.done("review", mark="4", text="Быстро")
    desk.done("review", mark=5)
    desk.done("order", title="Баннер")
    office.deliver()
    told = "\n".join(office.texts(internal))
    assert told.count("Клиент оценил этап на 4 из 5: Быстро") == 1
    assert told.count("Клиент оценил этап на 5 из 5.") == 1
    assert told.count("Клиент заказал ЗРН-1: Баннер") == 1
    assert "оценил" not in "\n".join(one.text for one in group.messages.values())

    office.clock.advance(days=100)
    expire(office.services)
    kept = [one.data["kind"] for one in office.store.find(CLIENT_WISH)]
    assert kept == ["review", "review"]


def test_an_action_of_staff_is_undone_although_the_client_ordered_since() -> None:
    """*Undo* takes back the start of the period; the order stays, with what the client did to it."""
    desk = Desk(started_office())
    desk.done("order", title="Плакат")
    desk.done("priority", number=3, direction="up")
    assert desk.office.do("undo").outcome == "done"

    assert sorted((row[0], row[1], row[4]) for row in desk.rows()) == [
        ("ЗРН-1", "Лендинг", None),
        ("ЗРН-2", "Баннер", None),
        ("ЗРН-3", "Плакат", "Высокий"),
    ]
    assert desk.office.table("in_progress", "id") == []


def test_an_english_project() -> None:
    """Sheet, note, *Журнал* and sentences are in its language."""
    office = MemoryOffice()
    office.set_up_agency(locale="en")
    office.create_client(code="ZRN")
    ask(office.services, office.client_id, office.agency_id, "order", title="Banner")
    ask(office.services, office.client_id, office.agency_id, "question", text="When?")
    office.run_queue(60)
    assert office.table("backlog", "id", "task", "status") == [("ZRN-1", "Banner", "Proposed")]
    tab = office.tab("backlog")
    note = next(tab.cell(row, "id").note for row in tab.rows if tab.cell(row, "task").text)
    assert note.startswith("Ordered by the client on his page, ")
    told = office.table("log", "who", "message", spreadsheet_id=office.agency_id)
    assert ("Client", "The client asked question No. 1: When?") in told


# --- Hostile text ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_text_reaches_the_sheets_as_text(desk: Desk, text: str) -> None:
    """No formula anywhere, nothing lost that can be seen, and nothing that cannot be seen."""
    office = desk.office
    desk.done("order", title=text, text=text)
    desk.done("question", text=text)
    desk.done("review", mark=1, text=text)
    desk.done("attachment", number=1, url=URL, note=text)

    plain = clean_text(text)
    line = " ".join(plain.split())
    task, result = desk.cell(1, "task"), desk.cell(1, "result")
    assert (task.value, task.formula) == (line, None)
    assert (result.value, result.formula) == (plain, None)
    assert desk.cell(1, "id").note.endswith(line)
    assert not set(plain) & {"\x00", "\u202e", "\x07", "\r"}
    for book in (office.book(), office.book(office.agency_id)):
        assert not [one for one in book.formulas.values() if "evil" in one or "IMPORTXML" in one]
    assert all(line in one for one in desk.journal())
    question = office.book().field("questions").cell
    assert (question.formula, line in question.text) == (None, True)


# --- Whatever fails --------------------------------------------------------------------------------


def everything(desk: Desk) -> list[WishOutcome]:
    """One wish of each kind, and two orders."""
    return [
        desk.ask("order", title="Баннер"),
        desk.ask("question", text="Когда?"),
        desk.ask("priority", number=1, direction="up"),
        desk.ask("attachment", number=1, url=URL),
        desk.ask("need", line=1, ticked=True),
        desk.ask("review", mark=5, text="Хорошо"),
        desk.ask("order", title="Статья"),
    ]


def is_each_there_once(desk: Desk, outcomes: list[WishOutcome]) -> None:
    """Everything that was asked for is there, once."""
    assert [desk.result(one) for one in outcomes] == ["done"] * len(outcomes)
    assert [row[1] for row in desk.rows()] == ["Плакат", "Баннер", "Статья"]
    assert desk.cell(1, "priority").text == "Высокий"
    assert desk.cell(1, "id").note.count(URL) == 1
    assert desk.ticks()[0]
    questions = answers_for_page(desk.office.store, desk.office.client_id)
    assert [one.number for one in questions] == [1]
    assert len(set(desk.journal())) == len(desk.journal()) == len(outcomes) + 1
    assert desk.proposals() == (1, 2, 3)
    assert desk.office.store.keys(OUTBOX) == []


def recover(desk: Desk) -> None:
    """Run the queue and the timer until nothing is left, whatever fails on the way."""
    for _ in range(8):
        with contextlib.suppress(RetriableServiceError):
            while desk.office.queue.waiting:
                due_at = min(one.due_at for one in desk.office.queue.waiting)
                desk.office.clock.set(max(due_at, desk.office.clock.now()))
                desk.office.queue.run_next(lambda body: run_job(desk.office.services, body))
        desk.office.clock.advance(minutes=3)
        with contextlib.suppress(RetriableServiceError):
            call_timer(desk.office.services)


CALLS = [
    ("workbooks", "read", 3),
    ("workbooks", "batch_update", 3),
    ("store", "commit", 9),
    ("queue", "add", 9),
]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("fake", "call", "number"),
    [(fake, call, number) for fake, call, count in CALLS for number in range(count)],
)
def test_each_thing_is_there_once_whatever_call_fails(fake: str, call: str, number: int, moment: str) -> None:
    """A lost answer, or nothing done: the queue and the timer repeat it."""
    desk = Desk(client_office())
    desk.fill_need(1, "Логотип")
    desk.done("order", title="Плакат")
    outcomes = everything(desk)
    for _ in range(number):
        getattr(getattr(desk.office, fake), moment)(call, lambda: None)
    getattr(getattr(desk.office, fake), moment)(call, no_answer())
    recover(desk)

    is_each_there_once(desk, outcomes)


def test_a_form_is_carried_out_although_the_queue_did_not_answer(desk: Desk) -> None:
    """The timer sends the task later."""
    desk.office.queue.before("add", no_answer())
    outcome = desk.ask("order", title="Баннер")
    assert outcome.is_new
    recover(desk)

    assert desk.result(outcome) == "done"
    assert len(desk.rows()) == 1


def test_a_write_that_comes_late_changes_nothing(desk: Desk) -> None:
    """Its answer was lost; the next attempt moves the fence first, so that Google refuses it afterwards."""
    office = desk.office
    late: list[Callable[[], object]] = []
    real = office.workbooks.batch_update

    def lose(spreadsheet_id: str, requests: list[object]) -> object:
        late.append(lambda: real(spreadsheet_id, requests))
        office.workbooks.batch_update = real  # type: ignore[method-assign]
        raise RetriableServiceError("service.no_answer", service="Google")

    desk.done("order", title="Плакат")
    office.workbooks.batch_update = lose  # type: ignore[method-assign,assignment]
    outcome = desk.ask("attachment", number=1, url=URL)
    with contextlib.suppress(RetriableServiceError):
        office.run_queue(60)
    recover(desk)
    note = desk.cell(1, "id").note
    assert desk.result(outcome) == "done"
    desk.done("attachment", number=1, url=f"{URL}&second")
    with pytest.raises(Exception, match=r"sheet\.changed"):
        late[0]()
    assert desk.cell(1, "id").note.startswith(note)
    assert "second" in desk.cell(1, "id").note


def test_a_person_who_types_meanwhile(desk: Desk) -> None:
    """The write is refused, and made again from the new cells."""
    office = desk.office
    desk.done("order", title="Плакат")
    desk.fill_need(1, "Логотип")
    outcome = desk.ask("priority", number=1, direction="up")
    tick = desk.ask("need", line=1, ticked=True, text="Логотип")
    office.workbooks.before(
        "batch_update",
        lambda: (office.type("backlog", 0, priority="Низкий"), desk.fill_need(1, "Фото")),
    )
    office.run_queue(60)

    assert desk.result(outcome) == "done"
    assert desk.cell(1, "priority").text == "Обычный"
    assert desk.result(tick) == "changed"
    assert not desk.ticks()[0]


def test_an_order_that_was_written_before_the_crash_and_moved_since(desk: Desk) -> None:
    """Somebody has begun it before the repeat: it is not written again."""
    office = desk.office
    outcome = desk.ask("order", title="Лендинг")
    office.workbooks.after("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.run_queue(60)
    office.type("backlog", 0, work_type="Лендинг", status="Можно брать")
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])
    recover(desk)

    assert desk.result(outcome) == "done"
    assert desk.rows() == []
    assert len({row[0] for row in office.table("in_progress", "id")}) == 1


def test_a_chat_in_which_somebody_talks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of a question waits for it, and nothing else does."""
    monkeypatch.setattr(Run.take, "__kwdefaults__", {"updates": (), "wait_s": 0.02})
    office = desk.office
    talk = office.new_run()
    talk.take(f"chat:{office.client_id}")
    order, question = desk.ask("order", title="Баннер"), desk.ask("question", text="Когда?")
    with pytest.raises(BusyError):
        office.run_queue(60)
    assert [desk.result(one) for one in (order, question)] == ["done", "waits"]

    talk.commit(talk.release(f"chat:{office.client_id}"))
    office.run_queue(60)
    assert desk.result(question) == "done"
    assert len(desk.rows()) == 1


def test_a_workbook_that_cannot_be_written(desk: Desk) -> None:
    """Staff are told once why; the rest is carried out, and the order as soon as people put it right."""
    office = desk.office
    tab, whole = office.tab("backlog"), office.workbooks.save()
    letter = column_letters(tab.column("task"))
    office.edit({"type": "delete_columns", "sheet": tab.title, "at": letter})
    order = desk.ask("order", title="Баннер")
    question = desk.ask("question", text="Когда?")
    for _ in range(30):
        office.clock.advance(minutes=10)
        while office.queue.waiting and min(one.due_at for one in office.queue.waiting) <= office.clock.now():
            office.queue.run_next(office.run_job)
    assert [desk.result(one) for one in (order, question)] == ["waits", "done"]
    told = [str(one) for (one,) in office.table("log", "message", spreadsheet_id=office.agency_id)]
    assert len([one for one in told if "не записаны в книгу" in one]) == 1

    # People restore the former version, and the queue has forgotten the task meanwhile.
    now = office.clock.now()
    desk = Desk(MemoryOffice(replace(office.save(), workbooks=whole)))
    desk.office.clock.set(now)
    desk.office.clock.advance(minutes=90)
    recover(desk)
    assert desk.result(order) == "done"
    assert [row[1] for row in desk.rows()] == ["Баннер"]
    assert desk.office.store.keys(OUTBOX) == []
