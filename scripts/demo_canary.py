"""Three releases are tried on a share of simulated traffic, with nobody present: one that got worse, one of which
nothing can be said, one that got better. Real processes: `remit up` on a temporary workspace, and this one, which
hands runs in.

    python -m scripts.demo_canary        exits with 1 unless each came to what it should
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.control.platform import Platform
from remit.control.settings import load
from remit.domain.release_events import CanaryDecided, CanaryMoved, CanaryStarted, ChannelSet
from remit.engine.outside import team_stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.releasing.views import CanaryView

DESK = '''"""A desk that fails now and then: {name}."""

from remit import Run, flow

FAILS = {fails}


@flow
async def desk(run: Run, ticket: int) -> str:
    """Answer a ticket."""
    if run.random().random() < FAILS:
        raise RuntimeError("the answer made no sense")
    return f"answered {{ticket}}"
'''
SETTINGS = """[releases]
canary_steps = ["20", "50"]
canary_step_runs = 10
canary_margin = 5
canary_runs = {most}

[server]
port = {port}
"""
STABLE = 0.10
PLAYS = (
    ("worse", 0.60, 150, "rolled_back"),
    ("the-same", 0.10, 30, "held"),
    ("better", 0.0, 150, "promoted"),
)
"""Of each candidate: how often it fails, after how many of its runs it is held, and what it has to come to."""
_PATIENCE = 40.0
_BATCH = 20


def main() -> int:
    """Play it on a temporary workspace; the exit code."""
    with tempfile.TemporaryDirectory(prefix="remit-canary-") as folder:
        place = Path(folder).resolve() / "desk"
        place.mkdir()
        return asyncio.run(play(place))


async def play(place: Path) -> int:
    """Play it; the exit code."""
    begun, rights = time.monotonic(), 0
    write(place, "first", STABLE, 150)
    await release(place, "first")
    async with opened(place, "first") as platform:
        await platform.releasing.promote("the first one")
    async with up(place):
        sent = await traffic(place, 0, 60)
        print(f"stable fails in {STABLE:.0%} of runs; {sent} runs so far\n")
        for name, fails, most, expected in PLAYS:
            write(place, name, fails, most)
            await release(place, name)
            async with opened(place, name) as platform:
                await platform.releasing.canary()
            found, sent = await until_decided(place, sent)
            rights += tell(name, fails, found, expected)
            if found.status == "held":
                async with opened(place) as platform:
                    await platform.releasing.roll_back("nobody could say")
        await show_log(place)
    print(f"\n{rights} of {len(PLAYS)} came to what they should, in {time.monotonic() - begun:.0f} s")
    return 0 if rights == len(PLAYS) else 1


def write(place: Path, name: str, fails: float, most: int) -> None:
    """The workspace, with code that fails so often."""
    (place / "flows").mkdir(exist_ok=True)
    (place / "flows" / "desk.py").write_text(DESK.format(name=name, fails=fails))
    port = load(place, {}).server.port if (place / "remit.toml").exists() else free_port()
    (place / "remit.toml").write_text(SETTINGS.format(most=most, port=port))


async def release(place: Path, name: str) -> None:
    """The workspace as it stands, for good."""
    async with opened(place) as platform:
        await platform.releasing.create(name)


@asynccontextmanager
async def opened(place: Path, name: str = "") -> AsyncGenerator[Platform]:
    """A process that only hands in, or tries a release."""
    async with Platform.open(place, worker=False, release=name, chosen=load(place, {})) as platform:
        yield platform


@asynccontextmanager
async def up(place: Path) -> AsyncGenerator[None]:
    """`remit up`, until the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
    with (place.parent / "up.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "remit", "up", "--workspace", str(place), stdout=log, stderr=log, env=environment,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def traffic(place: Path, first: int, count: int) -> int:
    """Hand runs in, each of a session of its own; gives the number of the next."""
    async with opened(place) as platform:
        await hand_in(platform, first, count)
    return first + count


async def hand_in(platform: Platform, first: int, count: int) -> None:
    """So many runs, and wait until they are over."""
    tickets = range(first, first + count)
    runs = [await platform.submit("desk", {"ticket": n}, session=f"customer {n}") for n in tickets]
    over = asyncio.gather(*(run.result() for run in runs), return_exceptions=True)
    await asyncio.wait_for(over, _PATIENCE)


async def until_decided(place: Path, sent: int) -> tuple[CanaryView, int]:
    """Hand runs in until the canary has come to something."""
    deadline = time.monotonic() + _PATIENCE
    async with opened(place) as platform:
        while (await platform.releasing.canaries())[0].status in {"running", "cleared"}:
            if time.monotonic() > deadline:
                break
            await hand_in(platform, sent, _BATCH)
            sent += _BATCH
        return (await platform.releasing.canaries())[0], sent


def tell(name: str, fails: float, found: CanaryView, expected: str) -> bool:
    """What it came to, and on what evidence."""
    right = found.status == expected
    print(f"{'✓' if right else '✗'} {name} (fails in {fails:.0%}): {found.status}\n    {found.reason}")
    runs = (
        f"{found.evidence.get('canary_runs', 0)} of its runs against {found.evidence.get('stable_runs', 0)}"
    )
    bets = ", ".join(
        f"{each['metric']}: worse {each['worse']:,.3g} to 1, fine {each['fine']:,.3g} to 1"
        for each in found.evidence.get("measures", ())
    )
    print(f"    {runs}; {bets}")
    return right


async def show_log(place: Path) -> None:
    """What the log says of it."""
    print("\nthe log")
    async with opened(place) as platform:
        entries, _ = await platform.ground.log.read(team_stream(platform.ground.principal.team))
        names = {each.digest: each.name for each in await platform.releasing.list()}
        for entry in entries:
            said = line_of(entry.event, names)
            if said:
                print(f"  event {entry.seq:>3}  {said}")


def line_of(event: Any, names: dict[str, str]) -> str:
    """One event in a line, if it is about releases."""
    match event:
        case CanaryStarted():
            return f"canary.started  {names[event.release]} against {names[event.against]}, by {event.by}"
        case CanaryMoved():
            return f"canary.moved    {event.percent} % of new runs go to it"
        case CanaryDecided():
            return f"canary.decided  {names[event.release]}: {event.outcome}, by {event.by}"
        case ChannelSet():
            to = names.get(event.release, "nothing")
            return f"channel.set     {event.channel} leads to {to}, by {event.by}"
        case _:
            return ""


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
