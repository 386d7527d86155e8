"""New databases in the Firestore emulator."""

from __future__ import annotations

import os
import uuid

from emulators.common.firestore import FirestoreMissingError, emulator_command
from vitrina.google.firestore import make_firestore
from vitrina.store.firestore import FirestoreStore


def is_firestore_installed() -> bool:
    """Whether the emulator can be started; with ``REQUIRE_FIRESTORE`` set, it is an error if it cannot."""
    try:
        emulator_command()
    except FirestoreMissingError:
        if os.environ.get("REQUIRE_FIRESTORE"):
            raise
        return False
    return True


def new_database() -> str:
    """The name of an empty database of the emulator: that of a project of its own."""
    return f"projects/p{uuid.uuid4().hex}/databases/(default)"


def new_firestore(url: str) -> FirestoreStore:
    """A store in an empty database of the emulator at *url*."""
    return FirestoreStore(make_firestore(url), new_database())
