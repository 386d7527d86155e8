"""A change of one document, made anew where that changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from vitrina.ports import Document, Key, Store, Write


class DocumentChange:
    """Writes that follow from documents as they are in the store. See ``operations.run.Update``.

    Parameters
    ----------
    keys
        The documents on which the writes rest.
    change
        Makes the writes from the documents, each ``None`` where it is not there; it may be called more than
        once.
    """

    def __init__(
        self, store: Store, keys: tuple[Key, ...], change: Callable[[list[Document | None]], list[Write]]
    ) -> None:
        self.keys = keys
        self._change = change
        self.reload(store)

    def writes(self) -> list[Write]:
        """See ``Update``."""
        return self._change(self._documents)

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        found = store.get_many(self.keys)
        self._documents = [found.get(key) for key in self.keys]

    def committed(self, version: int) -> None:
        """See ``Update``."""
