"""Files and permissions of Drive."""

from __future__ import annotations

import io
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from tests.emulators.google.conftest import Google

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
FOLDER = "application/vnd.google-apps.folder"


def create(google: Google, name: str, **body: Any) -> str:
    """A new spreadsheet file."""
    body = {"name": name, "mimeType": SPREADSHEET, **body}
    return google.drive.files().create(body=body, supportsAllDrives=True).execute()["id"]


def names(google: Google, query: str) -> list[str]:
    """Names of the files that match a query, in order of the alphabet."""
    answer = google.drive.files().list(q=query, orderBy="name", supportsAllDrives=True).execute()
    return [file["name"] for file in answer["files"]]


def test_created_file_is_a_workbook(google: Google) -> None:
    """A file of the spreadsheet type can be read by Sheets under its name."""
    file_id = create(google, "Заря")

    assert google.get(file_id, "properties.title") == {"properties": {"title": "Заря"}}


def test_default_fields(google: Google) -> None:
    """Without a mask Drive names four fields only (recorded)."""
    answer = google.drive.files().get(fileId=create(google, "Заря")).execute()

    assert sorted(answer) == ["id", "kind", "mimeType", "name"]


def test_masked_fields(google: Google) -> None:
    """With a mask everything can be asked for."""
    folder = google.drive.files().create(body={"name": "Клиенты", "mimeType": FOLDER}).execute()["id"]
    file_id = create(google, "Заря", parents=[folder], appProperties={"project": "42"})

    answer = google.drive.files().get(fileId=file_id, fields="parents,appProperties,trashed,shared").execute()

    assert answer == {
        "parents": [folder],
        "appProperties": {"project": "42"},
        "trashed": False,
        "shared": False,
    }


QUERIES = [
    ("name = 'Заря'", ["Заря"]),
    ("name contains 'За'", ["Заря", "Закат"]),
    (f"mimeType = '{SPREADSHEET}' and trashed = false", ["Закат", "Заря"]),
    (f"mimeType != '{SPREADSHEET}'", ["Папка"]),
    ("trashed = true", ["Мусор"]),
    ("appProperties has { key='project' and value='42' }", ["Заря"]),
    ("appProperties has {key='project' and value='42'} and trashed=false and name='Закат'", []),
    ("not name = 'Заря' and trashed = false", ["Закат", "Папка"]),
    (r"name = 'it\'s'", []),
]


@pytest.mark.parametrize(("query", "wanted"), QUERIES)
def test_query(google: Google, query: str, wanted: list[str]) -> None:
    """Terms joined with ``and`` select files."""
    create(google, "Заря", appProperties={"project": "42"})
    create(google, "Закат", appProperties={"project": "43"})
    google.drive.files().create(body={"name": "Папка", "mimeType": FOLDER}).execute()
    google.drive.files().update(fileId=create(google, "Мусор"), body={"trashed": True}).execute()

    assert sorted(names(google, query)) == sorted(wanted)


def test_query_in_parents(google: Google) -> None:
    """Files of a folder."""
    folder = google.drive.files().create(body={"name": "Клиенты", "mimeType": FOLDER}).execute()["id"]
    create(google, "Внутри", parents=[folder])
    create(google, "Снаружи")

    assert names(google, f"'{folder}' in parents") == ["Внутри"]


def test_query_that_cannot_be_read(google: Google) -> None:
    """A broken query is refused in Drive's words."""
    with pytest.raises(HttpError) as caught:
        names(google, "name ~ 'x'")

    assert (caught.value.resp.status, caught.value.reason) == (400, "Invalid Value")


def test_query_that_is_not_modelled(google: Google) -> None:
    """``or`` is legal and not modelled, so it answers 501."""
    create(google, "a")
    with pytest.raises(HttpError, match="501"):
        names(google, "name = 'a' or name = 'b'")


