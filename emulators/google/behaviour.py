"""What is not known about the real Google, or differs by account: ``POST /_emulator/behaviour`` sets it."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from emulators.google.errors import ApiError
from emulators.google.models import OWNER

UNMATCHED_DELETE = "GOOGLE_EMULATOR_UNMATCHED_DELETE"
"""Variable of the environment with the first value of ``Behaviour.unmatched_delete``."""

UnmatchedDelete = Literal["refused", "ignored"]


@dataclass(frozen=True)
class Behaviour:
    """Switches of the emulator.

    Parameters
    ----------
    unmatched_delete
        What ``deleteDeveloperMetadata`` does without a match: 400, or nothing with 200.
    freed_id_is_free
        Whether an id of developer metadata that was deleted in a batch can be created again in the same one.
    account
        E-mail address of the account that makes every call of the API.
    is_service_account
        Whether that account is a service account, which has no storage of its own and makes files in shared
        drives only.
    """

    unmatched_delete: UnmatchedDelete = "refused"
    freed_id_is_free: bool = True
    account: str = OWNER
    is_service_account: bool = False

    def changed(self, wanted: dict[str, Any]) -> Behaviour:
        """These switches with some of them changed.

        Raises
        ------
        ApiError
            400 for a switch or a value that does not exist.
        """
        kinds = {one.name: type(getattr(self, one.name)) for one in fields(self)}
        for name, value in wanted.items():
            if type(value) is not kinds.get(name):
                raise ApiError(400, f"There is no switch {name} with the value {value!r}.")
        _check_unmatched_delete(wanted.get("unmatched_delete", self.unmatched_delete))
        return replace(self, **wanted)

    def to_json(self) -> dict[str, Any]:
        """All switches."""
        return asdict(self)


def _check_unmatched_delete(value: str) -> None:
    if value not in get_args(UnmatchedDelete):
        raise ApiError(400, f"unmatched_delete is {' or '.join(get_args(UnmatchedDelete))}, not {value!r}.")


def first_behaviour() -> Behaviour:
    """The switches of a new emulator, by its environment."""
    return Behaviour().changed({"unmatched_delete": os.environ.get(UNMATCHED_DELETE, "refused")})
