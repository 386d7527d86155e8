"""Copy all documents of an installation to another, empty store, and compare the two.

Stop the functions before, and let them use the new store afterwards. A store is the path of a SQLite file, or
projects/P/databases/D of Firestore.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from vitrina.bootstrap import store_at
from vitrina.cli.console import CommandError, add_locale, print_line
from vitrina.operations.upgrade import META, upgrade
from vitrina.ports import Document, Put, Store

#: Documents that are read at once: each may have a megabyte.
PAGE = 40
#: Characters that are written at once; Firestore takes 10 MiB in one commit.
MOST_CHARACTERS = 2_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("source", metavar="FROM", help="the store of the installation")
    parser.add_argument("target", metavar="TO", help="the empty store; a file is made")
    add_locale(parser)


def run(arguments: argparse.Namespace) -> int:
    """Copy, compare, and print how many documents there are."""
    firestore_url = os.environ.get("VITRINA_FIRESTORE_URL", "")
    source = store_at(arguments.source, firestore_url)
    target = store_at(arguments.target, firestore_url, is_new=True)
    if not _is_empty(target):
        raise CommandError(f"{arguments.target} is not empty: nothing was copied")
    upgrade(source, datetime.now(UTC))
    copy_store(source, target)
    count, different = compare_stores(source, target)
    if different:
        raise CommandError(
            f"the copy differs: {different}. Is the installation stopped? Use a new, empty store."
        )
    print_line(f"{count} documents are in both stores and equal.")
    return 0


def _is_empty(store: Store) -> bool:
    """Whether there is nothing but the mark that functions leave when they first open a store."""
    return all(document.kind == META for document in store.page(None, PAGE))


def copy_store(source: Store, target: Store) -> None:
    """Write every document of *source* to *target*."""
    waiting: list[Put] = []
    size = 0
    for document in _all(source):
        length = len(json.dumps(document.data, ensure_ascii=False))
        if waiting and size + length > MOST_CHARACTERS:
            target.commit(waiting)
            waiting, size = [], 0
        waiting.append(Put(document.kind, document.key, document.data))
        size += length
    target.commit(waiting)


def compare_stores(source: Store, target: Store) -> tuple[int, Sequence[str]]:
    """How many documents *source* has, and kind and key of those that differ or are in one store only."""
    left, right = _all(source), _all(target)
    count, different = 0, []
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        key, other_key = _key(one), _key(other)
        if key == other_key and one is not None and other is not None:
            if one.data != other.data:
                different.append(f"{one.kind} {one.key}")
            count += 1
            one, other = next(left, None), next(right, None)
        elif other_key is None or (key is not None and key < other_key):
            different.append(" ".join(key or ()))
            count += 1
            one = next(left, None)
        else:
            different.append(" ".join(other_key))
            other = next(right, None)
    return count, different


def _key(document: Document | None) -> tuple[str, str] | None:
    return None if document is None else (document.kind, document.key)


def _all(store: Store) -> Iterator[Document]:
    """Yield all documents of a store, in the order of kind and key."""
    page = store.page(None, PAGE)
    while page:
        yield from page
        page = store.page((page[-1].kind, page[-1].key), PAGE)
