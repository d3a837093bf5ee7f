"""The dialects by their names. Each is read when it is first spoken, for a process rarely needs all of them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from remit.wire.dialect import Dialect

NAMES = ("openai_chat", "openai_responses", "anthropic", "gemini")


@cache
def dialect(name: str) -> Dialect:
    """The dialect of this name; raises `InvalidInput` for one that does not exist."""
    if name not in NAMES:
        raise InvalidInput(f'there is no dialect "{name}".', f"There are {', '.join(NAMES)}.")
    found: Dialect = import_module(f"remit.wire.{name}").DIALECT
    return found
