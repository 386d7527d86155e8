"""The checks of a CRM, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from vitrina.cli.doctor.installation.fact import Condition, Fact, UnknownError, WrongError, expect, find_out
from vitrina.crm_port import Crm
from vitrina.errors import AccessDeniedError, FatalServiceError
from vitrina.texts import Sentence, render

#: Deals that changed within this time are listed.
LOOKED_BACK = timedelta(days=7)


def check_crm(crm: Crm, plain: Crm, *, now: datetime) -> list[Fact]:
    """Look at what the product needs of a CRM; nothing is changed there.

    *plain* is the same CRM, asked for whole lists even where nothing changed.
    """
    account = _find_out("account", lambda: check_account(crm))
    if account.condition != Condition.OK:
        # Every other check would say the same.
        return [account]
    return [
        account,
        _find_out("pipelines", lambda: check_pipelines(crm)),
        _find_out("fields", lambda: f"{len(crm.list_fields())} custom fields of deals to choose from"),
        _find_out("people", lambda: check_people(crm)),
        _find_out("deals", lambda: check_deals(crm, plain, now)),
    ]


def check_account(crm: Crm) -> str:
    """Address and token are right."""
    account = crm.get_account()
    return f"{crm.name} answers: {account.name!r}, number {account.account_id}"


def check_pipelines(crm: Crm) -> str:
    """There is a pipeline, and each has open stages to choose from."""
    pipelines = crm.list_pipelines()
    expect(pipelines, "there is none: make one, whose stages say when a project begins")
    return "; ".join(f"{one.name}: {', '.join(stage.name for stage in one.stages)}" for one in pipelines)


def check_people(crm: Crm) -> str:
    """People can be found by e-mail."""
    users = crm.list_users()
    found = sum(bool(one.email) for one in users)
    expect(found, f"none of {len(users)} people has an e-mail by which the person can be found")
    return f"{found} of {len(users)} people can be found by their e-mail"


def check_deals(crm: Crm, plain: Crm, now: datetime) -> str:
    """The list of changed deals is complete, also where only news is asked for."""
    since = now - LOOKED_BACK
    whole = plain.list_changed_deals(since)
    _expect_all({one.deal_id for one in whole}, crm, since)
    if whole:
        last_at = whole[-1].updated_at
        _expect_all({one.deal_id for one in whole if one.updated_at == last_at}, crm, last_at)
        read = crm.get_deal(whole[-1].deal_id)
        expect(read is not None, f"the deal {whole[-1].deal_id} is in the list and cannot be read")
    return f"{len(whole)} changed in the last {LOOKED_BACK.days} days, and all of them are listed"


def _expect_all(deal_ids: set[str], crm: Crm, since: datetime) -> None:
    """Raise ``WrongError`` unless the list of news has these deals too."""
    missing = deal_ids - {one.deal_id for one in crm.list_changed_deals(since)}
    if missing:
        raise WrongError(
            f"{len(missing)} changed deals are hidden where only news is asked for: "
            "report it, and set ASKS_FOR_NEWS in functions/vitrina/crm/amocrm/client.py to False"
        )


def _find_out(part: str, ask: Callable[[], str]) -> Fact:
    """A fact; what the CRM will refuse again has to be corrected."""

    def ask_plainly() -> str:
        try:
            return ask()
        except (AccessDeniedError, FatalServiceError) as error:
            raise WrongError(render(Sentence(error.code, error.where), "en")) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnknownError(f"the answer could not be read: {error!r}") from error

    return find_out(part, ask_plainly)