def test_pages(google: Google) -> None:
    """A list comes in pages."""
    for index in range(3):
        create(google, f"Книга {index}")

    first = google.drive.files().list(pageSize=2, orderBy="name").execute()
    second = google.drive.files().list(pageSize=2, orderBy="name", pageToken=first["nextPageToken"]).execute()

    assert [file["name"] for file in first["files"] + second["files"]] == ["Книга 0", "Книга 1", "Книга 2"]
    assert "nextPageToken" not in second


def test_rename_in_drive_renames_the_workbook(google: Google) -> None:
    """The file's name and the workbook's title are one thing, from both sides."""
    file_id = create(google, "Старое")
    google.drive.files().update(fileId=file_id, body={"name": "Новое"}).execute()
    in_sheets = google.get(file_id, "properties.title")["properties"]["title"]

    google.batch(
        file_id, {"updateSpreadsheetProperties": {"properties": {"title": "Третье"}, "fields": "title"}}
    )

    assert in_sheets == "Новое"
    assert google.drive.files().get(fileId=file_id).execute()["name"] == "Третье"


def test_app_properties_are_merged_and_removed_by_null(google: Google) -> None:
    """An update keeps the other properties; null removes one."""
    file_id = create(google, "Заря", appProperties={"a": "1", "b": "2"})

    google.drive.files().update(fileId=file_id, body={"appProperties": {"a": None, "c": "3"}}).execute()

    answer = google.drive.files().get(fileId=file_id, fields="appProperties").execute()
    assert answer == {"appProperties": {"b": "2", "c": "3"}}


def test_copy_is_independent(google: Google) -> None:
    """A copy has the cells and the properties, and changes alone."""
    file_id = create(google, "Шаблон", appProperties={"kind": "template"})
    google.type(file_id, "A1", [["было"]])

    body = {"name": "Заря", "appProperties": {"kind": "client"}}
    copy = google.drive.files().copy(fileId=file_id, body=body, supportsAllDrives=True).execute()["id"]
    google.type(copy, "A1", [["стало"]])

    assert google.read(file_id, "A1") == [["было"]]
    assert names(google, "appProperties has {key='kind' and value='client'}") == ["Заря"]


def test_delete(google: Google) -> None:
    """A deleted file is gone from both services."""
    file_id = create(google, "Заря")
    google.drive.files().delete(fileId=file_id).execute()

    with pytest.raises(HttpError, match=f"File not found: {file_id}"):
        google.drive.files().get(fileId=file_id).execute()
    with pytest.raises(HttpError, match="Requested entity was not found"):
        google.read(file_id, "A1")


def test_export_as_csv(google: Google) -> None:
    """The first tab as comma-separated values."""
    file_id = create(google, "Заря")
    google.type(file_id, "A1", [["a", "b,c"], ["d"]])

    content = google.drive.files().export(fileId=file_id, mimeType="text/csv").execute()

    assert content == b'a,"b,c"\r\nd,'


def test_permissions(google: Google) -> None:
    """Share, change the role, list, stop sharing."""
    file_id = create(google, "Заря")
    permissions = google.drive.permissions()
    body = {"type": "user", "role": "reader", "emailAddress": "anna@agency.ru"}
    made = permissions.create(fileId=file_id, body=body, sendNotificationEmail=False).execute()
    permissions.update(fileId=file_id, permissionId=made["id"], body={"role": "writer"}).execute()

    listed = permissions.list(fileId=file_id, fields="permissions(emailAddress,role)").execute()
    permissions.delete(fileId=file_id, permissionId=made["id"]).execute()
    left = permissions.list(fileId=file_id).execute()

    assert listed["permissions"][1] == {"emailAddress": "anna@agency.ru", "role": "writer"}
    assert [permission["role"] for permission in left["permissions"]] == ["owner"]


def test_sharing_twice_is_one_permission(google: Google) -> None:
    """The same person again changes his role and keeps his id."""
    file_id = create(google, "Заря")
    ids = [
        google.drive.permissions()
        .create(fileId=file_id, body={"type": "user", "role": role, "emailAddress": "anna@agency.ru"})
        .execute()["id"]
        for role in ("reader", "writer")
    ]

    listed = google.drive.permissions().list(fileId=file_id, fields="permissions(role)").execute()

    assert ids[0] == ids[1]
    assert listed == {"permissions": [{"role": "owner"}, {"role": "writer"}]}


