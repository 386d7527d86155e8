"""What is kept of the CRM: the account, the deals that wait to be read, and what became of each deal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.crm_port import CrmUser, DealField, DealStage, Pipeline, StageKind
from vitrina.ports import ABSENT, Document, Json, Key, Put, Store, Write
from vitrina.records.packing import SCHEMA, Packed, known_fields, packed_writes, unpack_one

CRM_ACCOUNT = "crm_account"
DEAL_HINTS = "deal_hints"
DEAL = "deal"


# --- The account -------------------------------------------------------------------------------------


class KeptAccount(Struct, frozen=True):
    """What was read of the account of an agency.

    Parameters
    ----------
    read_at
        When pipelines, fields and users were read, as ISO text; empty if never.
    listed_at, seen
        Changes of deals before this moment are known, as ISO text; empty if deals were never listed. Deals of
        the last list with the moments of their changes.
    chosen, passed_over
        The stages that mean something, each as setting, pipeline and stage id. Deals that stood there when
        they were chosen are left alone: what their stage meant then, by id.
    told_problems, told_refusal
        What was told last of settings that cannot be used, and of a CRM that refuses us; else empty.
    project_stages
        Stages of projects that were sent to the CRM, or are just being sent, by deal.
    """

    agency_id: str
    pipelines: tuple[Pipeline, ...] = ()
    fields: tuple[DealField, ...] = ()
    users: tuple[CrmUser, ...] = ()
    read_at: str = ""
    listed_at: str = ""
    chosen: tuple[tuple[str, str, str], ...] = ()
    passed_over: Mapping[str, str] = field(default_factory=dict)
    told_problems: tuple[str, ...] = ()
    told_refusal: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)
    project_stages: Mapping[str, str] = field(default_factory=dict)


def account_key(agency_id: str) -> Key:
    """Where the account of an agency is kept."""
    return CRM_ACCOUNT, agency_id


def load_account(store: Store, agency_id: str) -> tuple[KeptAccount, Packed]:
    """The account, empty where nothing was read, with the document as it was read."""
    key = account_key(agency_id)
    packed = unpack_one(store, *key, store.get_many([key]).get(key))
    return _account(agency_id, packed.payload), packed


def account_writes(account: KeptAccount, before: Packed) -> list[Write]:
    """Writes that keep the account in place of what was read."""
    return packed_writes(before, to_builtins(account), agency_id=account.agency_id)


def _account(agency_id: str, payload: Any) -> KeptAccount:
    if payload is None:
        return KeptAccount(agency_id)
    values = known_fields(KeptAccount, payload)
    values["pipelines"] = tuple(_pipeline(one) for one in values.get("pipelines", ()))
    values["fields"] = tuple(DealField(**one) for one in values.get("fields", ()))
    values["users"] = tuple(CrmUser(**one) for one in values.get("users", ()))
    values["chosen"] = tuple((setting, *stage) for setting, *stage in values.get("chosen", ()))
    values["told_problems"] = tuple(values.get("told_problems", ()))
    return KeptAccount(**values)


def _pipeline(data: Json) -> Pipeline:
    stages = (DealStage(one["stage_id"], one["name"], StageKind(one["kind"])) for one in data["stages"])
    return Pipeline(data["pipeline_id"], data["name"], tuple(stages))


# --- Deals that wait to be read ----------------------------------------------------------------------


class DealHints(Struct, frozen=True):
    """Deals that were touched and not read since then, by the mark of the touch."""

    agency_id: str
    touched: Mapping[str, str] = field(default_factory=dict)
    #: Whether a task is queued that will read them.
    is_queued: bool = False
    version: int = ABSENT

    def touch(self, deal_ids: Iterable[str], mark: str) -> DealHints:
        """With deals that were touched once more."""
        return replace(self, touched={**self.touched, **dict.fromkeys(deal_ids, mark)})

    def without(self, read: Mapping[str, str]) -> DealHints:
        """Without the deals that were read, unless they were touched again after that."""
        left = {deal_id: mark for deal_id, mark in self.touched.items() if read.get(deal_id) != mark}
        return replace(self, touched=left)

    def put(self) -> Put:
        """The write that keeps the hints, if they were not changed since they were read."""
        data = {"touched": dict(self.touched), "is_queued": self.is_queued}
        return Put(DEAL_HINTS, self.agency_id, data, self.version)


def load_hints(store: Store, agency_id: str) -> DealHints:
    """Deals that wait to be read."""
    key = (DEAL_HINTS, agency_id)
    document = store.get_many([key]).get(key)
    if document is None:
        return DealHints(agency_id)
    return DealHints(agency_id, document.data["touched"], document.data["is_queued"], document.version)


# --- Deals -------------------------------------------------------------------------------------------


class DealPhase(StrEnum):
    """What became of a deal."""

    #: Nothing, or a card of the sales board.
    SEEN = "seen"
    #: Its responsible person was asked for what is missing.
    ASKED = "asked"
    #: The operation that makes its project is queued, runs, or has failed and is tried again.
    STARTING = "starting"
    STARTED = "started"


class KeptDeal(Struct, frozen=True):
    """What became of a deal, and what was told to whom.

    Parameters
    ----------
    lacking
        What was missing when it was read last, as codes of sentences with their placeholders.
    task_id
        The task in the CRM that asks for what is missing.
    operation_id, params
        The operation that makes the project, and what it was asked to make.
    tries
        How often that operation was begun.
    next_look_at
        When to look at a deal that waits for something of ours, as ISO text.
    card_id
        Its card on the sales board.
    is_noted
        Whether the deal has the note with the links.
    sent_stages
        Stages of the project that were sent to the CRM.
    told
        What was told to the agency and is still so.
    """

    deal_id: str
    agency_id: str
    name: str = ""
    phase: DealPhase = DealPhase.SEEN
    lacking: tuple[Json, ...] = ()
    task_id: str = ""
    operation_id: str = ""
    params: Json = field(default_factory=dict)
    tries: int = 0
    next_look_at: str = ""
    spreadsheet_id: str = ""
    card_id: str = ""
    is_noted: bool = False
    sent_stages: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    version: int = ABSENT

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done for it, without a change in the CRM."""
        return self.phase is DealPhase.STARTING or (self.phase is DealPhase.STARTED and not self.is_noted)

    def put(self) -> Put:
        """The write that keeps the deal, if it was not changed since it was read."""
        data = {**to_builtins(self), "is_open": self.is_open, "schema": SCHEMA}
        return Put(DEAL, self.deal_id, {key: data[key] for key in data if key != "version"}, self.version)


