"""What was found, in the order in which a sentence model puts it: it compares the first of the places, as far as their
texts may be shown to a model; the others keep their order. Both orders become one by reciprocal rank fusion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remit.control.searching.sentences import likeness
from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.control.ground.ground import Ground
    from remit.control.searching.sentences import Sentences
    from remit.insight.search.finding import Found

_SMOOTH = 60
"""The constant of reciprocal rank fusion."""


class Compared(NamedTuple):
    """Places in their order."""

    found: list[Found]
    model: str
    """The model that compared them; empty: none did."""
    note: str
    """Why none did."""


async def compared(
    ground: Ground, sentences: Sentences, text: str, found: Sequence[Found], by: str,
    read: Callable[[Found], Awaitable[str]],
) -> Compared:  # fmt: skip
    """The places anew; as they were where the model does not answer."""
    free: dict[str, bool] = {}
    shown: list[tuple[int, str]] = []
    for at, each in enumerate(found):
        if len(shown) == sentences.most:
            break
        if each.run not in free:
            free[each.run] = await is_free(ground, sentences, each.run)
        if free[each.run] and (said := (await read(each)).strip()):
            shown.append((at, said))
    if not shown or not text.strip():
        return Compared(list(found), "", "")
    try:
        (asked, *vectors), model = await sentences.vectors([text, *(said for _, said in shown)])
    except RemitError as wrong:
        return Compared(list(found), "", wrong.message)
    alike = {at: likeness(asked, vector) for (at, _), vector in zip(shown, vectors, strict=True)}
    return Compared(_ordered(found, alike, by), model, "")


def _ordered(found: Sequence[Found], alike: dict[int, float], by: str) -> list[Found]:
    """By meaning alone what was compared comes first; else both orders count, and of two that are even the model's."""
    nearest = {at: rank for rank, at in enumerate(sorted(alike, key=lambda at: (-alike[at], at)), 1)}
    places, last = range(len(found)), len(found) + 1
    scores = {at: 1 / (_SMOOTH + at + 1) + 1 / (_SMOOTH + nearest.get(at, last)) for at in places}
    if by == "meaning":
        scores = {at: 1 / (_SMOOTH + nearest.get(at, last + at)) for at in places}
    order = sorted(places, key=lambda at: (-scores[at], nearest.get(at, last), at))
    return [found[at]._replace(score=scores[at]) for at in order]


async def is_free(ground: Ground, sentences: Sentences, run: str) -> bool:
    """Whether what a run says may be shown to a model: nobody narrowed who reads it, no class of data forbids it."""
    known = await ground.database.fetch("search.run", run)
    if not known or known[0][1]:
        return False
    classes = {row[0] for row in await ground.database.fetch("protection.classes", run)}
    return sentences.barred.isdisjoint(classes)
