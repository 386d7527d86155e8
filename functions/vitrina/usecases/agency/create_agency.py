"""Sets up an agency with its internal workbook. The operator runs this command once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitrina.operations.clicks.accounts import tracker_titles
from vitrina.operations.services import Services
from vitrina.project.protection import editors_of
from vitrina.records.books import Agency, put_agency
from vitrina.tabs.projects_tab import layout_write
from vitrina.texts import pick_locale
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.template.compiler import BookValues, Value, compile_book
from vitrina.workbook.template.definition import Locale, Profile
from vitrina.workbook.template.starting_onboarding import ONBOARDING_TAB, starting_onboarding


def create_agency(
    services: Services,
    *,
    name: str,
    locale: str,
    profiles: Sequence[Profile] = (),
    rows: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
    settings: Mapping[str, Value] | None = None,
) -> Agency:
    """Create the agency's workbook and store the agency.

    The file is shared with nobody: people who may open the shared drive may open it.

    Parameters
    ----------
    profiles
        Kinds of specialists. Each gets a column of hours in every client workbook. Where there are none,
        those of the template are used.
    rows
        First rows of the tabs, by key of the tab and key of the column; *Онбординг* has rows of its own where
        none are given.
    settings
        Values of the settings tab by key.
    """
    template = services.templates["agency"]
    language: Locale = "en" if pick_locale(locale) == "en" else "ru"
    chosen = tuple(profiles) or template.standard_profiles(language)
    usual = starting_onboarding(template, language, {one.key: one.title for one in chosen})
    spreadsheet_id = services.workbooks.create(name, tag=f"agency-{name}")
    requests = compile_book(
        template,
        locale=language,
        profiles=chosen,
        values=BookValues(
            title=name,
            fields={
                "agency_name": name,
                "profiles": ", ".join(one.title for one in chosen),
                **(settings or {}),
            },
            rows={ONBOARDING_TAB: usual, **(rows or {})},
            options={"profiles": [one.title for one in chosen]},
        ),
        trackers=tracker_titles(services),
        has_chat=services.chat is not None,
        editors=editors_of(services, spreadsheet_id, None),
        time_zone=services.time_zone.key,
    )
    services.workbooks.batch_update(spreadsheet_id, requests)
    agency = Agency(
        spreadsheet_id=spreadsheet_id,
        name=name,
        locale=language,
        profiles={one.key: one.title for one in chosen},
    )
    book = parse_book(services.workbooks.read(spreadsheet_id))
    services.store.commit([put_agency(agency), layout_write(book)])
    return agency
