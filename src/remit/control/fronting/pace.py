"""How often, and how much at once, each key is used: windows of a minute in this process. It counts, and refuses with
the time at which there is room again; it knows no money and no policy.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.front_errors import OverLimit
from remit.domain.fronting import Pace

if TYPE_CHECKING:
    from remit.domain.clock import Clock

_MINUTE = 60 * MICROSECONDS
_NONE = Pace()


@dataclass(slots=True)
class _Use:
    """One key in the last minute."""

    begun: deque[int] = field(default_factory=deque[int])
    tokens: deque[tuple[int, int]] = field(default_factory=deque[tuple[int, int]])
    spent: int = 0
    """The tokens of the window, added up."""
    now: int = 0
    """How many are under way."""


class Paces:
    """The keys of this process that have a pace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._uses: dict[str, _Use] = {}

    def enter(self, key: str, pace: Pace) -> None:
        """Another exchange begins; raises `OverLimit` with the time to wait. A key without limits is not counted."""
        if pace == _NONE:
            return
        now, use = self._clock.boot(), self._uses.setdefault(key, _Use())
        _forget(use, now)
        if pace.at_once is not None and use.now >= pace.at_once:
            raise _over(
                f"{pace.at_once} requests of this key are under way, and that is the most at once.", 1.0
            )
        if pace.requests is not None and len(use.begun) >= pace.requests:
            wait = (use.begun[0] + _MINUTE - now) / MICROSECONDS
            raise _over(f"this key may be used {pace.requests} times in a minute, and was.", wait)
        if pace.tokens is not None and use.spent >= pace.tokens:
            wait = (use.tokens[0][0] + _MINUTE - now) / MICROSECONDS
            raise _over(f"this key may use {pace.tokens} tokens in a minute, and has.", wait)
        use.begun.append(now)
        use.now += 1

    def leave(self, key: str, tokens: int = 0) -> None:
        """It is over, and used so many tokens."""
        use = self._uses.get(key)
        if use is None:
            return
        use.now -= 1
        if tokens:
            use.tokens.append((self._clock.boot(), tokens))
            use.spent += tokens
        elif not use.now and not use.begun:
            del self._uses[key]

    def left(self, key: str, pace: Pace) -> dict[str, tuple[int, int]]:
        """Of requests and tokens, the limit and what is left of it in this minute."""
        found: dict[str, tuple[int, int]] = {}
        if pace == _NONE:
            return found
        use = self._uses.get(key) or _Use()
        if pace.requests is not None:
            found["requests"] = (pace.requests, max(pace.requests - len(use.begun), 0))
        if pace.tokens is not None:
            found["tokens"] = (pace.tokens, max(pace.tokens - use.spent, 0))
        return found


def _forget(use: _Use, now: int) -> None:
    """What is older than a minute does not count any more."""
    since = now - _MINUTE
    while use.begun and use.begun[0] <= since:
        use.begun.popleft()
    while use.tokens and use.tokens[0][0] <= since:
        use.spent -= use.tokens.popleft()[1]


def _over(sentence: str, wait: float) -> OverLimit:
    wrong = OverLimit(sentence, f"There is room again in {max(wait, 0.1):.1f} s.")
    wrong.retry_after = max(wait, 0.1)
    return wrong
