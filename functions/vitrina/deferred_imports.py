"""Loads modules of other packages when something of them is used, not when they are imported.

Google's client library, for example, imports parsers of HTTP challenges and keys of service accounts, with
``pyparsing`` and ``cryptography`` behind them. ``importlib.util.LazyLoader`` does the same, but before Python
3.12.2 two threads must not use such a module for the first time at once.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, cast

#: Held by the thread that loads a module, which uses it as far as it is there. One for all modules: they load
#: each other, and two threads must not wait for each other.
_LOADING = threading.RLock()


def defer(*names: str) -> None:
    """Have modules of these names loaded with the first use of an attribute; those that are loaded stay."""
    sys.meta_path.insert(0, _Finder(frozenset(names)))


class _Finder(MetaPathFinder):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _DeferringLoader(spec.loader)
        return spec


class _DeferringLoader(Loader):
    """Makes an empty module, which the real loader fills when an attribute of it is used first."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._is_loading = False

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """See ``Loader``."""
        return _DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """See ``Loader``. Nothing is loaded yet."""

    def fill(self, module: ModuleType) -> None:
        """Load the module; another thread waits until that is done."""
        with _LOADING:
            if self._is_loading or type(module) is not _DeferredModule:
                return
            self._is_loading = True
            try:
                self._loader.exec_module(module)
                module.__class__ = ModuleType  # type: ignore[assignment]
            finally:
                self._is_loading = False


class _DeferredModule(ModuleType):
    def __getattribute__(self, name: str) -> Any:
        # The import system itself asks for names with two underscores.
        if not name.startswith("__"):
            loader = self.__spec__.loader  # type: ignore[union-attr]
            cast("_DeferringLoader", loader).fill(self)
        # Not super(): the module is an ordinary one by now.
        return ModuleType.__getattribute__(self, name)
