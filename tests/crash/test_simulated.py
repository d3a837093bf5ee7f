"""A thousand deaths: random programs, run side by side on both stores, killed in process at named points and at
commits, started again, and held to every law. Seeded: a failure names its seed, and comes with its journals.
"""

from __future__ import annotations

from random import Random

import pytest

from remit.engine import faults
from remit.testing.crash import COMMITS, Death
from remit.testing.programs import Node, grow
from tests.crash.conftest import MakeGround
from tests.crash.driver import Case, Theatre, theatre
from tests.crash.laws import check, check_chain
from tests.crash.story import annotate

SQLITE_CHUNKS, POSTGRES_CHUNKS = 37, 3
DEATHS_IN_A_CHUNK = 25
CASES_ON_A_STAGE = 10

NEEDS: dict[str, tuple[Node, ...]] = {
    "claim.before": (Node("keyed"),),
    "claim.recorded": (Node("unkeyed"),),
    "write.performed": (Node("unkeyed"),),
    "receipt.recorded": (Node("reconciled"),),
    "unknown.recorded": (Node("unkeyed", amount=1),),
    "reconcile.before": (Node("reconciled", amount=1),),
    "reconcile.performed": (Node("reconciled", amount=2),),
    "step.before": (Node("read"),),
    "step.performed": (Node("insist", amount=1),),
    "step.noted": (Node("think"),),
    "step.recorded": (Node("read"),),
    "wait.opened": (Node("ask"),),
    "wait.closed": (Node("signal"),),
    "park.before": (Node("sleep", amount=60),),
    "park.recorded": (Node("ask"),),
    "segment.loaded": (Node("sleep", amount=60),),
    "child.recorded": (Node("child", parts=(Node("keyed"),)),),
    "scope.decided": (Node("first", parts=(Node("read"), Node("ask"))),),
    "generation.recorded": (Node("again"),),
    "schedule.fired": (Node("sleep", amount=3600),),
}
"""What a program has to do for its process to come past a point."""


@pytest.mark.parametrize("chunk", range(SQLITE_CHUNKS))
async def test_nothing_is_lost_or_done_twice_on_sqlite(
    chunk: int, crash_scale: int, sqlite_ground: MakeGround
) -> None:
    await _die_often(f"sqlite {chunk}", DEATHS_IN_A_CHUNK * crash_scale, sqlite_ground)


@pytest.mark.parametrize("chunk", range(POSTGRES_CHUNKS))
async def test_nothing_is_lost_or_done_twice_on_postgres(
    chunk: int, crash_scale: int, postgres_ground: MakeGround
) -> None:
    await _die_often(f"postgres {chunk}", DEATHS_IN_A_CHUNK * crash_scale, postgres_ground)


@pytest.mark.parametrize("point", faults.POINTS)
async def test_a_process_dies_at_every_point(point: str, make_ground: MakeGround) -> None:
    plan = [Death("run.created"), Death(point)] if point == "takeover.recorded" else [Death(point)]
    with make_ground() as (place, database):
        async with theatre(place, database, point) as stage:
            case = Case(point, grow(Random(point), 5, NEEDS.get(point, ())))
            await stage.play([case], plan)
            assert stage.deaths == [death.where for death in plan]
            await check(stage, [case])
            await check_chain(stage.stage.platform.ground)


async def _die_often(seed: str, deaths: int, make_ground: MakeGround) -> None:
    """Play case after case until so many processes have died."""
    died = number = 0
    while died < deaths:
        with make_ground() as (place, database):
            async with theatre(place, database, seed) as stage:
                for _ in range(CASES_ON_A_STAGE):
                    number += 1
                    await _play(f"{seed} {number}", stage)
                    if died + len(stage.deaths) >= deaths:
                        break
                await check_chain(stage.stage.platform.ground)
                died += len(stage.deaths)


async def _play(seed: str, stage: Theatre) -> None:
    """A few runs side by side, whose processes die a few times."""
    random = Random(seed)
    plan = [_death(random) for _ in range(random.randint(4, 8))]
    needs = tuple(node for death in plan for node in NEEDS.get(death.where, ()))
    cases = [
        Case(
            f"{seed} {letter}",
            grow(random, random.randint(1, 8), needs if letter == "a" else ()),
            random.random() < 0.1,
        )
        for letter in "abc"[: random.randint(1, 3)]
    ]
    try:
        await stage.play(cases, plan)
        await check(stage, cases)
    except Exception as broken:
        await annotate(broken, seed, stage, cases)
        raise


def _death(random: Random) -> Death:
    where = random.choice((*faults.POINTS, *COMMITS * 4))
    return Death(where, random.randint(0, 12) if where in COMMITS else random.choice((0, 0, 0, 1, 2, 4)))
