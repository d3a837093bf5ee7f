"""Which processes a workspace needs, told by whoever reads the database to whoever starts processes: a line of JSON for
each change, through a pipe that both inherit. The supervisor itself opens no database.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.office import Office

_EVERY = 1.0
_LINGER = 30.0
"""How many seconds a release that has nothing to do any more keeps its process: the next run may be near."""


class Needs(NamedTuple):
    """The release that is stable (none: the workspace as it stands), and the others that have to be executed."""

    stable: str = ""
    others: tuple[str, ...] = ()


async def tell(office: Office, fd: int) -> None:
    """Say what is needed whenever that changes, until cancelled."""
    said, last_needed = None, dict[str, float]()
    while True:
        found = await office.releasing.roster()
        now = asyncio.get_running_loop().time()
        last_needed |= dict.fromkeys(found.others, now)
        others = sorted(
            each for each, at in last_needed.items() if now - at < _LINGER and each != found.stable
        )
        needs = Needs(found.stable, tuple(others))
        if needs != said:
            write(fd, needs)
            said = needs
        await asyncio.sleep(_EVERY)


def write(fd: int, needs: Needs) -> None:
    """One line."""
    os.write(fd, json.dumps(needs._asdict()).encode() + b"\n")


def read(line: bytes) -> Needs:
    """What one line says."""
    told = json.loads(line)
    return Needs(told["stable"], tuple(told["others"]))


async def listen(fd: int, heard: Callable[[Needs], None]) -> None:
    """Hear what is needed, until cancelled."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0)
    )
    try:
        while line := await reader.readline():
            heard(read(line))
    finally:
        transport.close()
