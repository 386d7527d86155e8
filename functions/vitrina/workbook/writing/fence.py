"""The fence: a mark of the whole workbook by which Google refuses outdated writes.

*Fence* is a term of the glossary. A lease in the store may expire while a write of its holder is still on its
way to Google. Whoever takes over such a lease, or takes back the reservation of such a write, moves the fence
first. From then on Google refuses every batch that holds the fence with its former value. It is a fencing
token (M. Kleppmann, *How to do distributed locking*, 2016) that Google checks.
"""

from __future__ import annotations

from vitrina.ports import Json
from vitrina.workbook.reading.book import FENCE_KEY

#: Below the ids of metadata of the template, far above numbers of rows.
FENCE_ID = 2_147_399_000


def hold_fence(fence: str) -> list[Json]:
    """Requests that are refused if the fence does not have the value *fence* any more."""
    if not fence:
        # Creating it succeeds only if there is no fence; it is deleted again at once.
        return [_create("0"), _delete("0")]
    return [_delete(fence), _create(fence)]


def move_fence(fence: str, to: str) -> list[Json]:
    """Requests that change the value of the fence to *to*; refused if somebody else has changed it."""
    return [_delete(fence), _create(to)] if fence else [_create(to)]


def _create(value: str) -> Json:
    """Create the fence; refused if it exists, as its id is in use."""
    metadata: Json = {
        "metadataId": FENCE_ID,
        "metadataKey": FENCE_KEY,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": {"spreadsheet": True},
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _delete(value: str) -> Json:
    """Delete the fence; refused, or without effect, if it has another value."""
    lookup = {"metadataId": FENCE_ID, "metadataValue": value}
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
