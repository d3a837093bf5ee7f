"""Other code that is tried beside this one: a folder or a release, loaded by a process of its own that makes goes for
us over two pipes, a line of JSON each. Here is our end; the other is `arm`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.domain.experiment_errors import ArmLost, NothingToTry
from remit.quality.experiments.plain import trial_of

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

    from remit.quality.experiments.plan import Item, Plan
    from remit.quality.trial import Trial

Json = Any
_LONGEST_LINE = 64 * 1024 * 1024


class Elsewhere:
    """A process that makes goes of other code."""

    def __init__(self, process: Process, fingerprint: str) -> None:
        self._process = process
        self.fingerprint = fingerprint
        self._waiting: dict[int, asyncio.Future[dict[str, Json]]] = {}
        self._number = 0
        self._begun = ""
        self._hearing = asyncio.get_running_loop().create_task(self._hear())

    @classmethod
    async def start(cls, place: Path, release: str = "") -> Elsewhere:
        """Have the code of a folder loaded; raises with its own words if that cannot be."""
        words = [sys.executable, "-m", "remit", "-w", str(place), "eval", "arm"]
        words += ["--release", release] if release else []
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE
        )
        assert process.stdout is not None  # noqa: S101 - it was asked for
        said = object_of(json.loads(await process.stdout.readline() or b"{}"))
        if "fingerprint" not in said:
            await process.wait()
            raise NothingToTry(
                f"{release or place} cannot be tried: {said.get('message', 'its process has said why')}",
                str(said.get("hint", "")),
            )
        return cls(process, str(said["fingerprint"]))

    async def make(self, experiment: str, plan: Plan, item: Item, attempt: int) -> Trial:
        """Have a go made there; the same again finds what was made."""
        if self._begun != experiment:
            self._begun = experiment
            await self._send({"experiment": experiment, "plan": plan.plain, "arm": item.arm})
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Json]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._send({"id": number, "go": [item.scenario, item.index, item.seed, attempt]})
        said = await answer
        if "trial" not in said:
            raise ArmLost(str(said.get("message", "the process that tries the other code has ended.")))
        return trial_of(object_of(said["trial"]), plan.scenarios[item.scenario])

    async def close(self) -> None:
        """Let it end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._hearing.cancel()
        with suppress(asyncio.CancelledError):
            await self._hearing
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        await self._process.wait()

    async def _send(self, said: dict[str, Json]) -> None:
        pipe = self._process.stdin
        if pipe is None or self._process.returncode is not None:
            raise ArmLost("the process that tries the other code has ended.")
        pipe.write(json.dumps(said).encode() + b"\n")
        await pipe.drain()

    async def _hear(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - it was asked for
        try:
            while line := await pipe.readline():
                said = object_of(json.loads(line))
                waiting = self._waiting.pop(int(said.get("id", 0)), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result({})
            self._waiting.clear()
