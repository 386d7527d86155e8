"""Small documents: previews, layouts, cards, books and teams are read back as they were written."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from tests.unit.records.helpers import AGENCY, BOOK, TODAY, assert_all_fit, commit, document
from vitrina.domain.backlog import Specialist
from vitrina.errors import StoreConflictError, UnknownWorkbookError
from vitrina.ports import ABSENT, Key, Put, Store
from vitrina.records.books import (
    Agency,
    Project,
    book_key,
    book_kind,
    find_agencies,
    find_projects,
    load_agency,
    load_project,
    projects_key,
    put_agency,
    put_project,
    tracked_projects,
)
from vitrina.records.cards import (
    CardOwner,
    StoredTrackerMemory,
    SyncChange,
    SyncState,
    card_key,
    card_owner_from_document,
    delete_card,
    find_touched,
    put_card,
    put_sync,
    sync_from_document,
    sync_key,
)
from vitrina.records.layouts import (
    layout_from_document,
    layout_key,
    put_layout,
    shape_from,
    shape_key,
    shape_writes,
)
from vitrina.records.packing import deleting_writes, unpack_one
from vitrina.records.previews import PREVIEW, Preview, preview_from_document, preview_key
from vitrina.records.team import (
    team_data,
    team_from_data,
    team_from_document,
    team_key,
    team_writes,
    tracker_ids,
)
from vitrina.store.memory import MemoryStore
from vitrina.workbook.reading.book import Book, Cell, Mark, Row, Tab
from vitrina.workbook.reading.shape import KnownColumn, KnownTab, Shape
from vitrina.workbook.reading.team import ClientCheck, Team

SHOWN_AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
AGENCY_BOOK = Agency(AGENCY, "Агентство", "ru", {"design": "Дизайн", "copy": "Тексты"})
PROJECT = Project(
    spreadsheet_id=BOOK,
    agency_id=AGENCY,
    client_name="Заря",
    project_name="Сайт",
    code="ЗРН",
    locale="ru",
    board_id="7/8",
    board_url="https://kaiten/7",
    stages={"queued": "1", "done": "2"},
    last_number=41,
)
TEAM = Team(
    (
        Specialist(
            "Анна",
            ("design", "copy"),
            7.5,
            tracker_ids={"kaiten": "5", "acme": "7"},
            days_away=frozenset({TODAY}),
        ),
        Specialist("Борис", ("copy",), 4.0),
    ),
    {"design": "Дизайн", "copy": "Тексты"},
    load_factor=0.8,
    week_limit_hours=160.0,
    editors_group="team@agency.ru",
    shows_free_hours=True,
    client_check=ClientCheck.ANOTHER,
    work_types=("Баннер", "Лендинг"),
)


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


def add_fields(store: Store, key: Key) -> None:
    """Add unknown fields to a document, as a later release would."""
    known = document(store, key)
    assert known is not None
    store.commit([Put(*key, {**known.data, "schema": 99, "later": {"x": [1]}}, known.version)])


# --- Books -----------------------------------------------------------------------------------------


def test_books_come_back(store: MemoryStore) -> None:
    """Agencies and projects are read, also from a later release."""
    store.commit([put_agency(AGENCY_BOOK), put_project(PROJECT)])
    for _ in range(2):
        assert load_agency(store, AGENCY) == AGENCY_BOOK
        assert load_project(store, BOOK) == PROJECT
        assert find_agencies(store) == [AGENCY_BOOK]
        for spreadsheet_id in (AGENCY, BOOK):
            add_fields(store, book_key(spreadsheet_id))


def test_projects_of_an_agency_are_one_document(store: MemoryStore) -> None:
    """Projects are in the order of creation; two concurrent ones are both stored."""
    mine, theirs = (tracked_projects(store, document(store, projects_key(AGENCY)), AGENCY) for _ in range(2))
    other = replace(PROJECT, spreadsheet_id="a", code="А")
    change = mine.change(lambda projects: (*projects, PROJECT))
    commit(store, theirs.change(lambda projects: (*projects, other)))
    commit(store, change)

    assert find_projects(store, AGENCY) == [other, PROJECT]
    assert find_projects(store, "other") == []


def test_a_book_is_of_one_kind(store: MemoryStore) -> None:
    """A spreadsheet of another kind is refused, and the sentence says which kind is needed."""
    store.commit([put_agency(AGENCY_BOOK), put_project(PROJECT)])

    assert book_kind(document(store, book_key(AGENCY))) == "agency"
    for load, spreadsheet_id, code in (
        (load_agency, BOOK, "workbook.not_agency"),
        (load_project, AGENCY, "workbook.not_client"),
        (load_agency, "absent", "workbook.unknown"),
        (load_project, "absent", "workbook.unknown"),
    ):
        with pytest.raises(UnknownWorkbookError) as caught:
            load(store, spreadsheet_id)
        assert caught.value.code == code


def test_a_book_is_written_over_the_version_that_was_read(store: MemoryStore) -> None:
    """With a version, only this version is overwritten."""
    store.commit([put_project(PROJECT, version=ABSENT)])
    with pytest.raises(StoreConflictError):
        store.commit([put_project(replace(PROJECT, last_number=42), version=ABSENT)])
    known = document(store, book_key(BOOK))
    assert known is not None
    store.commit([put_project(replace(PROJECT, last_number=42), version=known.version)])

    assert load_project(store, BOOK).last_number == 42


# --- Teams and previews ----------------------------------------------------------------------------


def test_project_of_an_older_release(store: MemoryStore) -> None:
    """Its board had a lane apart, and there was one tracker."""
    old = {**to_builtins(PROJECT), "board_id": "7", "lane_id": "8"}
    del old["tracker"]
    store.commit([Put("book", BOOK, {"kind": "client", "schema": 2, **old})])

    project = load_project(store, BOOK)

    assert (project.board_id, project.tracker) == ("7/8", "kaiten")


def test_team_of_an_older_release(store: MemoryStore) -> None:
    """Each person had one id."""
    data = team_data(TEAM)
    for one in data["specialists"]:
        one["tracker_id"] = one.pop("tracker_ids").get("kaiten")

    assert tracker_ids(team_from_data(data), "kaiten") == {"Анна": "5"}


def test_cards_of_two_trackers_are_two_cards(store: MemoryStore) -> None:
    """Ids are unique in one tracker only; those of the first one are as older releases wrote them."""
    store.commit([put_card("kaiten", "77", CardOwner(BOOK, 7)), put_card("acme", "77", CardOwner(BOOK, 8))])

    owners = [card_owner_from_document(document(store, card_key(one, "77"))) for one in ("kaiten", "acme")]

    assert owners == [CardOwner(BOOK, 7), CardOwner(BOOK, 8)]
    assert document(store, ("card", "77")) is not None


def test_memory_of_a_tracker(store: MemoryStore) -> None:
    """Each connection has its own; the last text stays."""
    memory, other = StoredTrackerMemory(store, "asana"), StoredTrackerMemory(store, "acme")
    memory.save("secret", "one")
    memory.save("secret", "two")

    assert (memory.load("secret"), other.load("secret"), memory.load("gone")) == ("two", None, None)


def test_a_team_comes_back(store: MemoryStore) -> None:
    """The team is stored with everything that plans need, and the e-mails by which people are named."""
    known = replace(
        TEAM, specialists=(replace(TEAM.specialists[0], email="anna@agency.ru"), *TEAM.specialists[1:])
    )
    store.commit(team_writes(AGENCY, known))
    add_fields(store, team_key(AGENCY))

    assert team_from_document(store, document(store, team_key(AGENCY))) == known
    payload = unpack_one(store, *team_key(AGENCY), document(store, team_key(AGENCY))).payload
    # An older release kept no e-mails, and a preview keeps none.
    assert team_from_data({key: one for key, one in payload.items() if key != "emails"}) == TEAM
    assert "anna@" not in str(team_data(known))
    assert team_from_document(store, None) is None
    assert tracker_ids(TEAM, "kaiten") == {"Анна": "5"}
    assert tracker_ids(TEAM, "asana") == {}
    assert tracker_ids(None, "kaiten") == {}


def test_what_an_earlier_release_kept_as_an_id_in_a_tracker_is_none() -> None:
    """It took whatever stood in the cell."""
    kept = replace(TEAM, specialists=(replace(TEAM.specialists[0], tracker_ids={"kaiten": "1e+27"}),))

    assert tracker_ids(kept, "kaiten") == {}


def preview(**more: Any) -> Preview:
    """An example preview."""
    values: dict[str, Any] = {
        "spreadsheet_id": BOOK,
        "start_on": date(2026, 11, 23),
        "period_kind": "week",
        "team": TEAM,
        "effect": {"7": {"Анна": {"2026-11-23": 3.5}}},
        **more,
    }
    return Preview(**values)


def load_preview(store: MemoryStore, preview_id: str) -> Preview | None:
    """The preview of an id."""
    return preview_from_document(store, document(store, preview_key(preview_id)))


def test_a_preview_comes_back_under_its_own_id(store: MemoryStore) -> None:
    """The id depends only on the content, and is the same after loading."""
    one = preview()
    store.commit(one.writes(shown_at=SHOWN_AT))
    store.commit(one.writes(shown_at=SHOWN_AT + timedelta(days=1)))
    add_fields(store, preview_key(one.preview_id))

    found = load_preview(store, one.preview_id)
    assert found == one
    assert found.preview_id == one.preview_id  # type: ignore[union-attr]
    assert load_preview(store, "absent") is None
    others = [
        preview(spreadsheet_id="other"),
        preview(start_on=TODAY),
        preview(period_kind="month"),
        preview(team=replace(TEAM, load_factor=0.7)),
        preview(effect={}),
    ]
    assert len({one.preview_id, *(other.preview_id for other in others)}) == len(others) + 1


def test_old_previews_are_found_by_their_day(store: MemoryStore) -> None:
    """Previews can be found by age, because the timer deletes old ones."""
    for days in range(3):
        store.commit(preview(effect={"n": days}).writes(shown_at=SHOWN_AT + timedelta(days=days)))

    bound = (SHOWN_AT + timedelta(days=1)).isoformat()
    assert len(store.find(PREVIEW, before=("shown_at", bound))) == 1


def test_a_large_preview_is_shown_again_and_deleted(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large preview has parts; if it is deleted during the read, there is none."""
    chance = random.Random(1)
    monkeypatch.setattr("vitrina.records.packing.MOST_CHARACTERS", 90_000)
    one = preview(effect={f"{n}": chance.random() for n in range(20_000)})
    for _ in range(2):
        store.commit(one.writes(shown_at=SHOWN_AT))
    assert_all_fit(store)
    key = preview_key(one.preview_id)
    head = document(store, key)
    assert load_preview(store, one.preview_id) == one

    store.commit(deleting_writes(unpack_one(store, *key, head)))
    assert store._documents == {}
    assert preview_from_document(store, head) is None


