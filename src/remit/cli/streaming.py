"""`remit run --stream`: steps and the pieces of answers as they come. A piece is provisional until its answer stands
in the log: it is marked so, and what a new attempt makes void is taken back. It shows, and never touches the run.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from remit.cli.following import JsonScreen, LineScreen, moving_tree
from remit.cli.output import Line, Span, as_json_line, movable, width
from remit.cli.saying import Painted, say, say_document

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from typing import Protocol

    from remit.cli.following import Screen
    from remit.control.platform import Platform
    from remit.control.runs.views import RunView, StepView

    class Frame(Protocol):
        """A piece of an answer, of the step at `path`, in its attempt of this number."""

        @property
        def path(self) -> str: ...
        @property
        def attempt(self) -> int: ...
        @property
        def kind(self) -> str: ...
        @property
        def text(self) -> str: ...

    class Hearing(Screen, Protocol):
        """A screen that also shows pieces of answers."""

        def hear(self, frame: Frame) -> None:
            """A piece came."""
            ...


_MARK = "┊ "
_ROWS = 4
"""How much of an unfinished answer a moving tree shows: its last lines."""


@contextmanager
def hearing_screen(*, as_json: bool) -> Generator[Hearing]:
    """The right screen for whoever reads."""
    if as_json:
        yield _JsonLines()
    elif movable():
        pieces = Pieces()
        with moving_tree(pieces.lines) as tree:
            yield _MovingAnswers(tree, pieces)
    else:
        yield _Transcript()


@asynccontextmanager
async def heard(platform: Platform, run: str, screen: Hearing) -> AsyncGenerator[None]:
    """Hand every piece of the run's answers to the screen; from the first one on."""
    ready = asyncio.Event()

    async def listen() -> None:
        async for frame in platform.stream(run, ready):
            screen.hear(frame)

    listening = asyncio.ensure_future(listen())
    await ready.wait()
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.wait({listening})


class Pieces:
    """What has come of each answer that is not finished."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = defaultdict(str)

    def add(self, frame: Frame) -> None:
        """Another piece, or nothing of that step any more."""
        if frame.kind == "reset":
            self._texts.pop(frame.path, None)
        elif frame.kind == "tool":
            self._texts[frame.path] += f"→ {shown(frame.text)} "
        else:
            self._texts[frame.path] += shown(frame.text)

    def settle(self, view: RunView) -> None:
        """What is in the log is not provisional any more: the tree shows it."""
        for path in _settled(view.steps):
            self._texts.pop(path, None)

    def lines(self) -> list[Line]:
        """The ends of unfinished answers, marked."""
        found: list[Line] = []
        for path, text in self._texts.items():
            room = max(20, width() - len(_MARK))
            rows = [row[i : i + room] for row in text.split("\n") for i in range(0, len(row) or 1, room)]
            found.append(Line.of(Span(f"{_MARK}{path}  provisional", "waits")))
            found += [Line.of(Span(_MARK + row, "dim")) for row in rows[-_ROWS:]]
        return found


class _MovingAnswers:
    """A tree that is redrawn in place, with unfinished answers below it."""

    def __init__(self, tree: Screen, pieces: Pieces) -> None:
        self._tree = tree
        self._pieces = pieces

    def hear(self, frame: Frame) -> None:
        self._pieces.add(frame)

    def show(self, view: RunView) -> None:
        self._pieces.settle(view)
        self._tree.show(view)

    def rest(self, view: RunView) -> None:
        self._tree.rest(view)


class _Transcript(LineScreen):
    """For pipes: pieces as they come, each stretch under the name of its step; what is void is said to be."""

    def __init__(self) -> None:
        super().__init__()
        self._speaker = ""

    def hear(self, frame: Frame) -> None:
        if frame.kind == "reset":
            self._be_silent()
            if frame.attempt > 1:
                say(f"  {_MARK}{frame.path}  begins anew; what came of it so far is void")
            return
        if self._speaker != frame.path:
            self._be_silent()
            say(f"  {_MARK}{frame.path}  provisional: ", nl=False)
            self._speaker = frame.path
        text = f"→ {shown(frame.text)} " if frame.kind == "tool" else shown(frame.text)
        say(Painted(text.replace("\n", f"\n  {_MARK}")), nl=False)

    def show(self, view: RunView) -> None:
        self._be_silent()
        super().show(view)

    def rest(self, view: RunView) -> None:
        self._be_silent()
        super().rest(view)

    def _be_silent(self) -> None:
        if self._speaker:
            say("")
        self._speaker = ""


class _JsonLines(JsonScreen):
    """One object a line: `{"view": …}` for each change, `{"frame": …}` for each piece."""

    def __init__(self) -> None:
        super().__init__(every=False)

    def hear(self, frame: Frame) -> None:
        say_document(as_json_line({"frame": frame, "provisional": True}))

    def show(self, view: RunView) -> None:
        say_document(as_json_line({"view": view}))


def shown(text: str) -> str:
    """What a model said, without what would command the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _settled(steps: list[StepView]) -> list[str]:
    mine = [step.path for step in steps if step.state in {"done", "failed"}]
    return mine + [path for step in steps for path in _settled(step.children)]
