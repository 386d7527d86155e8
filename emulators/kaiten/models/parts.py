"""Parts of a card: people, comments, hours, links, relatives, tags."""

from __future__ import annotations

from typing import Any

from emulators.kaiten.errors import bad, missing
from emulators.kaiten.models.boards import DONE, QUEUE
from emulators.kaiten.models.checklists import Checklists
from emulators.kaiten.models.context import DELETED, Context, person
from emulators.kaiten.models.fields import Field, Fields, check
from emulators.kaiten.models.state import Row

MEMBER, RESPONSIBLE = 1, 2
EMPLOYEE = -1
"""The one role of time logs that every company has."""

_NEW_MEMBER: Fields = {"user_id": Field("integer", required=True)}
_MEMBER_CHANGES: Fields = {"type": Field("integer", required=True, one_of=(RESPONSIBLE,))}
_COMMENT: Fields = {"text": Field("string", required=True, min_length=1, max_length=4096)}
_TIME_LOG_CHANGES: Fields = {
    "role_id": Field("integer", one_of=(EMPLOYEE,)),
    "time_spent": Field("integer", minimum=1),
    "for_date": Field("date"),
    "comment": Field("string", max_length=4096),
}
_TIME_LOG: Fields = {
    **_TIME_LOG_CHANGES,
    "role_id": Field("integer", required=True, one_of=(EMPLOYEE,)),
    "time_spent": Field("integer", required=True, minimum=1),
    "for_date": Field("date", required=True),
}
_LINK_CHANGES: Fields = {
    "url": Field("string", min_length=1, max_length=16384),
    "description": Field("string", nullable=True, max_length=512),
}
_LINK: Fields = {**_LINK_CHANGES, "url": Field("string", required=True, min_length=1, max_length=16384)}
_TAG: Fields = {"name": Field("string", required=True, min_length=1, max_length=128)}


