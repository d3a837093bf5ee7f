"""How a run comes into being: its key, its row and its first event, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.events import RunCreated
from remit.domain.runs import RunRow, RunStatus
from remit.domain.value import value
from remit.engine.outside import run_stream
from remit.engine.pin import pin_of
from remit.store.database import Op
from remit.store.pen import Pen

if TYPE_CHECKING:
    from remit.engine.flow import Flow
    from remit.store.database import BlobRow, EventRow
    from remit.store.keys import KeyRing

DEFAULT_PRIORITY = 100


@value
class Born:
    """What the commit that creates a run has to carry."""

    row: RunRow
    pen: Pen
    event: RunCreated
    events: list[EventRow]
    blobs: list[BlobRow]
    ops: list[Op]


@value
class Birth:
    """A run that is to be: who wants what, for whom."""

    id: str
    team: str
    flow: Flow
    input: dict[str, Any]
    by: str
    parent: str | None = None
    session: str = ""
    """What groups runs, as people call it; the row only has a keyed tag of it (S7)."""
    session_tag: str = ""
    """The tag itself, for a run that joins its parent's or original's session."""
    subject: str = ""
    priority: int = DEFAULT_PRIORITY
    due: int | None = None
    """When it is to start; at once if not given."""
    simulated: bool = False
    asks: bool = False
    forked_from: str | None = None
    forked_at: str | None = None
    policy: str = ""
    """The rules that it is born under; whatever is in force later, they bind it, too (S21)."""
    warrant: Any = None
    """How far whoever let it act lets it act, as they wrote it; the engine only keeps it."""
    release: str = ""
    """Which release executes it; none: the code of whoever creates it."""
    channel: str = ""
    """By which channel it came to that release."""
    origin: str = ""
    """Another run whose content it will hold, such as the one that it takes back."""
    beside: tuple[Op, ...] = ()
    """What else is written in the commit that creates it."""

    def prepare(self, keys: KeyRing, now: int, owner: str | None = None) -> Born:
        """Seal the first event; with an `owner`, that worker takes the run in the same commit."""
        key, add_key = keys.new_run_key(self.id, self.team, self.subject, now)
        pen = Pen(run_stream(self.id), self.team, key)
        pin = self.release or pin_of(self.flow)
        event = RunCreated(
            self.flow.name, self.input, self.by, pin, self.parent,
            self.forked_from, self.forked_at, self.simulated, self.asks, self.session, self.policy,
            self.warrant,
        )  # fmt: skip
        sealed = pen.write(event, "", now)
        status = RunStatus.RUNNING if owner else RunStatus.READY
        due = None if owner else self.due or now
        epoch = 1 if owner else 0
        session = keys.tag(f"session|{self.team}|{self.session}") if self.session else self.session_tag
        row = RunRow(
            self.id, self.team, self.flow.name, status, "", due, self.priority, owner, epoch, pin,
            self.parent, key.id, 1, 1, 0, False, "", session, now, None,
        )  # fmt: skip
        add_run = Op(
            "runs.add",
            (self.id, self.team, self.flow.name, status.value, due, self.priority, owner, epoch, pin,
             self.parent, key.id, session, now),
        )  # fmt: skip
        bound = [Op("releases.bind", (self.id, self.release, self.channel))] if self.release else []
        ops = [add_key, add_run, *bound, *self._descent(key.id), *self.beside]
        return Born(row, pen, event, [sealed], pen.take_blobs(), ops)

    def _descent(self, key_id: str) -> list[Op]:
        """Whom it is about and which classes of data it holds: as its input says, and as whatever it comes from."""
        ops = [Op("protection.mark", (self.id, name)) for name in self.flow.classes]
        comes_from = self.parent or self.forked_from or self.origin
        if comes_from and not self.subject:
            ops.append(Op("keys.inherit", (key_id, f"k-{comes_from}")))
        if comes_from and not self.parent:  # the rules of classes see a run and its children as one
            ops.append(Op("protection.inherit", (self.id, comes_from)))
        return ops
