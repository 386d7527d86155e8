"""Reads from a deal what its project begins with, and what is lacking for that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from vitrina.crm_port import CrmUser, Deal, DealField, FieldValue
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.quantities import parse_number
from vitrina.ports import Json
from vitrina.texts import Sentence, format_number, render, sentence
from vitrina.usecases.deals.deal_rules import DealRules
from vitrina.usecases.deals.project_code import CODE, make_code
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.team import Team

#: Most characters of a text that is carried over; Google takes 50,000 in a cell.
MOST_CHARACTERS = 2000
MOST_NAME = 200
MOST_LIMIT_HOURS = 10_000


class DealTerms(Struct, frozen=True):
    """What a project begins with.

    Parameters
    ----------
    params
        Parameters of the action ``start_project``; they hold what is known if something is lacking.
    lacking
        What nobody has entered, or cannot be used, as sentences for the person responsible for the deal.
    """

    params: Json
    lacking: tuple[Sentence, ...]


class Surroundings(Struct, frozen=True):
    """What a deal is read with."""

    rules: DealRules
    choices: Choices
    locale: str
    team: Team | None
    users: tuple[CrmUser, ...]
    #: The deal of each code that is taken, empty for a project without a deal. Whoever takes one adds it.
    codes: dict[str, str]
    #: Kinds of projects that have an onboarding.
    kinds: Collection[str]


def read_terms_of(deal: Deal, around: Surroundings) -> DealTerms:
    """What the project of a deal begins with, by the rules of the agency."""
    reader = _Reader(deal, around)
    client = deal.company.name.strip() if deal.company else ""
    if not client:
        reader.lacking.append(sentence("deal.lacks_company"))
    params = {
        "client_name": client[:MOST_NAME],
        "project_name": (deal.name.strip() or client)[:MOST_NAME],
        "code": reader.code(client),
        "period": reader.period(),
        "limit_hours": reader.limit(),
        "onboarding": reader.kind(),
        "responsible": _responsible(deal, around),
        "deal_id": deal.deal_id,
        "deal_url": deal.url,
        "for_staff": _lines(staff_facts(deal, around)),
        "for_client": _lines(_facts(deal, around.rules.client_fields, around.locale)),
    }
    return DealTerms(params, tuple(reader.lacking))


class _Reader:
    """Reads the chosen fields of a deal, and collects what is lacking."""

    def __init__(self, deal: Deal, around: Surroundings) -> None:
        self._deal = deal
        self._around = around
        self.lacking: list[Sentence] = []

    def code(self, client: str) -> str:
        """The code: that of the field, or one made from the client's name."""
        others = [code for code, deal_id in self._around.codes.items() if deal_id != self._deal.deal_id]
        if "deal_code" not in self._around.rules.fields:
            return make_code(client, others)
        text = self._text("deal_code").upper()
        if text and not CODE.fullmatch(text):
            self._lack("deal.bad_code", "deal_code", value=text)
        elif text.casefold() in {code.casefold() for code in others}:
            self._lack("deal.code_taken", "deal_code", value=text)
        return text

    def period(self) -> str:
        """The period; a week where the agency has chosen no field."""
        if "deal_period" not in self._around.rules.fields:
            return PeriodKind.WEEK.value
        text = self._text("deal_period")
        code = self._around.choices.code("period", text) if text else None
        if text and code is None:
            allowed = self._around.choices.all_labels("period", self._around.locale)
            self._lack("deal.bad_choice", "deal_period", value=text, allowed=allowed)
        return code or PeriodKind.WEEK.value

    def limit(self) -> float | None:
        """Hours of a period; no limit where the agency has chosen no field."""
        if "deal_limit" not in self._around.rules.fields:
            return None
        text = self._text("deal_limit")
        if not text:
            return None
        try:
            hours = parse_number(text)
        except ValueError:
            hours = 0.0
        if not 0 < hours <= MOST_LIMIT_HOURS:
            self._lack("deal.bad_hours", "deal_limit", value=text)
            return None
        return hours

    def kind(self) -> str:
        """The kind of project, by which its onboarding is chosen; none where no field is chosen."""
        if "deal_onboarding" not in self._around.rules.fields:
            return ""
        text = self._text("deal_onboarding")
        known = {one.casefold(): one for one in self._around.kinds}
        if text and text.casefold() not in known:
            allowed = list(self._around.kinds)
            self._lack("deal.bad_choice", "deal_onboarding", value=text, allowed=allowed)
        return known.get(text.casefold(), "")

    def _text(self, setting: str) -> str:
        """The text of a field; an empty one is lacking."""
        text = "; ".join(_texts(self._deal, self._around.rules.fields[setting], self._around.locale)).strip()
        if not text:
            self._lack("deal.lacks_field", setting)
        return text

    def _lack(self, code: str, setting: str, **where: Any) -> None:
        self.lacking.append(sentence(code, field=self._around.rules.fields[setting].name, **where))


def _responsible(deal: Deal, around: Surroundings) -> str:
    """Who is responsible: as the team is named, or else as the CRM has it."""
    user = next((one for one in around.users if one.user_id == deal.responsible_id), None)
    if user is None:
        return ""
    known = around.team.names_by_email if around.team else {}
    return known.get(user.email.casefold(), user.name)[:MOST_NAME]


def staff_facts(deal: Deal, around: Surroundings) -> list[tuple[str, str]]:
    """What the staff see of a deal: budget, people and chosen fields. What it is, and its text."""
    facts: list[tuple[Sentence | str, Sentence | str]] = []
    if deal.budget_kopecks is not None:
        amount = sentence("deal.roubles", roubles=deal.budget_kopecks / 100)
        facts.append((sentence("deal.budget"), amount))
    for one in deal.contacts:
        person = [text for text in (one.name, *one.phones, one.url) if text]
        facts.append((sentence(f"deal.contact_{one.role.value}"), ", ".join(person)))
    facts += _facts(deal, around.rules.staff_fields, around.locale)
    return [(_rendered(about, around.locale), _rendered(text, around.locale)) for about, text in facts]


def _facts(deal: Deal, fields: Iterable[DealField], locale: str) -> list[tuple[str, str]]:
    """Fields that have a value: name and text."""
    found = ((one.name, ", ".join(_texts(deal, one, locale))) for one in fields)
    return [(name, text) for name, text in found if text]


def _lines(facts: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{about}: {text}" for about, text in facts)[:MOST_CHARACTERS]


def _rendered(text: Sentence | str, locale: str) -> str:
    return render(text, locale) if isinstance(text, Sentence) else text


def _texts(deal: Deal, field: DealField, locale: str) -> list[str]:
    values: Mapping[str, tuple[FieldValue, ...]] = deal.fields
    return [_text_of(value, locale) for value in values.get(field.field_id, ())]


def _text_of(value: FieldValue, locale: str) -> str:
    if isinstance(value, bool):
        return render(sentence("deal.yes" if value else "deal.no"), locale)
    if isinstance(value, datetime):
        return render(sentence("deal.day", day=value.date()), locale)
    if isinstance(value, date):
        return render(sentence("deal.day", day=value), locale)
    if isinstance(value, float | int):
        return format_number(value, locale)
    return value.strip()
