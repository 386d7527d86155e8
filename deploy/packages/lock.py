"""Reads a file of locked packages, as `make lock` writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy import ROOT

#: What runs in production, and what else tests need: the second has everything that is in the first.
PRODUCTION = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
TOOLS = ROOT / "requirements-tools.txt"

_PACKAGE = re.compile(r"(?P<name>[a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(?P<version>\S+)(?: ; (?P<marker>.+))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class LockError(Exception):
    """A line of a lock is no package with a version and hashes; the text names it."""


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock.

    Parameters
    ----------
    marker
        On which systems and Pythons it is needed; empty for everywhere.
    hashes
        SHA-256 of each file of the release, for all systems and Pythons.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(path: Path) -> list[LockedPackage]:
    """The packages of a lock, in its order.

    Raises
    ------
    LockError
        For an option, an address, or a package without a version or hashes.
    """
    text = path.read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.strip() for line in text.splitlines()]
    return [_package(path, line) for line in lines if line and not line.startswith("#")]


def _package(path: Path, line: str) -> LockedPackage:
    described, *hashes = re.split(r"\s+(?=--hash)", line)
    package = _PACKAGE.fullmatch(described)
    found: Sequence[re.Match[str] | None] = [_HASH.fullmatch(one) for one in hashes]
    if package is None or not found or None in found:
        raise LockError(f"{path.name}: {line[:100]!r} is not a package with a version and hashes.")
    return LockedPackage(
        name=package["name"],
        version=package["version"],
        marker=package["marker"] or "",
        hashes=tuple(one[1] for one in found if one),
    )
