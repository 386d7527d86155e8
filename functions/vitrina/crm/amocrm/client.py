"""``Crm`` for amoCRM."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo

from vitrina.crm.amocrm import mapping, webhooks
from vitrina.crm.amocrm.pace import CALLS_PER_S, REST_S, SERVICE, Pace, distance
from vitrina.crm.amocrm.wire import PAGE, AmoWire, Params, check_page, embedded, has_next, is_lost
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
    Pipeline,
    ReceivedDeals,
    WebhookState,
)
from vitrina.errors import FatalServiceError, RetriableServiceError
from vitrina.ports import Json, WebhookRequest
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S

#: Whether the list of changed deals is asked for with ``If-Modified-Since``.
ASKS_FOR_NEWS = True
#: ``If-Modified-Since`` has whole seconds, and a change in that very second has to be told.
MARGIN = timedelta(seconds=1)


def connect(
    url: str,
    token: str,
    *,
    webhook_url: str,
    zone: tzinfo,
    timeout_s: float = TIMEOUT_S,
    wait_s: float = FIRST_WAIT_S,
    calls_per_s: float = CALLS_PER_S,
    rest_s: float = REST_S,
    asks_for_news: bool = ASKS_FOR_NEWS,
) -> AmoCrm:
    """The adapter of an account. Sends no request.

    Parameters
    ----------
    url
        Address of the account.
    token
        Long-lived token of a private integration.
    webhook_url
        Address at which we receive webhooks. The last part of its path is a secret.
    zone
        Time zone of the account, in which moments of fields become days.
    timeout_s
        Seconds that one attempt of a call waits for the answer.
    wait_s
        Seconds before the first repeat of a call.
    calls_per_s
        Most calls in a second.
    rest_s
        Seconds without calls after amoCRM refused one because there were too many.
    asks_for_news
        Whether a list in which nothing changed may be answered with 304.
    """
    pace = Pace(distance(calls_per_s), rest_s=rest_s)
    wire = AmoWire(url, token, pace=pace, timeout_s=timeout_s, wait_s=wait_s)
    return AmoCrm(wire, webhook_url=webhook_url, zone=zone, asks_for_news=asks_for_news)


class AmoCrm:
    """Deals, contacts, companies, notes and tasks of one account. A deal is a *lead* in amoCRM.

    Parameters
    ----------
    webhook_url
        See ``connect``.
    zone
        See ``connect``.
    asks_for_news
        See ``connect``.
    """

    name = SERVICE

    def __init__(
        self, wire: AmoWire, *, webhook_url: str, zone: tzinfo, asks_for_news: bool = ASKS_FOR_NEWS
    ) -> None:
        self._wire = wire
        self._asks_for_news = asks_for_news
        self._webhook_url = webhook_url
        self._zone = zone

    # --- The account ---

    def get_account(self) -> CrmAccount:
        """See ``Crm``."""
        row = self._wire.get("/account")
        return CrmAccount(str(row["id"]), str(row["name"]))

    def list_pipelines(self) -> tuple[Pipeline, ...]:
        """See ``Crm``. This list has no pages."""
        return mapping.pipelines_from(embedded(self._wire.get("/leads/pipelines"), "pipelines"))

    def list_fields(self) -> tuple[DealField, ...]:
        """See ``Crm``."""
        return mapping.fields_from(self._wire.rows("/leads/custom_fields", "custom_fields"))

    def list_users(self) -> tuple[CrmUser, ...]:
        """See ``Crm``. Only an administrator's token may list them."""
        return mapping.users_from(self._wire.rows("/users", "users"))

    # --- Deals ---

    def get_deal(self, deal_id: str, *, with_personal_data: bool = False) -> Deal | None:
        """See ``Crm``. Two calls; with personal data one more for each contact."""
        if not _is_id(deal_id):
            return None
        row = self._wire.find(f"/leads/{deal_id}", {"with": "contacts"})
        if row is None:
            row = self._find_deleted(deal_id)
        if row is None:
            return None
        return mapping.deal_from(
            row,
            url=self.deal_url(deal_id),
            company=self._company(row),
            contacts=self._contacts(row, with_personal_data=with_personal_data),
            zone=self._zone,
        )

    def _find_deleted(self, deal_id: str) -> Json | None:
        """The row of a deal in the bin, or ``None``."""
        params: Params = {"with": "only_deleted", "filter[id][]": deal_id, "limit": 1}
        rows = embedded(self._wire.get("/leads", params), "leads")
        found = next((row for row in rows if str(row["id"]) == deal_id), None)
        return None if found is None else {**found, "is_deleted": True}

    def _company(self, row: Json) -> Company | None:
        rows = embedded(row, "companies")
        if not rows:
            return None
        company_id = str(rows[0]["id"])
        found = self._wire.find(f"/companies/{company_id}") or {}
        return Company(company_id, str(found.get("name") or ""), self._card_url("companies", company_id))

    def _contacts(self, row: Json, *, with_personal_data: bool) -> list[Contact]:
        roles = mapping.contact_roles(embedded(row, "contacts"))
        return [self._contact(*one, with_personal_data=with_personal_data) for one in roles]

    def _contact(self, contact_id: str, role: ContactRole, *, with_personal_data: bool) -> Contact:
        url = self._card_url("contacts", contact_id)
        found = (self._wire.find(f"/contacts/{contact_id}") or {}) if with_personal_data else {}
        return Contact(contact_id, role, url, str(found.get("name") or ""), mapping.phones_of(found))

    def list_changed_deals(self, since: datetime) -> tuple[ChangedDeal, ...]:
        """See ``Crm``. Deals in the bin have a list of their own, and rows that are almost empty."""
        live = list(self._changed_rows(since))
        deleted = [{**row, "is_deleted": True} for row in self._changed_rows(since, only="only_deleted")]
        return mapping.changed_from([*live, *deleted])

    def _changed_rows(self, since: datetime, only: str = "") -> Iterator[Json]:
        """Rows of a list of deals, oldest change first; a row may come twice.

        A deal that changes meanwhile moves to the end of the list, and the rows behind it to the page before.
        So the next page begins at the last moment that was seen, and pages are counted within a second only.
        """
        begins_at, page, is_ordered = int(since.timestamp()), 1, True
        params: dict[str, str | int] = {"order[updated_at]": "asc", "limit": PAGE}
        if only:
            params["with"] = only
        newer_than = mapping.moment(begins_at) - MARGIN if self._asks_for_news else None
        last: list[Json] | None = None
        while True:
            query = {**params, "filter[updated_at][from]": begins_at, "page": page}
            answer = self._wire.get("/leads", query, newer_than=newer_than)
            rows = embedded(answer, "leads")
            check_page(rows, last)
            yield from rows
            if not rows or not has_next(answer):
                return
            moments = [row["updated_at"] for row in rows]
            # An order that is not kept would make us pass over rows; then plain pages are safer.
            is_ordered = is_ordered and moments == sorted(moments)
            newer_than = None
            if is_ordered and moments[-1] > begins_at:
                begins_at, page, last = moments[-1], 1, None
            else:
                page, last = page + 1, rows

    def list_deals(self, by: DealMoment, first: datetime, last: datetime) -> tuple[CountedDeal, ...]:
        """See ``Crm``. There is no list with totals: all deals of these days are read, 250 on a page."""
        name = f"filter[{by.value}_at]"
        params: Params = {f"{name}[from]": int(first.timestamp()), f"{name}[to]": int(last.timestamp())}
        rows = self._wire.rows("/leads", "leads", params)
        # A deal that changes meanwhile may come twice.
        found = {row["id"]: mapping.counted_from(row, self._zone) for row in rows}
        return tuple(found.values())

    def deal_url(self, deal_id: str) -> str:
        """See ``Crm``."""
        return self._card_url("leads", deal_id)

    def _card_url(self, kind: str, row_id: str) -> str:
        return f"{self._wire.site_url}/{kind}/detail/{row_id}"

    # --- Writing ---

    def write_note(self, deal_id: str, note: DealNote) -> str:
        """See ``Crm``."""
        path = f"/leads/{_required(deal_id)}/notes"

        def find() -> str | None:
            texts = ((str(row["id"]), mapping.note_text(row)) for row in self._wire.rows(path, "notes"))
            return next((row_id for row_id, text in texts if mapping.has_key(text, note.key)), None)

        return self._write_once(path, "notes", mapping.note_body(note), find)

    def create_task(self, deal_id: str, task: DealTask) -> str:
        """See ``Crm``."""
        params = {"filter[entity_type]": "leads", "filter[entity_id][]": _required(deal_id)}

        def find() -> str | None:
            for row in self._wire.rows("/tasks", "tasks", params):
                is_ours = str(row.get("entity_id")) == deal_id
                if is_ours and mapping.has_key(str(row.get("text") or ""), task.key):
                    return str(row["id"])
            return None

        return self._write_once("/tasks", "tasks", mapping.task_body(deal_id, task), find)

    def _write_once(self, path: str, kind: str, body: Json, find: Callable[[], str | None]) -> str:
        """Id of the row that *find* finds, or else of a new one. After a lost answer it looks once more."""
        known = find()
        if known is not None:
            return known
        try:
            rows = embedded(self._wire.post(path, [body]), kind)
        except RetriableServiceError as error:
            made = find() if is_lost(error) else None
            if made is None:
                raise
            return made
        return str(rows[0]["id"])

    def move_deal(self, deal_id: str, pipeline_id: str, stage_id: str) -> None:
        """See ``Crm``. Both ids are sent: those of won and lost are the same in all pipelines."""
        body = {"pipeline_id": int(_required(pipeline_id)), "status_id": int(_required(stage_id))}
        self._wire.patch(f"/leads/{_required(deal_id)}", body)

    # --- Webhooks ---

    def check_webhook(self) -> WebhookState:
        """See ``Crm``. Only an administrator's token may list them."""
        return webhooks.state_of(self._subscriptions(), self._webhook_url)

    def _subscriptions(self) -> list[Json]:
        return list(self._wire.rows("/webhooks", "webhooks"))

    def connect_webhook(self) -> None:
        """See ``Crm``. What two processes do at once, or a lost answer has done, is seen by another look."""
        rows = self._subscriptions()
        self._connect(webhooks.state_of(rows, self._webhook_url))
        for address in webhooks.former_addresses(rows, self._webhook_url):
            # Another process may have removed it; one that stays is answered 404 and switched off.
            with contextlib.suppress(FatalServiceError):
                self._wire.delete("/webhooks", {"destination": address})

    def _connect(self, state: WebhookState) -> None:
        if state == WebhookState.ACTIVE:
            return
        if state != WebhookState.ABSENT:
            self._wire.delete("/webhooks", {"destination": self._webhook_url})
        body = {"destination": self._webhook_url, "settings": list(webhooks.EVENTS)}
        try:
            self._wire.post("/webhooks", body)
        except (FatalServiceError, RetriableServiceError) as error:
            is_refused = isinstance(error, RetriableServiceError) and not is_lost(error)
            if is_refused or self.check_webhook() != WebhookState.ACTIVE:
                raise

    def receive(self, request: WebhookRequest) -> ReceivedDeals:
        """See ``Crm``."""
        return webhooks.read_request(request, webhook_url=self._webhook_url, site_url=self._wire.site_url)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _required(row_id: str) -> str:
    """The same id; raises ``FatalServiceError`` if it is not a number, as all ids of amoCRM are."""
    if not _is_id(row_id):
        raise FatalServiceError("crm.not_found", service=SERVICE, status=404)
    return row_id