def deal_key(deal_id: str) -> Key:
    """Where a deal is kept."""
    return DEAL, deal_id


def load_deal(store: Store, deal_id: str, agency_id: str) -> KeptDeal:
    """What is known of a deal; nothing for one that is seen for the first time."""
    return deal_from_document(store.get_many([deal_key(deal_id)]).get(deal_key(deal_id)), deal_id, agency_id)


def deal_from_document(document: Document | None, deal_id: str, agency_id: str) -> KeptDeal:
    """What is known of a deal."""
    if document is None:
        return KeptDeal(deal_id, agency_id)
    if document.data["agency_id"] != agency_id:
        # The account was another agency's before; what became of the deal there is not this one's.
        return KeptDeal(deal_id, agency_id, version=document.version)
    values = known_fields(KeptDeal, document.data)
    for name in ("lacking", "sent_stages", "told"):
        values[name] = tuple(values.get(name, ()))
    values["phase"] = DealPhase(values["phase"])
    return replace(KeptDeal(**values), version=document.version)


def find_open_deals(store: Store, agency_id: str) -> list[KeptDeal]:
    """Deals for which something is still to be done."""
    found = store.find(DEAL, where={"agency_id": agency_id, "is_open": True})
    return [deal_from_document(one, one.key, agency_id) for one in found]
