"""A call ends in time, also where a server sends a byte now and then."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from tests.harness.hanging import Hanging, hanging_mail_server, hanging_server
from vitrina.chat.telegram.wire import TelegramWire
from vitrina.crm.amocrm.pace import Pace as AmoPace
from vitrina.crm.amocrm.wire import AmoWire
from vitrina.deadline import extended_to, limited_to, outside_call, patient_for, seconds_left
from vitrina.errors import RetriableServiceError
from vitrina.google.files import GoogleFiles
from vitrina.google.firestore import make_firestore
from vitrina.google.identity import GoogleIdentity
from vitrina.google.queue import CloudTasksQueue, make_tasks
from vitrina.google.services import make_services
from vitrina.google.workbooks import GoogleWorkbooks
from vitrina.mail.smtp import Security, SmtpMail
from vitrina.mail_port import Letter
from vitrina.metric_port import MetricSource
from vitrina.metrics import calltouch, metrica
from vitrina.store.firestore import FirestoreStore
from vitrina.trackers.asana.wire import AsanaWire
from vitrina.trackers.kaiten.wire import KaitenWire

pytestmark = pytest.mark.servers

#: What a call may take here, and what a busy machine adds. Bytes come far more often.
LIMIT_S, EVERY_S, SLACK_S = 0.2, 0.05, 5.0
#: A token that is as long and as deep as a real one, of nobody.
TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJlbWFpbCI6ImFAYi5jIn0.c2lnbg"
ZONE = ZoneInfo("Europe/Moscow")

#: Makes a call of an adapter to the server at an address.
MakeCall = Callable[[str], Callable[[], object]]


def now() -> datetime:
    """Some moment."""
    return datetime(2026, 11, 23, 9, tzinfo=UTC)


def workbooks(url: str) -> GoogleWorkbooks:
    """Sheets at an address."""
    return GoogleWorkbooks(partial(make_services, url), url="{id}")


def identity(url: str) -> GoogleIdentity:
    """Who asks, by the certificates at an address."""
    return GoogleIdentity(audience="a", service_account="s", task_audience="t", certs_url=url)


def store(url: str) -> FirestoreStore:
    """Firestore at an address."""
    return FirestoreStore(make_firestore(url), "projects/p/databases/d")


def queue(url: str) -> CloudTasksQueue:
    """Cloud Tasks at an address, whose resources are built with the first task."""
    make_tasks(url)
    name = "projects/p/locations/l/queues/q"
    return CloudTasksQueue(queue=name, url="https://a", service_account="s", tasks_url=url)


def site(url: str) -> MetricSource:
    """A site of Calltouch at an address."""
    return calltouch.connect({"1": "t"}, zone=ZONE, now=now, url=url).source("1")


def mail(port: str, security: Security) -> Callable[[], object]:
    """A letter to the server at a port."""
    server = SmtpMail("127.0.0.1", int(port), "a@b.cd", security=security)
    return partial(server.send, Letter("a@b.cd", "a", "a", "a"))


CALLS: dict[str, MakeCall] = {
    "certificates": lambda url: partial(identity(url).person, TOKEN),
    "Sheets": lambda url: partial(workbooks(url).read, "a"),
    "Sheets, a write": lambda url: partial(workbooks(url).batch_update, "a", []),
    "Drive": lambda url: partial(GoogleFiles(partial(make_services, url)).new_ids, 1),
    "Firestore": lambda url: partial(store(url).get_many, [("a", "b")]),
    "Firestore, a commit": lambda url: partial(store(url).commit, []),
    "Cloud Tasks": lambda url: partial(queue(url).add, "a", {}),
    "Kaiten": lambda url: partial(KaitenWire(url, "t").get, "/cards"),
    "Asana": lambda url: partial(AsanaWire(url, "t").get, "/tasks"),
    "amoCRM": lambda url: partial(AmoWire(url, "t", pace=AmoPace(0.0)).get, "/leads"),
    "Telegram": lambda url: partial(TelegramWire(url, "1:t").send, "getMe"),
    "Metrica": lambda url: metrica.connect("t", zone=ZONE, now=now, url=url).accounts,
    "Calltouch": lambda url: site(url).measures,
    "mail": lambda port: mail(port, Security.NONE),
    "mail over TLS": lambda port: mail(port, Security.TLS),
}


@contextmanager
def hanging(name: str, how: Hanging) -> Iterator[str]:
    """The address, or the port, of a server of a kind."""
    server = hanging_mail_server if name.startswith("mail") else hanging_server
    with server(how=how, every_s=EVERY_S) as address:
        yield address
    if name == "certificates":
        with warnings.catch_warnings():
            # The package that keeps certificates leaves the file of a broken answer to the collector.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.mark.parametrize("how", Hanging)
@pytest.mark.parametrize("name", CALLS)
def test_row_9_a_call_ends_at_the_deadline_however_slowly_its_answer_comes(name: str, how: Hanging) -> None:
    """Silence is a temporary error, and nothing is waited for after the deadline."""
    with hanging(name, how) as address:
        call = CALLS[name](address)
        began_at = time.monotonic()
        with limited_to(LIMIT_S), pytest.raises(RetriableServiceError):
            call()
        took_s = time.monotonic() - began_at

    assert took_s < LIMIT_S + SLACK_S


@pytest.mark.parametrize("name", CALLS)
def test_row_9_work_without_a_deadline_loses_patience(name: str) -> None:
    """The second call to a silent system fails at once."""
    with hanging(name, Hanging.SILENT) as address, patient_for(LIMIT_S):
        call = CALLS[name](address)
        began_at = time.monotonic()
        for _ in range(2):
            with pytest.raises(RetriableServiceError):
                call()
        took_s = time.monotonic() - began_at

    assert took_s < LIMIT_S + SLACK_S


def fail_after_a_while(error: type[Exception]) -> None:
    """A call that is not carried out."""
    with suppress(error), outside_call("a", 5.0):
        time.sleep(0.01)
        raise error


def test_patience_is_for_each_system_and_only_for_silence() -> None:
    """Answers cost none of it, whatever they say and however long they took."""
    with patient_for(10.0):
        fail_after_a_while(ValueError)
        assert seconds_left("a") == 10.0
        fail_after_a_while(TimeoutError)

        assert seconds_left("a") < 10.0
        assert seconds_left("b") == 10.0


def test_a_call_is_not_sent_without_time() -> None:
    """After the deadline, or of patience, nothing is begun; an end gets some seconds nevertheless."""
    with limited_to(0.0):
        with pytest.raises(TimeoutError), outside_call("a", 5.0):
            pytest.fail("it was sent")
        with extended_to(3.0), outside_call("a", 5.0) as limit_s:
            assert 2.0 < limit_s <= 3.0
    with patient_for(0.0), pytest.raises(TimeoutError), outside_call("a", 5.0):
        pytest.fail("it was sent")
    with outside_call("a", 5.0) as limit_s:
        assert limit_s == 5.0
