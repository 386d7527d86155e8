"""The whole job over real tasks, with every hour in the sheets computed a second time from the raw files.

Norms come from the tasks finished before 2008, the backlog holds the next 300 tasks that were estimated.
A task's SubCategory is its work type and its Category (development, management, operational) the
profile of the people who do it. *Client Support* and *Documentation* occur in two categories: such an
item takes what each of them took, and becomes two actions. The team are the people who finished most
of each category, at seven hours a day; priorities are the real ones, folded into our four.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest

from emulators.world.processes import Person
from tests.harness.office import NOW, Office
from tests.harness.servers import Servers
from tests.harness.shared import shared_path
from tests.harness.sip_dataset import RealTask, read_tasks
from vitrina.bootstrap import application
from vitrina.domain.estimating.learning import learn
from vitrina.domain.estimating.norms import FinishedWork, tenth
from vitrina.workbook.template.definition import Profile

DATA = shared_path("data/sip")
pytestmark = pytest.mark.skipif(
    DATA is None, reason="the SiP data set is not at ../shared/data/sip (or VITRINA_SHARED)"
)

NEW_YEAR = date(2008, 1, 1)
BACKLOG_SIZE = 300
#: Every tenth task has the specialist's own figure typed in.
TYPED_EVERY = 10
LIMIT_HOURS = 140
DAY_HOURS = 7
WEEK = [NOW.date() + timedelta(days=offset) for offset in range(5)]
CAPACITY_HOURS = DAY_HOURS * len(WEEK)
#: A remainder of a day that is too short to begin something in.
CRUMB_HOURS = 0.25
FIRST_KAITEN_ID = 11
#: So few that people run out of hours, and not only the contract.
PEOPLE_PER_PROFILE = 2

PRIORITIES = ("Срочно", "Высокий", "Обычный", "Низкий")
STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")
NORM_COLUMNS = ("work_type", "profile", "hours_per_unit", "fact_count", "spread_hours")
ACTION_COLUMNS = (
    "id",
    "action",
    "profile",
    "specialist",
    "hours",
    "start_on",
    "due_on",
    "status",
    "logged_hours",
)

Table = list[dict[str, Any]]


def priority_of(task: RealTask) -> str:
    """The data know 1 to 9, of which 6 to 9 are rare."""
    return PRIORITIES[(0, 1, 1, 2, 2)[task.priority - 1] if task.priority <= 5 else 3]


def profile_of(task: RealTask) -> str:
    """The key of the profile."""
    return task.category.lower()


def rounded(value: Decimal, places: str) -> float:
    """*value* to as many places as *places* has, halves up as on paper."""
    return float(value.quantize(Decimal(places), ROUND_HALF_UP))


@dataclass
class Facts:
    """Hours of finished tasks by work type and category: all that the expectations are made of.

    ``tests/unit/domain/estimating/test_norms.py`` computes norms by hand; here the sheets have to show them.
    """

    hours: dict[tuple[str, str], list[Decimal]] = field(default_factory=lambda: defaultdict(list))

    @cached_property
    def means(self) -> dict[tuple[str, str], float]:
        """Mean hours of each."""
        works = (
            FinishedWork(work_type, category, float(hours), 1.0, NEW_YEAR)
            for (work_type, category), known in self.hours.items()
            for hours in known
        )
        return {(norm.work_type, norm.profile): norm.hours_per_unit for norm in learn(works).shown}

    def norms(self) -> dict[tuple[str, str], tuple[float, float, float]]:
        """Mean, count and sample deviation of each, as the tab has to show them."""
        return {
            key: (
                round(self.means[key], 2),
                float(len(known)),
                rounded(Decimal(stdev(known)) if len(known) > 1 else Decimal(), "0.01"),
            )
            for key, known in self.hours.items()
        }

    def estimate(self, position: int, task: RealTask) -> dict[str, float]:
        """Hours by category that the row of *task* has to show."""
        hours = {
            category: tenth(self.means[work_type, category])
            for work_type, category in self.hours
            if work_type == task.type
        }
        if is_typed(position):
            hours[task.category] = float(task.hours_estimate)
        return hours


def is_typed(position: int) -> bool:
    """Whether the specialist's own figure is typed for the task at this place of the backlog."""
    return position % TYPED_EVERY == 0


