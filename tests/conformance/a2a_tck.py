"""Runs the official compatibility kit of A2A (branch 1.0-dev of a2aproject/a2a-tck) against the server of this tree:
`python -m tests.conformance.a2a_tck CHECKOUT [--level must]`. It is on no index, so a checkout is given. What
may fail stands with its reason in `a2a_expected.json`; anything else that fails, or passes although it stands there,
fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import uvicorn

from bench.environments import peer_python
from remit.control.platform import Platform
from remit.control.settings import A2aSettings, Settings
from remit.server.app import App
from remit.server.checks import Names
from remit.server.mounting import task_fronts
from tests.conformance.a2a_subject import subject, with_key

EXPECTED = Path(__file__).with_name("a2a_expected.json")
_PUSH = A2aSettings(agents=("subject",), push=("example.com",), push_private=("localhost:*", "127.0.0.1:*"))


async def served(checkout: Path, arguments: list[str], report: Path) -> int:
    """Serve, let the kit run, and say how it ended."""
    with tempfile.TemporaryDirectory(prefix="remit-tck-") as place:
        chosen = Settings(a2a=_PUSH)
        async with Platform.open(Path(place), flows=[subject], chosen=chosen) as platform:
            key = (Path(place) / ".remit" / "keys" / "local.key").read_text("utf-8").strip()
            app = App(platform, Names.of("127.0.0.1", (), ()))
            app.mount(task_fronts(platform))
            config = uvicorn.Config(with_key(app, key), log_config=None, lifespan="off", ws="none")
            server, listening = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
            task = asyncio.create_task(server.serve([listening]))
            at = f"http://127.0.0.1:{listening.getsockname()[1]}"
            command = [
                str(peer_python("a2a-tck")), "-m", "pytest", "tests/compatibility/", "-q", "--tb=short",
                f"--sut-host={at}", "--transport=jsonrpc,http_json", f"--junitxml={report}", *arguments,
            ]  # fmt: skip
            kit = await asyncio.create_subprocess_exec(*command, cwd=checkout, env=_environment())
            try:
                return await kit.wait()
            finally:
                server.should_exit = True
                await task


def _environment() -> dict[str, str]:
    """The kit finds its own code, and no variable of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REMIT_"))}


def judge(report: Path, expected: dict[str, Any]) -> list[str]:
    """What went otherwise than it is expected to."""
    failed: set[str] = set()
    passed: set[str] = set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - the kit's own report
        name = f"{case.get('classname', '').removeprefix('tests.compatibility.')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    if not passed:
        return ["nothing passed: the kit did not run"]
    say(f"{len(passed)} passed, {len(failed)} failed, {len(failed & expected.keys())} of them expected")
    return [f"fails: {name}" for name in sorted(failed - expected.keys())] + [
        f"passes although it is expected to fail: {name}" for name in sorted(passed & expected.keys())
    ]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="a checkout of a2aproject/a2a-tck, branch 1.0-dev")
    parser.add_argument("--level", choices=["must", "should", "may"], default="must")
    parser.add_argument("rest", nargs="*", help="more for pytest, after --")
    given = parser.parse_args()
    if not (given.checkout / "run_tck.py").exists():
        say(f"{given.checkout} is no checkout of the kit")
        return 2
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        asyncio.run(served(given.checkout.resolve(), ["-m", given.level, *given.rest], report))
        wrong = judge(report, json.loads(EXPECTED.read_text("utf-8")))
    say("\n".join(wrong) or "as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
