"""An office that all tests of a module share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.harness.agency_data import TEAM
from tests.harness.office import Office
from tests.harness.servers import Servers
from vitrina.bootstrap import application


@dataclass
class ModuleOffice(Office):
    """An office for all tests of a module: its settings stay when a test ends."""

    environment: dict[str, str] = field(default_factory=dict)

    def restart(self, **changes: str) -> None:
        """Rebuild the application, with *changes* to the settings (names without their prefix)."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **changes}.items():
                patch.setenv(f"VITRINA_{name}", value)
            application.cache_clear()
            application()


@contextmanager
def running_agency(
    servers: Servers,
    folder: Path,
    *,
    team: Sequence[Mapping[str, Any]] = TEAM,
    firestore_url: str = "",
    has_crm: bool = False,
    **settings: str,
) -> Iterator[ModuleOffice]:
    """An agency with people and norms, for all tests of a module. Retries do not wait."""
    office = ModuleOffice(servers, folder, firestore_url=firestore_url, has_crm=has_crm)
    with pytest.MonkeyPatch.context() as patch:
        office.reset_for_test(patch)
        prefix = "VITRINA_"
        given = {key.removeprefix(prefix): os.environ[key] for key in os.environ if key.startswith(prefix)}
    office.environment = {**given, "RETRY_WAIT_S": "0", **settings}
    office.restart()
    office.create_agency(team=team)
    yield office
    office.settle()
    office.http.close()
    application.cache_clear()