class Parts:
    """Calls under ``/cards/{id}/…`` except checklists, and ``/tags``."""

    def __init__(self, context: Context, checklists: Checklists) -> None:
        self._context = context
        self._state = context.state
        self._checklists = checklists

    # People

    def list_members(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/members``."""
        return self._members(self._context.card(actor, card_id))

    def add_member(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/members``: adds a plain member and ignores ``type``."""
        card = self._context.card(actor, card_id, "write")
        user_id = check("Member", body, _NEW_MEMBER)["user_id"]
        self.check_may_join(self._state.get("boards", card["board_id"]), user_id)
        return self._show_member(self.join(actor, card, user_id, responsible=False))

    def update_member(self, actor: Row, card_id: int, user_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}/members/{user_id}``: makes responsible; only removal can undo that."""
        card = self._context.card(actor, card_id, "write")
        member = self._member(card, user_id)
        if self._state.change("members", member, check("Member", body, _MEMBER_CHANGES)):
            self._tell_of_member(actor, card, "card_member:update", member)
        return {key: member[key] for key in ("card_id", "user_id", "type", "created", "updated")}

    def remove_member(self, actor: Row, card_id: int, user_id: int) -> Row:
        """``DELETE /cards/{id}/members/{user_id}``."""
        card = self._context.card(actor, card_id, "write")
        self._state.remove("members", self._member(card, user_id))
        self._context.tell_of_card(
            actor, card, "card_member:remove", {"card_id": card["id"], "user_id": user_id}
        )
        return {"id": user_id}

    def check_may_join(self, board: Row, user_id: int) -> None:
        """Refuse a person who does not see the board's space."""
        if not self._state.find("accesses", space_id=board["space_id"], user_id=user_id):
            raise bad("User has no access to the card")

    def join(self, actor: Row, card: Row, user_id: int, *, responsible: bool) -> Row:
        """Add a person to the card; an existing member does not change."""
        member = self._state.find("members", card_id=card["id"], user_id=user_id)
        if member is None:
            kind = RESPONSIBLE if responsible else MEMBER
            member = self._state.add("members", card_id=card["id"], user_id=user_id, type=kind)
            self._tell_of_member(actor, card, "card_member:add", member)
        return member

    def _tell_of_member(self, actor: Row, card: Row, event: str, member: Row) -> None:
        self._context.tell_of_card(actor, card, event, self._show_member(member))

    def _member(self, card: Row, user_id: int) -> Row:
        member = self._state.find("members", card_id=card["id"], user_id=user_id)
        if member is None:
            raise missing()
        return member

    def _members(self, card: Row) -> list[Row]:
        return [self._show_member(member) for member in self._state.select("members", card_id=card["id"])]

    def _show_member(self, member: Row) -> Row:
        user = person(self._context.user(member["user_id"]))
        return {**user, "user_id": user["id"], "card_id": member["card_id"], "type": member["type"]}

    # Comments

    def list_comments(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/comments``."""
        card = self._context.card(actor, card_id)
        return [
            {**comment, "author": person(self._context.user(comment["author_id"]))}
            for comment in self._state.select("comments", card_id=card["id"])
        ]

    def add_comment(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/comments``."""
        card = self._context.card(actor, card_id, "write")
        comment = self._state.add(
            "comments",
            card_id=card["id"],
            author_id=actor["id"],
            type=1,
            edited=False,
            deleted=False,
            internal=False,
            **check("Comment", body, _COMMENT),
        )
        self._context.tell_of_card(actor, card, "comment:add", dict(comment))
        return dict(comment)

    def update_comment(self, actor: Row, card_id: int, comment_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}/comments/{comment_id}``."""
        card, comment = self._part(actor, "comments", card_id, comment_id)
        if self._state.change("comments", comment, check("Comment", body, _COMMENT)):
            comment["edited"] = True
            self._context.tell_of_card(actor, card, "comment:update", dict(comment))
        return dict(comment)

    def remove_comment(self, actor: Row, card_id: int, comment_id: int) -> Row:
        """``DELETE /cards/{id}/comments/{comment_id}``."""
        return self._remove(actor, "comments", card_id, comment_id, "comment:remove")

    # Hours

    def list_time_logs(self, actor: Row, card_id: int, query: Row) -> list[Row]:
        """``GET /cards/{id}/time-logs``: here ``for_date`` is a day."""
        card = self._context.card(actor, card_id)
        wanted: Row = {"card_id": card["id"]}
        if query.get("personal") == "true":
            wanted["user_id"] = actor["id"]
        if "for_date" in query:
            wanted["for_date"] = query["for_date"]
        return [
            {
                **log,
                "role": {"id": EMPLOYEE, "name": "Employee"},
                "user": person(self._context.user(log["user_id"])),
                "author": person(self._context.user(log["author_id"])),
            }
            for log in self._state.select("time_logs", **wanted)
        ]

    def add_time_log(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/time-logs``: minutes, always for the owner of the token."""
        card = self._context.card(actor, card_id, "write")
        log = self._state.add(
            "time_logs",
            card_id=card["id"],
            user_id=actor["id"],
            author_id=actor["id"],
            updater_id=None,
            **{"comment": "", **check("TimeLog", body, _TIME_LOG)},
        )
        self._context.tell_of_card(actor, card, "card_time_log:add", dict(log))
        return _with_long_date(log)

    def update_time_log(self, actor: Row, card_id: int, log_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}/time-logs/{log_id}``."""
        card, log = self._part(actor, "time_logs", card_id, log_id)
        if self._state.change("time_logs", log, check("TimeLog", body, _TIME_LOG_CHANGES)):
            log["updater_id"] = actor["id"]
            self._context.tell_of_card(actor, card, "card_time_log:update", dict(log))
        return _with_long_date(log)

    def remove_time_log(self, actor: Row, card_id: int, log_id: int) -> Row:
        """``DELETE /cards/{id}/time-logs/{log_id}``."""
        return self._remove(actor, "time_logs", card_id, log_id, "card_time_log:remove")

    # Links

    def list_links(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/external-links``."""
        card = self._context.card(actor, card_id)
        return [dict(link) for link in self._state.select("links", card_id=card["id"])]

    def add_link(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/external-links``: the same address twice creates two links."""
        card = self._context.card(actor, card_id, "write")
        return dict(
            self._state.add(
                "links", card_id=card["id"], **{"description": None, **check("ExternalLink", body, _LINK)}
            )
        )

    def update_link(self, actor: Row, card_id: int, link_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}/external-links/{link_id}``."""
        _, link = self._part(actor, "links", card_id, link_id)
        self._state.change("links", link, check("ExternalLink", body, _LINK_CHANGES))
        return dict(link)

    def remove_link(self, actor: Row, card_id: int, link_id: int) -> Row:
        """``DELETE /cards/{id}/external-links/{link_id}``."""
        return self._remove(actor, "links", card_id, link_id, None)

    # Relatives

    def list_children(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/children``."""
        card = self._context.card(actor, card_id)
        return [self._show_child(card, child) for child in self.relatives(card)[0]]

    def list_parents(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/parents``."""
        return self.relatives(self._context.card(actor, card_id))[1]

    def add_child(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/children``: a body without ``card_id`` is accepted and links nothing."""
        card = self._context.card(actor, card_id, "write")
        if not isinstance(body, dict) or "card_id" not in body:
            return {}
        child_id = check("CardChild", body, {"card_id": Field("integer")})["card_id"]
        child = self._context.card(actor, child_id, "write")
        if child["id"] == card["id"]:
            raise bad("Card can not be child of itself")
        if not self._state.find("children", card_id=card["id"], child_id=child["id"]):
            self._state.add("children", card_id=card["id"], child_id=child["id"])
        return self._show_child(card, child)

    def remove_child(self, actor: Row, card_id: int, child_id: int) -> Row:
        """``DELETE /cards/{id}/children/{child_id}``."""
        card = self._context.card(actor, card_id, "write")
        bond = self._state.find("children", card_id=card["id"], child_id=child_id)
        if bond is None:
            raise missing()
        self._state.remove("children", bond)
        return {"id": child_id}

    def _show_child(self, card: Row, child: Row) -> Row:
        return {
            **child,
            "state": self._state_of(child),
            "space_id": self._state.get("boards", child["board_id"])["space_id"],
            "card_id": card["id"],
            "depends_on_card_id": child["id"],
        }

    def relatives(self, card: Row) -> tuple[list[Row], list[Row]]:
        """Children and parents of a card, deleted ones left out."""
        below = self._state.select("children", card_id=card["id"])
        above = self._state.select("children", child_id=card["id"])
        children = [self._state.get("cards", bond["child_id"]) for bond in below]
        parents = [self._state.get("cards", bond["card_id"]) for bond in above]
        return _living(children), _living(parents)

    # Tags

    def list_tags(self, _actor: Row) -> list[Row]:
        """``GET /tags``: a tag without cards is not shown."""
        used = {bond["tag_id"] for bond in self._state.select("card_tags")}
        return [dict(tag) for tag in self._state.select("tags") if tag["id"] in used]

    def create_tag(self, _actor: Row, body: Any) -> Row:
        """``POST /tags``: an existing name returns the existing tag."""
        return dict(self._tag(check("Tag", body, _TAG)["name"]))

    def add_tag(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/tags`` by name."""
        card = self._context.card(actor, card_id, "write")
        tag = self._tag(check("Tag", body, _TAG)["name"])
        if not self._state.find("card_tags", card_id=card["id"], tag_id=tag["id"]):
            self._state.add("card_tags", card_id=card["id"], tag_id=tag["id"])
            self._context.tell_of_card(actor, card, "tag:add", _on_card(tag, card))
        return _on_card(tag, card)

    def remove_tag(self, actor: Row, card_id: int, tag_id: int) -> Row:
        """``DELETE /cards/{id}/tags/{tag_id}``."""
        card = self._context.card(actor, card_id, "write")
        bond = self._state.find("card_tags", card_id=card["id"], tag_id=tag_id)
        if bond is None:
            raise missing()
        self._state.remove("card_tags", bond)
        self._context.tell_of_card(actor, card, "tag:remove", {"id": tag_id, "card_id": card["id"]})
        return {"id": tag_id}

    def _tag(self, name: str) -> Row:
        return self._state.find("tags", name=name) or self._state.add(
            "tags", name=name, color=1, archived=False
        )

    # The whole card

    def counts(self, card: Row) -> Row:
        """Fields about the parts in every answer about the card."""
        card_id = card["id"]
        children, parents = self.relatives(card)
        tags = [
            self._state.get("tags", bond["tag_id"])
            for bond in self._state.select("card_tags", card_id=card_id)
        ]
        return {
            "members": self._members(card),
            "tags": [_on_card(tag, card) for tag in tags],
            "tag_ids": [tag["id"] for tag in tags],
            "comments_total": len(list(self._state.select("comments", card_id=card_id))),
            "time_spent_sum": sum(
                log["time_spent"] for log in self._state.select("time_logs", card_id=card_id)
            ),
            "children_ids": [child["id"] for child in children],
            "children_count": len(children),
            "children_done": len([child for child in children if self._state_of(child) == DONE]),
            "parents_ids": [parent["id"] for parent in parents],
            "parents_count": len(parents),
            **self._checklists.counts(card),
        }

    def details(self, card: Row) -> Row:
        """Fields that only ``GET /cards/{id}`` has."""
        return {
            "external_links": [dict(link) for link in self._state.select("links", card_id=card["id"])],
            "checklists": self._checklists.details(card),
        }

    def _state_of(self, card: Row) -> int:
        column = self._state.tables["columns"].get(card["column_id"])
        return column["type"] if column else QUEUE

    def _part(self, actor: Row, table: str, card_id: int, part_id: int) -> tuple[Row, Row]:
        card = self._context.card(actor, card_id, "write")
        part = self._state.get(table, part_id)
        if part["card_id"] != card["id"]:
            raise missing()
        return card, part

    def _remove(self, actor: Row, table: str, card_id: int, part_id: int, event: str | None) -> Row:
        card, part = self._part(actor, table, card_id, part_id)
        self._state.remove(table, part)
        if event is not None:
            self._context.tell_of_card(actor, card, event, dict(part))
        return {"id": part["id"]}


def _on_card(tag: Row, card: Row) -> Row:
    return {**tag, "card_id": card["id"], "tag_id": tag["id"]}


def _living(cards: list[Row]) -> list[Row]:
    return [dict(card) for card in cards if card["condition"] != DELETED]


def _with_long_date(log: Row) -> Row:
    return {**log, "for_date": f"{log['for_date']}T00:00:00.000Z"}
