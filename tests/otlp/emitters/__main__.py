"""Lets each emitter send to a server that is started here, and looks at what is told of it: `python -m
tests.otlp.emitters [NAME…]`. Their environments are made at first use.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.environments import peer_python
from remit.control.observing.views import TraceView, Wanted
from remit.control.observing.wiring import projector_of
from tests.gateway.front import Front, front

HERE = Path(__file__).parent
Looked = dict[str, Any]


def program(name: str) -> list[str]:
    """How a program in Python is started."""
    return [str(peer_python(f"emit_{name}")), str(HERE / f"{name}_program.py")]


def node() -> list[str]:
    """How the program in JavaScript is started."""
    if not (HERE / "node" / "node_modules").exists():
        install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(install, cwd=HERE / "node", check=True)
    return ["node", str(HERE / "node" / "program.mjs")]


EMITTERS: dict[str, tuple[Callable[[], list[str]], Looked]] = {
    "node": (node, {
        "kinds": ["agent", "model", "tool"], "dialects": {"gen_ai": 3}, "model_calls": 1, "tool_calls": 1,
        "tool_failures": 1, "input": 12, "output": 5, "missing": [], "release": "7",
    }),
    "pydantic_ai": (lambda: program("pydantic_ai"), {
        "kinds": ["agent", "model", "tool", "model"], "model_calls": 2, "tool_calls": 1, "tool_failures": 0,
        "agent": "desk", "release": "7",
    }),
    "openinference": (lambda: program("openinference"), {
        "kinds": ["other", "model"], "dialects": {"openinference": 1, "plain": 1}, "model_calls": 1, "release": "7",
    }),
}  # fmt: skip


async def emit(name: str) -> list[str]:
    """What differs from what was expected."""
    start, expected = EMITTERS[name]
    command = start()
    with tempfile.TemporaryDirectory() as place:
        async with front(Path(place), http=True, worker=True) as door:
            environment = {
                **os.environ, "DOOR": door.url, "KEY": door.key, "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
                "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer {door.key}",
            }  # fmt: skip
            process = await asyncio.create_subprocess_exec(*command, env=environment)
            if await process.wait():
                return [f"it ended with {process.returncode}"]
            return await differences(door, expected)


async def differences(door: Front, expected: Looked) -> list[str]:
    """Where what is told is something else."""
    await projector_of(door.platform.ground).catch_up()
    page = await door.platform.observing.traces(Wanted(source="bot"))
    (source,) = await door.platform.collecting.sources()
    if len(page.traces) != 1:
        return [f"there are {len(page.traces)} traces"]
    view = await door.platform.observing.trace(page.traces[0].id)
    found = looked_at(view) | {"dialects": source.dialects}
    sys.stdout.write(f"  {found}\n")
    raw = await door.platform.collecting.raw(view.trace.id, view.spans[1].id)
    wrong = [f"{key} is {found[key]}, not {value}" for key, value in expected.items() if found[key] != value]
    return wrong if raw.attributes else [*wrong, "its attributes are gone"]


def looked_at(view: TraceView) -> Looked:
    """What of a trace is compared."""
    trace = view.trace
    numbers = {
        name: getattr(trace, name)
        for name in ("model_calls", "tool_calls", "tool_failures", "input", "output")
    }
    kinds = [each.kind for each in view.spans]
    return {
        "kinds": kinds,
        "missing": view.missing,
        "agent": trace.agent,
        "release": trace.release,
        **numbers,
    }


def main() -> int:
    chosen = sys.argv[1:] or list(EMITTERS)
    failed = 0
    for name in chosen:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        wrong = asyncio.run(emit(name))
        failed += bool(wrong)
        sys.stdout.write("".join(f"  WRONG: {each}\n" for each in wrong) or "  as it should be\n")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
