"""A copy of a run by the release of this process, with no effect: it begins anew with the same input, reads and asks
models as any run does, while its writes, questions and messages are answered as in the original. What has no answer
there makes it diverge (S33).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import RunCreated, WaitClosed, WaitOpened
from remit.domain.ids import scheduled_run_id
from remit.engine.birth import Birth
from remit.engine.journal import Journal
from remit.engine.outside import run_stream
from remit.engine.shadow import SHADOW
from remit.operations.releases.channels import Channel, is_copied
from remit.store.database import Commit, Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.domain.runs import RunRow

_AT_ONCE = 100


class Copies:
    """The copies that a shadow gets, as far as this process made them."""

    def __init__(self) -> None:
        self._since = 0
        self._made: set[str] = set()

    async def look(self, parts: Parts) -> None:
        """Copy the share of runs that ended since the last look, if the shadow leads to the release of this process."""
        book = parts.switch.book
        lead = (await book.leads()).get(Channel.SHADOW)
        if lead is None or lead.release != parts.services.release:
            return
        since = max(self._since, lead.since)
        rows = [run_row(row) for row in await book.rows("over", book.team, since, _AT_ONCE)]
        for row in rows:
            key = row.session or row.id
            if row.id not in self._made and is_copied({Channel.SHADOW: lead}, key) is not None:
                await copy(parts, row)
        self._made = {row.id for row in rows}
        self._since = max((row.ended_at or 0 for row in rows), default=since)


async def copy(parts: Parts, original: RunRow, tag: str = "") -> str:
    """Create the copy, one for each original, release and `tag`. Gives its id; empty where there can be none."""
    ground, flow = parts.ground, parts.flows.get(original.flow)
    entries, _ = await ground.log.read(run_stream(original.id))
    journal = Journal(entries)
    created = journal.created
    if flow is None or not isinstance(created, RunCreated) or created.simulated or created.asks:
        return ""
    release = parts.services.release
    identity = scheduled_run_id(original.created_at, f"{SHADOW}|{release}|{original.id}|{tag}")
    birth = Birth(
        identity, original.team, flow, flow.accept(created.input), created.by, session_tag=original.session,
        simulated=True, forked_from=original.id, forked_at="", policy=parts.services.policy(),
        release=release, channel=SHADOW,
    )  # fmt: skip
    born = birth.prepare(ground.keys, ground.clock.now())
    mail = _mail(journal, identity, ground.clock.now())
    try:
        await ground.database.submit(Commit(born.events, born.blobs, [*born.ops, *mail]))
    except Conflict:
        return identity  # it was made before
    parts.dispatcher.submit(identity)
    return identity


def _mail(journal: Journal, copy: str, now: int) -> list[Op]:
    """The messages that the original took in, for the copy to find when it asks for them."""
    ops: list[Op] = []
    for entries in journal.at_path.values():
        opened = next((e.event for e in entries if isinstance(e.event, WaitOpened)), None)
        closed = next((e for e in entries if isinstance(e.event, WaitClosed)), None)
        if opened is None or closed is None or opened.wait != "signal":
            continue
        stream, _, seq = getattr(closed.event, "ref", "").rpartition("#")
        if stream and seq.isdecimal():
            message = f"signal-{len(ops)}"
            ops.append(Op("inbox.add", (copy, message, "signal", opened.name, stream, int(seq), closed.at)))
    return [*ops, *(Op("runs.mail", (copy, now)) for _ in ops)]
