"""Set up an agency: its internal workbook. Run once, by the operator's command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitrina.operations.services import Services
from vitrina.records.books import Agency, put_agency
from vitrina.tabs.projects_tab import layout_write
from vitrina.texts import pick_locale
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.template.compiler import BookValues, Value, compile_book
from vitrina.workbook.template.definition import Locale, Profile


def create_agency(
    services: Services,
    *,
    name: str,
    locale: str,
    profiles: Sequence[Profile] = (),
    rows: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
    settings: Mapping[str, Value] | None = None,
) -> Agency:
    """Make the agency's workbook and keep the agency.

    *profiles* are the kinds of specialists, of which each gets a column of hours in every client
    workbook; without them the template's own are taken. The file is shared with nobody: who may
    open the shared drive may open it.
    """
    template = services.templates["agency"]
    language: Locale = "en" if pick_locale(locale) == "en" else "ru"
    chosen = tuple(profiles) or template.standard_profiles(language)
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
            rows=rows or {},
            options={"profiles": [one.title for one in chosen]},
        ),
        editors=services.editors,
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
