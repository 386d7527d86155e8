"""What tests of the port ask of the world of a CRM, in no CRM's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from vitrina.crm_port import Crm
from vitrina.ports import WebhookRequest

#: Pipelines and stages of every world, by short names; won and lost come last in each pipeline.
PIPELINES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "sales": ("Продажи", {"lead": "Заявка", "qualified": "Квалифицирован", "signed": "Договор подписан"}),
    "work": ("Производство", {"started": "В работе", "handed_over": "Сдан"}),
}
#: Names of custom fields.
HOURS, KIND, BEGINS_ON, PREPAID = "Лимит часов", "Вид проекта", "Начало", "Предоплата"
COMPANY = "ООО «Зерно»"
#: Names and phones of contacts by first name.
CONTACTS: Mapping[str, tuple[str, str]] = {
    "irina": ("Ирина Зернова", "+7 900 000-00-01"),
    "petr": ("Пётр Зернов", ""),
}


@dataclass(frozen=True)
class SeenTask:
    """A task as a person sees it."""

    text: str
    assignee_id: str
    due_at: datetime


class CrmWorld(Protocol):
    """A CRM, and Olga who works in it. All that she does takes effect at once, and takes a second.

    A world is empty of deals when a test begins.
    """

    crm: Crm
    #: User ids of Olga, and of Vitrina's own user.
    olga: str
    robot: str
    #: Ids of pipeline and stage by the short names of both; ``won`` and ``lost`` in each pipeline.
    stages: Mapping[tuple[str, str], tuple[str, str]]
    #: Ids of custom fields by name.
    fields: Mapping[str, str]
    #: Ids of contacts by first name, and of the company.
    contacts: Mapping[str, str]
    company: str

    def reset(self) -> None:
        """Begin anew, with the same people and pipelines."""

    def make_crm(self) -> Crm:
        """Another adapter of the same account, as another process has."""

    def now(self) -> datetime:
        """A moment after all that was done, by the clock of the CRM."""

    # --- What people do ---

    def add_deal(
        self,
        stage: str = "lead",
        *,
        budget_roubles: int = 0,
        contacts: Sequence[str] = (),
        has_company: bool = False,
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """A deal of Olga in the pipeline ``sales``; the first contact is the main one."""

    def set_budget(self, deal_id: str, roubles: int) -> None:
        """Enter another budget."""

    def move(self, deal_id: str, pipeline: str, stage: str) -> None:
        """Move a deal."""

    def delete(self, deal_id: str) -> None:
        """Put a deal into the bin."""

    def restore(self, deal_id: str) -> None:
        """Take it out again."""

    def merge(self, kept_id: str, gone_id: str) -> None:
        """Merge two deals: one of them vanishes."""

    def rewrite_notes(self, deal_id: str) -> None:
        """Add words around the text of every note."""

    def finish_tasks(self, deal_id: str) -> None:
        """Mark every task as done."""

    # --- What people see ---

    def notes_of(self, deal_id: str) -> list[str]:
        """Texts of the notes, oldest first."""

    def tasks_of(self, deal_id: str) -> list[SeenTask]:
        """The tasks, oldest first."""

    # --- The CRM from outside ---

    def sent(self) -> list[WebhookRequest]:
        """Requests that the CRM sent to Vitrina since ``reset``."""

    def forged(self) -> Sequence[WebhookRequest]:
        """Requests of somebody who does not know the secret."""

    def nonsense(self) -> Sequence[WebhookRequest]:
        """Requests with the right secret that name no deal."""

    def subscription_count(self) -> int:
        """Count of subscriptions with our address."""

    def switch_webhook_off(self) -> None:
        """The CRM switches our subscription off."""

    def narrow_webhook(self) -> None:
        """Olga takes kinds of changes out of our subscription."""

    def contact_reads(self) -> int:
        """How often a contact was read since ``reset``."""

    def lose_answer(self, call: str) -> None:
        """Carry out the next call of this method of the port that writes, and send no answer."""

    def break_call(self, call: str) -> None:
        """Answer the next such call with a failure, and do nothing."""

    def be_busy(self, call: str) -> None:
        """Refuse the next such call with *too many calls*."""

    def deny(self, call: str) -> None:
        """Refuse the next such call because the token is dead."""


#: Opens a world; it is closed with the context.
OpenCrmWorld = Callable[[], AbstractContextManager[CrmWorld]]
