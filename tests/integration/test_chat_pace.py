"""Messages of many actions over the real adapter and Telegram's emulator, with a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from msgspec.structs import replace

from emulators.common.server import running
from emulators.telegram import create_app
from tests.emulators.clock import TickingClock
from tests.emulators.telegram.telegram_world import START, TOKEN, World
from tests.harness.chat_office import ChatOffice
from tests.harness.chat_worlds.telegram import SECRET, WEBHOOK_URL, update_request
from tests.harness.fakes.clock import FixedClock
from vitrina.chat.telegram.client import TelegramChat
from vitrina.chat.telegram.pace import Pace
from vitrina.chat.telegram.wire import TelegramWire
from vitrina.errors import RetriableServiceError
from vitrina.usecases.chats.updates import take_updates

MESSAGES = 200


class OfficeTime:
    """Seconds by the clock of the office, which sleeping moves on."""

    def __init__(self) -> None:
        self.clock: FixedClock | None = None

    def __call__(self) -> float:
        """The moment."""
        return self.clock.now().timestamp() if self.clock else 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert self.clock is not None
        self.clock.advance(seconds=seconds)


class EmulatedOffice(ChatOffice):
    """An office whose tasks each run in a process of their own, over Telegram's emulator."""

    def __init__(self, world: World, time: OfficeTime) -> None:
        self._world, self._time = world, time
        super().__init__(chat=self.new_process())
        time.clock = self.clock
        self._sent = 0

    def new_process(self) -> TelegramChat:
        """The chat as a new process has it: it knows nothing of the pace of others."""
        pace = Pace(now=self._time, sleep=self._time.sleep)
        wire = TelegramWire(self._world.url, TOKEN, pace=pace, wait_s=0.01, sleep=self._time.sleep)
        return TelegramChat(wire, webhook_url=WEBHOOK_URL, webhook_secret=SECRET)

    def deliver(self, most: int = 60) -> None:
        """Deliver what Telegram sent, and run what is queued."""
        assert self.services.chat is not None
        for one in self._world.deliveries()[self._sent :]:
            take_updates(self.services, self.services.chat.receive(update_request(one["update"])))
            self._sent += 1
        self.run_queue(most)

    def run_all(self, most: int) -> int:
        """Run all tasks, each in a new process, and those that broke off again; gives how many ran."""
        count = 0
        while self.queue.waiting or self.has_open_wishes():
            assert count < most
            count += 1
            self.services = replace(self.services, chat=self.new_process())
            if not self.queue.waiting:
                self.tick(3)
                continue
            due_at = min(one.due_at for one in self.queue.waiting)
            self.clock.set(max(due_at, self.clock.now()))
            try:
                self.queue.run_next(self.run_job)
            except RetriableServiceError:
                self.clock.advance(seconds=5)
        return count

    def has_open_wishes(self) -> bool:
        """Whether a message waits."""
        return bool(
            self.store.find("chat_message", where={"spreadsheet_id": self.client_id, "is_open": True})
        )


@contextmanager
def emulated_office() -> Iterator[tuple[EmulatedOffice, World, int]]:
    """An office, the emulator, and the group of its client."""
    time = OfficeTime()
    with running(create_app(clock=TickingClock(START), now=time)) as url:
        world = World(url)
        world.seed()
        world.mode("drop")
        world.limit(per_minute=20, per_s=30)
        office = EmulatedOffice(world, time)
        link = str(office.show().data["link"])
        token = link.partition("startgroup=")[2].partition("&")[0]
        chat_id = world.add_group(payload=token, rights=["can_manage_topics", "can_invite_users"])
        office.deliver()
        yield office, world, chat_id
        world.close()


def texts(world: World, chat_id: int, name: str) -> list[str]:
    """Texts of the bot in a topic."""
    topic = next(one for one in world.chat(chat_id)["topics"] if one["name"] == name)
    return world.texts(chat_id, topic["id"])


def test_a_burst_keeps_to_the_limit_and_loses_nothing() -> None:
    """200 messages from as many clicks, sent by one process after the other: at most 20 in any minute."""
    with emulated_office() as (office, world, chat_id):
        for number in range(MESSAGES):
            office.do("note_call", text=f"Созвон {number}")
            office.clock.advance(milliseconds=1)
        began = office.clock.now()
        office.run_all(200)

        told = [one.splitlines()[-1] for one in texts(world, chat_id, "Постмиты")]
        rate = world.rate()
        assert told == [f"Созвон {number}" for number in range(MESSAGES)]
        assert rate["most_per_minute"][str(chat_id)] <= 20
        assert (rate["refused"], rate["early"]) == (0, 0)
        assert 9 * 60 <= (office.clock.now() - began).total_seconds() <= 14 * 60


@pytest.mark.parametrize("seed", range(3))
def test_lost_answers_at_random_double_nothing(seed: int) -> None:
    """Telegram does not answer, refuses or breaks now and then; texts change while they wait: one of each."""
    chance = Random(seed)
    with emulated_office() as (office, world, chat_id):
        clicks = {number: f"click{number}" for number in range(25)}
        for number, click in clicks.items():
            office.do("note_call", text=f"Созвон {number}", operation_id=click)
            if chance.random() < 0.5:
                status = chance.choice(["timeout", 502, 429])
                method = chance.choice(["sendMessage", "editMessageText", "getChat"])
                body = {"status": status, "method": method, "count": 1, "retry_after": 7}
                world.control.post("/fail-next", json=body).raise_for_status()
            if chance.random() < 0.4:
                office.run_all(200)
        office.run_all(200)

        told = [one.splitlines()[-1] for one in texts(world, chat_id, "Постмиты")]
        assert sorted(told) == sorted(f"Созвон {number}" for number in clicks), seed
        assert world.rate()["most_per_minute"][str(chat_id)] <= 20
