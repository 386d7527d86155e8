"""The fence: a mark of the whole workbook that keeps writes out which were planned too long ago.

A lease in the store runs out by itself, and a write of its holder may still be on its way to Google. Who
takes back what such a write rests on moves the fence first: from then on Google refuses every batch that
holds the fence as it was before. In the way of a fencing token (M. Kleppmann, *How to do distributed
locking*, 2016), with Google as the one who checks it.
"""

from __future__ import annotations

from vitrina.ports import Json
from vitrina.workbook.reading.book import FENCE_KEY

#: Below the ids of the template's own metadata, far above those of rows.
FENCE_ID = 2_147_399_000


def hold_fence(fence: str) -> list[Json]:
    """Requests that have a batch refused where the fence is not where it was read."""
    if not fence:
        # Can be made, so that there was none; and nothing is left of it.
        return [_create("0"), _delete("0")]
    return [_delete(fence), _create(fence)]


def move_fence(fence: str, to: str) -> list[Json]:
    """Requests that move the fence from where it was read; refused where somebody else has moved it."""
    return [_delete(fence), _create(to)] if fence else [_create(to)]


def _create(value: str) -> Json:
    """Refused where the fence is there: its id is in use."""
    metadata: Json = {
        "metadataId": FENCE_ID,
        "metadataKey": FENCE_KEY,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": {"spreadsheet": True},
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _delete(value: str) -> Json:
    """Refused, or without effect, where the fence has another value."""
    lookup = {"metadataId": FENCE_ID, "metadataValue": value}
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