# --- Layouts ---------------------------------------------------------------------------------------


def tab(**more: Any) -> Tab:
    """A tab with rows, which a layout does not store."""
    values: dict[str, Any] = {
        "key": "projects",
        "sheet_id": 5,
        "title": "Проекты",
        "header_index": 2,
        "columns": {"client": 0, "url": 3},
        "rows": (),
        "row_count": 20,
        "column_count": 9,
        "marks": (Mark(11, "tab", "projects", "ROWS", 2), Mark(12, "column", "client", "COLUMNS", 0)),
        "mark_id": 11,
        **more,
    }
    return Tab(**values)


def test_a_layout_comes_back_without_rows(store: MemoryStore) -> None:
    """A layout is stored without rows, and can be read from a later release."""
    store.commit([put_layout(AGENCY, tab(rows=(Row(3, None, (Cell(),)),), header=(Cell(),)))])
    assert layout_from_document(document(store, layout_key(AGENCY))) == tab()

    add_fields(store, layout_key(AGENCY))
    known = document(store, layout_key(AGENCY))
    assert known is not None
    data = {**known.data, "marks": [{**mark, "later": 1} for mark in known.data["marks"]]}
    store.commit([Put(*layout_key(AGENCY), data)])

    assert layout_from_document(document(store, layout_key(AGENCY))) == tab()
    assert layout_from_document(None) is None


