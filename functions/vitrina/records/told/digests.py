"""How far the weekly digests of a project are: one document."""

from __future__ import annotations

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

DIGEST = "digest"


class KeptDigest(Struct, frozen=True):
    """What is known of the digests of a project.

    Parameters
    ----------
    is_approved
        Whether a manager has sent one: from then on they go by themselves.
    sent_week
        The week of the last one that was sent, as ``2026-W48``.
    told_week
        The last week in which the agency was told why none was sent.
    """

    spreadsheet_id: str
    agency_id: str
    is_approved: bool = False
    sent_week: str = ""
    told_week: str = ""
    version: int = ABSENT

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            name: one for name, one in to_builtins(self).items() if name not in ("spreadsheet_id", "version")
        }
        return Put(*digest_key(self.spreadsheet_id), data, self.version)

    def sent(self, week: str, *, is_approved: bool) -> KeptDigest:
        """The same after the digest of a week was sent."""
        return replace(self, sent_week=week, is_approved=self.is_approved or is_approved)


def digest_key(spreadsheet_id: str) -> Key:
    """Where it is kept."""
    return DIGEST, spreadsheet_id


def digest_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> KeptDigest:
    """What is known of the digests of a project, nothing where none was written."""
    if document is None:
        return KeptDigest(spreadsheet_id, agency_id)
    values = known_fields(KeptDigest, document.data)
    return KeptDigest(**{**values, "spreadsheet_id": spreadsheet_id, "version": document.version})


def load_digest(store: Store, spreadsheet_id: str, agency_id: str) -> KeptDigest:
    """What is known of the digests of a project: one round trip."""
    key = digest_key(spreadsheet_id)
    return digest_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)
