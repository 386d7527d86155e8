"""The fake of unit tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.harness.crm_worlds.world import (
    BEGINS_ON,
    COMPANY,
    CONTACTS,
    HOURS,
    KIND,
    PIPELINES,
    PREPAID,
    SeenTask,
)
from tests.harness.fakes.crm import SERVICE, FakeCrm, webhook_of
from tests.harness.fakes.interruptions import busy, no_answer
from vitrina.crm_port import Crm, CrmUser, DealField, DealStage, Pipeline, StageKind, WebhookState
from vitrina.errors import AccessDeniedError
from vitrina.ports import WebhookRequest


class MemoryWorld:
    """See ``CrmWorld``."""

    def __init__(self) -> None:
        self.fake = FakeCrm()
        self.crm: Crm = self.fake
        self.robot, self.olga = "1", "2"
        self.stages = {
            (key, stage): (key, stage)
            for key, (_, stages) in PIPELINES.items()
            for stage in (*stages, "won", "lost")
        }
        self.fields = {name: f"field-{name}" for name in (HOURS, KIND, BEGINS_ON, PREPAID)}
        self.contacts = {name: f"contact-{name}" for name in CONTACTS}
        self.company = "company-1"

    def reset(self) -> None:
        """See ``CrmWorld``."""
        last = (DealStage("won", "Выиграна", StageKind.WON), DealStage("lost", "Проиграна", StageKind.LOST))
        self.fake.set_up(
            pipelines=tuple(
                Pipeline(key, title, tuple(DealStage(*one) for one in stages.items()) + last)
                for key, (title, stages) in PIPELINES.items()
            ),
            fields=tuple(DealField(field_id, name) for name, field_id in self.fields.items()),
            users=(CrmUser("1", "Витрина", "bot@a.test"), CrmUser("2", "Ольга", "olga@a.test")),
            contacts={self.contacts[name]: person for name, person in CONTACTS.items()},
            companies={self.company: COMPANY},
        )

    def make_crm(self) -> Crm:
        """See ``CrmWorld``."""
        return self.fake

    def now(self) -> datetime:
        """See ``CrmWorld``."""
        return self.fake.now + timedelta(seconds=1)

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
        """See ``CrmWorld``."""
        return self.fake.add_deal(
            *self.stages["sales", stage],
            budget_kopecks=budget_roubles * 100,
            responsible_id=self.olga,
            contact_ids=tuple(self.contacts[name] for name in contacts),
            company_id=self.company if has_company else None,
            fields={self.fields[name]: (value,) for name, value in (fields or {}).items()},
        )

    def set_budget(self, deal_id: str, roubles: int) -> None:
        """See ``CrmWorld``."""
        self.fake.change(deal_id, budget_kopecks=roubles * 100)

    def move(self, deal_id: str, pipeline: str, stage: str) -> None:
        """See ``CrmWorld``."""
        pipeline_id, stage_id = self.stages[pipeline, stage]
        self.fake.change(deal_id, pipeline_id=pipeline_id, stage_id=stage_id)

    def delete(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        self.fake.change(deal_id, is_deleted=True)

    def restore(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        self.fake.change(deal_id, is_deleted=False)

    def merge(self, kept_id: str, gone_id: str) -> None:
        """See ``CrmWorld``."""
        self.fake.remove(gone_id)
        self.fake.change(kept_id)

    def rewrite_notes(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        notes = self.fake.notes_of(deal_id)
        notes.update({one: f"Важно! {text}\n— Ольга" for one, text in notes.items()})

    def finish_tasks(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        for task in self.fake.tasks_of(deal_id):
            task.is_done = True

    # --- What people see ---

    def notes_of(self, deal_id: str) -> list[str]:
        """See ``CrmWorld``."""
        return list(self.fake.notes_of(deal_id).values())

    def tasks_of(self, deal_id: str) -> list[SeenTask]:
        """See ``CrmWorld``."""
        return [SeenTask(one.text, one.assignee_id, one.due_at) for one in self.fake.tasks_of(deal_id)]

    # --- The CRM from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``CrmWorld``."""
        return self.fake.sent

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``CrmWorld``."""
        return [webhook_of(["1"], secret="other"), webhook_of(["1"], secret="")]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``CrmWorld``."""
        return [webhook_of(body) for body in (None, {}, [5], "1")]

    def subscription_count(self) -> int:
        """See ``CrmWorld``."""
        return int(self.fake.check_webhook() != WebhookState.ABSENT)

    def switch_webhook_off(self) -> None:
        """See ``CrmWorld``."""
        self.fake.set_webhook(WebhookState.DISABLED)

    def narrow_webhook(self) -> None:
        """See ``CrmWorld``."""
        self.fake.set_webhook(WebhookState.INCOMPLETE)

    def contact_reads(self) -> int:
        """See ``CrmWorld``."""
        return self.fake.contact_reads

    def lose_answer(self, call: str) -> None:
        """See ``CrmWorld``."""
        self.fake.after(call, no_answer(SERVICE))

    def break_call(self, call: str) -> None:
        """See ``CrmWorld``."""
        self.fake.before(call, no_answer(SERVICE))

    def be_busy(self, call: str) -> None:
        """See ``CrmWorld``."""
        self.fake.before(call, busy(SERVICE))

    def deny(self, call: str) -> None:
        """See ``CrmWorld``."""

        def fail() -> None:
            raise AccessDeniedError("crm.unauthorized", service=SERVICE, status=401)

        self.fake.before(call, fail)


@contextmanager
def open_world() -> Iterator[MemoryWorld]:
    """A world in memory."""
    yield MemoryWorld()
