"""Keeps a file that a client hands over from his page, in a folder beside his workbook.

Ids of the folder and of the file are asked for and kept before anything is made, so that the same form makes
one file, however often it comes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import RetriableServiceError, ServiceError, StoreConflictError, UserError
from vitrina.operations.services import Services
from vitrina.ports import Files, NewFile
from vitrina.records.books import load_project
from vitrina.records.clients.client_files import ClientFiles, Upload, load_files
from vitrina.records.outside.client_pages import ClientPage
from vitrina.records.outside.client_wishes import KeptWish, WishKind, load_wish, wish_id_of
from vitrina.texts import render, sentence
from vitrina.usecases.client_page.ask import WishOutcome, checked_fields, keep_wish, outcome_of
from vitrina.usecases.client_page.file_kinds import MOST_FILE_BYTES, kind_of, safe_name

log = logging.getLogger("vitrina.client_files")

#: Most files, and most bytes of them, of a project in a day.
MOST_FILES, MOST_DAY_BYTES = 20, 100 * 1024 * 1024
#: Beginnings of the tags of folders and files.
FOLDER_TAG, FILE_TAG = "client-files", "client-file"


class SentFile(Struct, frozen=True):
    """A file as a client sent it; neither name nor content is trusted.

    Parameters
    ----------
    content
        At most ``MOST_FILE_BYTES`` and one byte more, which tells that there was more.
    fields
        ``number`` of an item (may be empty) and ``note``.
    origin
        Where the request came from, shortened.
    nonce
        What the page has given to this form.
    """

    name: str
    content: bytes
    fields: Mapping[str, object]
    origin: str
    nonce: str

    def __repr__(self) -> str:
        """Without the content, which may be long."""
        return f"SentFile({self.name!r}, {self.fields!r}, {self.origin!r})"


def keep_file(services: Services, page: ClientPage, sent: SentFile) -> WishOutcome:
    """Check and keep a file, and have it told to staff. A repeat gets the first result.

    Raises
    ------
    UserError
        If the file cannot be taken, or not now. Its sentence is for the client.
    RetriableServiceError
        If the store does not answer; the same call may be made again.
    """
    if services.files is None:
        raise UserError("client_page.file.refused")
    if len(sent.content) > MOST_FILE_BYTES:
        raise UserError("client_page.file.large", most=MOST_FILE_BYTES // 1024**2)
    kind = kind_of(sent.content, sent.name)
    name = safe_name(sent.name, kind, render(sentence("client_page.file.name"), page.locale))
    fields = checked_fields(page, WishKind.FILE, sent.fields)
    # Another file in the same form is another wish.
    content_hash = hashlib.sha256(sent.content).hexdigest()
    wish_id = wish_id_of(page.spreadsheet_id, f"{sent.nonce}:{content_hash}")
    known = load_wish(services.store, wish_id)
    if known is not None:
        return outcome_of(known, is_new=False)
    file_id = _upload(services, services.files, page, wish_id, NewFile(name, kind.media_type, sent.content))
    wish = KeptWish(
        wish_id,
        page.spreadsheet_id,
        page.agency_id,
        WishKind.FILE,
        {**fields, "name": name, "url": services.files.url(file_id), "size": len(sent.content)},
        services.clock.now().isoformat(),
        origin=sent.origin,
    )
    return keep_wish(services, wish)


def _upload(services: Services, files: Files, page: ClientPage, wish_id: str, file: NewFile) -> str:
    """Make the file, and the folder if there is none; returns the id of the file."""
    kept = _reserve(services, files, page, wish_id, len(file.content))
    if not kept.has_folder:
        _make_folder(services, files, kept)
    file_id = kept.uploads[wish_id].file_id
    with _asking(page.spreadsheet_id):
        files.put_file(file_id, file, folder_id=kept.folder_id, tag=f"{FILE_TAG}:{wish_id}")
    return file_id


def _reserve(services: Services, files: Files, page: ClientPage, wish_id: str, size: int) -> ClientFiles:
    """Keep ids for the file, and for the folder if there is none or people have thrown it away."""
    new_ids: list[str] = []
    while True:
        kept = load_files(services.store, page.spreadsheet_id, page.agency_id)
        now = services.clock.now()
        if wish_id in kept.uploads:
            return kept
        of_day = kept.of_day(now)
        if len(of_day) >= MOST_FILES or sum(one.size for one in of_day) + size > MOST_DAY_BYTES:
            raise UserError("client_page.file.many", most=MOST_FILES, size=MOST_DAY_BYTES // 1024**2)
        with _asking(page.spreadsheet_id):
            if kept.has_folder and not files.has_folder(kept.folder_id):
                kept = replace(kept, folder_id="", has_folder=False)
            new_ids = new_ids or files.new_ids(2)
        reserved = replace(kept, folder_id=kept.folder_id or new_ids[1])
        reserved = reserved.with_upload(wish_id, Upload(new_ids[0], now.isoformat(), size), now)
        try:
            services.store.commit([reserved.put()])
        except StoreConflictError:
            continue
        return reserved


def _make_folder(services: Services, files: Files, kept: ClientFiles) -> None:
    project = load_project(services.store, kept.spreadsheet_id)
    title = render(sentence("client_page.file.folder", project=project.title), project.locale)
    with _asking(kept.spreadsheet_id):
        files.make_folder(
            kept.folder_id,
            title,
            beside=kept.spreadsheet_id,
            tag=f"{FOLDER_TAG}:{kept.spreadsheet_id}",
        )
    while True:
        now = load_files(services.store, kept.spreadsheet_id, kept.agency_id)
        if now.has_folder or now.folder_id != kept.folder_id:
            return
        try:
            services.store.commit([replace(now, has_folder=True).put()])
        except StoreConflictError:
            continue
        return


@contextmanager
def _asking(spreadsheet_id: str) -> Iterator[None]:
    """What Drive refuses, or does not answer, in words for the client."""
    try:
        yield
    except ServiceError as error:
        log.warning("a client's file is not kept: %s", error.code, extra={"workbook": spreadsheet_id})
        is_passing = isinstance(error, RetriableServiceError)
        raise UserError("client_page.file.later" if is_passing else "client_page.file.refused") from error
