"""Requests about developer metadata."""

from __future__ import annotations

from typing import Any

from emulators.google import masks, metadata
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import invalid
from emulators.google.filters import metadata_ids


@request("createDeveloperMetadata")
def create(batch: Batch, body: Request) -> Reply:
    """Add a piece of metadata; the caller may choose its id."""
    given = body.get("developerMetadata", {})
    for name in ("metadataKey", "location"):
        if not given.get(name):
            raise invalid(f"developerMetadata.{name} must be specified.")
    visibility = given.get("visibility")
    if visibility not in ("DOCUMENT", "PROJECT"):
        raise invalid("developerMetadata.visibility must be specified.")
    metadata_id = given.get("metadataId")
    if metadata_id is None:
        metadata_id = batch.store.new_number(batch.book.metadata)
    elif metadata_id <= 0:
        raise invalid(f"metadataId[{metadata_id}] must be greater than zero.")
    if metadata_id in batch.freed_ids and not batch.store.behaviour.freed_id_is_free:
        raise metadata.in_use(metadata_id)
    where = metadata.read_location(batch.book, given["location"])
    metadata.create(
        batch.book, metadata_id, given["metadataKey"], given.get("metadataValue", ""), visibility, where
    )
    return {"developerMetadata": metadata.resource(batch.book, metadata_id, where)}


@request("updateDeveloperMetadata")
def update(batch: Batch, body: Request) -> Reply:
    """Change all metadata that the filters select."""
    mask = batch.mask("DeveloperMetadata", body.get("fields"))
    given = body.get("developerMetadata", {})
    ids = _selected(batch, body.get("dataFilters", []))
    if not ids:
        raise invalid("No developer metadata matches the data filters.")
    for metadata_id in ids:
        _change(batch, metadata_id, given, mask)
    return {"developerMetadata": [metadata.resource(batch.book, metadata_id) for metadata_id in ids]}


def _change(batch: Batch, metadata_id: int, given: dict[str, Any], mask: masks.Mask) -> None:
    book = batch.book
    everything = "*" in mask
    entry = dict(book.metadata[metadata_id])
    if everything or "metadataKey" in mask:
        if not given.get("metadataKey"):
            raise invalid("developerMetadata.metadataKey must be specified.")
        entry["key"] = given["metadataKey"]
    if everything or "metadataValue" in mask:
        entry["value"] = given.get("metadataValue", "")
    if everything or "visibility" in mask:
        entry["visibility"] = given.get("visibility", "DOCUMENT")
    if (everything and "location" in given) or "location" in mask:
        where = metadata.read_location(book, given.get("location", {}))
        metadata.detach(book, metadata_id)
        entry = {name: part for name, part in entry.items() if name != "sheetId"} | {"kind": where["kind"]}
        if "sheetId" in where:
            entry["sheetId"] = where["sheetId"]
        book.metadata[metadata_id] = entry
        if "index" in where:
            metadata.attach(book.sheet(where["sheetId"]), where["kind"], where["index"], metadata_id)
    book.metadata[metadata_id] = entry


@request("deleteDeveloperMetadata")
def delete(batch: Batch, body: Request) -> Reply:
    """Delete all metadata that the filter selects."""
    if "dataFilter" not in body:
        raise invalid("dataFilter must be specified.")
    ids = _selected(batch, [body["dataFilter"]])
    if not ids and batch.store.behaviour.unmatched_delete == "refused":
        raise invalid("No developer metadata matches the data filter.")
    deleted = [metadata.resource(batch.book, metadata_id) for metadata_id in ids]
    for metadata_id in ids:
        metadata.delete(batch.book, metadata_id)
    batch.freed_ids.update(ids)
    return {"deletedDeveloperMetadata": deleted} if deleted else {}


def _selected(batch: Batch, data_filters: list[dict[str, Any]]) -> list[int]:
    return list(dict.fromkeys(key for each in data_filters for key in metadata_ids(batch.book, each)))
