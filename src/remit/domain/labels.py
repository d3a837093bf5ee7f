"""A label: where a value came from, how far it may be trusted, and who may see it. Data and its algebra only.

Labels come from manifests and from the runtime, never from content and never from what a model says. Whatever lost
its label is `UNKNOWN`: nobody trusts it and nobody may read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast


class Integrity(IntEnum):
    """How far a value may be trusted, weakest first; two together are as weak as the weaker."""

    UNTRUSTED = 0
    """Somebody else may have written it."""
    TYPED = 1
    """A number, date, boolean or choice that a contract allows, taken from anywhere."""
    ENDORSED = 2
    """A member of a directory that an operator trusts."""
    LITERAL = 3
    """Written by the user, for this place."""

    @property
    def letter(self) -> str:
        """The short form: U, D, R, T."""
        return "UDRT"[self]


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one value."""

    integrity: Integrity = Integrity.UNTRUSTED
    readers: frozenset[str] | None = frozenset()
    """Who may see it: `team:support`, `user:lea`, `provider:anthropic`, `provider:*`; None is everybody."""
    sources: tuple[str, ...] = ()
    """What it was made from: `user`, `tool:read_page#RUN/PATH`, `memory:team/KEY`; oldest first, each once."""

    def may_see(self, reader: str) -> bool:
        """Whether this reader may be shown the value."""
        return self.readers is None or reader in self.readers or _everyone_like(reader) in self.readers

    def plain(self) -> dict[str, Any]:
        """As JSON, for the log."""
        readers = None if self.readers is None else sorted(self.readers)
        return {"integrity": self.integrity.letter, "readers": readers, "sources": list(self.sources)}

    @classmethod
    def of(cls, plain: object) -> Label:
        """Out of JSON; whatever is no label is `UNKNOWN`."""
        said = cast("dict[str, Any]", plain) if isinstance(plain, dict) else {}
        letter, readers, sources = said.get("integrity"), said.get("readers", ()), said.get("sources")
        if (
            letter not in tuple("UDRT")
            or not isinstance(sources, list)
            or not isinstance(readers, list | None)
        ):
            return UNKNOWN
        who = None if readers is None else frozenset(map(str, cast("list[Any]", readers)))
        return cls(Integrity("UDRT".index(letter)), who, tuple(map(str, cast("list[Any]", sources))))


UNKNOWN = Label()
"""The label of whatever lost its own."""

OPEN = Label(Integrity.LITERAL, None, ())
"""The label of nothing at all: joined with another it changes nothing."""


def joined(labels: Iterable[Label]) -> Label:
    """The label of what was made from all of these: as weak as the weakest, and only for whom all may be shown."""
    found = list(labels)
    if not found:
        return UNKNOWN
    readers: frozenset[str] | None = None
    for label in found:
        if label.readers is not None:
            readers = label.readers if readers is None else _both(readers, label.readers)
    sources = dict.fromkeys(source for label in found for source in label.sources)
    return Label(min(label.integrity for label in found), readers, tuple(sources))


def _both(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Who is in both, where `provider:*` is every provider."""
    if some == others:
        return some
    return frozenset(
        [each for each in some if each in others or _everyone_like(each) in others]
        + [each for each in others if _everyone_like(each) in some]
    )


def _everyone_like(reader: str) -> str:
    return f"{reader.partition(':')[0]}:*"
