"""A module that is imported when it is first used: for those that hand on to many others, of which one command needs
few. What they need stands under `TYPE_CHECKING`, where types and the contracts of imports see it as usual.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


def on_use(name: str) -> Any:
    """Stands for the module of this name."""
    return _OnUse(name)


class _OnUse(ModuleType):
    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self.__name__), name)
