"""Circuit breakers: what keeps failing is not called for a while, by any run of this process.

One circuit per step name. Time comes from the clock it is given; nothing here knows what was called.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AskHuman, CircuitOpen, Refused, StopRun, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Generator

    from remit.domain.clock import Clock
    from remit.domain.effects import Breaker


@dataclass(slots=True)
class _Circuit:
    failures: deque[int] = field(default_factory=deque[int])
    open_until: int = 0
    probing: bool = False


class Breakers:
    """The circuits of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    @contextmanager
    def watch(self, name: str, breaker: Breaker) -> Generator[None]:
        """Around one call: let it through or raise `CircuitOpen`, and learn from what becomes of it."""
        self._admit(name, breaker)
        try:
            yield
        except (ToolFailed, AskHuman, StopRun):
            self._succeeded(name)  # it answered; the answer was no
            raise
        except Refused:
            self._released(name)
            raise
        except Exception:
            self._failed(name, breaker)
            raise
        except BaseException:
            self._released(name)  # interrupted: that says nothing, and another call may probe
            raise
        else:
            self._succeeded(name)

    def _admit(self, name: str, breaker: Breaker) -> None:
        """Let a call through, or raise `CircuitOpen`; after the pause, one call probes."""
        circuit = self._circuits.setdefault(name, _Circuit())
        if not circuit.open_until:
            return
        now = self._clock.now()
        if now < circuit.open_until or circuit.probing:
            wait = max(0, circuit.open_until - now) / MICROSECONDS
            raise CircuitOpen(
                f"{name} failed {breaker.failures} times within {breaker.within:g} s and is not called now.",
                f"It is tried again in {wait:.0f} s.",
            )
        circuit.probing = True

    def _succeeded(self, name: str) -> None:
        """A call worked: close the circuit."""
        self._circuits.pop(name, None)

    def _released(self, name: str) -> None:
        """A call was not made, or not to its end."""
        circuit = self._circuits.get(name)
        if circuit is not None:
            circuit.probing = False

    def _failed(self, name: str, breaker: Breaker) -> None:
        """A call failed: count it, and open the circuit when there were too many."""
        circuit = self._circuits.setdefault(name, _Circuit())
        now = self._clock.now()
        circuit.failures.append(now)
        while circuit.failures and circuit.failures[0] < now - breaker.within * MICROSECONDS:
            circuit.failures.popleft()
        if circuit.probing or len(circuit.failures) >= breaker.failures:
            circuit.open_until = now + int(breaker.cool * MICROSECONDS)
            circuit.probing = False
