"""*Когда закончим*: dates on the first tab, refusals in plain words, and how earlier dates came out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from tests.e2e.test_learned_norms import agency_id, many_banners, recalculate, remember
from tests.harness.office import NOW, Office
from tests.harness.stored import put_forecasts, stored_forecasts, stored_items
from vitrina.ports import Delete
from vitrina.records.forecasts import ShownForecast, load_outcomes
from vitrina.records.team import TEAM

THIN = "пока мало законченных задач, чтобы обещать"


def finish(office: Office) -> str:
    """What the first tab says."""
    return office.book().field("expected_finish").cell.text


def forecasts(office: Office) -> list[ShownForecast]:
    """Forecasts of the client of which something is not finished."""
    return stored_forecasts(office.services.store, office.client_id)


def fill(office: Office, count: int = 4) -> None:
    """Posters, of which 120 are finished."""
    office.fill_backlog(*({"task": f"Плакат {n}", "work_type": "Плакат"} for n in range(count)))
    remember(office, many_banners())
    recalculate(office)


def limit(office: Office, hours: str) -> None:
    """A person types the limit of the client."""
    place = office.book().field("limit_hours")
    office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": hours})


def know_the_team(office: Office) -> None:
    """The agency's people are read into the store."""
    assert office.click(agency_id(office), "update_load")["outcome"] == "done"


def test_the_first_tab_tells_two_days(office: Office) -> None:
    """Four posters of 3 h or so: the likely day, and the almost certain one. Again writes nothing."""
    fill(office)
    know_the_team(office)
    office.do("estimate")

    [kept] = forecasts(office)
    likely_on, sure_on = kept.forecast.likely_on, kept.forecast.almost_certain_on
    assert NOW.date() <= likely_on <= sure_on < NOW.date() + timedelta(days=30)
    assert kept.numbers == {1, 2, 3, 4}
    told = "почти наверняка" if likely_on == sure_on else "скорее всего"
    assert finish(office).startswith(f"{told} ")
    assert "почти наверняка " in finish(office)
    office.forget_calls()
    office.do("estimate")
    assert office.calls("google") == {"sheets.spreadsheets.get": 1}


def test_it_costs_no_read_and_no_write_of_its_own(office: Office) -> None:
    """The team is known from an earlier action."""
    fill(office)
    know_the_team(office)
    office.forget_calls()

    office.do("estimate")

    assert office.calls("google") == {"sheets.spreadsheets.get": 1, "sheets.spreadsheets.batchUpdate": 1}


def test_a_thin_history_is_refused_in_the_field(office: Office) -> None:
    """The sample agency has finished little."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    know_the_team(office)

    office.do("estimate")

    assert finish(office) == THIN
    assert forecasts(office) == []


def test_without_a_team_nothing_is_told(office: Office) -> None:
    """Nobody's hours were ever read."""
    assert office.agency is not None
    office.services.store.commit([Delete(TEAM, office.agency.spreadsheet_id)])
    fill(office)

    office.do("estimate")

    assert finish(office) == "скажем, когда соберём первую неделю работ"


def test_what_cannot_be_planned_is_counted(office: Office) -> None:
    """An item without a work type has no hours."""
    office.fill_backlog({"task": "Плакат", "work_type": "Плакат"}, {"task": "Что-то ещё"}, {"task": "И это"})
    remember(office, many_banners())
    recalculate(office)
    know_the_team(office)

    office.do("estimate")

    assert finish(office).endswith("; 2 задачи пока без срока")


def test_a_limit_of_the_client_moves_the_days(office: Office) -> None:
    """3 h a week: four posters take weeks; 0 h have no end."""
    fill(office)
    know_the_team(office)
    office.do("estimate")
    [free] = forecasts(office)
    limit(office, "3")
    office.do("estimate")
    [tight] = forecasts(office)
    limit(office, "0")
    office.do("estimate")

    assert free.forecast.likely_on < tight.forecast.likely_on
    assert finish(office) == "при нынешнем лимите часов конца не видно"


def start(office: Office) -> dict[str, Any]:
    """The backlog is estimated, the current week planned and begun."""
    office.do("estimate")
    preview = office.do("build_batch", period="current")
    return office.do("start_batch", preview_id=preview["data"]["preview_id"])


