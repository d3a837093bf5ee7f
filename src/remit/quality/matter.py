"""Something that is judged or labelled: what was asked, what was done, what came of it, and by whose models. Data only;
who judges it is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remit.wire import canonical


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to be judged."""

    id: str
    answer: str
    input: str = ""
    other: str = ""
    """The answer to compare it with, where a judge compares."""
    acts: tuple[str, ...] = ()
    """What was called, a line each."""
    expected: str = ""
    models: tuple[str, ...] = field(default=())
    """Who wrote it: no judge judges its own family."""


def plain_matter(matter: Matter) -> dict[str, Any]:
    """A matter as JSON, for the input of a run."""
    return canonical.plain(matter)


def matter_of(said: dict[str, Any]) -> Matter:
    """The matter that `plain_matter` wrote down."""
    return Matter(
        said["id"], said["answer"], said["input"], said["other"], tuple(said["acts"]), said["expected"],
        tuple(said["models"]),
    )  # fmt: skip
