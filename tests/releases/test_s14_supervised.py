"""S14: `remit up` keeps a process for what is stable and one for each other release that has something to do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from remit.cli.announcing import Announcer
from remit.cli.rostering import Needs, listen, write
from remit.cli.supervisor import Role, Supervisor
from tests.cli.conftest import Terminal, plain_environment
from tests.engine.places import Place, until
from tests.releases.workspaces import at, made, stands
from tests.warm import Warm

CHILD = """
import signal, sys, time
def tell(word): open(sys.argv[2], "a").write(sys.argv[1] + " " + word + "\\n")
def leave(*_): tell("leaves"); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
tell("begins")
while True: time.sleep(60)
"""


class Heard(Announcer):
    """What a supervisor says, by its kind."""

    def __init__(self) -> None:
        super().__init__(False)
        self.events: list[str] = []

    def say(self, event: str, sentence: str, **facts: object) -> None:
        self.events.append(f"{event} {facts.get('name', '')}".strip())


async def test_s14_roles_change_and_what_there_is_once_begins_when_the_one_before_is_gone(
    tmp_path: Path,
) -> None:
    told, heard = tmp_path / "told", Heard()

    def role(name: str, word: str) -> Role:
        return Role(name, (sys.executable, "-S", "-c", CHILD, word, str(told)))

    def said() -> list[str]:
        return told.read_text().splitlines() if told.exists() else []

    server, worker = replace(role("server", "one"), alone=True), role("worker", "w")
    broken = replace(Role("release x", (sys.executable, "-S", "-c", "raise SystemExit(2)")), optional=True)
    supervisor = Supervisor([server, worker], heard, 10.0)
    running = asyncio.ensure_future(supervisor.run())
    await until(lambda: len(said()) == 2)
    supervisor.change([replace(role("server", "two"), alone=True), worker, broken])
    await until(lambda: len(said()) == 4 and "refused release x 1" in heard.events)
    assert said()[2:] == ["one leaves", "two begins"]
    supervisor.stop()
    assert await running == 0
    assert sorted(said()[4:]) == ["two leaves", "w leaves"]
    assert not [each for each in heard.events if each.startswith(("died", "killing"))]


async def test_what_is_needed_goes_through_a_pipe_line_by_line() -> None:
    hears, tells = os.pipe()
    heard: list[Needs] = []
    listening = asyncio.ensure_future(listen(hears, heard.append))
    for needs in (Needs(), Needs("a" * 64, ("b" * 64, "c" * 64))):
        write(tells, needs)
    await until(lambda: len(heard) == 2)
    assert heard == [Needs(), Needs("a" * 64, ("b" * 64, "c" * 64))]
    os.close(tells)
    await listening


async def test_s14_up_finishes_a_run_with_the_release_that_began_it(on_sqlite: Place, warm: Warm) -> None:
    await made(on_sqlite, "one", "v1")
    async with at(on_sqlite, "v1", worker=True) as serves:
        await serves.releasing.promote()
        run = (await serves.submit("desk", {})).id
        await stands(serves, run, "parked", "signal")
    await made(on_sqlite, "two", "v2", first='await run.sleep("1s")')
    async with at(on_sqlite, "v2") as tries:
        await tries.releasing.promote(despite_parked=True)
    (on_sqlite.folder / "remit.toml").write_text("")
    with ExitStack() as stack:
        remit = Terminal(on_sqlite.folder, plain_environment(), stack, warm)
        up = remit.start("up")
        async with at(on_sqlite) as hands_in:
            await hands_in.signal(run, "go", "on")
            assert await (await hands_in.run(run)).result() == "one on"
        up.signal(signal.SIGTERM)
        assert up.end() == 0
        assert [line for line in up.said if "started (pid" in line and "release" in line]
