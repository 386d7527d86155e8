"""*Ссылка для клиента…*: the links by which a client opens the page of his project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import load_project
from vitrina.records.outside.client_links import ClientLink, Scope, find_links, new_digest_link, new_link
from vitrina.records.outside.client_pages import ClientPage, page_change
from vitrina.texts import Sentence, sentence
from vitrina.usecases.client_page.digest_link import page_address

#: Most links of a project that work at the same time.
MOST_LINKS = 30
#: Most links that are shown, the newest first.
MOST_SHOWN = 50
#: What is asked for, beside a ``Scope``: a link to look that stands in every digest.
FOR_DIGEST = "digest"


def show_links(run: Run, spreadsheet_id: str) -> Answer:
    """The links of a project: what they are good for, when they were made and opened. No token is known."""
    _require_address(run.services)
    links = find_links(run.services.store, spreadsheet_id)
    message = sentence("links.shown" if links else "links.none")
    return Answer(Outcome.DONE, message, data=_data(run.services, links))


def make_link(run: Run, spreadsheet_id: str, scope: str) -> Answer:
    """Make a link and have the page drawn. Its address is in ``shown_once``: it cannot be shown again.

    A new link for digests puts an end to the one before.

    Parameters
    ----------
    scope
        A ``Scope``, or ``FOR_DIGEST``.

    Raises
    ------
    UserError
        If the installation has no address for the pages, or the project has too many links.
    """
    services, store = run.services, run.services.store
    _require_address(services)
    now = services.clock.now()
    links = find_links(store, spreadsheet_id)
    if sum(_state(one, now) == "valid" for one in links) >= MOST_LINKS:
        raise UserError("links.many", most=MOST_LINKS)
    project = load_project(store, spreadsheet_id)
    former: list[ClientLink] = []
    if scope == FOR_DIGEST:
        link, token = new_digest_link(spreadsheet_id, project.agency_id, services.link_secret, now)
        former = [replace(one, is_revoked=True) for one in links if one.seed and not one.is_revoked]
    else:
        link, token = new_link(spreadsheet_id, project.agency_id, Scope(scope), now)
    by_id = {one.link_id: one for one in (link, *links, *former)}

    def opened(page: ClientPage) -> ClientPage:
        return page if page.is_open else replace(page, is_open=True, locale=project.locale)

    # Before the run ends: its end has the page drawn if it is open.
    run.commit(
        link.put(),
        *(one.put() for one in former),
        updates=[page_change(store, spreadsheet_id, project.agency_id, opened)],
    )
    return Answer(
        Outcome.DONE,
        sentence(f"links.made_{scope}", until=_day(services, link.valid_until)),
        data={**_data(services, list(by_id.values())), "made": link.link_id},
        shown_once={"url": page_address(services, token)},
    )


def revoke_link(run: Run, spreadsheet_id: str, link_id: str) -> Answer:
    """Make a link useless, for whoever has it; the page is not drawn any more without a link that works.

    Raises
    ------
    UserError
        If the project has no such link.
    """
    services, store = run.services, run.services.store
    links = find_links(store, spreadsheet_id)
    link = next((one for one in links if one.link_id == link_id), None)
    if link is None:
        raise UserError("links.unknown")
    revoked = replace(link, is_revoked=True)
    links = [revoked if one is link else one for one in links]
    now = services.clock.now()
    is_last = not any(_state(one, now) == "valid" for one in links)

    def closed(page: ClientPage) -> ClientPage:
        return replace(page, is_open=page.is_open and not is_last)

    run.commit(revoked.put(), updates=[page_change(store, spreadsheet_id, link.agency_id, closed)])
    return Answer(Outcome.DONE, sentence("links.revoked"), data=_data(services, links))


def _require_address(services: Services) -> None:
    if not services.client_url:
        raise UserError("links.off", setting="VITRINA_CLIENT_URL")


def _data(services: Services, links: Sequence[ClientLink]) -> Json:
    return {"links": [_link_data(services, one) for one in links[:MOST_SHOWN]]}


def _link_data(services: Services, link: ClientLink) -> Json:
    state = _state(link, services.clock.now())
    return {
        "id": link.link_id,
        "state": state,
        "scope": FOR_DIGEST if link.seed else link.scope,
        "made": sentence(
            "links.line", on=_day(services, link.created_at), until=_day(services, link.valid_until)
        ),
        "opened": _opened(services, link),
    }


def _opened(services: Services, link: ClientLink) -> Sentence:
    if not link.first_opened_at:
        return sentence("links.not_opened")
    first, last = _day(services, link.first_opened_at), _day(services, link.last_opened_at)
    return sentence("links.opened", first=first, last=last, count=link.opened_hours)


def _state(link: ClientLink, now: datetime) -> str:
    if link.is_revoked:
        return "revoked"
    return "expired" if link.is_expired(now) else "valid"


def _day(services: Services, moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(services.time_zone).date()
