"""The locked packages: hashes for each, all that is asked for, one version everywhere, no addresses."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy import ROOT
from deploy.packages import licences
from deploy.packages.lock import DEVELOPMENT, PRODUCTION, TOOLS, LockError, read_lock

LOCKS = (PRODUCTION, DEVELOPMENT, TOOLS)
SOURCES = [lock.with_suffix(".in") for lock in LOCKS]
#: The Pythons that the README promises.
PYTHONS = ("3.11", "3.12", "3.13")
NPM_LOCKS = [ROOT / "apps_script" / "package-lock.json", ROOT / "tests/harness/prism/package-lock.json"]


def asked_for(source: Path) -> list[Requirement]:
    """The packages that people have written into a file, with those of the file that it includes."""
    found = []
    for line in source.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += asked_for(ROOT / text.removeprefix("-r "))
        elif text:
            found.append(Requirement(text))
    return found


def applies(marker: str, python: str) -> bool:
    """Whether a package is needed on this system with another Python."""
    return not marker or Marker(marker).evaluate(
        {"python_version": python, "python_full_version": f"{python}.0"}
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_row_14_every_package_is_locked_with_hashes(lock: Path) -> None:
    """Of one version, with a hash for each file; each package stands there once."""
    packages = read_lock(lock)

    assert len(packages) > 20
    assert len({one.name for one in packages}) == len(packages)
    assert all(len(set(one.hashes)) == len(one.hashes) > 0 for one in packages)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_lock_has_what_is_asked_for(source: Path) -> None:
    """Whoever changes a list of packages and forgets `make lock` finds it here."""
    locked = {one.name: one for one in read_lock(source.with_suffix(".txt"))}

    for wanted in asked_for(source):
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)].version), wanted


@pytest.mark.parametrize("python", PYTHONS)
def test_a_lock_is_complete(python: str) -> None:
    """What an installed package needs in turn is there, in a version that it accepts."""
    for lock in (PRODUCTION, DEVELOPMENT):
        locked = {one.name: one for one in read_lock(lock) if applies(one.marker, python)}
        for name in locked:
            check_needs(name, {key: one.version for key, one in locked.items()}, python)


def check_needs(name: str, locked: dict[str, str], python: str) -> None:
    """Compare what a package says that it needs with a lock."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for text in importlib.metadata.requires(name) or []:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate(environment):
            version = locked.get(canonicalize_name(needed.name))
            assert version is not None, f"{name} needs {needed}"
            assert needed.specifier.contains(version, prereleases=True), f"{name} needs {needed}"


def test_production_has_the_versions_that_are_tested() -> None:
    """A package is the same in production as in the tests, file by file."""
    tested = {one.name: one for one in read_lock(DEVELOPMENT)}

    for one in read_lock(PRODUCTION):
        assert (one.version, one.hashes) == (tested[one.name].version, tested[one.name].hashes)


def test_what_is_installed_is_what_is_locked() -> None:
    """The tests run with these versions, and not with what somebody has installed by hand."""
    for one in read_lock(DEVELOPMENT):
        if not one.marker or Marker(one.marker).evaluate():
            assert Version(importlib.metadata.version(one.name)) == Version(one.version), one.name


def test_every_line_says_why() -> None:
    """A package without a reason is one that nobody dares to remove."""
    for source in SOURCES:
        for line in source.read_text(encoding="utf-8").splitlines():
            assert line.startswith(("#", "-r ")) or re.fullmatch(r"\S+ +# \S.{10,}", line), line


@pytest.mark.parametrize("path", [*LOCKS, *SOURCES, *NPM_LOCKS], ids=lambda path: path.name)
def test_no_file_names_a_registry(path: Path) -> None:
    """Where packages come from is decided by whoever installs them; a hash is the same everywhere."""
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^\s*--(?!hash)\S+|^-(?!r )\S+", text, re.MULTILINE) == []
    assert "://" not in re.sub(r'"(?:url|homepage)": "[^"]*"', "", text)


@pytest.mark.parametrize("path", NPM_LOCKS, ids=lambda path: path.parent.name)
def test_packages_of_npm_have_hashes(path: Path) -> None:
    """`npm ci` refuses a file that does not match."""
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    packages.pop("")

    assert len(packages) > 10
    assert [name for name, one in packages.items() if not one["integrity"].startswith("sha512-")] == []


@pytest.mark.parametrize(
    "line",
    [
        "requests==2.34.2",
        "requests>=2.34.2 --hash=sha256:" + "a" * 64,
        "requests==2.34.2 --hash=md5:" + "a" * 32,
        "--index-url https://packages.example/simple",
        "-r other.txt",
        "https://packages.example/requests.whl --hash=sha256:" + "a" * 64,
    ],
)
def test_a_lock_with_anything_else_is_refused(line: str, tmp_path: Path) -> None:
    """A package without a hash, without one version, or from an address; an option."""
    lock = tmp_path / "lock.txt"
    lock.write_text(f"# comment\n{line}\n", encoding="utf-8")

    with pytest.raises(LockError):
        read_lock(lock)


def test_the_list_of_licences_is_current_and_all_are_allowed() -> None:
    """After a change of packages `make licences` writes it again."""
    read = licences.read_licences()

    assert licences.DOCUMENT.read_text(encoding="utf-8") == licences.document(read)
    assert [(one.package.name, one.forbidden) for one in read if one.forbidden] == []


@pytest.mark.parametrize(
    ("terms", "forbidden"),
    [
        ("GPL-3.0-only", ["GPL-3.0-only"]),
        ("MIT AND (Apache-2.0 OR LGPL-3.0-or-later)", ["LGPL-3.0-or-later"]),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", []),
        ("UNKNOWN", ["UNKNOWN"]),
    ],
)
def test_a_licence_that_asks_for_more_is_found(terms: str, forbidden: list[str]) -> None:
    """A choice of licences is refused too, until somebody has read it and written it down."""
    assert licences.Licence(read_lock(PRODUCTION)[0], terms).forbidden == forbidden
