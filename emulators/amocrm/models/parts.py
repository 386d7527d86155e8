"""Notes and tasks of deals."""

from __future__ import annotations

from typing import Any

from emulators.amocrm.errors import NO_VALUE, NOT_SUPPORTED, WRONG_TYPE, AmoError, NotModelledError, invalid
from emulators.amocrm.models.call import Call
from emulators.amocrm.models.state import Row, State

_TYPE, _IDS = "filter[entity_type]", ("filter[entity_id]", "filter[entity_id][]")


class Parts:
    """What hangs on a deal."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list_notes(self, call: Call, deal_id: int) -> Row:
        """``GET /leads/{id}/notes``: those of people and of the CRM itself too."""
        call.check_query(())
        rows = [
            {**row, "_links": {"self": call.link(f"/leads/{deal_id}/notes/{row['id']}")}}
            for row in self._state.select("notes", entity_id=deal_id)
        ]
        return call.listed("notes", rows)

    def add_notes(self, call: Call, deal_id: int) -> Row:
        """``POST /leads/{id}/notes``: all of them or none."""
        self.live_deal(deal_id)
        texts = [_note_text(place, row) for place, row in enumerate(call.rows_of_body())]
        made = [self.add_note(call.actor, deal_id, "common", {"text": text}) for text in texts]
        shown = [
            {
                "id": row["id"],
                "entity_id": deal_id,
                "request_id": str(place),
                "_links": {"self": call.link(f"/leads/{deal_id}/notes/{row['id']}")},
            }
            for place, row in enumerate(made)
        ]
        return call.added("notes", shown)

    def add_note(self, actor: Row, deal_id: int, kind: str, params: Any) -> Row:
        """A new note."""
        now = self._state.now()
        return self._state.add(
            "notes",
            entity_id=deal_id,
            created_by=actor["id"],
            created_at=now,
            updated_at=now,
            note_type=kind,
            params=params,
            account_id=self._state.account["id"],
        )

    def list_tasks(self, call: Call) -> Row:
        """``GET /tasks``, done or not."""
        call.check_query({_TYPE, *_IDS})
        ids = [int(call.query[name]) for name in _IDS if name in call.query]
        if call.query.get(_TYPE, "leads") != "leads":
            raise NotModelledError(f"{_TYPE}={call.query[_TYPE]}")
        rows = [
            {**row, "_links": {"self": call.link(f"/tasks/{row['id']}")}}
            for row in self._state.select("tasks")
            if not ids or row["entity_id"] in ids
        ]
        return call.listed("tasks", rows)

    def add_tasks(self, call: Call) -> Row:
        """``POST /tasks``: all of them or none."""
        rows = call.rows_of_body()
        for place, row in enumerate(rows):
            self._check_task(place, row)
        made = [self._add_task(call.actor, row) for row in rows]
        shown = [
            {
                "id": row["id"],
                "request_id": str(place),
                "_links": {"self": call.link(f"/tasks/{row['id']}")},
            }
            for place, row in enumerate(made)
        ]
        return call.added("tasks", shown)

    def _check_task(self, place: int, row: Row) -> None:
        for name, kind in (("text", str), ("complete_till", int), ("entity_id", int)):
            if name not in row:
                raise invalid(NO_VALUE, f"{place}.{name}")
            if not isinstance(row[name], kind) or row[name] == "":
                raise invalid(WRONG_TYPE, f"{place}.{name}")
        if row.get("entity_type") != "leads":
            raise NotModelledError(f"tasks.add with entity_type {row.get('entity_type')}")
        if row.get("responsible_user_id") not in self._state.tables["users"]:
            raise invalid(NOT_SUPPORTED, f"{place}.responsible_user_id")
        self.live_deal(row["entity_id"])

    def _add_task(self, actor: Row, row: Row) -> Row:
        now = self._state.now()
        return self._state.add(
            "tasks",
            created_by=actor["id"],
            created_at=now,
            updated_at=now,
            responsible_user_id=row["responsible_user_id"],
            entity_id=row["entity_id"],
            entity_type="leads",
            is_completed=False,
            task_type_id=row.get("task_type_id", 1),
            text=row["text"],
            complete_till=row["complete_till"],
            result=[],
            account_id=self._state.account["id"],
        )

    def live_deal(self, deal_id: int) -> Row:
        """A deal that is not deleted."""
        deal = self._state.tables["deals"].get(deal_id)
        if deal is None or deal["is_deleted"]:
            raise AmoError(404)
        return deal


def _note_text(place: int, row: Row) -> str:
    if row.get("note_type") != "common":
        raise NotModelledError(f"notes.add with note_type {row.get('note_type')}")
    params = row.get("params")
    text = params.get("text") if isinstance(params, dict) else None
    if not isinstance(text, str) or not text:
        raise invalid(NO_VALUE, f"{place}.params.text")
    return text
