"""How well models do: which of them rest because they failed or asked to be left alone, how many calls each has, and
how long it takes. One book per process; nothing here knows what was asked.

A model that rested is not trusted at once: at most `probes` calls at a time find out whether it recovered, everyone
else is sent on. So an outage costs a few attempts, not one for every request.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.effects import Breaker
from remit.models.attempt import Permission
from remit.models.latency import PeakEwma

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.models.attempt import HealthOutcome, Latency

USUAL = Breaker(failures=5, within=30.0, cool=10.0)
LONGEST_REST = 300.0
"""Seconds: neither repeated failures nor a provider's Retry-After keep a model away for longer."""
_LOOKED_AT = 512
"""Calls that are remembered for the decision whether to rest."""


@dataclass(slots=True)
class _Record:
    latency: PeakEwma = field(default_factory=PeakEwma)
    in_flight: int = 0
    recent: deque[tuple[int, bool]] = field(
        default_factory=lambda: deque[tuple[int, bool]](maxlen=_LOOKED_AT)
    )
    rests_until: int | None = None
    """None: it does not rest. Once the time has come, probes decide."""
    cool: float = 0.0
    """Seconds of the last rest."""
    probing: int = 0


class HealthBook:
    """The health of every model, as this process sees it."""

    def __init__(self, clock: Clock, breaker: Breaker = USUAL, probes: int = 1) -> None:
        self._clock = clock
        self._breaker = breaker
        self._probes = probes
        self._records: dict[str, _Record] = {}

    def admit(self, model: str) -> Permission | None:
        """Permission for one call, or None while the model rests or others probe it. Bring it back through `done`."""
        record = self._record(model)
        probe = record.rests_until is not None
        if probe:
            if self.resting(model) or record.probing >= self._probes:
                return None
            record.probing += 1
        record.in_flight += 1
        return Permission(model, probe)

    def done(
        self,
        permission: Permission,
        outcome: HealthOutcome,
        latency: Latency,
        retry_after: float | None = None,
    ) -> None:
        """What became of a permission."""
        record = self._record(permission.model)
        if record.in_flight:
            record.in_flight -= 1
        if permission.probe:
            record.probing = max(0, record.probing - 1)
        if outcome == "released":
            return
        now = self._clock.boot()
        if outcome != "busy":
            taken = latency.total if latency.first is None else latency.first
            record.latency.observe(taken / MICROSECONDS, now)
        if outcome == "busy" and retry_after is not None:
            self._rest(record, retry_after)
        elif permission.probe:
            self._probed(record, well=outcome == "ok")
        elif record.rests_until is None:
            self._count(record, now, well=outcome == "ok")

    def resting(self, model: str) -> float:
        """Seconds for which nobody calls this model; 0: somebody may."""
        record = self._records.get(model)
        if record is None or record.rests_until is None:
            return 0.0
        return max(0, record.rests_until - self._clock.boot()) / MICROSECONDS

    def load(self, model: str) -> float:
        """Seconds that one more call is likely to take, those that are under way considered."""
        record = self._records.get(model)
        if record is None:
            return PeakEwma().seconds
        return record.latency.value(self._clock.boot()) * (record.in_flight + 1)

    def _record(self, model: str) -> _Record:
        record = self._records.get(model)
        if record is None:
            record = self._records[model] = _Record()
        return record

    def _probed(self, record: _Record, *, well: bool) -> None:
        if well:
            record.rests_until, record.cool = None, 0.0
            record.recent.clear()
        else:
            self._rest(record, max(record.cool * 2, self._breaker.cool))

    def _count(self, record: _Record, now: int, *, well: bool) -> None:
        """Enough failures, and as many as successes: a model that fails now and then goes on."""
        record.recent.append((now, well))
        while record.recent[0][0] < now - self._breaker.within * MICROSECONDS:
            record.recent.popleft()
        if well:
            return
        failures = sum(not one for _, one in record.recent)
        if failures >= self._breaker.failures and failures * 2 >= len(record.recent):
            self._rest(record, self._breaker.cool)

    def _rest(self, record: _Record, seconds: float) -> None:
        """A rest is never cut short by a second call that failed meanwhile."""
        record.cool = min(max(seconds, 0.0), LONGEST_REST)
        until = self._clock.boot() + int(record.cool * MICROSECONDS)
        record.rests_until = max(until, record.rests_until or 0)
        record.recent.clear()
