"""S14: a parked run meets changed code: what repeats its journal goes on, what does not parks and says where."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.control.workspace.code import load_code
from remit.domain.errors import WrongState
from remit.domain.events import PatchChosen, RunRepinned, StepDone
from remit.engine.pin import pin_of
from tests.engine.places import Place, events, parked
from tests.engine.steps import OUTSIDE

HEAD = """
from remit import Run, flow, step
from tests.engine.steps import OUTSIDE, look


@step(effect="read")
async def {step}(what: int) -> int:
    OUTSIDE.note(("{step}", what))
    return what


@flow
async def desk(run: Run) -> list[object]:
"""


def body(*lines: str, step: str = "find") -> str:
    return HEAD.format(step=step) + "".join(f"    {line}\n" for line in lines)


LINES = ('found = [await run.step(find, 1), await run.signal("go")]', "return found")
FIRST = body(*LINES)


@pytest.fixture(autouse=True)
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loading a workspace leaves its modules and its path behind; and a file may change twice in one second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.split(".")[0] in {"flows", "lib"}:
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


async def test_s14_other_code_that_repeats_the_journal_goes_on_and_says_so(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        run = await stage.start("desk")
        await parked(run, "signal")
        born_with = (await (await run.handle()).row()).pin
        stage.die()
        write(place.folder, "flows/desk.py", FIRST.replace("return found", 'return [*found, "new"]'))
        await stage.up()
        await run.signal("go", "gone")
        assert await run.result() == [1, "gone", "new"]
        (repinned,) = await events(stage, run.id, RunRepinned)
        assert (repinned.pin, repinned.how, repinned.renames) == (
            pin_of(stage.platform.flows["desk"]),
            "replayed",
            {},
        )
        assert (await (await run.handle()).row()).pin == repinned.pin != born_with
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.happened == [("find", 1)]


async def test_s14_other_code_that_differs_parks_says_where_and_touches_nothing(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        run = await stage.start("desk")
        await parked(run, "signal")
        stage.die()
        write(place.folder, "flows/desk.py", body("await run.step(look, 9)", *LINES))
        await stage.up()
        await run.signal("go", "gone")
        await parked(run, "code_changed")
        assert "the code now calls look before find (recorded: find, e-" in (await run.show()).message
        assert not await events(stage, run.id, RunRepinned)
        stage.die()
        write(place.folder, "flows/desk.py", FIRST)
        await stage.up()
        await stage.platform.migrate_run(run.id, {})
        assert await run.result() == [1, "gone"]
    assert OUTSIDE.happened == [("find", 1)]


async def test_s14_old_code_that_is_back_is_followed_at_the_next_message(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        run = await stage.start("desk")
        await parked(run, "signal")
        stage.die()
        write(place.folder, "flows/desk.py", body("await run.step(look, 9)", *LINES))
        await stage.up()
        await run.signal("chat", "hello")
        await parked(run, "code_changed")
        stage.die()
        write(place.folder, "flows/desk.py", FIRST)
        await stage.up()
        await run.signal("go", "gone")
        assert await run.result() == [1, "gone"]
    assert OUTSIDE.happened == [("find", 1)]


async def test_s14_patched_keeps_old_runs_on_the_old_side_and_new_ones_on_the_new(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        old = await stage.start("desk")
        await parked(old, "signal")
        stage.die()
        patched = body(
            "found = [await run.step(find, 1)]",
            'if await run.patched("look-first"):',
            "    found.append(await run.step(look, 9))",
            'found.append(await run.signal("go"))',
            "return found",
        )
        write(place.folder, "flows/desk.py", patched)
        await stage.up()
        new = await stage.start("desk")
        await parked(new, "signal")
        await stage.crash_and_restart()
        for run in (old, new):
            await run.signal("go")
        assert (await old.result(), await new.result()) == ([1, None], [1, 9, None])
        assert [await events(stage, run.id, PatchChosen) for run in (old, new)] == [
            [],
            [PatchChosen(active=True)],
        ]
        for run in (old, new):
            assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.happened == [("find", 1), ("find", 1), ("look", 9)]


async def test_s14_a_run_moves_to_renamed_code_only_when_told_so_and_stays_there(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        run = await stage.start("desk")
        await parked(run, "signal")
        with pytest.raises(WrongState, match="not parked because its code changed"):
            await stage.platform.migrate_run(run.id, {"find": "seek"})
        stage.die()
        again = 'again = await run.signal("again")'
        lines = ('found = [await run.step(seek, 1), await run.signal("go")]', again, "return [*found, again]")
        write(place.folder, "flows/desk.py", body(*lines, step="seek"))
        await stage.up()
        await run.signal("go", "gone")
        await parked(run, "code_changed")
        await stage.platform.migrate_run(run.id, {"find": "seek"})
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("again", "too")
        assert await run.result() == [1, "gone", "too"]
        (repinned,) = await events(stage, run.id, RunRepinned)
        assert (repinned.how, repinned.renames) == ("migrated", {"find": "seek"})
        assert [done.name for done in await events(stage, run.id, StepDone)] == ["find"]
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.happened == [("find", 1)]


async def test_s14_cancelling_a_run_whose_code_is_gone_ends_it(place: Place) -> None:
    write(place.folder, "flows/desk.py", FIRST)
    async with place.stage() as stage:
        run = await stage.start("desk")
        await parked(run, "signal")
        stage.die()
        write(place.folder, "flows/desk.py", body("return await run.step(look, 9)"))
        await stage.up()
        await run.cancel("no way back")
        with pytest.raises(Exception, match="was cancelled"):
            await run.result()
    assert OUTSIDE.happened == [("find", 1)]


USES_LIB = """
import lib.named
from lib import taken
from lib.deep.inner import VALUE
from remit import Run, flow


