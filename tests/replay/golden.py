"""Golden journals: one sealed event of every kind, as a release wrote them. `python -m tests.replay.golden NAME`
writes the file of today's shapes; the files of earlier releases stay as they are, for ever.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from base64 import b64decode, b64encode
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from remit.domain.event import Event
from remit.domain.kinds import every_kind
from remit.store.database import EventRow
from remit.store.keys import DataKey
from remit.store.pen import Pen

FOLDER = Path(__file__).parent / "journals"
KEY = DataKey("k-golden", bytes(range(32)))
BINARY = ("body", "commitment", "prev_hash", "hash")


@dataclass(frozen=True, slots=True)
class Golden:
    """A sealed row, and what must be read from it."""

    row: EventRow
    says: dict[str, Any]


def journals() -> list[Path]:
    """Every release's file."""
    return sorted(FOLDER.glob("*.jsonl"))


def read(path: Path) -> list[Golden]:
    """The events of one file."""
    found: list[Golden] = []
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line)
        cells: dict[str, Any] = entry["row"] | {name: b64decode(entry["row"][name]) for name in BINARY}
        found.append(Golden(EventRow(**cells), entry["says"]))
    return found


def write(path: Path) -> None:
    """One event of every kind there is today."""
    pen = Pen("run:r-golden", "team", KEY)
    lines: list[str] = []
    for kind in every_kind().values():
        event = sample(kind)
        row = pen.write(event, "a/b.1", 1_700_000_000_000_000)
        cells = {
            name: b64encode(cell).decode() if isinstance(cell, bytes) else cell
            for name, cell in row._asdict().items()
        }
        lines.append(json.dumps({"row": cells, "says": msgspec.to_builtins(event)}))
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def sample(kind: type[Event]) -> Event:
    """An event with something in every field."""
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: _value(field.name, hints[field.name]) for field in fields(kind)})


def _value(name: str, hint: Any) -> Any:
    if typing.get_origin(hint) is types.UnionType:
        hint = typing.get_args(hint)[0]
    values: dict[Any, Any] = {
        str: f"{name} é \U0001f512",
        int: 9_007_199_254_740_991,
        float: 0.25,
        bool: True,
        dict[str, Any]: {"list": [1, None, 2.5], "object": {"deeper": False}},
        dict[str, str]: {"old": "new"},
        dict[str, int]: {"money": 5_000_000},
        list[str]: ["one", "two"],
        list[Any]: [{"any": 1}],
        Any: [{"json": ["of", "any", "shape"]}],
    }
    return values[hint]


if __name__ == "__main__":
    write(FOLDER / f"{sys.argv[1]}.jsonl")
