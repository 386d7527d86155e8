"""``python -m deploy.packages.licences`` writes ``docs/licences.md`` from what the installed packages say."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from deploy import ROOT
from deploy.packages.lock import DEVELOPMENT, PRODUCTION, LockedPackage, read_lock

DOCUMENT = ROOT / "docs" / "licences.md"

#: Licences under which the product may use and pass on a package as it is, by their SPDX names.
#: MPL-2.0 asks only that changes of its own files are published; we change none.
ALLOWED = frozenset(
    {
        *("MIT", "MIT-0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BSD", "Apache-2.0", "PSF-2.0"),
        *("Zlib", "CC0-1.0", "MPL-2.0"),
    }
)

#: Other spellings that packages have for these.
_SPELLINGS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "https://www.apache.org/licenses/LICENSE-2.0.txt": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

#: Packages that do not say it themselves, or that are not installed here: read in their files.
_READ_BY_HAND = {
    # Its file LICENSE; axe-core, which it carries, is under MPL-2.0.
    "axe-playwright-python": "MIT AND MPL-2.0",
    # Needed on Windows only.
    "colorama": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
}

_HEAD = """\
# Licences of the packages

Written by `make licences`; a test compares it with the packages that are installed.
The product itself is under the [MIT licence](../LICENSE).
What runs in production comes from `requirements.txt`; the rest serves tests and checks, and is not passed on.
Allowed are: {allowed}. `BSD` stands for a package that says only this.

| package | version | licence | in production |
| --- | --- | --- | --- |
"""


class LicenceError(Exception):
    """A package has no licence that is known, or one under which it may not be used."""


@dataclass(frozen=True)
class Licence:
    """Under which terms a package may be used: SPDX names, joined by ``AND`` and ``OR``."""

    package: LockedPackage
    terms: str

    @property
    def forbidden(self) -> list[str]:
        """Names in the terms that are not allowed."""
        return [one for one in re.split(r" AND | OR |[()]", self.terms) if one and one not in ALLOWED]


def read_licences() -> list[Licence]:
    """The licences of all packages that tests and production have.

    Raises
    ------
    LicenceError
        For a package that neither says its licence nor was read by hand.
    """
    return [Licence(one, _terms(one.name)) for one in read_lock(DEVELOPMENT)]


def document(licences: list[Licence]) -> str:
    """The text of ``docs/licences.md``."""
    in_production = {one.name for one in read_lock(PRODUCTION)}
    rows = (
        f"| {one.package.name} | {one.package.version} | {one.terms} "
        f"| {'yes' if one.package.name in in_production else ''} |\n"
        for one in licences
    )
    return _HEAD.format(allowed=", ".join(sorted(ALLOWED))) + "".join(rows)


def _terms(name: str) -> str:
    if name in _READ_BY_HAND:
        return _READ_BY_HAND[name]
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        raise LicenceError(f"{name} is not installed. Run `make venv`.") from None
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    fields = metadata.get_all("License") or [""]
    said = list(_said(fields[0], metadata.get_all("Classifier") or []))
    if not said:
        raise LicenceError(f"{name} does not say its licence. Read it, and add it to _READ_BY_HAND.")
    return said[0]


def _said(field: str, classifiers: list[str]) -> Iterator[str]:
    """What the older fields say, the most exact first. Several classifiers: one may choose."""
    text = field.strip()
    names = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    known = sorted({_SPELLINGS.get(one, one) for one in names if one != "OSI Approved"})
    if text and "\n" not in text and (text in ALLOWED or text in _SPELLINGS or not known):
        yield " OR ".join(_SPELLINGS.get(one, one) for one in text.split(" OR "))
    if known:
        yield " OR ".join(known)


def main() -> int:
    """Write the document; 1 if a licence forbids the use."""
    licences = read_licences()
    DOCUMENT.write_text(document(licences), encoding="utf-8")
    wrong = [one for one in licences if one.forbidden]
    for one in wrong:
        print(f"{one.package.name}: {one.terms} is not among the allowed licences.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
