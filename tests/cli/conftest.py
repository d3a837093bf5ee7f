"""What the tests of the terminal have: a workspace with a shop in it, and `remit` as a process like a user's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import Process
from tests.warm import Warm

REMIT = [sys.executable, "-P", "-m", "remit"]
AWAITED = ("shipped", "seen")
"""What steps of the shop wait for."""
SHOP = Path(__file__).with_name("shop.py.txt").read_text()


@dataclass
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        return json.loads(self.err)["error"]


class Terminal:
    """A person in a workspace."""

    def __init__(self, place: Path, environment: dict[str, str], stack: ExitStack, warm: Warm) -> None:
        self.place = place
        self.environment = environment
        self._stack = stack
        self._warm = warm

    def __call__(self, *words: str, code: int | None = None) -> Answer:
        done = self._warm.run(["remit", *words], self.place, self.environment)
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert code is None or answer.code == code, answer
        assert "Traceback" not in answer.err + answer.out, answer.err
        return answer

    def start(self, *words: str) -> Process:
        """A command that goes on."""
        return self._stack.enter_context(Process(self._warm, ["remit", *words], self.place, self.environment))

    def world(self) -> list[str]:
        """What the steps of the shop did outside, in order."""
        file = self.place / "world.log"
        return file.read_text().split() if file.exists() else []

    def happens(self, name: str) -> None:
        """Something outside that steps wait for, now or later: the pipe stays open, and nobody reads the word."""
        pipe = os.open(self.place / name, os.O_RDWR)
        self._stack.callback(os.close, pipe)
        os.write(pipe, b"!")


@pytest.fixture
def remit(tmp_path: Path, warm: Warm) -> Iterator[Terminal]:
    """`remit` in a workspace of the test."""
    place = tmp_path / "shop"
    (place / "flows").mkdir(parents=True)
    (place / "remit.toml").write_text("[step]\ntimeout_seconds = 10\ngrace_seconds = 0\n")
    (place / "flows" / "shop.py").write_text(SHOP)
    for name in AWAITED:
        os.mkfifo(place / name)
    with ExitStack() as stack:
        yield Terminal(place, plain_environment(), stack, warm)


def plain_environment() -> dict[str, str]:
    """Nothing of Remit's is chosen in it."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith("REMIT_")}
    return plain | {"COLUMNS": "110", "TZ": "UTC", "REMIT_SERVER_PORT": "0"}
