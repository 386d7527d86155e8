"""People of the client in their group: they press buttons, answer the bot, ask, and take its rights away."""

from __future__ import annotations

from typing import Any

from benchmarks.chaos.history import Json
from benchmarks.chaos.site import Site
from benchmarks.chaos.starting_points import claim_group
from benchmarks.chaos.visits.page import chosen
from benchmarks.chaos.visits.record import UNDO, UNKNOWN, Attempt, Record
from benchmarks.chaos.world import ChaosWorld
from emulators.telegram.models.view import chats

REPORTS = "Отчёты"
LETTERS = {"accept": "a", "return": "r", "undo": "u"}
KINDS = {"accept": "accepted", "undo": UNDO}


class ChatVisits:
    """What happens in the group of a project."""

    def __init__(self, world: ChaosWorld, site: Site, record: Record) -> None:
        self._world = world
        self._site = site
        self._record = record
        self._is_muted = False
        if site.chat_id:
            record.groups.append(site.chat_id)

    def do(self, what: Json) -> bool:
        """Do something in the group; returns whether it was possible."""
        if what["do"] == "claim":
            return self._claim()
        if not self._record.groups:
            return False
        with self._world.chat.lock:
            match what["do"]:
                case "remark":
                    return self._remark(what)
                case "question":
                    self._say(what, text=f"/question {what['text']}")
                    self._record.questions[what["text"]] = False
                    return True
                case "mute":
                    self._world.chat.do(action="mute_bot", chat_id=self._chat_id)
                    self._is_muted = True
                    return True
                case _:
                    return self._press(what)

    def finish(self) -> None:
        """Give the bot its rights back."""
        if self._is_muted:
            self._is_muted = False
            with self._world.chat.lock:
                self._world.chat.state.chats[str(self._chat_id)]["may_send"] = True
                rights = ["can_manage_topics", "can_invite_users"]
                self._world.chat.do(action="change_bot", chat_id=self._chat_id, rights=rights)

    @property
    def _chat_id(self) -> int:
        return self._record.groups[0]

    def _claim(self) -> bool:
        """Add the bot to one more group with the link of the menu."""
        if not self._site.chat_token:
            return False
        group = claim_group(self._world, self._site)
        with self._record.lock:
            self._record.groups.append(group)
        return True

    def _press(self, what: Json) -> bool:
        letter = f"{LETTERS[what['do']]}:"
        buttons = [
            (message["id"], one["callback_data"])
            for message in self._messages()
            for row in message["keyboard"]
            for one in row
            if one["callback_data"].startswith(letter)
        ]
        if not buttons:
            return False
        message_id, data = chosen(sorted(buttons, key=lambda one: _number(one[1])), what["which"])
        if what["do"] in KINDS:
            self._record.note(Attempt(_number(data), KINDS[what["do"]], "chat", "", UNKNOWN))
        for by in what["users"]:
            press = {"message_id": message_id, "data": data, "user_id": by}
            self._world.chat.do(action="press", chat_id=self._chat_id, **press)
        return True

    def _remark(self, what: Json) -> bool:
        """Answer a message in which the bot asks for a remark."""
        rows = self._messages()
        shown = {one["id"]: _numbers(one) for one in rows}
        prompts = [one for one in rows if shown.get(one["reply_to"])]
        if not prompts:
            return False
        prompt = chosen(prompts, what["which"])
        [number, *_] = shown[prompt["reply_to"]]
        self._record.note(Attempt(number, "returned", "chat", what["text"], UNKNOWN))
        # A remark that comes too late is kept as a question.
        self._record.questions[what["text"]] = False
        self._say(what, text=what["text"], reply_to=prompt["id"], topic=REPORTS)
        return True

    def _say(self, what: Json, *, text: str, topic: str = "", reply_to: int | None = None) -> None:
        where: Json = {"reply_to": reply_to} if reply_to else {}
        if topic:
            where["topic_id"] = self._topic(topic)["id"]
        self._world.chat.do(
            action="write", chat_id=self._chat_id, user_id=what["users"][0], text=text, **where
        )

    def _messages(self) -> list[Any]:
        """Messages of the bot about the work that is shown."""
        rows = self._topic(REPORTS)["messages"] if self._has(REPORTS) else []
        return [one for one in rows if one["is_bot"] and one["text"]]

    def _topic(self, name: str) -> Any:
        return next(one for one in self._group["topics"] if one["name"] == name)

    def _has(self, name: str) -> bool:
        return any(one["name"] == name for one in self._group["topics"])

    @property
    def _group(self) -> Any:
        return next(one for one in chats(self._world.chat.state) if one["id"] == self._chat_id)


def _number(data: str) -> int:
    """The item of a button."""
    return int(data.split(":")[1])


def _numbers(message: Any) -> list[int]:
    """The item of each button of a message."""
    return [_number(one["callback_data"]) for row in message["keyboard"] for one in row]
