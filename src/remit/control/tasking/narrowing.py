"""What a remote agent is shown that has a key at our own front doors: a token that binds what it does there to the run
which asked it, for as long as that call may take. The key is its own; none of ours ever leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.people.run_tokens import RunToken, sign
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.ground.ground import Ground

_MARGIN_SECONDS = 30.0


def tokens_of(ground: Ground) -> Callable[[str, str, str, float], str]:
    """What signs one: for a key, in the name of a run and of its user."""

    def make(key: str, run: str, user: str, seconds: float) -> str:
        expires = ground.clock.now() + int((seconds + _MARGIN_SECONDS) * MICROSECONDS)
        token = RunToken.fresh(
            key, ground.principal.team, run, user=user, purpose="delegate", expires=expires
        )
        return sign(ground.keys, token)

    return make
