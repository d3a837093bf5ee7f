"""What changed of that which shapes an agent: every digest or version that was not there before, since when, and in how
many runs. This is looked at first, since it needs no statistics and often explains what they find.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.operations.drift.history import Mark, Ran, Turned

_MOST_VALUES = 20
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not what it was."""

    mark: Mark
    before: str
    """What most runs before had."""
    after: str
    at: int
    """When it was first there."""
    run: str
    """The first run that it shaped; empty: none yet."""
    runs: int
    """How many it shaped since."""
    earlier: int
    """How many runs there were before it."""
    evidence: tuple[str, ...] = ()
    """The first of them."""


def changes(runs: Sequence[Ran], turned: Iterable[Turned] = ()) -> list[Change]:
    """Every change among these runs, the earliest first. Something that differs from run to run identifies none of
    them, and is left out.
    """
    found = [change for mark in _marks(runs) for change in _of_mark(mark, runs)]
    found += [change for each in turned if (change := _of_turn(each, runs)) is not None]
    return sorted(found, key=lambda each: (each.at, each.mark))


def _marks(runs: Sequence[Ran]) -> list[Mark]:
    return list(dict.fromkeys(mark for ran in runs for mark in ran.marks))


def _of_mark(mark: Mark, runs: Sequence[Ran]) -> list[Change]:
    had = [(ran, ran.marks[mark]) for ran in runs if ran.marks.get(mark)]
    values = {value for _, seen in had for value in seen}
    if len(values) > max(2, min(_MOST_VALUES, len(had) // 5)):
        return []
    before: Counter[str] = Counter()
    found: list[Change] = []
    for number, (ran, seen) in enumerate(had):
        beside = (
            not number or seen & before.keys()
        )  # a summary, an agent that helps now and then: nothing was replaced
        for value in () if beside else sorted(seen):
            users = [each.id for each, these in had[number:] if value in these]
            usual = before.most_common(1)[0][0]
            found.append(
                Change(mark, usual, value, ran.at, ran.id, len(users), number, tuple(users[:_NAMED]))
            )
        before.update(seen)
    return found


def _of_turn(turned: Turned, runs: Sequence[Ran]) -> Change | None:
    """Only if there were runs before it: what was there from the beginning is no change."""
    earlier = [ran for ran in runs if ran.at < turned.at]
    since = [ran.id for ran in runs if ran.at >= turned.at]
    if not earlier:
        return None
    first = since[0] if since else ""
    return Change(
        turned.mark,
        turned.before,
        turned.after,
        turned.at,
        first,
        len(since),
        len(earlier),
        tuple(since[:_NAMED]),
    )
