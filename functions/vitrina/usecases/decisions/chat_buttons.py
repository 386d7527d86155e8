"""Asks the client's chat about finished work: one message for each item, with buttons while he may decide.

The message always says what holds: whatever way a decision came, it is edited.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from vitrina.chat_port import Button, ButtonStyle
from vitrina.errors import StoreConflictError
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_messages import message_key
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.chats import load_chat
from vitrina.records.outside.client_pages import ClientPage, Decided, ShownItem
from vitrina.records.outside.decisions import DecisionKind, DecisionState, load_decisions
from vitrina.records.told.asks import ChatAsk, ask_from_document, load_asks, new_ask
from vitrina.texts import Days, Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.workbook import brief

#: What the buttons do: the first letter of what they carry.
ACCEPT, RETURN, TAKE_BACK = "a", "r", "u"
#: Most characters of a title and of a remark in a message.
MOST_TITLE, MOST_REMARK = 500, 1000
#: Most decisions about one round of an item that are looked for.
MOST_DECISIONS = 20
#: Seconds after which a message is looked at that a client could change his mind about.
LATER_S = 5.0
#: Seconds after which the chat is told what has changed.
GATHER_S = 1.0


def tell_shown(run: Run, page: ClientPage, items: Sequence[ShownItem]) -> None:
    """Have the client's chat asked about items that are shown now; a repeat changes nothing.

    Called before the end of a run that keeps *page* with these items, once for an item.
    """
    if run.services.chat is None or not items:
        return
    _tell(run, page, _keep_asks(run, page, items))


def tell_decided(run: Run, page: ClientPage, items: Iterable[ShownItem]) -> None:
    """Have the messages about items say what holds now: decided, taken back, settled, or withdrawn.

    Does nothing for items about which the chat was never asked.
    """
    if run.services.chat is None:
        return
    asks = load_asks(run.services.store, page.spreadsheet_id, [one.number for one in items])
    _tell(run, page, asks.values())


def renew_asks(run: Run, page: ClientPage, asks: Sequence[ChatAsk]) -> None:
    """Have the chat asked about all that waits on *page*, and the other *asks* say what holds by it."""
    waiting = [one for one in page.items if one.is_waiting]
    asked = _keep_asks(run, page, waiting) if waiting else []
    numbers = {one.number for one in waiting}
    _tell(run, page, [*asked, *(one for one in asks if one.number not in numbers)])


def asks_wish(services: Services, spreadsheet_id: str, at: datetime | None = None) -> TaskWish:
    """The task that has the chat say what a project's page says: soon, or some seconds after a moment.

    Whoever changes the shown work of a page keeps it in the same commit.
    """
    now = services.clock.now()
    due_s = now.timestamp() + GATHER_S if at is None else at.timestamp() + LATER_S
    body = {"kind": "asks", "spreadsheet_id": spreadsheet_id}
    name = task_name("asks", spreadsheet_id, int(due_s * 1000))
    return TaskWish(name, body, max(0.0, due_s - now.timestamp()))


def queue_asks(run: Run, spreadsheet_id: str) -> None:
    """Have the chat say what the page of a project says after the end of the run, where there are chats."""
    if run.services.chat is not None:
        run.queue_at_end(asks_wish(run.services, spreadsheet_id))


def decided_text(services: Services, decided: Decided | ChatAsk) -> Sentence:
    """*Принято 25 ноября в 14:02*, or *Возвращено …*."""
    day, time = _moment(services, decided.at)
    code = "accepted" if decided.kind == DecisionKind.ACCEPTED else "returned"
    return sentence(f"chat.shown_{code}", day=day, time=time)


def until_text(services: Services, decided: Decided) -> Sentence:
    """Until when a decision can be taken back."""
    return sentence("chat.shown_until", time=_moment(services, decided.settles_at)[1])


# --- What a message says -----------------------------------------------------------------------------


class _Drawn(Struct, frozen=True):
    """A message as it is to be, with the state of it that is kept."""

    ask: ChatAsk
    text: str
    buttons: tuple[Button, ...] = ()
    #: What the message that asked for a remark says, if there is one.
    remark: str = ""

    @property
    def content(self) -> str:
        """Tells what the message says, and its buttons, from anything else."""
        said = [self.text, self.remark, *((one.text, one.data) for one in self.buttons)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _drawn(services: Services, ask: ChatAsk, item: ShownItem | None, locale: str) -> _Drawn:
    about = [render(sentence("chat.shown", code=ask.code, title=brief(ask.title, MOST_TITLE)), locale)]
    if ask.result_url:
        about.append(render(sentence("chat.shown_result", url=ask.result_url), locale))
    if item is not None and item.fingerprint == ask.fingerprint and item.is_waiting:
        undecided = replace(ask, kind="", at="", settles_at="", is_open=True)
        ends = [sentence("chat.shown_ask")]
        return _Drawn(undecided, _text(about, ends, locale), _ask_buttons(ask, locale), _prompt(ask, locale))
    decided = item.decided if item is not None and item.fingerprint == ask.fingerprint else None
    if decided is None and not ask.kind:
        closed = replace(ask, is_open=False)
        gone = sentence("chat.shown_gone")
        return _Drawn(closed, _text(about, [gone], locale), remark=render(gone, locale))
    if decided is None or item is None:
        # It was carried out, and the item is not shown any more.
        ends = [decided_text(services, ask)]
        return _Drawn(replace(ask, is_open=False), _text(about, ends, locale), remark=render(ends[0], locale))
    return _drawn_decided(services, ask, item.ordinal, decided, about, locale)


def _drawn_decided(
    services: Services, ask: ChatAsk, ordinal: int, decided: Decided, about: list[str], locale: str
) -> _Drawn:
    can_be_taken_back = decided.can_be_taken_back(services.clock.now())
    kept = replace(
        ask, kind=decided.kind, at=decided.at, settles_at=decided.settles_at, is_open=not decided.is_settled
    )
    ends = [decided_text(services, decided)]
    if decided.text:
        ends.append(sentence("chat.shown_remark", text=brief(decided.text, MOST_REMARK)))
    remark = render(ends[0], locale)
    if not can_be_taken_back:
        return _Drawn(kept, _text(about, ends, locale), remark=remark)
    ends.append(until_text(services, decided))
    data = f"{TAKE_BACK}:{ask.number}:{ordinal}:{ask.token}"
    button = Button(render(sentence("chat.button_take_back"), locale), data)
    return _Drawn(kept, _text(about, ends, locale), (button,), remark)


def _ask_buttons(ask: ChatAsk, locale: str) -> tuple[Button, ...]:
    where = f"{ask.number}:{ask.token}"
    return (
        Button(render(sentence("chat.button_accept"), locale), f"{ACCEPT}:{where}", ButtonStyle.SUCCESS),
        Button(render(sentence("chat.button_return"), locale), f"{RETURN}:{where}", ButtonStyle.DANGER),
    )


def _prompt(ask: ChatAsk, locale: str) -> str:
    return render(sentence("chat.shown_prompt", title=brief(ask.title, MOST_TITLE)), locale)


def _text(about: Sequence[str], ends: Sequence[Sentence], locale: str) -> str:
    return "\n".join(about) + "\n\n" + "\n".join(render(one, locale) for one in ends)


def _moment(services: Services, at: str) -> tuple[Days, str]:
    moment = datetime.fromisoformat(at).astimezone(services.time_zone)
    return Days(moment.date(), moment.date()), f"{moment:%H:%M}"


# --- Keeping and telling -----------------------------------------------------------------------------


def _keep_asks(run: Run, page: ClientPage, items: Sequence[ShownItem]) -> list[ChatAsk]:
    """The messages about items as they are kept now: the token of one stands before it is sent."""
    while True:
        known = load_asks(run.services.store, page.spreadsheet_id, [one.number for one in items])
        asks = [
            known[one.number].showing(one)
            if one.number in known
            else new_ask(page.spreadsheet_id, page.agency_id, one)
            for one in items
        ]
        new = [one for one in asks if known.get(one.number) != one]
        if not new:
            return asks
        try:
            version = run.commit(*(one.put() for one in new))
        except StoreConflictError:
            # Another run shows the same items.
            continue
        return [replace(one, version=version) if one in new else one for one in asks]


def _tell(run: Run, page: ClientPage, asks: Iterable[ChatAsk]) -> None:
    services = run.services
    chat = load_chat(services.store, page.spreadsheet_id, page.agency_id)
    for ask in asks:
        item = page.by_number.get(ask.number)
        known = ask if item is not None or ask.kind else _with_decision(services, ask)
        drawn = _drawn(services, known, item, page.locale)
        kept = replace(drawn.ask, is_told=bool(chat.chat_id), content=drawn.content)
        if kept == ask:
            # The message says this already, or waits to be sent.
            continue
        _post(run, drawn)
        _keep(run, kept)
        if drawn.ask.kind and drawn.buttons:
            settles_at = datetime.fromisoformat(drawn.ask.settles_at)
            run.queue_at_end(asks_wish(services, page.spreadsheet_id, settles_at))


def _with_decision(services: Services, ask: ChatAsk) -> ChatAsk:
    """The message about an item that is gone, with the decision that was carried out, if there is one."""
    count = ask.ordinal + MOST_DECISIONS
    made = load_decisions(services.store, ask.spreadsheet_id, ask.number, count)
    holds = [one for one in made if one.shown == ask.fingerprint and one.state != DecisionState.TAKEN_BACK]
    if not holds:
        return ask
    return replace(ask, kind=holds[-1].kind, at=holds[-1].at, settles_at=holds[-1].settles_at)


def _post(run: Run, drawn: _Drawn) -> None:
    ask = drawn.ask
    where = (ask.spreadsheet_id, ask.agency_id, Told.SHOWN)
    post_message(run, *where, ask.name, drawn.text, buttons=drawn.buttons)
    key = message_key(ask.spreadsheet_id, ask.remark_name)
    if run.services.store.get_many([key]):
        prompt = f"{ask.number}:{ask.token}" if not ask.kind and ask.is_open else ""
        post_message(run, *where, ask.remark_name, drawn.remark, prompt=prompt)


def _keep(run: Run, ask: ChatAsk) -> None:
    """Keep what the message says, unless the item was shown anew meanwhile."""

    def change(documents: list[Document | None]) -> list[Write]:
        if documents[0] is None:
            return []
        now = ask_from_document(documents[0])
        if now.token != ask.token:
            return []
        kept = replace(ask, reminder=max(now.reminder, ask.reminder), version=now.version)
        return [] if kept == now else [kept.put()]

    run.at_end(updates=[DocumentChange(run.services.store, (ask.key,), change)])