def test_a_start_tells_the_days_anew_with_its_own_write(office: Office) -> None:
    """Some of ten posters fit; the days speak of them and of the others. A person had wiped the field."""
    fill(office, 10)
    know_the_team(office)
    limit(office, "20")
    office.do("estimate")
    place = office.book().field("expected_finish")
    office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": ""})
    preview = office.do("build_batch", period="current")
    office.forget_calls()

    answer = office.do("start_batch", preview_id=preview["data"]["preview_id"])

    assert office.calls("google") == {"sheets.spreadsheets.get": 1, "sheets.spreadsheets.batchUpdate": 1}
    started = len(answer["data"]["started"])
    assert 0 < started < 10
    [kept] = forecasts(office)
    assert kept.numbers == set(range(1, 11))
    assert kept.forecast.likely_on < kept.forecast.almost_certain_on
    assert finish(office).startswith("скорее всего ")


def test_what_is_in_progress_is_not_certain(office: Office) -> None:
    """All posters are begun: the likely day is not before the last planned one, the certain day is later."""
    fill(office, 8)
    know_the_team(office)
    start(office)

    [kept] = forecasts(office)
    items = stored_items(office.services.store, spreadsheet_id=office.client_id)
    planned = [day for item in items for action in item.actions for day in action.day_hours]
    assert max(planned) <= kept.forecast.likely_on < kept.forecast.almost_certain_on


def test_a_refresh_tells_the_days_of_what_is_left(office: Office) -> None:
    """Of three posters of two designers one is done; then nothing is left."""
    fill(office, 3)
    know_the_team(office)
    start(office)
    before = finish(office)
    finish_row(office, "ЗРН-1")
    office.forget_calls()
    office.do("refresh")

    assert office.calls("google") == {"sheets.spreadsheets.get": 1, "sheets.spreadsheets.batchUpdate": 1}
    [kept] = forecasts(office)
    assert kept.numbers == {2, 3}
    assert finish(office) <= before

    finish_row(office, "ЗРН-2")
    finish_row(office, "ЗРН-3")
    office.do("refresh")

    assert finish(office) == "в бэклоге и в работе сейчас ничего нет"


def test_a_bad_cell_leaves_the_days_as_they_are(office: Office) -> None:
    """Until it is put right nobody knows what the backlog holds."""
    fill(office)
    know_the_team(office)
    office.do("estimate")
    before = finish(office)
    office.type("backlog", office.row("backlog", "ЗРН-1")[1].index, quantity="много")

    assert office.do("refresh")["outcome"] == "done"
    assert finish(office) == before


def finish_row(office: Office, code: str) -> None:
    """A person says that the item is done."""
    office.type("in_progress", office.row("in_progress", code)[1].index, status="Выполнено", logged_hours="4")


def test_how_forecasts_came_out_is_shown_by_month(office: Office) -> None:
    """A backlog of one poster is done on the day on which it was told: within both days."""
    fill(office, 1)
    know_the_team(office)
    start(office)
    finish_row(office, "ЗРН-1")
    office.do("refresh")

    recalculate(office)

    assert forecasts(office) == []
    [kept] = load_outcomes(office.services.store, agency_id(office))
    assert kept.finished_on == NOW.date()
    columns = ("finished_count", "forecast_count", "within_likely", "within_sure")
    assert office.table("promises", *columns, spreadsheet_id=agency_id(office)) == [(1.0, 1.0, 1.0, 1.0)]


def test_a_backlog_that_was_dropped_is_not_waited_for(office: Office) -> None:
    """Another day: the first four are gone, a fifth is there. What was told of them is forgotten."""
    fill(office)
    know_the_team(office)
    office.do("estimate")
    [first] = forecasts(office)
    earlier = replace(first.forecast, made_on=date(2026, 1, 12))
    dropped = ShownForecast(earlier, frozenset({901, 902}))
    put_forecasts(office.services.store, office.client_id, agency_id(office), [dropped])

    office.type("backlog", office.row("backlog", "ЗРН-1")[1].index, work_type="")
    office.do("estimate")

    assert [one.forecast.made_on for one in forecasts(office)] == [NOW.date()]
