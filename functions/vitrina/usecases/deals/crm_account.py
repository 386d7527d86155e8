"""What an action knows of the account of the CRM: pipelines, fields, people, and the rules of the agency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from vitrina.crm_port import Crm
from vitrina.operations.journal import JournalLine
from vitrina.operations.run import Run
from vitrina.project.agency_book import StoredAgency
from vitrina.records.outside.deals import account_writes, deal_key, load_account
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.deals.deal_rules import DealMeaning, DealRules, read_deal_rules
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of

#: How long what was read of the account is used before it is read again.
LIFE = timedelta(hours=1)
#: The same where a setting names something that is not there: it may be new.
LIFE_OF_UNKNOWN = timedelta(minutes=2)
#: Changes are listed from so long before the last list: clocks differ, and a change may become visible late.
OVERLAP = timedelta(minutes=10)
#: Meanings of stages that make us do something.
WANTED = (DealMeaning.CARD, DealMeaning.PROJECT)
#: Before every deal.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class CrmAccount:
    """The account of an agency as it is kept in the store. The run holds the lease of the CRM.

    Every method that calls the CRM raises ``ServiceError``.
    """

    def __init__(self, run: Run, crm: Crm, stored: StoredAgency, book: Book) -> None:
        self._run = run
        self._crm = crm
        self._stored = stored
        self._book = book
        self.kept, self._packed = load_account(run.services.store, stored.agency.spreadsheet_id)
        self.rules = self._read_rules()
        #: What was told to the agency.
        self.told: list[JournalLine] = []

    @property
    def _now(self) -> datetime:
        return self._run.services.clock.now()

    def renew(self) -> None:
        """Read pipelines, fields and people if they may be others now, and the rules with them.

        Deals that stand at a stage when it is chosen are passed over from then on: the CRM may have hundreds
        of old ones. Settings that name what the CRM does not have are told, once.
        """
        if self._is_older_than(LIFE) or (self.rules.problems and self._is_older_than(LIFE_OF_UNKNOWN)):
            self._read_account()
        self._tell_problems()
        if self.kept.chosen != self.rules.chosen:
            self._pass_over()

    def list_changes(self, touch: Callable[[Sequence[str]], None]) -> None:
        """Hand ids of deals to *touch* that were changed since the last list and ask for something.

        What was listed is kept after that: a process that dies in between lists it once more.
        """
        since = datetime.fromisoformat(self.kept.listed_at) if self.kept.listed_at else LONG_AGO
        now = self._now
        changed = self._crm.list_changed_deals(since - OVERLAP)
        seen = {one.deal_id: one.updated_at.isoformat() for one in changed}
        new = [one for one in changed if self.kept.seen.get(one.deal_id) != seen[one.deal_id]]
        known = self._run.services.store.get_many(deal_key(one.deal_id) for one in new)
        wanted = [
            one.deal_id
            for one in new
            if deal_key(one.deal_id) in known
            or one.deal_id in self.kept.passed_over
            or self.rules.meaning(one.pipeline_id, one.stage_id) in WANTED
        ]
        touch(wanted)
        self.keep(listed_at=now.isoformat(), seen=seen)

    def keep(self, **changes: Any) -> None:
        """Keep fields of ``KeptAccount``."""
        changed = replace(self.kept, **changes)
        if changed == self.kept:
            return
        version = self._run.commit(*account_writes(changed, self._packed))
        self.kept, self._packed = changed, replace(self._packed, version=version)

    def no_longer_passed_over(self, deal_ids: Iterable[str]) -> None:
        """Keep that deals stood at another stage since then."""
        gone = set(deal_ids)
        self.keep(passed_over={one: was for one, was in self.kept.passed_over.items() if one not in gone})

    def _is_older_than(self, life: timedelta) -> bool:
        read_at = self.kept.read_at
        return not read_at or self._now - datetime.fromisoformat(read_at) > life

    def _read_account(self) -> None:
        """Read all three: a call each, or some more for long lists."""
        self.keep(
            pipelines=self._crm.list_pipelines(),
            fields=self._crm.list_fields(),
            users=self._crm.list_users(),
            read_at=self._now.isoformat(),
        )
        self.rules = self._read_rules()

    def _read_rules(self) -> DealRules:
        return read_deal_rules(self._book, self.kept.pipelines, self.kept.fields)

    def _pass_over(self) -> None:
        """Leave alone what stands at a chosen stage already, and tell how many projects do not begin so."""
        now = self._now
        there = {
            one.deal_id: self.rules.meaning(one.pipeline_id, one.stage_id)
            for one in self._crm.list_changed_deals(LONG_AGO)
            if not one.is_deleted
        }
        there = {one: meaning for one, meaning in there.items() if meaning in WANTED}
        known = self._run.services.store.get_many(map(deal_key, there))
        passed_over = {one: meaning.value for one, meaning in there.items() if deal_key(one) not in known}
        self.keep(chosen=self.rules.chosen, passed_over=passed_over, listed_at=now.isoformat())
        count = sum(there[one] is DealMeaning.PROJECT for one in passed_over)
        if count:
            self._tell(render(sentence("deal.passed_over", count=count), locale_of(self._book)))

    def _tell(self, *texts: str) -> None:
        """Lines for *Журнал* about settings."""
        lines = [
            JournalLine(
                operation_id=f"deal-settings-{int(self._now.timestamp() * 1000)}-{number}",
                agency_id=self._stored.agency.spreadsheet_id,
                spreadsheet_id="",
                at=self._now.isoformat(),
                who=self._crm.name,
                action="start_project",
                outcome="refused",
                message=text,
            )
            for number, text in enumerate(texts)
        ]
        self._run.commit(*(line.put() for line in lines))
        self.told += lines

    def _tell_problems(self) -> None:
        locale = locale_of(self._book)
        texts = tuple(
            f"{one.sheet}!{one.cell}: {render(Sentence(one.code, dict(one.where)), locale)}"
            for one in self.rules.problems
        )
        if texts == self.kept.told_problems:
            return
        self._tell(*texts)
        self.keep(told_problems=texts)

    def note_refusal(self, text: str) -> None:
        """Tell once why the CRM lets us read nothing; an empty text means that it does again."""
        if text == self.kept.told_refusal:
            return
        if text:
            self._tell(text)
        self.keep(told_refusal=text)
