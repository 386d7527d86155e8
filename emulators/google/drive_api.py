"""The methods of Drive v3 that are modelled, each a function of a checked call."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from typing import Any

from emulators.google import queries, spreadsheets, values
from emulators.google.a1 import Bounds
from emulators.google.calls import Call, handles
from emulators.google.errors import ApiError, NotModelledError, file_not_found
from emulators.google.filters import Area
from emulators.google.models import Book
from emulators.google.spreadsheets import SPREADSHEET, permission_id

FOLDER = "application/vnd.google-apps.folder"
OWN_TYPES = "application/vnd.google-apps."
#: The field of a file that has its content; the API does not show it.
CONTENT = "_content"
#: Most bytes of an upload in one request: the guide says "5 MB or less" of it.
MOST_MULTIPART_BYTES = 5 * 1024 * 1024

DEFAULT_FIELDS = ("kind", "id", "name", "mimeType")
"""What Drive gives back of a file when no fields are asked for, as recorded."""

DEFAULT_PERMISSION_FIELDS = ("kind", "id", "type", "role")

WRITABLE = (
    "name",
    "description",
    "starred",
    "trashed",
    "appProperties",
    "properties",
    "writersCanShare",
    "copyRequiresWriterPermission",
    "contentRestrictions",
    "downloadRestrictions",
    "modifiedTime",
)
ROLES = ("owner", "organizer", "fileOrganizer", "writer", "commenter", "reader")


V2_ADDRESS = "https://www.googleapis.com/drive/v2/files"
#: The root folder as the second version of the API names it.
ROOT_ID = "0AEmulatorsRootFolderUk9PVA"


class Raw:
    """An answer that is not JSON."""

    def __init__(self, content: bytes, mime_type: str) -> None:
        self.content = content
        self.mime_type = mime_type


def _file(call: Call) -> dict[str, Any]:
    file = call.store.files.get(call.path["fileId"])
    if file is None:
        raise file_not_found(call.path["fileId"])
    return file


def full(file: dict[str, Any]) -> dict[str, Any]:
    """A file with what Drive computes about it."""
    result = {name: one for name, one in file.items() if name != CONTENT}
    shared = len(file["permissions"]) > 1
    account = next(one["emailAddress"] for one in file["permissions"] if one["role"] == "owner")
    owner = {"kind": "drive#user", "displayName": account, "me": True, "emailAddress": account}
    result |= {
        "permissions": [_with_name(permission) for permission in file["permissions"]],
        "permissionIds": [permission["id"] for permission in file["permissions"]],
        "owners": [owner],
        "ownedByMe": True,
        "shared": shared,
        "explicitlyTrashed": file["trashed"],
        "spaces": ["drive"],
        "webViewLink": _link(file),
        "lastModifyingUser": owner,
    }
    return result


def _link(file: dict[str, Any]) -> str:
    if file["mimeType"] == SPREADSHEET:
        return f"https://docs.google.com/spreadsheets/d/{file['id']}/edit?usp=drivesdk"
    if CONTENT in file:
        return f"https://drive.google.com/file/d/{file['id']}/view?usp=drivesdk"
    return f"https://drive.google.com/drive/folders/{file['id']}"


def _with_name(permission: dict[str, Any]) -> dict[str, Any]:
    address = permission.get("emailAddress")
    return permission | ({"displayName": address.partition("@")[0], "deleted": False} if address else {})


def _answer(call: Call, file: dict[str, Any]) -> dict[str, Any]:
    whole = full(file)
    return whole if call.mask is not None else {name: whole[name] for name in DEFAULT_FIELDS}


@handles("drive.files.generateIds")
def generate_ids(call: Call) -> dict[str, Any]:
    """Ids for files that are created later."""
    space, kind = call.query.get("space", "drive"), call.query.get("type", "files")
    if space != "drive" or kind != "files":
        raise NotModelledError(f"generateIds with space={space} and type={kind}")
    count = call.query.get("count", 10)
    ids = [call.store.new_file_id() for _ in range(count)]
    return {"kind": "drive#generatedIds", "space": space, "ids": ids}


@handles("drive.files.create", changes=True)
def create(call: Call) -> dict[str, Any]:
    """A new workbook, folder, or file with content."""
    check_create(call)
    default = call.media.mime_type if call.media else "application/octet-stream"
    mime_type = call.body.get("mimeType") or default
    if call.media is None and mime_type not in (SPREADSHEET, FOLDER):
        raise NotModelledError(f"files of the type {mime_type} without content")
    if call.media is not None and mime_type.startswith(OWN_TYPES):
        raise NotModelledError("files.create with content that is converted")
    name = call.body.get("name") or ("Untitled" if mime_type != SPREADSHEET else spreadsheets.DEFAULT_TITLE)
    file_id = call.body.get("id") or call.store.new_file_id()
    if mime_type == SPREADSHEET:
        spreadsheets.create(call.store, {"properties": {"title": name}, "spreadsheetId": file_id})
    else:
        spreadsheets.new_file(call.store, file_id, name, mime_type)
    file = call.store.files[file_id]
    _apply(call, file)
    if call.media is not None:
        content = call.media.content
        file |= {
            CONTENT: base64.b64encode(content).decode(),
            "size": str(len(content)),
            "md5Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "originalFilename": name,
        }
    return _answer(call, file)


def check_create(call: Call) -> None:
    """Refuse what Drive refuses before it takes the content of a file."""
    mime_type, file_id = call.body.get("mimeType", ""), call.body.get("id")
    if file_id and mime_type.startswith(OWN_TYPES) and mime_type != FOLDER:
        # The guide: ids that were generated before are not supported for Google's own types but these.
        raise ApiError(400, "Generated IDs are not supported for Docs Editors formats.", reason="invalid")
    if file_id in call.store.files:
        raise ApiError(409, "A file already exists with the provided ID.", reason="fileIdInUse")
    _check_parents(call, call.body.get("parents", []))
    check_storage(call, call.body.get("parents", []), is_folder=mime_type == FOLDER)
    if call.media is not None and call.upload is None and len(call.media.content) > MOST_MULTIPART_BYTES:
        raise ApiError(413, "Request Too Large", reason="uploadTooLarge")


def check_storage(call: Call, parents: list[str], *, is_folder: bool = False) -> None:
    """Refuse a file of a service account outside of shared drives; a folder takes no storage."""
    if call.store.behaviour.is_service_account and not is_folder and not _is_shared_drive(call, parents):
        raise ApiError(
            403,
            "Service Accounts do not have storage quota. Leverage shared drives "
            "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use OAuth "
            "delegation (http://support.google.com/a/answer/7281227) instead.",
            reason="storageQuotaExceeded",
        )


def _is_shared_drive(call: Call, parents: list[str]) -> bool:
    """Whether a file with these parents belongs to a shared drive."""
    for parent in parents:
        known = call.store.files.get(parent)
        if parent != "root" and (known is None or _is_shared_drive(call, known["parents"])):
            return True
    return False


def _check_parents(call: Call, parents: list[str]) -> None:
    for parent in parents:
        # Shared drives are created outside these calls, so an unknown id counts as one.
        known = call.store.files.get(parent)
        if known is not None and known["mimeType"] != FOLDER:
            raise ApiError(403, "The specified parent is not a folder.", reason="parentNotAFolder")


def _apply(call: Call, file: dict[str, Any]) -> None:
    for name in WRITABLE:
        if name not in call.body:
            continue
        value = call.body[name]
        if name in ("appProperties", "properties"):
            value = file.get(name, {}) | value
        file[name] = value
    for name in ("appProperties", "properties"):
        gone = [key for key in file.get(name, {}) if f"{name}.{key}" in call.sent]
        for key in gone:
            del file[name][key]
    if call.body.get("parents") and call.method.id != "drive.files.update":
        file["parents"] = call.body["parents"]


@handles("drive.files.get")
def get(call: Call) -> Any:
    """The metadata of a file, or its content; that of a spreadsheet cannot be downloaded."""
    if call.query.get("alt") == "media":
        file = _file(call)
        if CONTENT in file:
            return Raw(base64.b64decode(file[CONTENT]), file["mimeType"])
        raise ApiError(
            403,
            "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
            reason="fileNotDownloadable",
            location="alt",
        )
    return _answer(call, _file(call))


@handles("drive.files.list")
def list_files(call: Call) -> dict[str, Any]:
    """Files that match a query, newest first unless an order is asked for."""
    terms = queries.parse(call.query.get("q", ""))
    found = [full(file) for file in call.store.files.values() if queries.matches(terms, file)]
    found.reverse()
    for key in reversed([part.strip() for part in call.query.get("orderBy", "").split(",") if part.strip()]):
        name, _, direction = key.partition(" ")
        if name not in ORDERS:
            raise NotModelledError(f"orderBy={name}")
        found.sort(key=lambda file, name=name: _sort_key(file, name), reverse=direction == "desc")
    size = call.query.get("pageSize", 100)
    start = int(call.query.get("pageToken") or 0)
    page = found[start : start + size]
    result: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
    if start + size < len(found):
        result = {"nextPageToken": str(start + size)} | result
    if call.mask is None:
        page = [{name: file[name] for name in DEFAULT_FIELDS} for file in page]
    return result | {"files": page}


#: Keys of ``orderBy`` that are modelled; the account alone changes files, so its changes are all there are.
ORDERS = frozenset(
    {
        "name",
        "name_natural",
        "createdTime",
        "modifiedTime",
        "modifiedByMeTime",
        "recency",
        "folder",
        "starred",
    }
)


def _sort_key(file: dict[str, Any], name: str) -> Any:
    if name in ("recency", "modifiedByMeTime"):
        return file["modifiedTime"]
    if name == "folder":
        return file["mimeType"] != FOLDER
    return file["name"].casefold() if name.startswith("name") else file[name]


@handles("drive.files.update", changes=True)
def update(call: Call) -> dict[str, Any]:
    """Rename, describe, trash or move a file."""
    if call.media is not None:
        raise NotModelledError("files.update with content")
    file = _file(call)
    if "mimeType" in call.body and call.body["mimeType"] != file["mimeType"]:
        raise NotModelledError("a change of mimeType")
    if "parents" in call.body:
        raise ApiError(
            403,
            "The parents field is not directly writable in update requests. "
            "Use the addParents and removeParents parameters instead.",
            reason="fieldNotWritable",
        )
    if "name" in call.body and file["id"] in call.store.books:
        book = call.draft(file["id"])
        book.properties = book.properties | {"title": call.body["name"]}
    _apply(call, file)
    removed = set(_ids(call, "removeParents"))
    parents = [parent for parent in file["parents"] if parent not in removed]
    file["parents"] = parents + [parent for parent in _ids(call, "addParents") if parent not in parents]
    if "modifiedTime" not in call.body:
        file["modifiedTime"] = call.store.timestamp()
    return _answer(call, file)


def _ids(call: Call, name: str) -> list[str]:
    return [part for part in call.query.get(name, "").split(",") if part]


@handles("drive.files.delete", changes=True)
def delete(call: Call) -> None:
    """Delete a file permanently; a folder is deleted with its files."""
    _delete(call, _file(call)["id"])


def _delete(call: Call, file_id: str) -> None:
    del call.store.files[file_id]
    call.store.books.pop(file_id, None)
    for child in [file for file in call.store.files.values() if file_id in file["parents"]]:
        _delete(call, child["id"])


@handles("drive.files.copy", changes=True)
def copy(call: Call) -> dict[str, Any]:
    """A copy of a workbook: cells, formats and developer metadata; not permissions, not comments."""
    source = _file(call)
    if source["mimeType"] == FOLDER:
        raise ApiError(403, "This file cannot be copied by the user.", reason="cannotCopyFile")
    if source["id"] not in call.store.books:
        raise NotModelledError("copies of files with content")
    _check_parents(call, call.body.get("parents", []))
    check_storage(call, call.body.get("parents", source["parents"]))
    name = call.body.get("name") or f"Copy of {source['name']}"
    book = call.store.books[source["id"]].clone()
    book.spreadsheet_id = call.store.new_file_id()
    book.properties = book.properties | {"title": name}
    for sheet in book.sheets:
        # The editors of the original do not apply to the copy, which belongs to the caller.
        sheet.protected_ranges = [
            item | ({"editors": {}} if "editors" in item else {}) for item in sheet.protected_ranges
        ]
    call.store.books[book.spreadsheet_id] = book
    file = spreadsheets.new_file(call.store, book.spreadsheet_id, name, SPREADSHEET)
    file["parents"] = source["parents"]
    for kept in ("appProperties", "properties", "description"):
        if kept in source:
            file[kept] = source[kept]
    _apply(call, file)
    return _answer(call, file)


@handles("drive.files.export")
def export(call: Call) -> Raw:
    """The first tab as comma-separated values."""
    file = _file(call)
    if file["id"] not in call.store.books:
        raise ApiError(403, "Export only supports Docs Editors files.", reason="fileNotExportable")
    if call.query.get("mimeType") != "text/csv":
        raise NotModelledError(f"export as {call.query.get('mimeType')}")
    book = call.store.books[file["id"]]
    sheet = book.sheets[0]
    rows = values.read(
        book, Area(sheet, Bounds(None, None, None, None)), "ROWS", values.DEFAULT_RENDERING, call.now
    )
    out = io.StringIO()
    width = max((len(row) for row in rows.get("values", [])), default=0)
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows.get("values", []):
        writer.writerow([*row, *[""] * (width - len(row))])
    # Real exports have no line break after the last row.
    return Raw(out.getvalue().removesuffix("\r\n").encode(), "text/csv")


@handles("drive.comments.list")
def comments(call: Call) -> dict[str, Any]:
    """Always empty, because comments cannot be created here."""
    _file(call)
    return {"kind": "drive#commentList", "comments": []}


def import_csv(call: Call, content: bytes) -> dict[str, Any]:
    """Drive v2 upload of comma-separated values into a workbook, which replaces all its tabs."""
    file = _file(call)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    old = call.store.book(file["id"])
    # Recorded: an imported workbook gets the time zone of Google's head office, not the earlier one.
    book = Book(old.spreadsheet_id, old.properties | {"timeZone": "America/Los_Angeles"})
    sheet = spreadsheets.add_sheet(
        call.store, book, {"sheetId": 0, "title": re.sub(r"[\[\]*?:/\\]", "", file["name"])[:100]}
    )
    reader = values.Reader(book, "USER_ENTERED", call.now)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            sheet.put(r, c, reader.cell({}, text))
    call.drafts[book.spreadsheet_id] = book
    return {
        "kind": "drive#file",
        "id": file["id"],
        "title": file["name"],
        "mimeType": SPREADSHEET,
        "createdDate": file["createdTime"],
        "modifiedDate": call.store.timestamp(),
    } | _as_shown_by_v2(call)


def _as_shown_by_v2(call: Call) -> dict[str, Any]:
    """What the second version of the API says about a file of the caller (recorded)."""
    account, now = call.store.behaviour.account, call.store.timestamp()
    address = f"{V2_ADDRESS}/{call.path['fileId']}"
    return {
        "ownerNames": [account],
        "lastModifyingUserName": account,
        "parents": [
            {
                "selfLink": f"{address}/parents/{ROOT_ID}",
                "id": ROOT_ID,
                "isRoot": True,
                "kind": "drive#parentReference",
                "parentLink": f"{V2_ADDRESS}/{ROOT_ID}",
            }
        ],
        "spaces": ["drive"],
        **dict.fromkeys(("fileSize", "quotaBytesUsed"), "1024"),
        **dict.fromkeys(("modifiedByMeDate", "lastViewedByMeDate"), now),
        "markedViewedByMeDate": "1970-01-01T00:00:00.000Z",
        **dict.fromkeys(("editable", "copyable", "writersCanShare"), True),
        **dict.fromkeys(
            ("appDataContents", "shared", "explicitlyTrashed", "copyRequiresWriterPermission"), False
        ),
    }


# Permissions


@handles("drive.permissions.create", changes=True)
def create_permission(call: Call) -> dict[str, Any]:
    """Share a file; sharing again with the same person changes the role."""
    file = _file(call)
    kind, role = call.body.get("type"), call.body.get("role")
    if kind not in ("user", "group", "domain", "anyone"):
        raise _bad_permission("The permission type field is required.")
    if role not in ROLES:
        raise _bad_permission("The permission role field is required.")
    who = {"user": "emailAddress", "group": "emailAddress", "domain": "domain"}.get(kind)
    if who and not call.body.get(who):
        raise _bad_permission(f"The {who} field is required for permissions of type {kind}.")
    if kind == "anyone" and call.query.get("sendNotificationEmail"):
        raise _bad_permission("Notifications are only sent to users and groups.")
    address = call.body.get(who or "", "")
    permission = {"kind": "drive#permission", "id": permission_id(kind, address), "type": kind, "role": role}
    for name in (who, "allowFileDiscovery", "expirationTime", "view", "pendingOwner"):
        if name and name in call.body:
            permission[name] = call.body[name]
    if kind in ("anyone", "domain"):
        permission.setdefault("allowFileDiscovery", False)
    others = [other for other in file["permissions"] if other["id"] != permission["id"]]
    file["permissions"] = [*others, permission]
    return _permission_answer(call, permission)


def _bad_permission(message: str) -> ApiError:
    return ApiError(400, message, reason="badRequest")


def _permission_answer(call: Call, permission: dict[str, Any]) -> dict[str, Any]:
    if call.mask is not None:
        return _with_name(permission)
    kept = (*DEFAULT_PERMISSION_FIELDS, "allowFileDiscovery")
    return {name: permission[name] for name in kept if name in permission}


def _permission(call: Call, file: dict[str, Any]) -> dict[str, Any]:
    for permission in file["permissions"]:
        if permission["id"] == call.path["permissionId"]:
            return permission
    raise ApiError(
        404, f"Permission not found: {call.path['permissionId']}.", reason="notFound", location="permissionId"
    )


@handles("drive.permissions.list")
def list_permissions(call: Call) -> dict[str, Any]:
    """Everybody who can open a file."""
    shown = [_permission_answer(call, permission) for permission in _file(call)["permissions"]]
    return {"kind": "drive#permissionList", "permissions": shown}


@handles("drive.permissions.get")
def get_permission(call: Call) -> dict[str, Any]:
    """One permission."""
    return _permission_answer(call, _permission(call, _file(call)))


@handles("drive.permissions.update", changes=True)
def update_permission(call: Call) -> dict[str, Any]:
    """Change a role."""
    file = _file(call)
    old = _permission(call, file)
    if "role" in call.body and call.body["role"] not in ROLES:
        raise _bad_permission("The permission role field is required.")
    new = old | {name: call.body[name] for name in ("role", "expirationTime") if name in call.body}
    file["permissions"] = [new if each is old else each for each in file["permissions"]]
    return _permission_answer(call, new)


@handles("drive.permissions.delete", changes=True)
def delete_permission(call: Call) -> None:
    """Stop sharing with a person."""
    file = _file(call)
    gone = _permission(call, file)
    if gone["role"] == "owner":
        raise ApiError(403, "The owner of a file cannot be removed.", reason="cannotRemoveOwner")
    file["permissions"] = [each for each in file["permissions"] if each is not gone]
