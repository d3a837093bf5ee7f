"""Random flows: trees of steps, writes, sleeps, failures, cleaning up, and every kind of branching around them."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import strategies as st

from remit import Run, flow, step
from tests.engine.steps import OUTSIDE, look

Tree = tuple[Any, ...]

LATENCY = random.Random()
"""How long steps take, in turns of the loop; a test seeds it differently before and after a crash."""


@step(effect="read")
async def read_slowly(what: int) -> int:
    await _take_time()
    OUTSIDE.note(("read", what))
    return what


@step
async def write_slowly(what: int) -> int:
    OUTSIDE.note(("begun", what))
    await _take_time()
    OUTSIDE.note(("written", what))
    return what


@step(effect="read")
async def fail_slowly(what: int) -> int:
    await _take_time()
    raise ValueError(str(what))


async def _take_time() -> None:
    for _ in range(LATENCY.randrange(12)):
        await asyncio.sleep(0)


_LEAVES = {"read": read_slowly, "write": write_slowly, "fail": fail_slowly}


@flow
async def tree_flow(run: Run, tree: list[Any]) -> list[Any]:
    """Grow the tree, let the journal check what came of it by its digest, and wait."""
    came_of_it = await _caught(run, tuple(tree))
    found = [came_of_it, run.now().isoformat(), run.random().random()]
    await run.step(look, found)
    await run.signal("go")
    return found


async def grow(run: Run, tree: Tree) -> Any:
    kind, *rest = tree
    if kind in _LEAVES:
        return await run.step(_LEAVES[kind], rest[0])
    if kind == "sleep":
        return await run.sleep(rest[0])
    if kind == "now":
        return f"{run.now().isoformat()} {run.uuid()}"
    return await _BRANCHING[kind](run, *rest)


async def _caught(run: Run, tree: Tree) -> Any:
    try:
        return await grow(run, tree)
    except Exception as wrong:  # noqa: BLE001 - any failure is an outcome here
        return [type(wrong).__name__, str(wrong)]


async def _sequence(run: Run, trees: list[Tree]) -> Any:
    return [[await grow(run, tree), run.now().isoformat()] for tree in trees]


async def _gather(run: Run, trees: list[Tree], keep: bool) -> Any:
    found = await run.gather(*(grow(run, tree) for tree in trees), return_exceptions=keep)
    return [str(each) if isinstance(each, Exception) else each for each in found]


async def _race(run: Run, trees: list[Tree]) -> Any:
    return await run.race(*(grow(run, tree) for tree in trees))


async def _timeout(run: Run, seconds: int, tree: Tree) -> Any:
    return await run.timeout(seconds, grow(run, tree))


async def _first(run: Run, take: int, trees: list[Tree]) -> Any:
    found: list[Any] = []
    async for each in run.as_completed(*(grow(run, tree) for tree in trees)):
        found.append([each, run.now().isoformat()])
        if len(found) >= take:
            break
    return found


async def _finally(run: Run, tree: Tree, cleaning: Tree) -> Any:
    try:
        return await grow(run, tree)
    finally:
        await grow(run, cleaning)


_BRANCHING: dict[str, Any] = {
    "catch": _caught,
    "sequence": _sequence,
    "gather": _gather,
    "race": _race,
    "timeout": _timeout,
    "first": _first,
    "finally": _finally,
}


def trees() -> st.SearchStrategy[Tree]:
    numbers = st.integers(0, 99)
    seconds = st.integers(1, 5)
    leaves = st.one_of(
        st.tuples(st.sampled_from(["read", "write"]), numbers),
        st.tuples(st.sampled_from(["read", "write", "fail"]), numbers),
        st.tuples(st.just("sleep"), seconds),
        st.just(("now",)),
    )
    steps = st.tuples(st.sampled_from(["read", "write"]), numbers)

    def branching(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        some = st.lists(inner, min_size=1, max_size=4)
        return st.one_of(
            st.tuples(st.just("sequence"), some),
            st.tuples(st.just("gather"), some, st.booleans()),
            st.tuples(st.just("race"), some),
            st.tuples(st.just("timeout"), seconds, inner),
            st.tuples(st.just("first"), st.integers(1, 3), some),
            st.tuples(st.just("finally"), inner, steps),
            st.tuples(st.just("catch"), inner),
        )

    return st.recursive(leaves, branching, max_leaves=14)
