"""A workspace whose code changes, and processes that execute one release of it each."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from remit.control.platform import Platform
from remit.control.releasing.views import ReleaseView
from remit.control.settings import Settings
from remit.domain.clock import Clock
from remit.engine.outside import team_stream
from tests.engine.places import Place, until

DESK = """
from remit import Agent, Run, flow

clerk = Agent("clerk", prompt="{prompt}")

@flow
async def desk(run: Run, ticket: int = 0) -> str:
    {first}
    said = await run.signal("go")
    return f"{word} {{said}}"
"""


def write(place: Place, word: str, first: str = "pass", prompt: str = "Be kind.") -> None:
    (place.folder / "flows").mkdir(exist_ok=True)
    (place.folder / "flows" / "desk.py").write_text(DESK.format(word=word, first=first, prompt=prompt))


@asynccontextmanager
async def at(
    place: Place,
    release: str = "",
    *,
    worker: bool = False,
    clock: Clock | None = None,
    chosen: Settings | None = None,
) -> AsyncGenerator[Platform]:
    """A process of this workspace; with `release`, one that executes that and nothing else."""
    async with Platform.open(
        place.folder, database=place.database, worker=worker, release=release, clock=clock, chosen=chosen
    ) as platform:
        yield platform


async def made(place: Place, word: str, name: str, **more: str) -> ReleaseView:
    """The workspace with this word in its code, as a release."""
    write(place, word, **more)
    async with at(place) as platform:
        return await platform.releasing.create(name)


async def said(platform: Platform, kind: type[Any]) -> list[Any]:
    """The events of a kind in the stream of the team."""
    entries, _ = await platform.ground.log.read(team_stream(platform.ground.principal.team))
    return [each.event for each in entries if isinstance(each.event, kind)]


async def stands(platform: Platform, run: str, status: str, reason: str = "") -> None:
    """Wait until a run stands there."""

    async def there() -> bool:
        row = await platform.row(run)
        return row.status.value == status and (not reason or row.reason == reason)

    await until(there)
