"""Sets a group up as soon as the bot is there: topics and the invitation, each once."""

from __future__ import annotations

from typing import Any

from vitrina.chat_port import MOST_INVITE_NAME, BotRight, GroupLack, GroupUnusableError, shortened
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.records.books import load_project
from vitrina.records.outside.chat_rules import TOPICS, Told
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.room import Room
from vitrina.usecases.chats.updates import launch_change
from vitrina.usecases.chats.workbook import chat_book_wish

#: Seconds after which the agency is told once more of the same trouble.
TELL_AGAIN_S = 20 * 3600.0


def set_up(room: Room) -> None:
    """Make what the group lacks of ours.

    Raises
    ------
    GroupUnusableError
        If only a person can go on. What was made before that stays.
    """
    group = room.chat.get_group(room.kept.chat_id)
    if group is None or not group.is_member:
        raise _lack(room, GroupLack.GONE)
    if not room.kept.is_internal:
        _make_topics(room, has_topics=group.has_topics, rights=group.rights)
        if not room.state.invite_url:
            _make_invite(room, group.rights)
    _note_ready(room)


def lacks_topics(room: Room) -> bool:
    """Whether the agency wants topics that were not made: it may have chosen them later."""
    return not room.kept.is_internal and not room.rules.topics.keys() <= room.state.topics.keys()


def _make_topics(room: Room, *, has_topics: bool, rights: frozenset[BotRight]) -> None:
    wanted = [key for key in TOPICS if key in room.rules.topics and key not in room.state.topics]
    # Without topics the group is a basic one, and it becomes another group when they are switched on.
    if not has_topics:
        raise _lack(room, GroupLack.TOPICS_OFF)
    if wanted and BotRight.TOPICS not in rights:
        raise _lack(room, GroupLack.NO_RIGHT_TOPICS)
    for key in wanted:
        room.make_topic(key, room.rules.topics[key])


def _make_invite(room: Room, rights: frozenset[BotRight]) -> None:
    """A call that got no answer leaves a link that nobody knows."""
    if BotRight.INVITES not in rights:
        raise _lack(room, GroupLack.NO_RIGHT_INVITES)
    project = load_project(room.run.services.store, room.kept.spreadsheet_id)
    name = shortened(project.project_name, MOST_INVITE_NAME)
    url = room.chat.create_invite(room.kept.chat_id, name, most_people=room.rules.most_people)
    wish = chat_book_wish(room.run.services, room.kept.spreadsheet_id)
    room.keep(wish.put(room.run.services), invite_url=url)
    wish.try_to_send(room.run.services)


def _note_ready(room: Room) -> None:
    """Keep that nothing is lacking, and greet whoever comes."""
    state, run = room.state, room.run
    if state.is_ready:
        return
    run.at_end(updates=[launch_change(run.services, room.kept, None)])
    run.queue_at_end(refresh_wish(run.services, room.kept.agency_id, draws=False))
    if not state.is_greeted and not room.kept.is_internal:
        _greet(room)
    room.keep_with_final(is_ready=True, is_greeted=True, lack="")


def _greet(room: Room) -> None:
    project = load_project(room.run.services.store, room.kept.spreadsheet_id)
    url = room.run.services.workbooks.url(project.spreadsheet_id)
    text = render(sentence("chat.begun", project=project.project_name, url=url), project.locale)
    post_message(room.run, project.spreadsheet_id, project.agency_id, Told.BEGUN, Told.BEGUN.value, text)


def note_lack(room: Room, lack: GroupLack) -> None:
    """Keep why the group cannot be used, and tell the agency: once, and again after ``TELL_AGAIN_S``."""
    run, services, code = room.run, room.run.services, f"chat.{lack.value}"
    if room.state.lack == code:
        return
    state, where = room.state, {"service": room.chat.name}
    run.at_end(updates=[launch_change(services, room.kept, Sentence(code, where))])
    run.queue_at_end(refresh_wish(services, room.kept.agency_id, draws=False))
    # A closed topic looks well until something is sent there, and nobody tells of its opening.
    is_known = state.told_lack == code and room.now_s - state.told_at < TELL_AGAIN_S
    told: dict[str, Any] = {}
    if state.is_ready and not is_known:
        told = {"lack_count": state.lack_count + 1, "told_lack": code, "told_at": room.now_s}
        _tell_agency(room, Sentence(code, where), told["lack_count"])
    room.keep_with_final(is_ready=False, lack=code, **told)


def _tell_agency(room: Room, why: Sentence, number: int) -> None:
    run, kept, services = room.run, room.kept, room.run.services
    name = f"unusable-{kept.spreadsheet_id}-{number}"
    if kept.is_internal:
        # Nobody reads there what is wrong with it.
        line = JournalLine(
            operation_id=name,
            agency_id=kept.agency_id,
            spreadsheet_id="",
            at=services.clock.now().isoformat(),
            who="",
            action="agency_chat",
            outcome="failed",
            message=render(why, "ru"),
        )
        run.at_end(line.put())
        return
    project = load_project(services.store, kept.spreadsheet_id)
    text = render(sentence("chat.told_unusable", project=project.title, why=why), project.locale)
    post_message(run, kept.spreadsheet_id, kept.agency_id, Told.UNUSABLE, name, text)


def _lack(room: Room, lack: GroupLack) -> GroupUnusableError:
    return GroupUnusableError(lack, service=room.chat.name)
