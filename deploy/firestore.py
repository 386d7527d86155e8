"""Steps for what ``firestore.indexes.json`` lists: indexes, fields without one, and the field of expiry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from deploy import ROOT
from deploy.gcloud import gcloud
from deploy.installation import Installation, InstallationError
from deploy.step import Step

FILE = ROOT / "firestore.indexes.json"


def require_native(database_type: str) -> bool:
    """``True`` for the type of a database in Native mode.

    Raises
    ------
    InstallationError
        For a database in Datastore mode, which cannot be changed.
    """
    if database_type.strip() != "FIRESTORE_NATIVE":
        raise InstallationError(
            f"The project's database is of the type {database_type.strip()}. Use another project."
        )
    return True


def steps(installation: Installation, database: str) -> list[Step]:
    """Indexes are built side by side; the last step waits for all of them."""
    place = (f"--database={database}", f"--project={installation.project}")
    file = json.loads(FILE.read_text(encoding="utf-8"))
    list_indexes = gcloud("firestore", "indexes", "composite", "list", "--format=json", *place)
    made: list[Step] = []
    for index in file["indexes"]:
        fields = [(one["fieldPath"], one["order"]) for one in index["fields"]]
        made.append(
            Step(
                f"An index of {index['collectionGroup']} by " + " and ".join(path for path, _ in fields),
                gcloud(
                    "firestore",
                    "indexes",
                    "composite",
                    "create",
                    f"--collection-group={index['collectionGroup']}",
                    f"--query-scope={index['queryScope'].lower()}",
                    *(f"--field-config=field-path={path},order={order.lower()}" for path, order in fields),
                    "--async",
                    *place,
                ),
                look=list_indexes,
                is_there=_has_index(index["collectionGroup"], fields),
            )
        )
    for override in file["fieldOverrides"]:
        if override["indexes"]:
            raise InstallationError(f"{FILE.name}: only fields without indexes are supported: {override}")
        path, group = override["fieldPath"], f"--collection-group={override['collectionGroup']}"
        describe = gcloud("firestore", "indexes", "fields", "describe", path, group, "--format=json", *place)
        made.append(
            Step(
                f"No index of the field {path}",
                gcloud("firestore", "indexes", "fields", "update", path, group, "--disable-indexes", *place),
                look=describe,
                is_there=_has_no_index,
            )
        )
        if override.get("ttl"):
            made.append(
                Step(
                    f"Documents are deleted after {path}",
                    gcloud(
                        "firestore",
                        "fields",
                        "ttls",
                        "update",
                        path,
                        group,
                        "--enable-ttl",
                        "--async",
                        *place,
                    ),
                    look=describe,
                    is_there=_has_ttl,
                )
            )
    made.append(Step("All indexes are built, which takes some minutes", list_indexes, wait_until=_are_ready))
    return made


def _has_index(group: str, fields: Sequence[tuple[str, str]]) -> Callable[[str], bool]:
    """Whether a list of indexes has one of these fields. Firestore adds the name of the document to them."""

    def is_there(output: str) -> bool:
        return any(
            f"/collectionGroups/{group}/" in index["name"]
            and [
                (one["fieldPath"], one.get("order", ""))
                for one in index["fields"]
                if one["fieldPath"] != "__name__"
            ]
            == list(fields)
            for index in json.loads(output or "[]")
        )

    return is_there


def _has_no_index(output: str) -> bool:
    config = json.loads(output or "{}").get("indexConfig", {})
    return not config.get("indexes") and not config.get("usesAncestorConfig", False)


def _has_ttl(output: str) -> bool:
    return json.loads(output or "{}").get("ttlConfig", {}).get("state") in ("CREATING", "ACTIVE")


def _are_ready(output: str) -> bool:
    return all(index["state"] == "READY" for index in json.loads(output or "[]"))