def test_a_shape_comes_back(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed shape is written; missing tabs and columns are still remembered."""
    first = Shape(
        {"backlog": KnownTab(1, 21, {"id": KnownColumn("ID", 31), "task": KnownColumn("Задача", 32)})}
    )
    second = Shape({"backlog": KnownTab(1, 21, {"id": KnownColumn("№", 31)}), "done": KnownTab(2, 22)})

    class FakeBook:
        def __init__(self, shape: Shape) -> None:
            self.shape = shape

    def see(shape: Shape) -> int:
        known = shape_from(document(store, shape_key(BOOK)))
        book: Book = FakeBook(shape)  # type: ignore[assignment]
        writes = shape_writes(BOOK, known, book)
        store.commit(writes)
        return len(writes)

    assert shape_from(None) == Shape()
    assert [see(first), see(first), see(second), see(first)] == [1, 0, 1, 1]
    add_fields(store, shape_key(BOOK))
    known = document(store, shape_key(BOOK))
    assert known is not None
    known.data["tabs"]["backlog"]["later"] = 1
    known.data["tabs"]["backlog"]["columns"]["id"]["later"] = 1
    store.commit([Put(*shape_key(BOOK), known.data)])

    assert shape_from(document(store, shape_key(BOOK))) == Shape(
        {"backlog": first.tabs["backlog"], "done": KnownTab(2, 22)}
    )


# --- Cards -----------------------------------------------------------------------------------------


def test_the_owner_of_a_card_comes_back(store: MemoryStore) -> None:
    """The owner of a card is stored until it is deleted."""
    store.commit([put_card("kaiten", "77", CardOwner(BOOK, 7))])
    add_fields(store, card_key("kaiten", "77"))
    assert card_owner_from_document(document(store, card_key("kaiten", "77"))) == CardOwner(BOOK, 7)

    store.commit([delete_card("kaiten", "77")])
    assert card_owner_from_document(document(store, card_key("kaiten", "77"))) is None


def load_sync(store: Store, spreadsheet_id: str = BOOK) -> SyncState:
    """The state of a workbook's sync."""
    return sync_from_document(document(store, sync_key(spreadsheet_id)), spreadsheet_id)


def test_a_sync_state_comes_back(store: MemoryStore) -> None:
    """The state is written only over the version that was read; states with touched cards are found."""
    assert load_sync(store) == SyncState(BOOK)
    state = replace(SyncState(BOOK, 3, True), version=ABSENT).touch({"77": 7}, "s1").touch({"78": 8}, "s2")
    store.commit([put_sync(state), put_sync(SyncState("quiet", 1))])
    add_fields(store, sync_key(BOOK))

    found = load_sync(store)
    assert replace(found, version=ABSENT) == state
    assert find_touched(store) == [found]
    with pytest.raises(StoreConflictError):
        store.commit([put_sync(state)])
    store.commit([put_sync(found.without(found))])
    assert find_touched(store) == []
    assert load_sync(store).generation == 3


def test_a_sync_state_of_the_first_release(store: MemoryStore) -> None:
    """The state of the first release, which had only the number of the task, can be read."""
    store.commit([Put("sync", BOOK, {"generation": 4})])

    assert replace(load_sync(store), version=ABSENT) == SyncState(BOOK, 4)


def test_changes_of_a_sync_state_survive(store: MemoryStore) -> None:
    """Two concurrent webhooks both note their card; a change without effect is not written."""
    mine = SyncChange(load_sync(store), lambda state: state.touch({"77": 7}, "s1"))
    theirs = SyncChange(load_sync(store), lambda state: state.touch({"78": 8}, "s2"))
    commit(store, theirs)
    commit(store, mine)
    assert mine.state == load_sync(store)
    assert load_sync(store).touched == {"77": 7, "78": 8}

    before = dict(store._documents)
    commit(store, mine)
    assert store._documents == before


def test_a_card_that_was_touched_again_stays() -> None:
    """A card that was touched again after it was read stays noted."""
    read = SyncState(BOOK).touch({"77": 7}, "s1").touch({"78": 8}, "s2")
    now = read.touch({"77": 7}, "s3").touch({"79": 9}, "s4")

    left = now.without(read)

    assert (left.touched, left.stamps) == ({"77": 7, "79": 9}, {"77": "s3", "79": "s4"})
