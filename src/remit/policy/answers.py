"""From the rules that hold to one answer, with reasons that a person can follow.

What could not be evaluated is a denial. A forbid denies; without a permit for user and agent there is no permission;
then come "not yet", "ask somebody", "with these changes"; then yes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason, Requirement
from remit.policy.arguments import Unfit
from remit.policy.checks import Ready
from remit.policy.rules import Clamp, Rule, Treatment
from remit.policy.slices import Matched

Json = Any

REDACTED = "[redacted]"
"""What stands where a rule took a text out."""
_VERBS = {
    "call": "call {}", "list": "see {}", "undo": "undo {}", "model": "use the model {}", "memory": "use the memory {}",
    "delegate": "hand work to {}", "egress": "reach {}",
    "advise": "be told to use its tool {}",
    "approve": "decide about {}", "change_policy": "change the rules in {}", "admin": "administer {}",
}  # fmt: skip


def answer(
    rules: Sequence[Ready], matched: Matched, request: AccessRequest, context: Mapping[str, Json],
    policy: str, at: int = 0, agreed: Collection[str] = (),
) -> Decision:  # fmt: skip
    """One answer. Rules in `agreed` have been agreed to by a person, for exactly this action."""
    refused = _refused(rules, matched, request)
    if refused:
        return Decision(Outcome.DENY, refused, policy=policy)
    softened = [rules[n] for n in sorted(matched.forbids) if not _is_past(rules[n].rule, at, agreed)]
    try:
        changes = changes_by([each.rule for each in softened], context)
    except Unfit as wrong:
        return unjudged(str(wrong), policy)
    deferring = _of(softened, Treatment.DEFER)
    asking = _of(softened, Treatment.ASK)
    reasons = tuple(each.reason for each in deferring + asking)
    if deferring:
        until = max(each.rule.until for each in deferring)
        return Decision(Outcome.DEFER, reasons, changes=changes, until=until, policy=policy)
    if asking:
        return Decision(Outcome.ASK, reasons, _requirement(asking[0]), changes, policy=policy)
    if changes:
        reasons = tuple(each.reason for each in _of(softened, Treatment.MODIFY))
        return Decision(Outcome.MODIFY, reasons, changes=changes, policy=policy)
    permits = sorted(frozenset[int]().union(*matched.permits[1:]))
    return Decision(Outcome.ALLOW, tuple(rules[n].reason for n in permits), policy=policy)


def is_settled(rules: Sequence[Ready], matched: Matched, request: AccessRequest) -> bool:
    """Whether the answer is a plain yes or no: neither the time, nor a person, nor a value can change it."""
    return not matched.forbids or bool(_refused(rules, matched, request))


def may_be_shown(rules: Sequence[Ready], possible: Matched, listed: Matched, request: AccessRequest) -> bool:
    """Whether a tool may be listed: a call of it is not surely denied, and no rule that names listing forbids it.

    A rule about every action counts as one about the call, whose arguments are not known yet.
    """
    hidden = any(rules[n].rule.treatment is Treatment.DENY and rules[n].names_action for n in listed.forbids)
    return not (hidden or listed.errors or _refused(rules, possible, request))


def unjudged(why: str, policy: str) -> Decision:
    """A denial of what the rules cannot look at."""
    return Decision(Outcome.DENY, (Reason("", text=why),), policy=policy)


def changes_by(rules: Sequence[Rule], context: Mapping[str, Json]) -> dict[str, Json]:
    """What the rules make of the arguments that the call has; only what differs."""
    found: dict[str, Json] = {}
    for rule in rules:
        for name in rule.redacts:
            if context.get(name) is not None:
                found[name] = REDACTED
        for clamp in rule.clamps:
            value = found.get(clamp.argument, context.get(clamp.argument))
            if value is not None:
                found[clamp.argument] = _clamped(clamp, value)
    for clamp in (each for rule in rules for each in rule.clamps if each.argument in found):
        if clamp.apply(found[clamp.argument]) != found[clamp.argument]:
            raise Unfit(f"the rules that clamp {clamp.argument} contradict each other")
    return {name: value for name, value in found.items() if value != context[name]}


def _refused(rules: Sequence[Ready], matched: Matched, request: AccessRequest) -> tuple[Reason, ...]:
    """Why it is no, whatever else holds; empty if it is not."""
    if matched.errors:
        why = f"a rule could not be evaluated ({matched.errors[0].rstrip('.')})"
        return (Reason("", text=why),)
    denying = [rules[n] for n in sorted(matched.forbids) if rules[n].rule.treatment is Treatment.DENY]
    if denying:
        return tuple(each.reason for each in denying)
    askers = (
        (f'user "{request.user}"', "User", request.user),
        (f'agent "{request.agent}"', "Agent", request.agent),
    )
    return tuple(
        _unpermitted(words, f'{kind}::"{name}"', request)
        for (words, kind, name), permits in zip(askers, matched.permits[1:], strict=False)
        if not permits
    )


def _unpermitted(words: str, principal: str, request: AccessRequest) -> Reason:
    deed = _VERBS.get(request.action, f"{request.action} {{}}").format(request.resource)
    return Reason(
        "", text=f"no rule lets {words} {deed}", remedies=(f"permit it to {principal} in policies/",)
    )


def _is_past(rule: Rule, at: int, agreed: Collection[str]) -> bool:
    return rule.until <= at if rule.treatment is Treatment.DEFER else rule.name in agreed


def _of(rules: Sequence[Ready], treatment: Treatment) -> list[Ready]:
    return [each for each in rules if each.rule.treatment is treatment]


def _requirement(asking: Ready) -> Requirement:
    rule = asking.rule
    return Requirement(rule.group, rule.name, asking.reason.text, rule.within, rule.otherwise, rule.quorum)


def _clamped(clamp: Clamp, value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unfit(f"{clamp.argument} is no number, and cannot be clamped")
    return clamp.apply(value)