def test_link_sharing(google: Google) -> None:
    """Anyone with the link has the fixed id of Google."""
    file_id = create(google, "Заря")

    made = (
        google.drive.permissions().create(fileId=file_id, body={"type": "anyone", "role": "reader"}).execute()
    )

    assert made["id"] == "anyoneWithLink"
    assert google.drive.files().get(fileId=file_id, fields="shared").execute() == {"shared": True}


def test_incomplete_permission(google: Google) -> None:
    """A permission for a user needs an address."""
    with pytest.raises(HttpError, match="emailAddress"):
        google.drive.permissions().create(
            fileId=create(google, "Заря"), body={"type": "user", "role": "reader"}
        ).execute()


def test_binary_files_are_not_modelled(google: Google) -> None:
    """Drive keeps workbooks and folders here and nothing else."""
    with pytest.raises(HttpError, match="files of the type image/png"):
        google.drive.files().create(body={"name": "x", "mimeType": "image/png"}).execute()


def test_unknown_field_in_a_mask(google: Google) -> None:
    """Drive has its own words for a mask that names no field."""
    with pytest.raises(HttpError) as caught:
        google.drive.files().get(fileId=create(google, "Заря"), fields="nme").execute()

    assert caught.value.reason == "Invalid field selection nme"


# --- Files with content -----------------------------------------------------------------------------


def upload(google: Google, content: bytes, *, resumable: bool = True, **body: Any) -> dict[str, Any]:
    """A file with content, as Google's client sends it."""
    media = MediaIoBaseUpload(io.BytesIO(content), mimetype="application/pdf", resumable=resumable)
    return google.drive.files().create(body=body, media_body=media, fields="*").execute()


@pytest.mark.parametrize("resumable", [True, False], ids=["resumable", "in one request"])
def test_uploaded_content_comes_back(google: Google, resumable: bool) -> None:
    """Every byte is kept, line ends and zeros too, and described as Drive describes it."""
    content = b"%PDF-1.7\r\n\x00\xff\n--===\r\n\r\n"
    folder = google.drive.files().create(body={"name": "От клиента", "mimeType": FOLDER}).execute()["id"]

    file = upload(google, content, resumable=resumable, name="Бриф.pdf", parents=[folder])

    assert google.drive.files().get_media(fileId=file["id"]).execute() == content
    assert (file["mimeType"], file["size"], file["parents"]) == ("application/pdf", "22", [folder])
    assert file["webViewLink"].startswith(f"https://drive.google.com/file/d/{file['id']}/view")
    assert "_content" not in file


def test_generated_id_makes_one_file(google: Google) -> None:
    """An id that was generated before is the id of the file; the same call again is refused with 409."""
    (file_id,) = google.drive.files().generateIds(count=1, space="drive").execute()["ids"]
    upload(google, b"first", name="a.pdf", id=file_id)

    with pytest.raises(HttpError) as again:
        upload(google, b"second", name="a.pdf", id=file_id)

    assert (again.value.resp.status, again.value.error_details[0]["reason"]) == (409, "fileIdInUse")
    assert google.drive.files().get_media(fileId=file_id).execute() == b"first"
    assert names(google, "name = 'a.pdf'") == ["a.pdf"]


def test_large_content_needs_a_resumable_upload(google: Google) -> None:
    """What is sent in one request may have 5 MB at most; a parent that is no folder takes no file."""
    content = bytes(6 * 1024 * 1024)

    with pytest.raises(HttpError) as large:
        upload(google, content, resumable=False, name="a.pdf")
    with pytest.raises(HttpError) as parent:
        upload(google, b"a", name="b.pdf", parents=[create(google, "Заря")])

    assert (large.value.resp.status, parent.value.resp.status) == (413, 403)
    assert upload(google, content, name="a.pdf")["size"] == str(len(content))
