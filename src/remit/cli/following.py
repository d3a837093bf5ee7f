"""Following a run: a tree that moves on a terminal, a line per change in a pipe, JSON lines for programs.

It shows views as they come and decides when a run has come to rest; it never touches the run.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Protocol

from remit.cli import wording
from remit.cli.output import Line, as_json_line, movable, width
from remit.cli.saying import say, say_document
from remit.cli.terminal import now
from remit.cli.tree import heading, note_of, run_lines, standing, stuck, tree_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

    from remit.control.office import Office
    from remit.control.runs.views import RunView, StepView, WaitView

_FRAMES_PER_SECOND = 8
_LOOK_SECONDS = 0.5


class Screen(Protocol):
    """Something that shows a run as it changes."""

    def show(self, view: RunView) -> None:
        """The run looks like this now."""
        ...

    def rest(self, view: RunView) -> None:
        """The run looks like this at the end."""
        ...


async def follow(office: Office, run: str, screen: Screen, *, patience: float | None = None) -> RunView:
    """Show a run until it ends; with `patience`, also until it waits for longer than so many seconds."""
    view = await office.show(run)
    screen.show(view)
    async with aclosing(_changes(office, run)) as changes:
        async for change in changes:
            if change is not None and change != view:
                view = change
                screen.show(view)
            if view.run.ended_at or (patience is not None and await at_rest(office, view, patience)):
                break
    screen.rest(view)
    return view


async def at_rest(office: Office, view: RunView, patience: float) -> bool:
    """Whether nothing will happen for a while unless somebody does something."""
    if view.run.ended_at:
        return True
    if view.run.paused:
        return view.run.status != "running"
    if view.run.status != "parked":
        return False
    if view.run.due is not None and view.run.due <= now():
        return False  # something has come, and a worker is about to take it in
    if stuck(view) or not view.waits:
        return True  # parked because of its code, not because of a wait
    return all([await _lasts(office, wait, patience) for wait in view.waits])


async def _changes(office: Office, run: str) -> AsyncGenerator[RunView | None]:
    """Each change of a run, and None every now and then: what a run waits for may change without it."""
    views = office.watch(run)
    coming = asyncio.ensure_future(anext(views))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=_LOOK_SECONDS)
            if not done:
                yield None
                continue
            yield coming.result()
            coming = asyncio.ensure_future(anext(views))
    except StopAsyncIteration:
        return
    finally:
        coming.cancel()


async def _lasts(office: Office, wait: WaitView, patience: float) -> bool:
    if wait.kind == "child":
        child = await office.show(wait.name)
        return not child.run.ended_at and await at_rest(office, child, patience)
    soon = wait.due is not None and wait.due - now() <= patience * wording.MICROSECONDS
    return not (soon and wait.kind in {"timer", "retry"})


@contextmanager
def screen_for(*, as_json: bool, stream: bool) -> Generator[Screen]:
    """The right screen for whoever reads; `stream` sends programs every change rather than the end only."""
    if as_json:
        yield JsonScreen(every=stream)
    elif movable():
        with moving_tree() as screen:
            yield screen
    else:
        yield LineScreen()


class JsonScreen:
    """One line of JSON a change, or one document at the end."""

    def __init__(self, *, every: bool) -> None:
        self._every = every

    def show(self, view: RunView) -> None:
        if self._every:
            say_document(as_json_line(view))

    def rest(self, view: RunView) -> None:
        """The last line was shown already; a single answer is printed by the command."""


class LineScreen:
    """A plain line whenever a step begins to wait, ends or fails: for pipes and logs."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def show(self, view: RunView) -> None:
        if not self._said:
            say(heading(view).plain)
            self._said[""] = "heading"
        for step in _flat(view.steps):
            if step.kind not in {"scope", "branch"} and self._said.get(step.path) != step.state:
                self._said[step.path] = step.state
                say(_step_line(step, several=view.segments > 1))

    def rest(self, view: RunView) -> None:
        for line in standing(view, now(), width()):
            say(line.plain)


class _TreeScreen:
    """A tree that is redrawn in place."""

    def __init__(self) -> None:
        self.view: RunView | None = None
        self.stop: Callable[[], object] = list

    def show(self, view: RunView) -> None:
        self.view = view

    def rest(self, view: RunView) -> None:
        self.view = None
        self.stop()
        for line in run_lines(view, now(), width()):
            say(line.painted)


@contextmanager
def moving_tree(more: Callable[[], list[Line]] = list) -> Generator[Screen]:
    """A tree that is redrawn in place, and below it whatever `more` gives."""
    from rich.live import Live
    from rich.text import Text

    def frame() -> Text:
        view = screen.view
        if view is None:
            return Text("")
        tree = tree_lines(view, now(), width())
        lines = [heading(view), *tree, *more(), *standing(view, now(), width())]
        return Text.from_ansi("\n".join(line.painted for line in lines))

    screen = _TreeScreen()
    live = Live(get_renderable=frame, refresh_per_second=_FRAMES_PER_SECOND, transient=True)
    screen.stop = live.stop
    with live:
        yield screen


def _flat(steps: list[StepView]) -> Iterator[StepView]:
    for step in steps:
        yield step
        yield from _flat(step.children)


def _step_line(step: StepView, *, several: bool) -> str:
    done = step.state in {"done", "failed"} and step.ended_at is not None
    time = wording.duration((step.ended_at or 0) - step.started_at) if done else ""
    parts = (f"{step.state:<8}", step.path, time, note_of(step, several=several))
    return "  " + "  ".join(part for part in parts if part)
