"""Asking judges: as a run of its own, which is as durable, budgeted and on record as any other. What could be spent at
most is known before, and refused above what was allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remit.control.running import starting
from remit.domain.budgets import MICRO
from remit.domain.errors import InvalidInput
from remit.quality.judging.bench import refuse_relatives
from remit.quality.judging.flow import FLOW
from remit.quality.judging.judge import Kind, plain_judge
from remit.quality.judging.judgement import judgement_of
from remit.quality.matter import plain_matter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.running.parts import Parts
    from remit.quality.judging.judge import Judge
    from remit.quality.judging.judgement import Judgement
    from remit.quality.matter import Matter


class Staff(Protocol):
    """Who sees to it that a run is executed."""

    def check_work(self) -> None:
        """Raise why nothing could be executed here."""
        ...

    async def staff(self, run: str) -> None:
        """See to it that somebody executes a run."""
        ...


async def sit(
    parts: Parts, staff: Staff, judge: Judge, matters: Sequence[Matter], *, origins: Sequence[str] = (),
    work: Sequence[tuple[int, bool]] | None = None, usd: float | None = None,
) -> tuple[list[str], list[Judgement]]:  # fmt: skip
    """What a judge says of these matters, and the runs in which it was asked: one for each subject that they are about,
    so that what it was shown is erased with that subject. `origins` are the runs that matters come from, or nothing;
    `work` is as the flow takes it.
    """
    todo = [(place, False) for place in range(len(matters))] if work is None else list(work)
    most = most_micro(judge, len(todo))
    if usd is not None and most > usd * MICRO:
        raise InvalidInput(
            f"to judge {len(todo)} times may cost up to ${most / MICRO:.2f}, and ${usd:.2f} was allowed.",
            f"Allow it (--max-cost {most / MICRO:.2f}), judge fewer, or lower usd = in the judge.",
        )
    configuration = parts.house.gate.parts.models.configuration
    for matter in matters:
        refuse_relatives(configuration, judge, matter.models)
    staff.check_work()
    found: dict[int, Judgement] = {}
    runs: list[str] = []
    for origin, places in (await _by_subject(parts, len(matters), origins)).items():
        mine = [n for n, (place, _) in enumerate(todo) if place in places]
        shown = {place: n for n, place in enumerate(sorted(places))}
        given: dict[str, object] = {
            "judge": plain_judge(judge), "matters": [plain_matter(matters[place]) for place in shown],
            "work": [[shown[todo[n][0]], todo[n][1]] for n in mine],
        }  # fmt: skip
        handle = await starting.submit(parts, FLOW, given, origin=origin)
        await staff.staff(handle.id)
        runs.append(handle.id)
        said = [judgement_of(each) for each in await handle.result()]
        found.update(zip(mine, said, strict=True))
    return runs, [found[n] for n in range(len(todo))]


async def _by_subject(parts: Parts, of: int, origins: Sequence[str]) -> dict[str, set[int]]:
    """Places of matters by the run whose subject they share; those that are about nobody under no run."""
    groups: dict[str, set[int]] = {}
    first: dict[str, str] = {"": ""}
    for place in range(of):
        origin = origins[place] if place < len(origins) else ""
        rows = await parts.ground.database.fetch("labels.subject", origin) if origin else []
        tag = rows[0][0] if rows else ""
        groups.setdefault(first.setdefault(tag, origin), set()).add(place)
    return groups


def most_micro(judge: Judge, times: int) -> int:
    """What so many judgements may cost at most."""
    asks = judge.votes * (2 if judge.kind is Kind.PAIRWISE else 1)
    return int(times * asks * judge.usd * MICRO)
