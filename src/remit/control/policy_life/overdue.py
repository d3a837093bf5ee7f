"""What the doctor says about reviews of access: the latest one, if it is not done by its date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground


async def examine_reviews(ground: Ground) -> list[Finding]:
    """Whether somebody still has to confirm or revoke rights."""
    rows = await ground.database.fetch("policy.reviews", ground.principal.team, 1)
    if not rows:
        return []
    identity, _, _, rights, due, _, _, done = rows[0]
    if done >= rights:
        return [Finding("access", "ok", f"every right was looked at in {identity}", "")]
    late = due <= ground.clock.now()
    message = f"{rights - done} of {rights} rights wait to be confirmed or revoked in {identity}"
    return [Finding(
        "access", "warning" if late else "ok", f"{message}, and its date is past" if late else message,
        "See: remit policy review" if late else "",
    )]  # fmt: skip
