"""The account itself, its people, pipelines and fields, and its clients."""

from __future__ import annotations

from emulators.amocrm.models.call import Call
from emulators.amocrm.models.state import Row, State

#: Most fields on a page; a larger ``limit`` counts as this one.
MOST_FIELDS = 50


class Office:
    """What people set up in the account beforehand."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get_account(self, call: Call) -> Row:
        """``GET /account``."""
        call.check_query(())
        account = self._state.account
        return {
            "id": account["id"],
            "name": account["name"],
            "subdomain": account["subdomain"],
            "current_user_id": call.actor["id"],
            "country": "RU",
            "currency": "RUB",
            "_links": {"self": call.link(call.path)},
        }

    def list_users(self, call: Call) -> Row:
        """``GET /users``, for administrators."""
        call.require_admin()
        call.check_query(())
        keys = ("id", "name", "email")
        rows = [
            {
                **{key: user[key] for key in keys},
                "lang": "ru",
                "rights": {"is_admin": user["is_admin"], "is_active": True},
                "_links": {"self": call.link(f"/users/{user['id']}")},
            }
            for user in self._state.select("users")
        ]
        return call.listed("users", rows)

    def list_pipelines(self, call: Call) -> Row:
        """``GET /leads/pipelines``: all of them, in the order of their ids and not of people."""
        call.check_query(())
        rows = [self._pipeline(call, row) for row in self._state.select("pipelines")]
        if not rows:
            return {}
        return {
            "_total_items": len(rows),
            "_links": {"self": call.link(call.path)},
            "_embedded": {"pipelines": rows},
        }

    def _pipeline(self, call: Call, row: Row) -> Row:
        path = f"/leads/pipelines/{row['id']}"
        statuses = [
            {
                **one,
                "is_editable": one["id"] not in (142, 143),
                "pipeline_id": row["id"],
                "color": "#fffeb2",
                "type": 0,
                "account_id": self._state.account["id"],
                "_links": {"self": call.link(f"{path}/statuses/{one['id']}")},
            }
            for one in sorted(row["statuses"], key=lambda one: -one["id"])
        ]
        return {
            "id": row["id"],
            "name": row["name"],
            "sort": row["sort"],
            "is_main": row["sort"] == 1,
            "is_unsorted_on": False,
            "is_archive": False,
            "account_id": self._state.account["id"],
            "_links": {"self": call.link(path)},
            "_embedded": {"statuses": statuses},
        }

    def list_fields(self, call: Call) -> Row:
        """``GET /leads/custom_fields``; pages are smaller than those of other lists."""
        call.check_query(())
        rows = [
            {
                **row,
                "entity_type": "leads",
                "is_api_only": False,
                "enums": row.get("enums"),
                "_links": {"self": call.link(f"/leads/custom_fields/{row['id']}")},
            }
            for row in self._state.select("fields")
        ]
        return call.listed("custom_fields", rows, most=MOST_FIELDS, is_capped=True)

    def get_company(self, call: Call, company_id: int) -> Row:
        """``GET /companies/{id}``; empty if there is none."""
        call.check_query(())
        row = self._state.tables["companies"].get(company_id)
        return {} if row is None else self._client(call, "companies", row, None)

    def get_contact(self, call: Call, contact_id: int) -> Row:
        """``GET /contacts/{id}``; empty if there is none."""
        call.check_query(())
        row = self._state.tables["contacts"].get(contact_id)
        return {} if row is None else self._client(call, "contacts", row, row["phone"])

    def _client(self, call: Call, kind: str, row: Row, phone: str | None) -> Row:
        values = [{"value": phone, "enum_id": 1, "enum_code": "WORK"}]
        field = {"field_id": 1, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext"}
        return {
            "id": row["id"],
            "name": row["name"],
            "is_deleted": False,
            "custom_fields_values": [{**field, "values": values}] if phone else None,
            "account_id": self._state.account["id"],
            "_links": {"self": call.link(f"/{kind}/{row['id']}")},
            "_embedded": {"tags": []},
        }
