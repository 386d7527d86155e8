"""Changes of the work that a client's page shows, of which his chat is told as well."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from vitrina.operations.run import Run, Update
from vitrina.records.books import Project
from vitrina.records.outside.client_pages import ClientPage, page_change
from vitrina.usecases.decisions.chat_buttons import queue_asks


def change_shown_work(run: Run, project: Project, do: Callable[[ClientPage], ClientPage]) -> Update:
    """The change of the project's page, to be carried out by the run; after the run the chat is told."""
    queue_asks(run, project.spreadsheet_id)

    def changed(page: ClientPage) -> ClientPage:
        return do(replace(page, locale=project.locale))

    return page_change(run.services.store, project.spreadsheet_id, project.agency_id, changed)
