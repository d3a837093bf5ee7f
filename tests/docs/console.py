"""Runs the commands of a page as a reader would: one shell, one fresh folder, from top to bottom.

Every block fenced as `console session` counts. A line `$ command` is run; `# exit 4` at its end says that it must
end so, else it must succeed. The lines below it are what it must say, in this order; `…` stands for anything. Ids
in them (`r-…`, `a-…`) stand for whichever the command gives, and mean the same from there on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.warm import Warm

_BLOCK = re.compile(r"^```console session\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_ID = re.compile(r"\b[ra]-[0-9a-z]{8,}(?![0-9a-z])")
_MARK = "~~ended~~"


@dataclass
class Command:
    """One command of a page, and what the page says of it."""

    text: str
    code: int
    expected: list[str] = field(default_factory=list[str])


def commands_of(page: Path) -> list[Command]:
    """The commands of all console blocks of a page."""
    return [command for block in _BLOCK.findall(page.read_text()) for command in commands_in(block)]


def commands_in(block: str) -> list[Command]:
    """The commands of one console block."""
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            code = _EXIT.search(line)
            found.append(Command(_EXIT.sub("", line[2:]), int(code[1]) if code else 0))
        elif line.strip() and line.strip() != "…":
            found[-1].expected.append(line)
    return found


class Shell:
    """A shell in a folder, with the meaning of the ids it has seen."""

    def __init__(self, folder: Path, words: dict[str, str], warm: Warm) -> None:
        path = os.pathsep.join([str(warm.shims), str(Path(sys.executable).parent), os.environ["PATH"]])
        plain = {name: text for name, text in os.environ.items() if not name.startswith("REMIT_")}
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder, env=plain | {"PATH": path, "COLUMNS": "110"}, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._words = dict(words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell("for job in $(jobs -p); do kill -9 $job; done; exit")
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.wait(30)
        self._bash.stdout.close()

    def run(self, command: Command) -> None:
        """Run one command and hold it to what the page says."""
        self._tell(f'{self._meant(command.text)}\necho "{_MARK}$?"')
        said, code = self._listen()
        place = f"$ {command.text}\n" + "\n".join(said)
        assert code == command.code, place
        assert not any("Traceback" in line for line in said), place
        rest = iter(said)
        for line in command.expected:
            assert any(self._matches(line, actual) for actual in rest), f"never said: {line}\n{place}"

    def _matches(self, expected: str, actual: str) -> bool:
        pattern, names = "", list[str]()
        for part in re.split(rf"(…|{_ID.pattern})", expected.rstrip()):
            if part == "…":
                pattern += ".*?"
            elif _ID.fullmatch(part) and part not in self._words:
                names.append(part)
                pattern += r"([ra]-[0-9a-z]+)"
            else:
                pattern += re.escape(self._words.get(part, part))
        match = re.fullmatch(pattern, actual.rstrip())
        if match is not None:
            self._words |= dict(zip(names, match.groups(), strict=True))
        return match is not None

    def _meant(self, text: str) -> str:
        for written, actual in self._words.items():
            text = text.replace(written, actual)
        return text

    def _tell(self, line: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(line + "\n")
        self._bash.stdin.flush()

    def _listen(self) -> tuple[list[str], int]:
        assert self._bash.stdout is not None
        said: list[str] = []
        for line in self._bash.stdout:
            before, mark, code = line.partition(_MARK)
            if before.strip():
                said.append(before.rstrip("\n"))
            if mark:
                return said, int(code)
        raise AssertionError(f"the shell ended: {said}")
