"""What the doctor says of releases: a canary that waits for a person, and runs whose release nobody executes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.control.releasing.booking import book_of
from remit.control.releasing.ending import canary_row

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground


async def examine_releases(ground: Ground) -> list[Finding]:
    """Nothing, where nothing was released."""
    book = book_of(ground)
    names = {each.digest: each.name for each in await book.list()}
    if not names:
        return []
    channels = (await book.leads()).values()
    leads = [f"{lead.channel.value} {names.get(lead.release, lead.release[:12])}" for lead in channels]
    findings = [Finding("releases", "ok", ", ".join(leads) or "made, and none is led to", "")]
    row = await canary_row(book)
    if row is not None and row[3] == "held":
        message = f"the canary {names.get(row[1], row[1][:12])} is held: it is neither shown to be worse nor not to be"
        remedy = f"See why: remit release canary. Then: remit release promote {row[1][:12]}, or remit release rollback"
        findings.append(Finding("canary", "warning", message, remedy))
    served = {each[0] for each in await book.rows("served")}
    for release, count, due, _ in await book.rows("live"):
        if due is not None and due <= ground.clock.now() and release not in served:
            called = names.get(release, release[:12])
            message = f"{count} runs of the release {called} are not over, and nobody executes it"
            findings.append(Finding("releases", "warning", message, "Start what does: remit up"))
    return findings
