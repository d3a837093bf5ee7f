"""Trouble on request: which fault strikes which turn, drawn from a seed. The same seed and the same conversation meet
the same trouble, whatever else runs at the time; another attempt at the same turn is another draw.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidCatalog
from remit.models.catalog import nearest
from remit.models.simulation.faults import FAILURES, KINDS
from remit.models.simulation.lines import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.models.simulation.scene import Scene

_LARGEST = 2**64


@dataclass(frozen=True)
class Chaos:
    """How much trouble there is."""

    seed: int = 0
    rates: dict[str, float] = field(default_factory=dict[str, float])
    """The share of turns that each kind of fault strikes, from 0 to 1."""
    latency: tuple[float, float] = (0.0, 0.0)
    """Seconds that an answer takes, from and to."""
    retry_after: float = 1.0
    """What a provider that is too busy asks for."""

    def draw(self, scene: Scene) -> tuple[Fault | None, float]:
        """What strikes this turn, and how long it takes."""
        which, how_long = self._dice(scene)
        low, high = self.latency
        return self._fault(which), low + (high - low) * how_long

    def _fault(self, dice: float) -> Fault | None:
        for kind in KINDS:
            dice -= self.rates.get(kind, 0.0)
            if dice < 0:
                return Fault(
                    kind, retry_after=self.retry_after if kind in {"rate_limit", "overloaded"} else None
                )
        return None

    def _dice(self, scene: Scene) -> tuple[float, float]:
        """Two numbers from 0 to 1. The run's own id is left out: it is a new one every time."""
        text = f"{self.seed}|{scene.agent}|{scene.path}|{len(scene.messages)}|{scene.attempt}|{scene.user}"
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return int.from_bytes(digest[:8], "big") / _LARGEST, int.from_bytes(digest[8:], "big") / _LARGEST


def chaos_of(said: Mapping[str, Any], place: str) -> Chaos:
    """Chaos as a file asks for it: `seed`, `latency`, `retry_after`, and a share for each kind of fault."""
    own = [spec.name for spec in fields(Chaos) if spec.name != "rates"]
    for key in said:
        if key not in {*own, *KINDS}:
            raise InvalidCatalog(
                f'{place} has "{key}", which is no kind of trouble{nearest(key, [*own, *KINDS])}.',
                f"There is {', '.join(KINDS)}.",
            )
    rates = {kind: _share(said[kind], f"{place}: {kind}") for kind in KINDS if kind in said}
    if sum(rates.values()) > 1:
        raise InvalidCatalog(
            f"{place} wants trouble in more than every turn.", "The shares add up to at most 1."
        )
    return Chaos(
        seed=int(said.get("seed", 0)),
        rates=rates,
        latency=_span(said.get("latency", 0.0), f"{place}: latency"),
        retry_after=_number(said.get("retry_after", 1.0), f"{place}: retry_after"),
    )


def fault_of(said: object, place: str) -> Fault:
    """One fault as a script asks for it: its kind, or a table with `kind`, `times`, `retry_after`, `message`."""
    table: dict[str, Any] = cast("dict[str, Any]", said) if isinstance(said, dict) else {"kind": said}
    known = [spec.name for spec in fields(Fault)]
    for key in table:
        if key not in known:
            raise InvalidCatalog(
                f'{place} has "{key}"{nearest(key, known)}.', f"A fault has {', '.join(known)}."
            )
    kind = table.get("kind")
    if kind not in KINDS:
        raise InvalidCatalog(
            f'{place} is "{kind}", which is no kind of trouble{nearest(str(kind), KINDS)}.',
            f"There is {', '.join(KINDS)}.",
        )
    if "retry_after" in table and kind not in FAILURES:
        raise InvalidCatalog(f'{place}: only a provider that fails says "retry_after".', "Leave it out.")
    return Fault(**table)


def _share(said: object, place: str) -> float:
    share = _number(said, place)
    if share > 1:
        raise InvalidCatalog(
            f"{place} is {share:g}; a share is a number from 0 to 1.", "0.1 is one turn in ten."
        )
    return share


def _span(said: object, place: str) -> tuple[float, float]:
    """One number, or two: from and to."""
    ends = cast("list[object]", said) if isinstance(said, list) else [said, said]
    if len(ends) != 2:  # noqa: PLR2004 - a span has two ends
        raise InvalidCatalog(
            f"{place} takes a number of seconds, or two: from and to.", "latency = [0.05, 0.3]"
        )
    low, high = (_number(end, place) for end in ends)
    return low, max(low, high)


def _number(said: object, place: str) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or said < 0:
        raise InvalidCatalog(
            f"{place} is {said!r}; it takes a number that is not negative.", "Mend that place."
        )
    return float(said)
