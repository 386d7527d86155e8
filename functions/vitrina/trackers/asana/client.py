"""``TaskTracker`` for Asana."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec.structs import replace

from vitrina.errors import FatalServiceError, UserError
from vitrina.ports import (
    KEPT,
    Board,
    Capabilities,
    Card,
    CardChange,
    Guest,
    Json,
    Link,
    NewCard,
    Received,
    Step,
    WebhookRequest,
)
from vitrina.trackers.asana import mapping
from vitrina.trackers.asana.mapping import BoardRef
from vitrina.trackers.asana.options import Options
from vitrina.trackers.asana.pace import Pace
from vitrina.trackers.asana.plan import Plan
from vitrina.trackers.asana.webhooks import Webhooks
from vitrina.trackers.asana.wire import PAGE, SERVICE, AsanaWire, Read, ReadAnswer
from vitrina.trackers.connection import Connection, Surroundings

#: Name of a project while its sections and fields are being made. It is renamed last, so that a project
#: with the right name is whole, and a repeat goes on with this one.
PENDING = "{title} (Витрина готовит)"

#: Most cards at a time: three calls read a card, and Asana carries out fifteen writes at once.
MOST_AT_A_TIME = 5

#: What a client may do in his project.
GUEST_LEVEL = "commenter"


def connect(connection: Connection, surroundings: Surroundings) -> AsanaTracker:
    """The adapter of a connection; ``place_id`` is the workspace."""
    options = Options.of(connection)
    wire = AsanaWire(
        connection.url,
        connection.token,
        pace=Pace(options.calls_per_minute),
        timeout_s=surroundings.timeout_s,
        wait_s=surroundings.wait_s,
    )
    return AsanaTracker(
        wire,
        workspace=connection.place_id,
        surroundings=surroundings,
        options=options,
        own_user_id=connection.own_user_id,
        name=connection.title or SERVICE,
    )


class AsanaTracker:
    """Projects and tasks of one workspace.

    A board is a project, a stage a section, a card a task, a step a subtask. ``mapping.BoardRef`` says what
    a board id holds.

    Parameters
    ----------
    workspace
        Gid of the workspace or organization.
    own_user_id
        Gid of the user who owns the token. Where it is empty, Asana is asked once.
    name
        Name of the tracker for people.
    """

    def __init__(
        self,
        wire: AsanaWire,
        *,
        workspace: str,
        surroundings: Surroundings,
        options: Options,
        own_user_id: str = "",
        name: str = SERVICE,
    ) -> None:
        self.name = name
        self.can = Capabilities(
            steps_send_events=True,
            invites_guests=options.invites_guests,
            cards_at_a_time=min(MOST_AT_A_TIME, surroundings.cards_at_a_time),
        )
        self._wire = wire
        self._workspace = workspace
        self._zone: tzinfo = surroundings.zone
        self._options = options
        self._own_user_id = own_user_id
        self._plan = Plan(wire, workspace)
        self._webhooks = Webhooks(wire, workspace, surroundings.webhook_url, surroundings.memory)

    # --- Boards ---

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """See ``TaskTracker``. Goes on with the project of an attempt that broke off."""
        pending = PENDING.format(title=title)
        project = self._find_project(pending) or self._create_project(pending)
        self._make_sections(project, stages)
        self._plan.add_fields(project, self._own_user())
        self._plan.hide_hours(project)
        self._wire.put(f"/projects/{project}", {"name": title}, ("name",))
        return self._board(project)

    def find_board(self, title: str) -> Board | None:
        """See ``TaskTracker``."""
        project = self._find_project(title)
        return None if project is None else self._board(project)

    def connect_webhook(self, board_id: str) -> None:
        """See ``TaskTracker``. Asana allows many webhooks for a project; only ours are changed."""
        self._webhooks.remember_own_user(self._own_user())
        self._webhooks.connect(BoardRef.parse(board_id).project)

    def _find_project(self, title: str) -> str | None:
        projects = self._wire.pages("/projects", ("name",), workspace=self._workspace, archived="false")
        return next((row["gid"] for row in projects if row["name"] == title), None)

    def _create_project(self, title: str) -> str:
        body: Json = {"name": title, "workspace": self._workspace, "default_view": "board"}
        team = self._options.team or self._only_team()
        if team:
            body["team"] = team
        return str(self._wire.post("/projects", body, ("name",))["gid"])

    def _only_team(self) -> str:
        """Gid of the team for new projects, which an organization needs; empty for a plain workspace."""
        space = self._wire.get(f"/workspaces/{self._workspace}", ("is_organization",))
        if not space["is_organization"]:
            return ""
        teams = list(self._wire.pages(f"/workspaces/{self._workspace}/teams", ("name",)))
        if len(teams) != 1:
            raise FatalServiceError("asana.team_missing", service=SERVICE, count=len(teams))
        return str(teams[0]["gid"])

    def _make_sections(self, project: str, stages: Sequence[str]) -> None:
        path = f"/projects/{project}/sections"
        present = list(self._wire.pages(path, ("name",)))
        names = [row["name"] for row in present]
        if len(names) == 1 and names[0] not in stages:
            # Every new project has one section, with a name in the language of the user.
            self._wire.put(f"/sections/{present[0]['gid']}", {"name": stages[0]}, ("name",))
            names = [stages[0]]
        for stage in stages:
            if stage not in names:
                self._wire.post(path, {"name": stage}, ("name",))

    def _board(self, project: str) -> Board:
        sections = list(self._wire.pages(f"/projects/{project}/sections", ("name",)))
        url = f"{self._wire.site_url}/0/{project}/board"
        settings = self._plan.settings(project)
        board = mapping.board_from(project, sections, settings, url)
        return replace(board, remarks=self._remarks(BoardRef.parse(board.board_id), settings))

    def _remarks(self, board: BoardRef, settings: Sequence[Json]) -> tuple[str, ...]:
        """What the plan of the workspace cannot do, for the person who makes the board."""
        codes = [] if board.key_field else ["asana.no_fields"]
        if not self._plan.has_time(self._own_user()):
            codes.append("asana.hours_in_field" if board.fact_field else "asana.no_hours")
        if self._options.invites_guests and mapping.hours_seen_by_guests(settings):
            codes.append("asana.guests_see_hours")
        return tuple(codes)

    # --- People ---

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """See ``TaskTracker``. Asana lists the people of the workspace."""
        wanted = {email.casefold() for email in emails}
        if not wanted:
            return {}
        rows = self._wire.pages(f"/workspaces/{self._workspace}/users", ("email",))
        known = {row["email"].casefold(): str(row["gid"]) for row in rows if row.get("email")}
        return {email: known[email] for email in wanted if email in known}

    def invite_guest(self, board_id: str, email: str) -> Guest:
        """See ``GuestHost``. The domain of the e-mail decides who becomes a guest, so we look afterwards."""
        project = BoardRef.parse(board_id).project
        if seen := self._plan.hide_hours(project):
            raise UserError("asana.guests_would_see", service=SERVICE, names=seen)
        path = f"/workspaces/{self._workspace}"
        user_id = str(self._wire.post(f"{path}/addUser", {"user": email}, ("name",))["gid"])
        body = {"parent": project, "member": user_id, "access_level": GUEST_LEVEL}
        self._wire.post("/memberships", body)
        rows = self._wire.pages(f"{path}/workspace_memberships", ("is_guest",), user=user_id)
        return Guest(is_guest=all(row["is_guest"] for row in rows))

    # --- Cards ---

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """See ``TaskTracker``. A task that people took out of the project is not found."""
        return self._cards(board_id)

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """See ``TaskTracker``. A call for each hundred open tasks; only a paid search would need less."""
        # Asana documents the word ``now`` too, but its OpenAPI file knows only moments.
        return self._cards(board_id, completed_since=datetime.now(UTC).isoformat()).get(external_id, ())

    def _cards(self, board_id: str, **narrowed: str) -> dict[str, tuple[str, ...]]:
        board = self._ref(board_id)
        rows = self._wire.pages("/tasks", mapping.key_fields(board), project=board.project, **narrowed)
        return mapping.card_ids_by_key(rows, board.key_field)

    def create_card(self, card: NewCard) -> str:
        """See ``TaskTracker``. The task is in the projects of the agency too, from the beginning."""
        try:
            return self._create(card, is_number=False)
        except FatalServiceError as error:
            if error.status != 400:
                raise
        # Asana refused it and made nothing: maybe it wants hours as a number, maybe people removed a field.
        self._plan.add_fields(BoardRef.parse(card.board_id).project, self._own_user())
        return self._create(card, is_number=True)

    def _create(self, card: NewCard, *, is_number: bool) -> str:
        body = mapping.card_body(card, self._options.side_projects(card.profiles), is_number=is_number)
        return str(self._wire.post("/tasks", body, ("name",))["gid"])

    def complete_card(self, card_id: str, card: NewCard) -> tuple[str, ...]:
        """See ``TaskTracker``. Reads first: Asana would add the same subtasks and links twice."""
        subtasks, links = self._parts(card_id)
        surplus = mapping.surplus_steps(subtasks, card.steps, self._own_user(), self._zone)
        kept = [row for row in subtasks if row["gid"] not in surplus]
        step_ids = self._add_steps(card_id, kept, card.steps)
        for link in mapping.missing_links(links, card.links):
            self._wire.attach_link(card_id, link.url, mapping.link_title(link))
        for gid in surplus:
            self._delete(f"/tasks/{gid}")
        for gid in mapping.surplus_links(links, card.links):
            self._delete(f"/attachments/{gid}")
        return tuple(step_ids)

    def _add_steps(self, card_id: str, subtasks: Sequence[Json], wanted: Sequence[Step]) -> list[str]:
        """Add missing subtasks, each in the place that it has among the wanted steps.

        Returns the gids of the wanted steps. They are made one after the other, at the end; only one that
        belongs elsewhere has to be moved.
        """
        order = [str(row["gid"]) for row in subtasks]
        before, step_ids = "", []
        for step, known in mapping.placed_steps(subtasks, wanted):
            gid = known
            if gid is None:
                made = self._wire.post(f"/tasks/{card_id}/subtasks", mapping.step_body(step), ("name",))
                gid, place = str(made["gid"]), order.index(before) + 1 if before else 0
                if place < len(order):
                    anchor = {"insert_after": before} if before else {"insert_before": order[0]}
                    self._wire.post(f"/tasks/{gid}/setParent", {"parent": card_id, **anchor})
                order.insert(place, gid)
            step_ids.append(gid)
            before = gid
        return step_ids

    def change_card(self, board_id: str, card_id: str, change: CardChange) -> None:
        """See ``TaskTracker``. A call for the task, one for its section and one for each changed subtask."""
        board, path = self._ref(board_id), f"/tasks/{card_id}"
        notes = self._wire.get(path, ("html_notes",))["html_notes"] if change.facts else ""
        try:
            self._change_task(path, change, board, notes, is_number=False)
        except FatalServiceError as error:
            if error.status != 400 or change.estimate_hours is KEPT:
                raise
            # Nothing was changed. Maybe it wants hours as a number.
            self._change_task(path, change, board, notes, is_number=True)
        if change.stage_id is not KEPT:
            self._wire.post(f"/sections/{change.stage_id}/addTask", {"task": card_id})
        for step in change.steps:
            try:
                self._wire.put(f"/tasks/{step.step_id}", mapping.step_change(step), ("name",))
            except FatalServiceError as error:
                if error.status != 404:
                    raise

    def _change_task(
        self, path: str, change: CardChange, board: BoardRef, notes: str, *, is_number: bool
    ) -> None:
        body = mapping.change_body(change, plan_field=board.plan_field, notes=notes, is_number=is_number)
        if change.stage_id is not KEPT:
            # A task that people ticked is in the last section for us, wherever it stands.
            body["completed"] = change.stage_id == board.done_section
        if body:
            self._wire.put(path, body, ("name",))

    def _parts(self, card_id: str) -> tuple[list[Json], list[Json]]:
        answers = self._wire.read_together(
            [
                Read(f"/tasks/{card_id}/subtasks", mapping.STEP_FIELDS),
                Read("/attachments", mapping.LINK_FIELDS, (("parent", card_id),)),
            ]
        )
        subtasks, links = (answer.required() for answer in answers)
        return subtasks, links

    def get_card(self, board_id: str, card_id: str) -> Card | None:
        """See ``TaskTracker``. One request for the card, another one for its hours if it has any."""
        board, own_user_id = self._ref(board_id), self._own_user()
        task, subtasks, stories = self._wire.read_together(
            [
                Read(f"/tasks/{card_id}", mapping.CARD_FIELDS),
                Read(f"/tasks/{card_id}/subtasks", mapping.STEP_FIELDS),
                Read(f"/tasks/{card_id}/stories", mapping.STORY_FIELDS, limit=PAGE),
            ]
        )
        if _is_gone(task) or _is_gone(subtasks):
            return None
        return mapping.card_from(
            task.required(),
            subtasks.required(),
            board_id=board_id,
            url=self.card_url(board_id, card_id),
            own_user_id=own_user_id,
            side_projects=self._options.all_side_projects,
            logged_hours=self._hours(board, task.required(), subtasks.required()),
            comment_count=mapping.comments_of_people(stories.required(), own_user_id),
            zone=self._zone,
        )

    def _hours(self, board: BoardRef, task: Json, subtasks: Sequence[Json]) -> Mapping[str, float] | None:
        """Logged hours by person: of time entries, else of our field, else ``None``."""
        if not self._plan.has_time(self._own_user()):
            return mapping.typed_hours(task, board.fact_field) if board.fact_field else None
        worked_on = [row["gid"] for row in (task, *subtasks) if row.get("actual_time_minutes")]
        reads = [Read(f"/tasks/{gid}/time_tracking_entries", mapping.ENTRY_FIELDS) for gid in worked_on]
        answers = self._wire.read_together(reads)
        return mapping.hours_by_user(row for answer in answers for row in answer.required())

    def comment_card(self, card_id: str, text: str) -> None:
        """See ``TaskTracker``. A plain comment has no markup."""
        (task,) = self._wire.read_together([Read(f"/tasks/{card_id}", ("completed",))])
        if _is_gone(task):
            return
        path, plain = f"/tasks/{card_id}/stories", text.strip()
        if all(one.get("text") != plain for one in self._wire.pages(path, ("text",))):
            self._wire.post(path, {"text": plain}, ("text",))

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``."""
        self._delete(f"/tasks/{card_id}")

    def set_closed(self, card_id: str, link: Link, *, is_closed: bool) -> None:
        """See ``TaskTracker``. A closed task is completed in its section: Asana archives no tasks."""
        read = Read("/attachments", mapping.LINK_FIELDS, (("parent", card_id),))
        task, attached = self._wire.read_together([Read(f"/tasks/{card_id}", ("completed",)), read])
        if _is_gone(task):
            return
        links: list[Json] = attached.required()
        if is_closed and mapping.missing_links(links, [link]):
            self._wire.attach_link(card_id, link.url, mapping.link_title(link))
        if task.required()["completed"] != is_closed:
            self._wire.put(f"/tasks/{card_id}", {"completed": is_closed}, ("completed",))
        for gid in () if is_closed else mapping.gids_of_link(links, link.url):
            self._delete(f"/attachments/{gid}")

    def card_url(self, board_id: str, card_id: str) -> str:
        """See ``TaskTracker``."""
        return f"{self._wire.site_url}/0/{BoardRef.parse(board_id).project}/{card_id}"

    def _delete(self, path: str) -> None:
        """Delete what may be gone already."""
        try:
            self._wire.delete(path)
        except FatalServiceError as error:
            if error.status != 404:
                raise

    # --- Webhooks ---

    def receive(self, request: WebhookRequest) -> Received:
        """See ``TaskTracker``."""
        return self._webhooks.receive(request)

    def _ref(self, board_id: str) -> BoardRef:
        """What a board id holds. Custom fields are only in paid plans, which allow more calls."""
        board = BoardRef.parse(board_id)
        self._wire.pace.learn_plan(is_paid=bool(board.key_field))
        return board

    def _own_user(self) -> str:
        if not self._own_user_id:
            self._own_user_id = str(self._wire.get("/users/me", ("name",))["gid"])
        return self._own_user_id


def _is_gone(answer: ReadAnswer) -> bool:
    return answer.status == 404
