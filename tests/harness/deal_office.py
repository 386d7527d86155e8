"""An agency over fakes, with a CRM whose deals begin its projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tests.harness.fakes.crm import FakeCrm
from tests.harness.memory_office import MemoryOffice, SavedOffice, agency_office
from vitrina.crm_port import CrmUser, DealField, DealStage, FieldValue, Pipeline, StageKind
from vitrina.jobs.registry import call_timer
from vitrina.records.books import Project, find_projects
from vitrina.records.outside.deals import KeptDeal, load_deal
from vitrina.usecases.deals.hints import take_deal_hints

SALES, WORK = "sales", "work"
_LAST = (DealStage("won", "Выиграна", StageKind.WON), DealStage("lost", "Проиграна", StageKind.LOST))
PIPELINES = (
    Pipeline(
        SALES,
        "Продажи",
        (
            DealStage("new", "Заявка"),
            DealStage("qualified", "Квалифицирован"),
            DealStage("signed", "Договор подписан"),
            DealStage("working", "В работе"),
            DealStage("done", "Сдан"),
            *_LAST,
        ),
    ),
    Pipeline(WORK, "Сопровождение", (DealStage("care", "На поддержке"), *_LAST)),
)
FIELDS = tuple(
    DealField(key, name)
    for key, name in (
        ("code", "Код проекта"),
        ("period", "Период"),
        ("limit", "Лимит часов"),
        ("kind", "Вид договора"),
        ("terms", "Условия"),
        ("secret", "Скидка"),
    )
)
USERS = (CrmUser("1", "Витрина", "bot@a.test"), CrmUser("2", "Ольга Орлова", "olga@a.test"))
#: What the agency has chosen on *Настройки*.
RULES: Mapping[str, str] = {
    "deal_project": "Продажи: Договор подписан",
    "deal_card": "Продажи: Квалифицирован",
    "deal_in_work": "Продажи: В работе",
    "deal_finished": "Продажи: Сдан",
}


class DealOffice(MemoryOffice):
    """``MemoryOffice`` with a CRM, which knows the stages that the agency has chosen."""

    def __init__(self, saved: SavedOffice | None = None, rules: Mapping[str, str] = RULES) -> None:
        super().__init__(saved or agency_office().save())
        self.crm = FakeCrm()
        self.crm.set_up(
            pipelines=PIPELINES,
            fields=FIELDS,
            users=USERS,
            contacts={"7": ("Ирина Зернова", "+7 900 000-00-01")},
            companies={"70": "ООО «Зерно»", "71": "Улыбка"},
        )
        self.services = replace(self.services, crm=self.crm)
        self.choose(**rules)

    def choose(self, **settings: str) -> None:
        """Type into *Настройки*, and have the timer look."""
        tab = self.tab("settings", self.agency_id)
        rows = {tab.cell(row, "key").text: row for row in tab.rows}
        for key, text in settings.items():
            cell = tab.address(rows[key], "value")
            edit = {"type": "type", "sheet": tab.title, "cell": cell, "text": text}
            self.edit(edit, spreadsheet_id=self.agency_id)
        self.tick()

    def add_deal(
        self, stage: str = "new", *, fields: Mapping[str, FieldValue] | None = None, **given: Any
    ) -> str:
        """Id of a new deal of the funnel of sales."""
        self._set_time()
        known: dict[str, Any] = {"responsible_id": "2", "company_id": "70", **given}
        values = {key: (value,) for key, value in (fields or {}).items()}
        return self.crm.add_deal(SALES, stage, fields=values, **known)

    def move(self, deal_id: str, stage: str, pipeline: str = SALES) -> None:
        """Move a deal to a stage."""
        self.change(deal_id, pipeline_id=pipeline, stage_id=stage)

    def change(self, deal_id: str, **fields: Any) -> None:
        """Change fields of a deal."""
        self._set_time()
        self.crm.change(deal_id, **fields)

    def deliver(self, most: int = 40) -> None:
        """Deliver all webhooks of the CRM, and run what they queue."""
        while self.crm.sent:
            take_deal_hints(self.services, self.crm.receive(self.crm.sent.pop(0)).deal_ids)
        self.run_queue(most)

    def tick(self, minutes: float = 15.0, most: int = 40) -> None:
        """Have the timer call after some minutes, and run what it queues."""
        self.clock.advance(minutes=minutes)
        call_timer(self.services)
        self.run_queue(most)

    def deal(self, deal_id: str) -> KeptDeal:
        """What is kept of a deal."""
        return load_deal(self.store, deal_id, self.agency_id)

    def projects(self) -> list[Project]:
        """Projects of the agency."""
        return find_projects(self.store, self.agency_id)

    def journal(self) -> list[str]:
        """Messages of *Журнал*, the latest first."""
        self.tick()
        return [str(message) for (message,) in self.table("log", "message", spreadsheet_id=self.agency_id)]

    def _set_time(self) -> None:
        """Let the CRM's clock be that of the office: every change takes a second there."""
        self.crm.set_time(max(self.clock.now(), self.crm.now))
