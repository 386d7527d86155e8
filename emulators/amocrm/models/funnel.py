"""Deals as a person sees them: ``GET /_emulator/deals`` and ``GET /_emulator/deals/{id}``."""

from __future__ import annotations

from collections.abc import Iterable

from emulators.amocrm.models.state import Row, State


class Funnel:
    """Reads the account in the form that a page needs, with names beside ids."""

    def __init__(self, state: State) -> None:
        self._state = state

    def read(self) -> Row:
        """Pipelines and fields in the order of people, users without tokens, and deals."""
        return {
            "pipelines": [
                {
                    "id": row["id"],
                    "name": row["name"],
                    "statuses": [{"id": one["id"], "name": one["name"]} for one in _sorted(row["statuses"])],
                }
                for row in _sorted(self._state.select("pipelines"))
            ],
            "fields": [
                {
                    **{key: row[key] for key in ("id", "name", "type")},
                    "choices": [one["value"] for one in row.get("enums") or ()],
                }
                for row in _sorted(self._state.select("fields"))
            ],
            "users": [
                {key: row[key] for key in ("id", "name", "email")} for row in self._state.select("users")
            ],
            "deals": [self._deal(row) for row in self._state.select("deals", is_deleted=False)],
        }

    def read_deal(self, deal_id: int) -> Row | None:
        """A deal with its contacts, notes (newest first) and tasks; ``None`` if there is none."""
        row = self._state.tables["deals"].get(deal_id)
        if row is None or row["is_deleted"]:
            return None
        main_id = row["contact_ids"][-1] if row["contact_ids"] else None
        known = self._state.tables["contacts"]
        contacts = [known[one] for one in row["contact_ids"] if one in known]
        return {
            **self._deal(row),
            "contacts": [
                {**{key: one[key] for key in ("id", "name", "phone")}, "is_main": one["id"] == main_id}
                for one in contacts
            ],
            "notes": [self._note(one) for one in reversed(self._notes(deal_id))],
            "tasks": [self._task(one) for one in self._state.select("tasks", entity_id=deal_id)],
        }

    def _deal(self, row: Row) -> Row:
        company = self._state.tables["companies"].get(row["company_id"])
        keys = ("id", "name", "price", "pipeline_id", "status_id", "responsible_user_id", "created_at")
        return {
            **{key: row[key] for key in keys},
            "company": company["name"] if company else None,
            "responsible": self._name(row["responsible_user_id"]),
            "fields": {
                str(one["field_id"]): [value["value"] for value in one["values"]]
                for one in row["custom_fields_values"] or ()
            },
            "note_count": len(self._notes(row["id"])),
            "open_task_count": len(
                list(self._state.select("tasks", entity_id=row["id"], is_completed=False))
            ),
        }

    def _notes(self, deal_id: int) -> list[Row]:
        """Notes with a text; what the CRM itself writes has none."""
        return list(self._state.select("notes", entity_id=deal_id, note_type="common"))

    def _note(self, row: Row) -> Row:
        return {
            "id": row["id"],
            "text": row["params"]["text"],
            "author": self._name(row["created_by"]),
            "created_at": row["created_at"],
        }

    def _task(self, row: Row) -> Row:
        return {
            **{key: row[key] for key in ("id", "text", "is_completed", "complete_till")},
            "responsible": self._name(row["responsible_user_id"]),
        }

    def _name(self, user_id: int) -> str:
        user = self._state.tables["users"].get(user_id)
        return str(user["name"]) if user else ""


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["sort"])
