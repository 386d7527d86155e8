"""What kind a file of a client has, by its content, and what becomes of its name."""

from __future__ import annotations

import pytest

from tests.harness.client_asks import HOSTILE
from tests.harness.sample_files import BAD, GOOD, PDF
from vitrina.errors import UserError
from vitrina.usecases.client_page import file_kinds
from vitrina.usecases.client_page.file_kinds import kind_of, safe_name


@pytest.mark.parametrize("name", GOOD)
def test_good_files_keep_their_kind(name: str) -> None:
    """Each kind is known by its content; only text is told by its name."""
    kind = kind_of(GOOD[name], name)

    assert kind.ending == name.rpartition(".")[2].replace("jpeg", "jpg")
    other_name = kind_of(GOOD[name], "x.csv" if kind is file_kinds.TEXT else "x.txt")
    assert (other_name == kind) is (kind not in (file_kinds.TEXT, file_kinds.TABLE))


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused(name: str) -> None:
    """Pages, drawings with scripts, programs, archives, macros, other encodings, whatever they are called."""
    content, code = BAD[name]

    with pytest.raises(UserError) as refused:
        kind_of(content, name)

    assert refused.value.code == f"client_page.file.{code}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Бриф (2).pdf", "Бриф (2).pdf"),
        # The ending is that of the content.
        ("run.exe", "run.pdf"),
        ("архив.tar.gz", "архив.tar.pdf"),
        ("C:\\Users\\Иван\\Бриф.pdf", "Бриф.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("a\u202egnp.exe", "a gnp.pdf"),
        ("a\x00b\r\nX-Header: 1.pdf", "a b X-Header 1.pdf"),
        ("'; DROP TABLE--.pdf", "DROP TABLE.pdf"),
        ("=cmd|' /C calc'!A0.pdf", "C calc A0.pdf"),
        ("👩‍🚀.pdf", "файл.pdf"),
        ("\ud800", "файл.pdf"),
        ("", "файл.pdf"),
        ("я" * 100_000, f"{'я' * 80}.pdf"),
        # Composed: the same letter as people type it.
        ("и\u0306.pdf", "й.pdf"),
    ],
)
def test_names_are_made_anew(name: str, expected: str) -> None:
    """Only letters, digits and few signs are left of a name."""
    assert safe_name(name, kind_of(PDF, name), "файл") == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_begin_with_a_letter(name: str) -> None:
    """No formula, no path, no markup."""
    made = safe_name(name, file_kinds.PDF, "файл")

    assert made[0].isalnum() or made[0] == "("
    assert not set(made) & set("=+@<>\"'`/\\|&%${}[]*:;\n\r\t\x00\u202e")
