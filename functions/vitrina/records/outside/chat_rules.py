"""What an agency has chosen for its chats, as *Настройки* said it last."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field, to_builtins

from vitrina.ports import Document, Json, Key, Put, Store
from vitrina.records.packing import known_fields

CHAT_RULES = "chat_rules"


class Told(StrEnum):
    """What a message in a chat is about."""

    BEGUN = "begun"
    BATCH = "batch"
    CALL = "call"
    #: Finished work that the client is asked about.
    SHOWN = "shown"
    #: What happened in a week.
    DIGEST = "digest"
    #: A report about a metric, which a manager has approved.
    REPORT = "report"
    #: An answer to a question, and what became of it: both are told where it was asked.
    ANSWER = "answer"
    QUESTION = "question"
    UNANSWERED = "unanswered"
    UNUSABLE = "unusable"
    #: What a client has added from his page.
    ASKED = "asked"
    #: Why a digest was not sent.
    DIGEST_HELD = "digest_held"
    #: A request to accounting.
    INVOICE = "invoice"
    #: Facts of a metric that cannot be read.
    NO_FACTS = "no_facts"
    #: A draft of a report that was written by itself.
    REPORT_DRAFT = "report_draft"


#: What is told to clients, and where is chosen by the agency.
CHOSEN = (Told.BEGUN, Told.BATCH, Told.CALL, Told.SHOWN, Told.DIGEST, Told.REPORT)
#: What is told where it is usual, unless the agency has chosen something else: a person has asked for it.
WANTED = frozenset({Told.REPORT})
#: What only the agency's own chat is told.
INTERNAL = frozenset(
    {
        Told.UNANSWERED,
        Told.UNUSABLE,
        Told.ASKED,
        Told.DIGEST_HELD,
        Told.INVOICE,
        Told.NO_FACTS,
        Told.REPORT_DRAFT,
    }
)

#: Keys of the topics, in the order in which they are made.
TOPICS = ("questions", "meetings", "invoices", "reports")
#: In place of the key of a topic: the general one, or not told.
GENERAL, NOWHERE = "general", "nowhere"

#: Where is told what the agency has not chosen a place for.
USUAL_PLACES: Mapping[str, str] = {
    Told.BEGUN: GENERAL,
    Told.BATCH: "reports",
    Told.CALL: "meetings",
    Told.SHOWN: "reports",
    Told.DIGEST: "reports",
    Told.REPORT: "reports",
}


class ChatRules(Struct, frozen=True):
    """Choices of an agency.

    Parameters
    ----------
    topics
        Names of the topics by key; those that it does not want are left out.
    places
        Where an event of ``CHOSEN`` is told: key of a topic, ``GENERAL`` or ``NOWHERE``.
    most_people
        How many people an invitation lets in.
    remind_hours
        Working hours after which an unanswered question is reminded of; 0 for never.
    remind_shown_days
        Working days after which a client is reminded of finished work that he has not decided about; 0 for
        never.
    digest_day, digest_minute
        Day of the week for digests, 0 for Monday and -1 for never, and the minute of that day.
    told_problems
        Cells that could not be used, as they were told last.
    """

    agency_id: str
    topics: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    most_people: int = 10
    remind_hours: float = 4.0
    remind_shown_days: int = 3
    digest_day: int = -1
    digest_minute: int = 600
    told_problems: tuple[str, ...] = ()

    def put(self) -> Put:
        """The write that keeps them."""
        data: Json = {key: one for key, one in to_builtins(self).items() if key != "agency_id"}
        return Put(CHAT_RULES, self.agency_id, data)


def rules_key(agency_id: str) -> Key:
    """Where the choices of an agency are kept."""
    return CHAT_RULES, agency_id


def load_rules(store: Store, agency_id: str) -> ChatRules | None:
    """The choices of an agency; ``None`` if its settings were not read since it has a chat."""
    key = rules_key(agency_id)
    return rules_from_document(store.get_many([key]).get(key), agency_id)


def rules_from_document(document: Document | None, agency_id: str) -> ChatRules | None:
    """The choices of an agency, ``None`` where nothing is kept."""
    if document is None:
        return None
    values = known_fields(ChatRules, document.data)
    values["told_problems"] = tuple(values.get("told_problems", ()))
    return ChatRules(**{**values, "agency_id": agency_id})
