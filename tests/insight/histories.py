"""Histories to tell traces from: runs of every sort through the whole platform, as a plan of plain data says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from remit import Agent, Run, StepFailed, ToolFailed, flow, step, tool
from remit.control.observing.wiring import projections
from remit.domain.errors import RemitError
from remit.insight.reading import Reading
from remit.models.simulation.lines import Line, Wanted

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.models.simulation.scene import Scene
    from remit.testing import Stage

LONG = "a long story " * 400
NOTES: dict[str, str] = {}


@tool(effect="read")
async def look_up(key: str) -> str:
    """Look something up."""
    return key.upper()


@tool(effect="read")
async def broken(key: str) -> str:
    """Never works."""
    raise ToolFailed(f"no {key}")


@tool(effect="write", undo="restore", roles={"name": "object"})
async def set_note(name: str, text: str, *, idempotency_key: str) -> str:
    """Write a note."""
    NOTES[name] = text
    return f"{text} {idempotency_key[:4]}"


@set_note.before
async def _image(name: str, **_: object) -> str:
    return NOTES.get(name, "")


@set_note.restore
async def _put_back(image: str) -> None:
    NOTES["back"] = image


CLERK = Agent("clerk", prompt="You keep notes.", tools=[look_up, set_note, broken])
CRITIC = Agent("critic", prompt="You find fault.")


def talk(scene: Scene) -> Line | str | None:
    """What the model of an agent says: the clerk does what the question names."""
    if scene.agent != "clerk":
        return "fine"
    wanted = scene.user.strip('"').partition(" ")[0]
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "reads": ("look_up", {"key": "k"}),
        "writes": ("set_note", {"name": "n", "text": "t"}),
        "breaks": ("broken", {"key": "k"}),
        "errs": ("look_up", {"nokey": 1}),
        "guesses": ("nothing", {}),
    }
    if wanted == "loops" and scene.turn < 3:
        return Line(calls=(Wanted("look_up", {"key": "again"}),))
    if wanted in calls and scene.turn == 0:
        return Line(calls=(Wanted(*calls[wanted]),))
    return "done"


@step(effect="read")
async def own(what: str) -> str:
    """A step of the author's own."""
    if what == "fails":
        raise ValueError(what)
    return what


@step(effect="read", subject="who")
async def about(who: str, words: str) -> str:
    """A step whose content is about somebody."""
    return f"{who}: {words}"


@flow
async def child(run: Run, plan: list[list[str]]) -> str:
    """What another run asks for."""
    for what, how in plan:
        await _act(run, what, how)
    return "grown"


@flow
async def history(run: Run, plan: list[list[str]]) -> str:
    """Do what the plan says, one after the other."""
    for what, how in plan:
        await _act(run, what, how)
    return "over"


async def _act(run: Run, what: str, how: str) -> None:
    match what:
        case "ask":
            await run.ask(CLERK, how)
            await run.ask(CRITIC, "and now?")
        case "together":
            await run.gather(run.call(look_up, key="a"), run.ask(CLERK, how), run.step(own, "b"))
        case "own":
            try:
                await run.step(own, how)
            except StepFailed:
                if how == "fails":
                    raise
        case "about":
            await run.step(about, how, LONG)
        case "human":
            await run.human("owners", {"how": how})
        case _:
            handle = await run.spawn(child, plan=[["own", "x"], ["ask", how]])
            await handle.result()


ACTS = st.one_of(
    st.tuples(st.sampled_from(["ask", "together", "spawn"]),
              st.sampled_from(["reads", "writes", "breaks", "errs", "guesses", "loops", "talks"])),
    st.tuples(st.just("own"), st.sampled_from(["works", "fails"])),
    st.tuples(st.just("about"), st.sampled_from(["ana", "bob"])),
    st.tuples(st.just("human"), st.sampled_from(["approve", "reject", "cancel"])),
)  # fmt: skip
AFTER = st.lists(st.sampled_from(["undo", "shred", "ana", "read", "restart"]), max_size=4)
SUBJECTS = st.sampled_from(["", "ana"])
HISTORIES = st.lists(
    st.tuples(st.lists(ACTS, min_size=1, max_size=4), AFTER, SUBJECTS), min_size=1, max_size=3
)  # fmt: skip


async def live(on: Stage, plans: list[tuple[list[tuple[str, str]], list[str], str]]) -> list[str]:
    """Live such a history, with what comes after each of its runs; the ids of those that were begun."""
    runs: list[str] = []
    for plan, after, subject in plans:
        given: dict[str, object] = {"plan": [list(each) for each in plan]}
        runs.append((await on.platform.submit(history, given, subject=subject)).id)
        await _come_to_an_end(on, runs[-1])
        for what in after:
            await _afterwards(on, runs[-1], what)
    return runs


async def _come_to_an_end(on: Stage, run: str) -> None:
    asked: set[str] = set()
    async for view in on.platform.watch(run):
        waits = [each.path for each in view.waits if each.kind == "human" and each.path not in asked]
        if waits and view.run.status == "parked":
            asked.add(waits[0])
            await _answer(on, run)


async def _answer(on: Stage, run: str) -> None:
    how = (await on.platform.inbox())[0].value["how"]
    handle = await on.platform.run(run)
    match how:
        case "approve":
            await handle.approve()
        case "reject":
            await handle.reject("no")
        case _:
            await on.platform.cancel(run, "enough")


async def _afterwards(on: Stage, run: str, what: str) -> None:
    platform = on.platform
    try:
        match what:
            case "undo":
                await (await platform.undo(run)).result()
            case "shred":
                key = (await platform.row(run)).key_id
                await _shred(on, [key])
            case "ana":
                await platform.shred("ana")
            case "read":
                await platform.parts.projector.catch_up()
            case _:
                await on.crash_and_restart()
                on.platform.simulate(talk)
    except RemitError:
        pass  # what is gone cannot be undone, and what is shredded not shredded


async def _shred(on: Stage, keys: list[str]) -> None:
    from remit.store.shred import shred_keys

    ground = on.platform.ground
    await shred_keys(ground.database, ground.keys, ground.ledger, keys, "me", ground.clock.now())


async def tables_of(platform: Platform) -> dict[str, list[Any]]:
    """Every row of every table that is told."""
    ground = platform.ground
    told = projections(ground, Reading(ground.database, ground.keys))
    async with ground.database.snapshot() as snapshot:
        found: dict[str, list[Any]] = {}
        for table in dict.fromkeys(table for each in told for table in each.tables):
            pages = [page async for page in snapshot.rows(table, await snapshot.columns(table))]
            found[table] = sorted((row for page in pages for row in page), key=repr)
        return found