@dataclass
class Story:
    """What was put in, and what the sheets showed after each step."""

    backlog: list[RealTask]
    facts: Facts
    #: Names of the specialists by their id in the tracker.
    team: dict[int, str]
    norms: Table
    estimated: Table
    preview: Mapping[str, Any]
    left: Table
    started: Table
    schedule: list[tuple[Any, ...]]
    figures: Mapping[str, Any]
    #: Cards by item, as the tracker gives them.
    cards: dict[str, Any]
    #: Minutes that were logged, by item and specialist.
    logged: dict[str, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    synced: Table = field(default_factory=list)
    refreshed: Table = field(default_factory=list)
    norms_after: Table = field(default_factory=list)

    def task(self, code: str) -> RealTask:
        """The task that became this item."""
        return self.backlog[position_of(code)]

    def expected_hours(self, code: str) -> dict[str, float]:
        """Hours of an item by category."""
        return self.facts.estimate(position_of(code), self.task(code))


def position_of(code: str) -> int:
    """Place in the backlog of an item: numbers are given from the top."""
    return int(code.removeprefix("SIP-")) - 1


@pytest.fixture(scope="module")
def story(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Played once; the tests look at what it left behind."""
    assert DATA is not None
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        office = Office(servers, tmp_path_factory.mktemp("sip"))
        yield play(office, monkeypatch, DATA)
        office.settle()
        office.http.close()
    application.cache_clear()


def play(office: Office, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Story:
    """From real history to synchronised hours, through the menu and over the wire."""
    tasks = read_tasks(folder)
    history = [task for task in tasks if task.is_finished_before(NEW_YEAR)]
    backlog = [task for task in tasks if task.estimated_on >= NEW_YEAR][:BACKLOG_SIZE]
    facts = Facts()
    for task in history:
        facts.hours[task.type, task.category].append(task.hours_actual)
    agency_id, team = open_agency(office, monkeypatch, history)
    norms = rows_of(office, "norms", NORM_COLUMNS, agency_id)

    fill(office, backlog)
    answer = office.do("estimate")
    assert answer["outcome"] == "done", answer
    hours = [f"hours.{category}" for category in categories(history)]
    estimated = rows_of(office, "backlog", ("id", "task", "priority", *hours, "hours_total", "source"))

    preview = office.do("build_batch", period="current")
    assert preview["outcome"] == "done", preview
    answer = office.do("start_batch", preview_id=preview["data"]["preview_id"])
    assert answer["outcome"] == "done", answer
    days = [f"day.{number}" for number in range(1, 31)]
    story = Story(
        backlog=backlog,
        facts=facts,
        team=team,
        norms=norms,
        estimated=estimated,
        preview=preview["data"],
        left=rows_of(office, "backlog", ("id", "reason")),
        started=rows_of(office, "in_progress", ACTION_COLUMNS),
        schedule=office.table("schedule", "label", "load", *days),
        figures=figures_of_the_week(office),
        cards={},
    )
    assert office.do("push")["outcome"] == "done"
    story.cards = {card["title"].split(" · ")[0]: card for card in office.cards()}
    work(office, story)
    assert office.click(agency_id, "recalculate_norms")["outcome"] == "done"
    story.norms_after = rows_of(office, "norms", NORM_COLUMNS, agency_id)
    return story


def categories(history: list[RealTask]) -> list[str]:
    """Keys of the profiles, in the order of the columns."""
    return sorted({profile_of(task) for task in history})


def open_agency(
    office: Office, monkeypatch: pytest.MonkeyPatch, history: list[RealTask]
) -> tuple[str, dict[int, str]]:
    """Make agency, team, norms and client; gives the agency's workbook and the team."""
    profiles_of: dict[str, list[str]] = defaultdict(list)
    for category in sorted({task.category for task in history}):
        busiest = Counter(task.assignee for task in history if task.category == category)
        for person, _ in busiest.most_common(PEOPLE_PER_PROFILE):
            profiles_of[person].append(category)
    team = {FIRST_KAITEN_ID + n: f"Сотрудник {person}" for n, person in enumerate(sorted(profiles_of))}
    people = [Person(name, f"person-{key}@sip.example", key) for key, name in team.items()]
    office.reset(monkeypatch.setenv, people=people, now=NOW)
    agency = office.set_up_agency(
        name="SiP",
        profiles=[Profile(key, key.title()) for key in categories(history)],
        team=[
            {
                "name": one.name,
                "email": one.email,
                "profiles": ", ".join(profiles_of[one.name.removeprefix("Сотрудник ")]),
                "hours_per_day": DAY_HOURS,
                "tracker_id.kaiten": str(one.kaiten_id),
            }
            for one in people
        ],
        history={
            f"sip-{task.number}": FinishedWork(
                task.type, profile_of(task), float(task.hours_actual), 1.0, task.completed_on or NEW_YEAR
            )
            for task in history
        },
    )
    office.create_client(client_name="SiP", project_name="2008", code="SIP", limit_hours=LIMIT_HOURS)
    return agency.spreadsheet_id, team


def fill(office: Office, backlog: list[RealTask]) -> None:
    """Paste the tasks, as texts, with the specialist's figure where he gave one."""
    office.paste_backlog(
        [
            {
                "priority": priority_of(task),
                "task": task.summary,
                "work_type": task.type,
                **({f"hours.{profile_of(task)}": float(task.hours_estimate)} if is_typed(position) else {}),
            }
            for position, task in enumerate(backlog)
        ]
    )


def work(office: Office, story: Story) -> None:
    """Specialists log the hours that the tasks really took and move their cards; webhooks do the rest.

    Hours of an item with two people are logged by both in equal parts. After the webhooks one more
    hour is logged on each card while no webhook arrives, for *refresh* to find.
    """
    stages = {
        column["title"]: column["id"]
        for column in office.kaiten("GET", f"/boards/{next(iter(story.cards.values()))['board_id']}/columns")
    }
    ids = {name: key for key, name in story.team.items()}
    people = {code: list(dict.fromkeys(names)) for code, names in specialists(story.started).items()}
    for position, (code, card) in enumerate(sorted(story.cards.items())):
        minutes = max(1, int(story.task(code).hours_actual * 60))
        share = max(1, minutes // len(people[code]))
        story.logged[code] = dict.fromkeys(people[code], share)
        for name in people[code]:
            log_minutes(office, card, ids[name], share)
        story.stages[code] = STAGES[position % len(STAGES)]
        if story.stages[code] != STAGES[0]:
            office.kaiten("PATCH", f"/cards/{card['id']}", column_id=stages[story.stages[code]])
    office.settle()
    story.synced = rows_of(office, "in_progress", ACTION_COLUMNS)

    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": "drop"}).raise_for_status()
    for code, card in story.cards.items():
        name = people[code][0]
        log_minutes(office, card, ids[name], 60)
        story.logged[code][name] += 60
    assert office.do("refresh")["outcome"] == "done"
    story.refreshed = rows_of(office, "in_progress", ACTION_COLUMNS)


def log_minutes(office: Office, card: Mapping[str, Any], person: int, minutes: int) -> None:
    """One entry of the tracker's time log."""
    entry = {"role_id": -1, "time_spent": minutes, "for_date": NOW.date().isoformat()}
    office.kaiten("POST", f"/cards/{card['id']}/time-logs", user_id=person, **entry)


def specialists(rows: Table) -> dict[str, list[str]]:
    """Who works on each item, in the order of its rows."""
    people: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        people[row["id"]].append(row["specialist"])
    return people


def rows_of(office: Office, tab: str, columns: tuple[str, ...], spreadsheet_id: str | None = None) -> Table:
    """The rows of a tab by column."""
    found = office.table(tab, *columns, spreadsheet_id=spreadsheet_id)
    return [dict(zip(columns, row, strict=True)) for row in found]


def figures_of_the_week(office: Office) -> dict[str, Any]:
    """The live counters of the first tab, on a day of the planned week."""
    clock = f"{office.servers.google}/_emulator/clock"
    office.http.post(clock, json={"now": NOW.isoformat()}).raise_for_status()
    fields = office.book().fields
    # The tokens of later clicks are signed with this clock, and checked with the real one.
    office.http.post(clock, json={"now": None}).raise_for_status()
    keys = ("backlog_count", "backlog_hours", "in_progress_count", "used_hours", "left_hours")
    return {key: fields[key].cell.value for key in keys}


def shown_norms(rows: Table) -> dict[tuple[str, str], tuple[float, float, float]]:
    """The tab *Нормы* by work type and profile."""
    return {
        (row["work_type"], row["profile"]): (row["hours_per_unit"], row["fact_count"], row["spread_hours"])
        for row in rows
    }


def day(serial: float) -> date:
    """The day of a cell."""
    return date(1899, 12, 30) + timedelta(days=int(serial))


def test_norms_are_those_of_the_finished_tasks(story: Story) -> None:
    """One norm for each work type and profile in the data: mean, count and spread."""
    assert sum(len(known) for known in story.facts.hours.values()) > 4000
    assert shown_norms(story.norms) == story.facts.norms()


def test_every_hour_of_the_backlog_is_the_norm_or_the_typed_figure(story: Story) -> None:
    """300 rows, each hours cell and each sum."""
    shown = {
        row["id"]: {key.removeprefix("hours."): row[key] for key in row if key.startswith("hours.")}
        for row in story.estimated
    }
    expected = {
        code: {
            **dict.fromkeys(hours),
            **{key.lower(): one for key, one in story.expected_hours(code).items()},
        }
        for code, hours in shown.items()
    }

    assert len(shown) == BACKLOG_SIZE
    assert shown == expected
    for row in story.estimated:
        assert row["hours_total"] == pytest.approx(sum(story.expected_hours(row["id"]).values()))


def test_source_says_whose_figure_it_is(story: Story) -> None:
    """The specialist's, where nothing of the row comes from a norm."""
    for row in story.estimated:
        typed_whole = is_typed(position_of(row["id"])) and len(story.expected_hours(row["id"])) == 1
        assert row["source"] == ("специалист" if typed_whole else "норма"), row


def test_texts_stay_as_they_were_typed(story: Story) -> None:
    """Quotes, signs and digits at the front of a text are not understood as anything."""
    shown = [(row["task"], row["priority"]) for row in story.estimated]

    assert shown == [(task.summary, priority_of(task)) for task in story.backlog]


def test_nothing_is_lost(story: Story) -> None:
    """Each of the 300 items stands in exactly one tab."""
    left = [row["id"] for row in story.left]
    started = list(dict.fromkeys(row["id"] for row in story.started))

    assert sorted(map(position_of, left + started)) == list(range(BACKLOG_SIZE))
    assert started == [chosen["id"] for chosen in story.preview["chosen"]]
    assert left == sorted(left, key=position_of)
    assert all(row["reason"] for row in story.left)


def test_started_actions_have_the_hours_of_the_estimate(story: Story) -> None:
    """An action for each profile of an item, with the hours of its cell."""
    shown: dict[str, dict[str, float]] = defaultdict(dict)
    for row in story.started:
        shown[row["id"]][row["profile"]] = row["hours"]

    assert len(shown) > 5
    for code, hours in shown.items():
        assert hours == pytest.approx(story.expected_hours(code)), code


def test_no_day_holds_more_than_a_day(story: Story) -> None:
    """Per specialist and day, by the calendar; and its sums are those of the actions.

    What was begun in the week may end after it: actions of an item follow each other from day to day.
    """
    actions: Counter[str] = Counter()
    for row in story.started:
        actions[row["specialist"]] += row["hours"]
        assert WEEK[0] <= day(row["start_on"]) <= day(row["due_on"]), row
    begun: dict[str, date] = {}
    for row in story.started:
        begun[row["id"]] = min(begun.get(row["id"], date.max), day(row["start_on"]))
    assert max(begun.values()) <= WEEK[-1]
    people = {label: (load, days) for label, load, *days in story.schedule if label in story.team.values()}

    assert people.keys() == actions.keys()
    for name, (load, days) in people.items():
        assert load == pytest.approx(actions[name]), name
        assert sum(hours or 0 for hours in days) == pytest.approx(load), name
        assert sum(hours or 0 for hours in days[: len(WEEK)]) <= CAPACITY_HOURS + 1e-6, name
        assert max(hours or 0 for hours in days) <= DAY_HOURS + 1e-6


def test_limit_of_the_project_is_kept(story: Story) -> None:
    """The week holds no more than the contract pays for, and the counters on the first tab say so."""
    started = sum(row["hours"] for row in story.started)
    waiting = sum(sum(story.expected_hours(row["id"]).values()) for row in story.left)

    assert 0 < started <= LIMIT_HOURS
    assert story.preview["limit"]["planned_hours"] == pytest.approx(started)
    assert story.figures == pytest.approx(
        {
            "backlog_count": len(story.left),
            "backlog_hours": waiting,
            "in_progress_count": len({row["id"] for row in story.started}),
            "used_hours": started,
            "left_hours": LIMIT_HOURS - started,
        }
    )


def test_batch_follows_the_priorities(story: Story) -> None:
    """By class, then from the top; what is passed over would not have fitted in its turn."""
    started: dict[str, Table] = defaultdict(list)
    for row in story.started:
        started[row["id"]].append(row)
    skilled = {
        profile: [one["name"] for one in story.preview["specialists"] if profile in one["profiles"]]
        for profile in {profile for _, profile in story.facts.hours}
    }
    free = dict.fromkeys(story.team.values(), float(CAPACITY_HOURS))
    left_hours = float(LIMIT_HOURS)
    codes = sorted(
        (row["id"] for row in story.estimated),
        key=lambda code: (PRIORITIES.index(priority_of(story.task(code))), position_of(code)),
    )

    assert list(started) == [code for code in codes if code in started]
    short_of = set()
    for code in codes:
        hours = story.expected_hours(code)
        if code in started:
            left_hours -= sum(hours.values())
            for row in started[code]:
                free[row["specialist"]] -= row["hours"]
            continue
        crumbs = CRUMB_HOURS * len(WEEK)
        is_over_limit = sum(hours.values()) > left_hours
        is_over_people = any(
            needed > max(free[name] for name in skilled[profile]) - crumbs
            for profile, needed in hours.items()
        )
        assert is_over_limit or is_over_people, code
        short_of.add("limit" if is_over_limit else "people")
    assert short_of == {"limit", "people"}


def test_reasons_speak_of_the_hours_of_the_item(story: Story) -> None:
    """What is needed is the item's sum or one of its cells, or what begins a large one: more than is free.

    Staff are told so; the client reads no hours of people, and no advice.
    """
    for row in story.left:
        assert "входит" not in row["reason"], row
        assert "если" not in row["reason"], row
        assert "лимит" in row["reason"] or not re.search(r"\d ч", row["reason"]), row
    for row in story.preview["left_out"]:
        hours = story.expected_hours(row["id"])
        # Names of people have digits too.
        number = r"(\d+(?:,\d+)?)"
        forms = (
            rf"нужно {number} ч, занято {number} из {number} ч",
            rf"нужно {number} ч, .* {number} ч осталось {number} ч",
        )
        [match] = [match for form in forms if (match := re.search(form, row["reason"]))]
        needed, other, third = (float(text.replace(",", ".")) for text in match.groups())
        free = third if "лимита" in row["reason"] else third - other
        whole = (sum(hours.values()), *hours.values())
        if "больше целого периода" in row["reason"]:
            assert max(whole) > CAPACITY_HOURS, row
        else:
            assert any(needed == pytest.approx(one, abs=0.05) for one in whole), row
        assert free < needed, row


def test_each_item_has_one_card(story: Story) -> None:
    """Its title is the real text; a checklist line for each of its actions."""
    tasks = {row["id"]: story.task(row["id"]) for row in story.started}

    assert {code: card["title"] for code, card in story.cards.items()} == {
        code: f"{code} · {task.summary}" for code, task in tasks.items()
    }


@pytest.mark.parametrize("extra_minutes", [0, 60], ids=["webhooks", "refresh"])
def test_logged_hours_are_what_was_logged(story: Story, extra_minutes: int) -> None:
    """Per item and person, after the webhooks and after the refresh that found one more hour."""
    rows = story.refreshed if extra_minutes else story.synced
    missing_minutes = 60 - extra_minutes
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        shown[row["id"]][row["specialist"]] += row["logged_hours"]

    assert shown.keys() == story.logged.keys()
    for code, minutes in story.logged.items():
        first = next(iter(minutes))
        expected = {
            name: (one - (missing_minutes if name == first else 0)) / 60 for name, one in minutes.items()
        }
        assert shown[code] == pytest.approx(expected, abs=0.005), code


def test_moved_cards_changed_the_statuses(story: Story) -> None:
    """Every stage of the board was used; nothing else of the rows changed."""
    assert {row["id"]: row["status"] for row in story.synced} == story.stages
    assert set(story.stages.values()) == set(STAGES)
    same = ("id", "action", "profile", "specialist", "hours", "start_on", "due_on")
    assert [[row[key] for key in same] for row in story.synced] == [
        [row[key] for key in same] for row in story.started
    ]


def test_finished_items_teach_the_norms(story: Story) -> None:
    """The hours logged on the cards that reached the last stage count as facts beside the old ones."""
    facts = Facts(defaultdict(list, {key: list(known) for key, known in story.facts.hours.items()}))
    done = [row for row in story.started if story.stages[row["id"]] == STAGES[-1]]
    for row in done:
        minutes = story.logged[row["id"]][row["specialist"]]
        facts.hours[story.task(row["id"]).type, row["profile"]].append(Decimal(minutes) / 60)

    assert len(done) > 1
    assert shown_norms(story.norms_after) == facts.norms()
