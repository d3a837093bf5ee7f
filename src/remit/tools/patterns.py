"""Regular expressions of strangers, matched in time that grows with the text alone.

A schema that somebody else wrote may hold a pattern on which an ordinary engine tries for years. Here a pattern
becomes a machine that reads every character once; what such a machine cannot do (looking around, repeating what a
group matched) is refused when the pattern is read. The dialect is that of JSON Schema: ECMA-262, searched anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.tools.pattern_syntax import (
    Any_,
    Assertion,
    Branch,
    Chars,
    Nothing,
    PatternError,
    Repeat,
    Sequence,
    parse,
)

if TYPE_CHECKING:
    from remit.tools.pattern_syntax import Node

__all__ = ["Pattern", "PatternError", "compiled"]

_MOST_STATES = 2_000
_MOST_SETS = 2_000


@dataclass(slots=True)
class _State:
    """A place in the machine: what a character must be to leave it, or where it leads without one."""

    chars: Chars | Any_ | None = None
    to: int = -1
    free: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Where it leads without a character, if the assertion (empty: none) holds there."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._states: list[_State] = []
        self._end = self._add(_State())
        self._start = self._build(parse(text), self._end)
        self._steps: dict[tuple[frozenset[int], str, bool, bool], frozenset[int]] = {}

    @property
    def size(self) -> int:
        """How much one character can cost at most."""
        return len(self._states)

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in the text."""
        alive: frozenset[int] = frozenset()
        word_before = False
        for place in range(len(text) + 1):
            character = text[place] if place < len(text) else ""
            word_after = _is_word(character)
            closed = self._closure(
                alive | {self._start}, first=place == 0, last=not character, edge=word_before != word_after
            )
            if self._end in closed:
                return True
            if not character:
                return False
            alive = self._advance(closed, character)
            word_before = word_after
        return False

    def _advance(self, closed: frozenset[int], character: str) -> frozenset[int]:
        known = (closed, character, False, False)
        found = self._steps.get(known)
        if found is None:
            states = self._states
            found = frozenset(
                states[n].to
                for n in closed
                if (chars := states[n].chars) is not None and chars.holds(character)
            )
            self._remember(known, found)
        return found

    def _closure(self, alive: frozenset[int], *, first: bool, last: bool, edge: bool) -> frozenset[int]:
        known = (alive, f"{first:d}{last:d}{edge:d}", True, True)
        found = self._steps.get(known)
        if found is not None:
            return found
        holds = {"": True, "^": first, "$": last, "b": edge, "B": not edge}
        seen, waiting = set(alive), list(alive)
        while waiting:
            for to, assertion in self._states[waiting.pop()].free:
                if holds[assertion] and to not in seen:
                    seen.add(to)
                    waiting.append(to)
        found = frozenset(seen)
        self._remember(known, found)
        return found

    def _remember(self, known: tuple[frozenset[int], str, bool, bool], found: frozenset[int]) -> None:
        if len(self._steps) >= _MOST_SETS:
            self._steps.clear()  # a hostile text can visit more sets than are worth keeping
        self._steps[known] = found

    # --- building: each part is built backwards, from the state that it leads to -------------------------------

    def _build(self, node: Node, then: int) -> int:
        match node:
            case Nothing():
                return then
            case Chars() | Any_():
                return self._add(_State(node, then))
            case Assertion():
                return self._add(_State(free=[(then, node.kind)]))
            case Sequence():
                for part in reversed(node.parts):
                    then = self._build(part, then)
                return then
            case Branch():
                return self._add(_State(free=[(self._build(choice, then), "") for choice in node.choices]))
            case Repeat():
                return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._add(_State())
            self._states[loop].free = [(self._build(node.part, loop), ""), (then, "")]
            then = loop
        else:
            leave = then
            for _ in range(node.most - node.least):
                then = self._add(_State(free=[(self._build(node.part, then), ""), (leave, "")]))
        for _ in range(node.least):
            then = self._build(node.part, then)
        return then

    def _add(self, state: _State) -> int:
        if len(self._states) >= _MOST_STATES:
            raise PatternError("it repeats so much that checking it would take too long")
        self._states.append(state)
        return len(self._states) - 1


@lru_cache(maxsize=512)
def compiled(text: str) -> Pattern:
    """The machine of a pattern; raises `PatternError` with the reason why there is none."""
    return Pattern(text)


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
