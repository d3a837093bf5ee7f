"""Two sets of rules at once: those a run was born under, and those of now. What either denies is denied, and what
either asks is asked (S21).

Rules of both sets that say the same, word for word, are one rule, so that nobody is asked twice for the same reason.
Old rules are held against the tools of today: a permit that does not fit any more permits nothing, a forbid about a
tool that is gone forbids nothing, and any other that does not fit is refused, because it may be one that mattered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.policy.authority import Authority
from remit.policy.checks import checked, only_tool
from remit.policy.loading import digest_of, rules_of
from remit.policy.rules import Rule, Treatment
from remit.policy.world import World

_ROUNDS = 3
_WEIGHT = {Outcome.DENY: 4, Outcome.DEFER: 3, Outcome.ASK: 2, Outcome.MODIFY: 1, Outcome.ALLOW: 0}
_SHORT = 8
_MARK = re.compile(r" \(as of [0-9a-f]{8}\)$")


def born_under(files: Mapping[str, str], now: Authority) -> Authority:
    """Rules of another time, in the world of now; raises `InvalidPolicy` if they cannot be held against it."""
    same = {rule.text: rule for rule in (ready.rule for ready in now.rules)}
    mark = digest_of(files)[:_SHORT]
    kept: list[Rule] = []
    for rule in rules_of(files):
        if rule.text in same:
            kept.append(same[rule.text])
        elif _fits(rule, now.world):
            kept.append(
                replace(rule, name=f"{rule.name} (as of {mark})", place=f"{rule.place} (as of {mark})")
            )
    return Authority(now.folder, checked(kept, now.world), now.world, files)


def over_older(files: Mapping[str, str], world: World, folder: Path) -> Authority:
    """The rules of now over code of another time, also when others come into force: a permit that does not fit it
    permits nothing there, a forbid about a tool that it lacks forbids nothing, and any other that does not fit is
    refused.
    """
    kept = [rule for rule in rules_of(files, folder.name) if _fits(rule, world)]
    found = Authority(folder, checked(kept, world), world, files)
    found.counts = _fits
    return found


def both(
    now: Authority, then: Authority, request: AccessRequest, at: int, agreed: Collection[str] = ()
) -> Decision:
    """One answer of two sets of rules; arguments that one of them changes are judged again by the other."""
    first = now.decide(request, at, agreed)
    changes = dict(first.changes)
    for _ in range(_ROUNDS):
        changed = replace(request, context={**request.context, **changes}) if changes else request
        second = then.decide(changed, at, agreed)
        if not second.changes:
            return _together(first, second, changes)
        changes |= second.changes
        again = now.decide(replace(request, context={**request.context, **changes}), at, agreed)
        if not again.changes:
            stricter = first if first.outcome is not Outcome.MODIFY and _beats(first, again) else again
            return _together(stricter, second, changes)
        changes |= again.changes
    denial = "the rules of now and those that the run began under change its arguments back and forth"
    reasons = tuple(replace(each, text=denial) for each in first.reasons[:1])
    return Decision(Outcome.DENY, reasons, policy=first.policy)


def plain_name(rule: str) -> str:
    """What a rule was called before it became one of another time."""
    return _MARK.sub("", rule)


def _together(first: Decision, second: Decision, changes: dict[str, object]) -> Decision:
    found = second if _beats(second, first) else first
    outcome = found.outcome
    if outcome is Outcome.DENY:
        return replace(found, changes={}, policy=first.policy)
    if outcome is Outcome.DEFER:
        until = max(each.until or 0 for each in (first, second))
        return replace(found, until=until, changes=changes, policy=first.policy)
    if outcome is Outcome.ALLOW and changes:
        outcome = Outcome.MODIFY
    return replace(found, outcome=outcome, changes=changes, policy=first.policy)


def _beats(one: Decision, other: Decision) -> bool:
    return _WEIGHT[one.outcome] > _WEIGHT[other.outcome]


def _fits(rule: Rule, world: World) -> bool:
    """Whether an old rule counts in this world; raises `InvalidPolicy` where nobody can say what it would do."""
    try:
        checked([rule], world)
    except InvalidPolicy:
        gone = only_tool(rule.statement)
        if rule.treatment is Treatment.PERMIT or (gone and gone not in world.tools):
            return False
        raise
    return True
