"""A CRM in memory that keeps the rules of the port."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tests.harness.fakes.interruptions import Interruptions
from vitrina.crm_port import (
    ChangedDeal,
    Company,
    Contact,
    ContactRole,
    CountedDeal,
    CrmAccount,
    CrmUser,
    Deal,
    DealField,
    DealMoment,
    DealNote,
    DealTask,
    FieldValue,
    Pipeline,
    ReceivedDeals,
    StageKind,
    WebhookState,
)
from vitrina.errors import FatalServiceError
from vitrina.ports import WebhookRequest

SERVICE = "CRM"
#: The last part of the address of its webhooks.
SECRET = "secret"
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)


@dataclass
class FakeTask:
    """A task of a deal."""

    task_id: str
    text: str
    assignee_id: str
    due_at: datetime
    is_done: bool = False


@dataclass
class _State:
    """All data of the account; ids are counted up."""

    pipelines: tuple[Pipeline, ...] = ()
    fields: tuple[DealField, ...] = ()
    users: tuple[CrmUser, ...] = ()
    #: Name and phone of contacts, names of companies, by id.
    contacts: dict[str, tuple[str, str]] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)
    created_at: dict[str, datetime] = field(default_factory=dict)
    moved_at: dict[str, datetime] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    tasks: dict[str, list[FakeTask]] = field(default_factory=dict)
    webhook: WebhookState = WebhookState.ABSENT
    last_id: int = 0
    now: datetime = START


class FakeCrm(Interruptions):
    """``Crm`` in memory. Every change takes a second, so that moments differ."""

    name = SERVICE

    def __init__(self) -> None:
        super().__init__()
        self._state = _State()
        #: Requests that it sent to our address.
        self.sent: list[WebhookRequest] = []
        #: How often name and phone of a contact were read.
        self.contact_reads = 0

    # --- The port ----------------------------------------------------------------------------------

    def get_account(self) -> CrmAccount:
        """See ``Crm``."""
        with self._called("get_account"):
            return CrmAccount("1", "Агентство")

    def list_pipelines(self) -> tuple[Pipeline, ...]:
        """See ``Crm``."""
        with self._called("list_pipelines"):
            return self._state.pipelines

    def list_fields(self) -> tuple[DealField, ...]:
        """See ``Crm``."""
        with self._called("list_fields"):
            return self._state.fields

    def list_users(self) -> tuple[CrmUser, ...]:
        """See ``Crm``."""
        with self._called("list_users"):
            return self._state.users

    def get_deal(self, deal_id: str, *, with_personal_data: bool = False) -> Deal | None:
        """See ``Crm``."""
        with self._called("get_deal"):
            deal = self._state.deals.get(deal_id)
            if deal is None or not with_personal_data:
                return deal
            return replace(deal, contacts=tuple(map(self._with_person, deal.contacts)))

    def list_changed_deals(self, since: datetime) -> tuple[ChangedDeal, ...]:
        """See ``Crm``."""
        with self._called("list_changed_deals"):
            changed = [deal for deal in self._state.deals.values() if deal.updated_at >= since]
            return tuple(
                ChangedDeal(
                    deal.deal_id,
                    "" if deal.is_deleted else deal.pipeline_id,
                    "" if deal.is_deleted else deal.stage_id,
                    deal.updated_at,
                    deal.is_deleted,
                )
                for deal in sorted(changed, key=lambda deal: deal.updated_at)
            )

    def list_deals(self, by: DealMoment, first: datetime, last: datetime) -> tuple[CountedDeal, ...]:
        """See ``Crm``."""
        with self._called("list_deals"):
            deals = [one for one in self._state.deals.values() if not one.is_deleted]
            counted = [
                CountedDeal(
                    one.deal_id,
                    one.pipeline_id,
                    one.stage_id,
                    self._state.created_at[one.deal_id],
                    self._closed_at(one),
                    one.budget_kopecks,
                    one.fields,
                )
                for one in deals
            ]
            moments = (
                (one, one.created_at if by is DealMoment.CREATED else one.closed_at) for one in counted
            )
            return tuple(one for one, at in moments if at is not None and first <= at <= last)

    def _closed_at(self, deal: Deal) -> datetime | None:
        stages = {
            (pipeline.pipeline_id, stage.stage_id): stage.kind
            for pipeline in self._state.pipelines
            for stage in pipeline.stages
        }
        is_closed = stages[deal.pipeline_id, deal.stage_id] is not StageKind.OPEN
        return self._state.moved_at.get(deal.deal_id) if is_closed else None

    def deal_url(self, deal_id: str) -> str:
        """See ``Crm``."""
        return f"https://crm.example/deals/{deal_id}"

    def write_note(self, deal_id: str, note: DealNote) -> str:
        """See ``Crm``."""
        with self._called("write_note"):
            self._live(deal_id)
            notes = self._state.notes.setdefault(deal_id, {})
            known = next((one for one, text in notes.items() if f"[{note.key}]" in text), None)
            if known is None:
                known = self.new_id()
                notes[known] = f"{note.text}\n[{note.key}]"
            return known

    def create_task(self, deal_id: str, task: DealTask) -> str:
        """See ``Crm``."""
        with self._called("create_task"):
            self._live(deal_id)
            if task.assignee_id not in [one.user_id for one in self._state.users]:
                raise FatalServiceError("crm.invalid", service=SERVICE, status=400, fields=["assignee"])
            tasks = self._state.tasks.setdefault(deal_id, [])
            known = next((one for one in tasks if f"[{task.key}]" in one.text), None)
            if known is None:
                text = f"{task.text}\n[{task.key}]"
                known = FakeTask(self.new_id(), text, task.assignee_id, task.due_at)
                tasks.append(known)
            return known.task_id

    def move_deal(self, deal_id: str, pipeline_id: str, stage_id: str) -> None:
        """See ``Crm``."""
        with self._called("move_deal"):
            deal = self._live(deal_id)
            stages = {(one.pipeline_id, two.stage_id) for one in self._state.pipelines for two in one.stages}
            if (pipeline_id, stage_id) not in stages:
                raise FatalServiceError("crm.invalid", service=SERVICE, status=400, fields=["stage"])
            if (deal.pipeline_id, deal.stage_id) != (pipeline_id, stage_id):
                self.change(deal_id, pipeline_id=pipeline_id, stage_id=stage_id)

    def check_webhook(self) -> WebhookState:
        """See ``Crm``."""
        with self._called("check_webhook"):
            return self._state.webhook

    def connect_webhook(self) -> None:
        """See ``Crm``."""
        with self._called("connect_webhook"):
            self._state.webhook = WebhookState.ACTIVE

    def receive(self, request: WebhookRequest) -> ReceivedDeals:
        """See ``Crm``."""
        if request.path != (SECRET,):
            return ReceivedDeals(status=404)
        try:
            body = json.loads(request.body)
        except ValueError:
            return ReceivedDeals(status=400)
        ids = body.get("deal_ids") if isinstance(body, dict) else None
        texts = [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
        return ReceivedDeals(deal_ids=tuple(dict.fromkeys(texts)))

    # --- What tests set up and what people do ------------------------------------------------------

    def set_up(
        self,
        *,
        pipelines: tuple[Pipeline, ...],
        fields: tuple[DealField, ...] = (),
        users: tuple[CrmUser, ...] = (),
        contacts: Mapping[str, tuple[str, str]] | None = None,
        companies: Mapping[str, str] | None = None,
    ) -> None:
        """Begin anew with these; contacts have a name and a phone."""
        self._state = _State(pipelines, fields, users, dict(contacts or {}), dict(companies or {}))
        self.sent, self.contact_reads = [], 0
        self.calls.clear()

    @property
    def now(self) -> datetime:
        """The moment of the last change."""
        return self._state.now

    def set_time(self, now: datetime) -> None:
        """Let the next change be a second after *now*."""
        self._state.now = now

    def new_id(self) -> str:
        """An id that was not given before."""
        self._state.last_id += 1
        return str(self._state.last_id)

    def add_deal(
        self,
        pipeline_id: str,
        stage_id: str,
        *,
        name: str = "Сайт",
        budget_kopecks: int | None = 0,
        responsible_id: str | None = None,
        company_id: str | None = None,
        contact_ids: tuple[str, ...] = (),
        fields: Mapping[str, tuple[FieldValue, ...]] | None = None,
    ) -> str:
        """Id of a new deal. The first contact is the main one."""
        deal_id = self.new_id()
        contacts = tuple(
            Contact(one, ContactRole.FURTHER if place else ContactRole.MAIN, f"https://crm.example/c/{one}")
            for place, one in enumerate(contact_ids)
        )
        company = None
        if company_id is not None:
            url = f"https://crm.example/companies/{company_id}"
            company = Company(company_id, self._state.companies.get(company_id, ""), url)
        self._state.deals[deal_id] = Deal(
            deal_id=deal_id,
            name=name,
            budget_kopecks=budget_kopecks,
            responsible_id=responsible_id,
            pipeline_id=pipeline_id,
            stage_id=stage_id,
            company=company,
            contacts=contacts,
            fields=dict(fields or {}),
            updated_at=self._tick(),
            is_deleted=False,
            url=self.deal_url(deal_id),
        )
        self._state.created_at[deal_id] = self._state.moved_at[deal_id] = self._state.now
        self._tell(deal_id)
        return deal_id

    def change(self, deal_id: str, **fields: Any) -> None:
        """Change fields of a deal, as a person does; also ``is_deleted``."""
        self._state.deals[deal_id] = replace(
            self._state.deals[deal_id], **{"updated_at": self._tick(), **fields}
        )
        if "stage_id" in fields:
            self._state.moved_at[deal_id] = self._state.now
        self._tell(deal_id)

    def remove(self, deal_id: str) -> None:
        """Delete a deal for good, without a webhook, as a merge does with the deals that vanish."""
        del self._state.deals[deal_id]

    def notes_of(self, deal_id: str) -> dict[str, str]:
        """Texts of the notes by id; a test may change them."""
        return self._state.notes.setdefault(deal_id, {})

    def tasks_of(self, deal_id: str) -> list[FakeTask]:
        """The tasks of a deal; a test may change them."""
        return self._state.tasks.setdefault(deal_id, [])

    def set_webhook(self, state: WebhookState) -> None:
        """Switch the subscription off, or make it incomplete."""
        self._state.webhook = state

    def _tick(self) -> datetime:
        self._state.now += timedelta(seconds=1)
        return self._state.now

    def _tell(self, deal_id: str) -> None:
        if self._state.webhook == WebhookState.ACTIVE:
            self.sent.append(webhook_of([deal_id]))

    def _live(self, deal_id: str) -> Deal:
        deal = self._state.deals.get(deal_id)
        if deal is None or deal.is_deleted:
            raise FatalServiceError("crm.not_found", service=SERVICE, status=404)
        return deal

    def _with_person(self, contact: Contact) -> Contact:
        self.contact_reads += 1
        name, phone = self._state.contacts[contact.contact_id]
        return replace(contact, name=name, phones=(phone,) if phone else ())


def webhook_of(deal_ids: Any, *, secret: str = SECRET) -> WebhookRequest:
    """A request with these ids, as the entry point hands it to an adapter."""
    sent = json.dumps({"deal_ids": deal_ids}).encode()
    return WebhookRequest((secret,), {}, sent, _no_json)


def _no_json() -> Callable[[], Any]:
    raise AssertionError("a CRM reads the body itself")
