"""What kind of file a client hands over, by its content, and a name that can do no harm.

Nothing is unpacked: of an office document the list of its parts and two short parts are read.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from io import BytesIO

from msgspec import Struct

from vitrina.errors import UserError

#: Most bytes of a file.
MOST_FILE_BYTES = 10 * 1024 * 1024
#: Most characters of a name, without its ending.
MOST_NAME = 80
#: Most parts of an office document, and most bytes that are read of one.
MOST_PARTS, MOST_PART_BYTES = 5000, 200_000


class FileKind(Struct, frozen=True):
    """A kind of file that is taken, by the ending of its name."""

    ending: str
    media_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
PDF = FileKind("pdf", "application/pdf")
PNG = FileKind("png", "image/png")
JPEG = FileKind("jpg", "image/jpeg")
TEXT = FileKind("txt", "text/plain")
TABLE = FileKind("csv", "text/csv")
#: Office documents by the part that tells them.
OFFICE = {
    "word/document.xml": FileKind("docx", f"{_OFFICE}wordprocessingml.document"),
    "xl/workbook.xml": FileKind("xlsx", f"{_OFFICE}spreadsheetml.sheet"),
    "ppt/presentation.xml": FileKind("pptx", f"{_OFFICE}presentationml.presentation"),
}
KINDS = (PDF, PNG, JPEG, *OFFICE.values(), TEXT, TABLE)

#: Parts of office documents that run, or that bring another program along.
_ACTIVE = re.compile(
    r"vbaproject|vbadata|activex|macrosheets|embeddings/[^/]*\.(?!docx|xlsx|pptx)[^/]*$", re.IGNORECASE
)
#: Types of parts with macros, and a template that is fetched from elsewhere when the document is opened.
_CONTENT_TYPES, _SETTINGS = "[Content_Types].xml", "word/_rels/settings.xml.rels"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def kind_of(content: bytes, name: str) -> FileKind:
    """The kind of a file. Its name decides only between kinds of text.

    Raises
    ------
    UserError
        If it is empty, of a kind that is not taken, or an office document with something that runs.
    """
    if not content:
        raise UserError("client_page.file.empty")
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    found = _office_kind(content) if content.startswith(b"PK\x03\x04") else _text_kind(content, name)
    if found is None:
        raise UserError("client_page.file.kind")
    return found


def safe_name(name: str, kind: FileKind, default: str) -> str:
    """A name of letters, digits and few signs, with the ending of the kind.

    *default* stands where nothing of the name is left.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem = last.rpartition(".")[0] or last
    kept = "".join(one if _is_harmless(one) else " " for one in stem)
    clean = " ".join(kept.split()).strip(" .-_")[:MOST_NAME].strip(" .-_")
    return f"{clean or default}.{kind.ending}"


def _is_harmless(sign: str) -> bool:
    return unicodedata.category(sign) in ("Ll", "Lu", "Lt", "Lo", "Nd") or sign in "-_.,()№"


def _text_kind(content: bytes, name: str) -> FileKind | None:
    """Text in UTF-8 whose name says so, and that is not the beginning of a page or a drawing."""
    ending = name.rpartition(".")[2].casefold()
    kind = {one.ending: one for one in (TEXT, TABLE)}.get(ending)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) or text.lstrip().startswith("<") else kind


def _office_kind(content: bytes) -> FileKind | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            return _package_kind(package)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise UserError("client_page.file.kind") from error


def _package_kind(package: zipfile.ZipFile) -> FileKind | None:
    names = package.namelist()
    if len(names) > MOST_PARTS or len(set(names)) < len(names) or _CONTENT_TYPES not in names:
        return None
    kinds = [kind for part, kind in OFFICE.items() if part in names]
    if len(kinds) != 1:
        return None
    types = _part(package, _CONTENT_TYPES).lower()
    template = _part(package, _SETTINGS) if _SETTINGS in names else b""
    is_active = (
        any(_ACTIVE.search(one) for one in names)
        or b"macroenabled" in types
        or (b"attachedTemplate" in template and b'Target="http' in template)
    )
    if is_active:
        raise UserError("client_page.file.active")
    return kinds[0]


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    """The beginning of a part; one that is longer than such parts are is refused."""
    with package.open(name) as part:
        data = part.read(MOST_PART_BYTES + 1)
    if len(data) > MOST_PART_BYTES:
        raise UserError("client_page.file.kind")
    return data
