from __future__ import annotations
import asyncio
from typing import Any
import pytest
from remit import Run, flow, step, Backoff, AskHuman, Breaker, TimedOut
from remit.domain.errors import *
from tests.engine.places import *

OUT = Outside()

@pytest.fixture(autouse=True)
def fresh():
    OUT.happened.clear(); OUT.doors.clear()

@step(effect="read")
async def look(x: Any) -> Any:
    OUT.note(("look", x)); return x

@step(effect="read")
async def slow(name: str) -> str:
    OUT.note(("slow", name))
    await OUT.door(name).wait()
    return name

@step
async def write(x: Any) -> Any:
    OUT.note(("write", x)); return x

@step
async def slow_write(name: str) -> str:
    OUT.note(("begin", name))
    await OUT.door(name).wait()
    OUT.note(("end", name))
    return name

# nested cancel
@flow
async def nested(run: Run) -> str:
    async def inner():
        return await run.gather(run.sleep("4h"), run.signal("never"))
    return await run.race(inner(), run.step(look, "fast"))

async def test_nested(on_sqlite: Place):
    async with on_sqlite.stage(nested, clock=TickingClock()) as s:
        r = await s.start(nested)
        assert await asyncio.wait_for(r.result(), 3) == "fast"

@flow
async def times(run: Run) -> list[str]:
    found = []
    await run.race(run.step(look, 1), run.sleep(50))
    found.append(run.now().isoformat())
    try: await run.gather(run.step(fail), run.sleep(50))
    except StepFailed: pass
    found.append(run.now().isoformat())
    async for x in run.as_completed(run.step(look, 1), run.step(look, 2)):
        found.append(run.now().isoformat())
    found.append(run.now().isoformat())
    try: await run.timeout(5, run.sleep(10))
    except TimedOut: pass
    found.append(run.now().isoformat())
    return found
@step(effect="read")
async def fail(): raise ToolFailed("no")

async def test_now(on_sqlite: Place):
    clock = TickingClock()
    async with on_sqlite.stage(times, clock=clock) as s:
        r = await s.start(times)
        await parked(r)
        await clock.advance(6)
        first = await r.result()
        rep = await s.platform.replay(r.id)
        assert rep.verdict == "equal", rep

@flow
async def breaking(run: Run) -> str:
    async for x in run.as_completed(run.step(look, "a"), run.step(slow_write, "w")):
        break
    await run.sleep(20)
    return "x"

async def test_break(on_sqlite: Place):
    clock = TickingClock()
    async with on_sqlite.stage(breaking, clock=clock) as s:
        r = await s.start(breaking)
        await until(lambda: ("begin", "w") in OUT.happened)
        for _ in range(50): await asyncio.sleep(0.005)
        st = await r.status()
        print(st, [type(e.event).__name__ for e in await journal(s, r.id)])
        OUT.door("w").set()
        for _ in range(50): await asyncio.sleep(0.005)
        print(await r.status(), [type(e.event).__name__+e.path for e in await journal(s, r.id)])
        assert st == "running"

@flow
async def race0(run: Run) -> str:
    return await run.race()
async def test_race0(on_sqlite: Place):
    async with on_sqlite.stage(race0) as s:
        r = await s.start(race0)
        assert await ended(r) == "failed"

@flow
async def cont(run: Run, n: int) -> int:
    if n == 0:
        run.continue_as(wrong=1)
    async def branch():
        run.continue_as(n=0)
    await run.gather(branch())
    return 3
async def test_cont_bad(on_sqlite: Place):
    async with on_sqlite.stage(cont) as s:
        r = await s.start(cont, n=0)
        assert await ended(r) == "failed"
async def test_cont_branch(on_sqlite: Place):
    async with on_sqlite.stage(cont) as s:
        r = await s.start(cont, n=1)
        assert await ended(r) == "failed"

@step
async def asks(x: int) -> int:
    OUT.note("asks")
    if OUT.count("asks") == 1:
        raise AskHuman("may I?", group="bosses")
    return x
@flow
async def asking(run: Run) -> int:
    return await run.step(asks, 4)
async def test_ask_write(on_sqlite: Place):
    async with on_sqlite.stage(asking) as s:
        r = await s.start(asking)
        w = await r.waits_for()
        print(w)
        await r.approve()
        assert await asyncio.wait_for(r.result(), 3) == 4

@step(timeout=3)
async def doubtful(x: int) -> int:
    OUT.note("doubtful")
    raise ConnectionError("lost")
@flow
async def commonest(run: Run) -> str:
    try: await run.timeout(60, run.step(doubtful, 1))
    except TimedOut: OUT.note("timed out")
    return await run.step(doubtful, 1)
async def test_commonest(on_sqlite: Place):
    clock = ManualClock()
    async with on_sqlite.stage(commonest, clock=clock) as s:
        r = await s.start(commonest)
        await parked(r, "unknown")
        await clock.advance(61)
        for _ in range(50): await asyncio.sleep(0.005)
        print(OUT.happened, await r.status(), await s.inbox())
        assert OUT.count("doubtful") == 1

@flow
async def muts(run: Run) -> list:
    got = await run.step(unann, 1)
    got.append(5)
    await run.signal("go")
    return await run.step(look, got)
@step(effect="read")
async def unann(x): return [x]
async def test_mut(on_sqlite: Place, monkeypatch):
    import remit.engine.executor as ex
    async with on_sqlite.stage(muts) as s:
        r = await s.start(muts)
        await parked(r)
        monkeypatch.setattr(ex, "pin_of", lambda f: "other")
        await r.signal("go")
        assert await asyncio.wait_for(r.result(), 3) == [1, 5]

@step(effect="read")
async def cancels(x: int) -> int:
    raise asyncio.CancelledError
@flow
async def selfcancel(run: Run) -> int:
    return await run.step(cancels, 1)
@flow
async def selfcancel2(run: Run) -> int:
    return await run.gather(run.step(cancels, 1))
async def test_selfcancel(on_sqlite: Place):
    async with on_sqlite.stage(selfcancel, selfcancel2) as s:
        r = await s.start(selfcancel)
        assert await ended(r) == "failed"
async def test_selfcancel2(on_sqlite: Place):
    async with on_sqlite.stage(selfcancel, selfcancel2) as s:
        r = await s.start(selfcancel2)
        assert await ended(r) == "failed"

@flow
async def infinally(run: Run) -> int:
    try:
        await run.signal("x")
    finally:
        await run.gather(run.step(look, 1), run.step(look, 2))
    return 1
async def test_finally(on_sqlite: Place):
    import gc
    async with on_sqlite.stage(infinally) as s:
        r = await s.start(infinally)
        await parked(r)
        for _ in range(10): await asyncio.sleep(0.001)
        gc.collect()

@step(effect="read")
async def deep(x: int):
    a = []
    a.append(a)
    return a
@step(effect="read")
async def sur(x: int) -> dict[str, str]:
    return {"a": "\ud800"}
@flow
async def badvals(run: Run, what: str) -> str:
    try: await run.step({"deep": deep, "sur": sur}[what], 1)
    except Exception as e:
        return repr(e)
@pytest.mark.parametrize("what", ["deep", "sur"])
async def test_bad(on_sqlite: Place, what):
    async with on_sqlite.stage(badvals) as s:
        r = await s.start(badvals, what=what)
        got = await asyncio.wait_for(r.result(), 3)
        print(got)
        assert f"step {what}" in got
        assert (await s.platform.replay(r.id)).verdict == "equal"
