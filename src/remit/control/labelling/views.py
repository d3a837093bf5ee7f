"""What is answered about labels: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.quality.labelling.agreement import Agreement, Figure

if TYPE_CHECKING:
    from remit.quality.matter import Matter

__all__ = ["AddedView", "Agreement", "Figure", "ItemView", "QueueView", "SetView"]


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue."""

    name: str
    choices: tuple[str, ...]
    scale: str
    labellers: int
    """So many people say what each thing is, without seeing what others said."""
    readers: tuple[str, ...]
    """Who may see what is in it: people and groups; none: whoever may administer labels."""
    open: int
    disputed: int
    settled: int
    withdrawn: int
    made_by: str
    made_at: int
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class ItemView:
    """One thing to be labelled, as a labeller is shown it."""

    id: str
    queue: str
    run: str
    status: str
    label: str
    """What it was settled as."""
    choices: tuple[str, ...]
    matter: Matter | None
    """None: its run was erased."""
    said: dict[str, str]
    """Who said what; empty while it is open, so that nobody follows anybody."""
    left: int
    """How many more wait for whoever asks."""


@dataclass(frozen=True, slots=True)
class SetView:
    """A frozen set of labels."""

    name: str
    version: int
    digest: str
    queue: str
    items: int
    status: str
    """waiting (for a review), usable, redacted (usable without what was found), refused."""
    readers: tuple[str, ...]
    made_by: str
    made_at: int
    reviewed_by: str
    found: dict[str, int] | None = None
    """Personal data and secrets by kind, where somebody looked."""
    labels: dict[str, int] | None = None
    """How often each label was given."""


@dataclass(frozen=True, slots=True)
class AddedView:
    """What was put into a queue."""

    queue: str
    added: int
    known: int
    """How many were there already."""
    items: tuple[str, ...]
