"""What another set of rules would have decided: requests that were made are judged by both, and told apart by what
changed and which rule changed it. Pure: requests are handed in, wherever they were found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from remit.domain.decisions import AccessRequest, Decision
from remit.policy.authority import Authority


@dataclass(frozen=True, slots=True)
class Change:
    """Requests that one rule decides otherwise."""

    action: str
    resource: str
    agent: str
    before: str
    after: str
    rule: str
    place: str
    text: str
    times: int
    example: str
    """Where one of them stands: RUN/STEP."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of them."""

    requests: int
    same: int
    changes: tuple[Change, ...]

    @property
    def new_denials(self) -> int:
        """How many requests that had a chance would have none."""
        return sum(each.times for each in self.changes if each.after == "deny")


def compare(now: Authority, other: Authority, made: Iterable[tuple[str, AccessRequest]]) -> Comparison:
    """Judge each request by both; those with the same difference are told together."""
    found: dict[tuple[str, ...], Change] = {}
    count = 0
    for place, request in made:
        count += 1
        before, after = now.decide(request), other.decide(request)
        if (before.outcome, before.changes) == (after.outcome, after.changes):
            continue
        change = _change(place, request, before, after)
        key = (change.action, change.resource, change.agent, change.before, change.after, change.rule)
        known = found.get(key)
        found[key] = change if known is None else replace(known, times=known.times + 1)
    changes = sorted(found.values(), key=lambda each: (each.after != "deny", -each.times, each.resource))
    return Comparison(count, count - sum(each.times for each in changes), tuple(changes))


def _change(place: str, request: AccessRequest, before: Decision, after: Decision) -> Change:
    why = (after.reasons or before.reasons or (None,))[0]
    return Change(
        request.action, request.resource, request.agent, before.outcome.value, after.outcome.value,
        why.rule if why is not None else "", why.place if why is not None else "",
        why.text if why is not None else "", 1, place,
    )  # fmt: skip
