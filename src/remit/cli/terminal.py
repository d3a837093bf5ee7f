"""What every command is given: its shared options, the way to the platform, and the way to answer.

It knows where the person stands (which workspace, which format), never what a command does.
"""

from __future__ import annotations

import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from remit.cli.saying import say, say_document

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable

    from remit.control.office import Office
    from remit.control.platform import Platform

T = TypeVar("T")
TERMINATED = 128 + signal.SIGTERM


@dataclass(slots=True)
class Terminal:
    """Where a command is called from, and how it answers."""

    as_json: bool = False
    debug: bool = False
    workspace: str = ""
    key_file: str = ""

    def key(self) -> str:
        """The key in the file that was named; else the environment says who asks."""
        from remit.domain.errors import InvalidInput

        if not self.key_file:
            return ""
        try:
            return Path(self.key_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as wrong:
            why = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
            raise InvalidInput(f"the key file {self.key_file} cannot be read: {why}.") from None

    def place(self) -> Path:
        """The workspace: the folder named by --workspace, else the one we stand in."""
        from remit.control.workspace.place import at, find

        return at(Path(self.workspace)) if self.workspace else find(Path())

    @asynccontextmanager
    async def platform(self, *, worker: bool = False, release: str = "") -> AsyncGenerator[Platform]:
        """The platform of this workspace, or of a release; with `worker`, runs are executed in this process."""
        from remit.control.platform import Platform

        place, key = self.place(), self.key()
        async with Platform.open(workspace=place, worker=worker, key=key, release=release) as platform:
            _warn(platform)
            yield platform

    @asynccontextmanager
    async def office(self) -> AsyncGenerator[Office]:
        """The office of this workspace: for what must work while its code or its rules are broken."""
        from remit.control import settings
        from remit.control.ground.root_keys import key_choice
        from remit.control.office import Office

        place = self.place()
        chosen = settings.load(place)
        at = chosen.workspace
        async with Office.staffed(
            place,
            chosen.database,
            at.team,
            key=self.key(),
            environment=at.environment,
            root=key_choice(chosen),
            terms=settings.reporting_terms(chosen, place),
        ) as office:
            _warn(office)
            yield office

    def ask(
        self,
        question: Callable[[Platform], Coroutine[Any, Any, T]],
        *,
        worker: bool = False,
        release: str = "",
    ) -> T:
        """Open the platform, ask it one thing, close it."""

        async def opened() -> T:
            async with self.platform(worker=worker, release=release) as platform:
                return await question(platform)

        return self.execute(opened())

    def ask_office(self, question: Callable[[Office], Coroutine[Any, Any, T]]) -> T:
        """Ask the office one thing."""

        async def opened() -> T:
            async with self.office() as office:
                return await question(office)

        return self.execute(opened())

    def execute(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end; SIGTERM unwinds as Ctrl-C does: what is open is closed, runs are handed back."""
        import asyncio

        from remit.cli.logs import show_logs

        async def guarded() -> T:
            task = asyncio.current_task()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else _ignore)
            return await work

        show_logs(debug=self.debug)
        try:
            with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
                return runner.run(guarded())
        except asyncio.CancelledError:
            raise SystemExit(TERMINATED) from None

    def answer(self, value: object, lines: Callable[[], Iterable[str]]) -> None:
        """Print the same value as JSON or as text."""
        from remit.cli.output import as_json

        if self.as_json:
            say_document(as_json(value))
        else:
            for line in lines():
                say(line)


def now() -> int:
    """The time that ages and waits are told by."""
    from remit.domain.clock import SystemClock

    return SystemClock().now()


class Command(click.Command):
    """A command that also takes the shared options, where people type them: at the end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *shared_options()]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FileNotFoundError as wrong:
            if not _stands_somewhere():
                from remit.domain.errors import BadWorkspace

                raise BadWorkspace(
                    "the folder you are in does not exist any more.", "Go to one that does: cd FOLDER"
                ) from wrong
            raise


class Group(click.Group):
    """Commands under one word; it takes the shared options as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *shared_options()]


def shared_options() -> list[click.Parameter]:
    """Options that the table and every command take, in either place."""
    return [
        click.Option(
            ["-w", "--workspace"],
            metavar="FOLDER",
            envvar="REMIT_WORKSPACE",
            help="The workspace; else the one around the current folder.",
            expose_value=False,
            callback=_note("workspace"),
        ),
        click.Option(
            ["--key-file"],
            metavar="FILE",
            help="Who asks: the file that holds your key; else REMIT_KEY, or ~/.config/remit/key.",
            expose_value=False,
            callback=_note("key_file"),
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            help="Answer as JSON, errors too.",
            expose_value=False,
            callback=_note("as_json"),
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            help="Show the traceback of an error.",
            expose_value=False,
            callback=_note("debug"),
        ),
    ]


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop where it is installed (the extra "speed"), else the interpreter's own."""
    try:
        import uvloop
    except ImportError:
        return None
    from remit.domain import silence

    return silence.guarded(uvloop.Loop)


def _stands_somewhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _warn(office: Office) -> None:
    """Say at once what would look like a loss of everything."""
    if office.ground.orphaned:
        say("warning: the keys here are those of another database: this one is new and empty.", err=True)
        say(
            "         If data should be in it, stop and look for the database, or restore a backup: "
            "remit backup --restore FILE --to FOLDER",
            err=True,
        )


def _ignore() -> None:
    """There is no task to cancel."""


def _note(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        terminal = ctx.ensure_object(Terminal)
        if value:
            setattr(terminal, name, value)

    return keep