@flow
async def desk(run: Run) -> object:
    from lib import when_needed

    return lib.named, taken, VALUE, when_needed
"""


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("lib/named.py", True),
        ("lib/taken.py", True),
        ("lib/deep/inner.py", True),
        ("lib/deep/beside.py", True),
        ("lib/deep/__init__.py", True),
        ("lib/when_needed.py", True),
        ("flows/desk.py", True),
        ("lib/unrelated.py", False),
        ("flows/other.py", False),
        ("notes.txt", False),
    ],
)
def test_s14_the_pin_follows_what_the_flow_imports_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, *, counts: bool
) -> None:
    for name in ("named", "taken", "unrelated", "when_needed", "deep/__init__", "deep/beside"):
        write(tmp_path, f"lib/{name}.py", "")
    write(tmp_path, "lib/deep/inner.py", "from . import beside\n\nVALUE = beside.__name__\n")
    write(tmp_path, "flows/desk.py", USES_LIB)
    write(tmp_path, "flows/other.py", "import lib.unrelated\n")
    write(tmp_path, "notes.txt", "")

    def pin() -> str:
        monkeypatch.setattr("remit.engine.pin._pins", {})  # as in another process
        return next(pin_of(found) for found in load_code(tmp_path, ["flows"]).flows if found.name == "desk")

    before = pin()
    with (tmp_path / changed).open("a") as file:
        file.write("\n# changed\n")
    assert (pin() != before) is counts
    assert pin() == pin()


IMPORTS_LATER = """
from remit import Run, flow


@flow
async def desk(run: Run) -> object:
    import lib.broken

    return lib.broken
"""


class Parses:
    """Garbage that has something to parse when it goes, as a traceback that is logged has; there is always more."""

    left = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        ast.parse("a + b")
        if Parses.left:
            Parses.left -= 1
            Parses()


def test_s14_the_pin_is_found_while_garbage_is_collected_and_beside_a_source_that_nobody_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "lib/broken.py", "def (:\n")
    write(tmp_path, "flows/desk.py", IMPORTS_LATER)
    [desk] = load_code(tmp_path, ["flows"]).flows
    calm, thresholds = pin_of(desk), gc.get_threshold()
    monkeypatch.setattr("remit.engine.pin._pins", {})
    Parses.left = 1000
    gc.set_threshold(5)
    try:
        Parses()
        pinned = pin_of(desk)
    finally:
        left, Parses.left = Parses.left, 0
        gc.set_threshold(*thresholds)
        gc.collect()
    assert pinned == calm
    assert left < 1000
