"""`@value`: a dataclass that is frozen to whoever checks types, and costs a fifth of one that is frozen at run time.

For data that is made many times in every step: the interpreter guards a frozen one by setting each field through a
call. Code here is type-checked before it runs, so the guard would find nothing. Whatever reaches the author's own code
stays frozen in both ways; of events, all but the two that every action writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(kind: type[T]) -> type[T]:
    """Slots, equality and a hash over the fields, like `dataclass(frozen=True, slots=True)`."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
