"""Judging one action's content by its guards: every check looks at what was there first, and the strictest action wins.

Block goes before ask, ask before an answer, and that before redaction. What each guard said stands in the log; the
content that it objects to does not stand there a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import BadArguments, Blocked
from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.domain.event import object_of
from remit.domain.guards import Guard
from remit.gate.bounds import Bounds
from remit.gate.classes import mark
from remit.policy.detectors.finding import SECRET
from remit.policy.guard import WHOLE, Finding, counted
from remit.policy.guards import confidence, personal_data, schema, secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.gate.actor import Actor
    from remit.gate.guards.tokens import Tokens
    from remit.policy.guard import Check, Content
    from remit.store.database import Op

Json = Any
LABEL = "defence in depth, no authority"
"""What a guard is, wherever one is named."""
_MOST_SHOWN = 20
_PERSONAL = "personal"


def _misfit(wanted: Json, value: Json) -> str:
    try:
        from remit.tools.arguments import ArgumentCheck  # only a guard with a schema needs that library

        ArgumentCheck(wanted, "the guard").check(value)
    except BadArguments:
        return "it does not fit the schema"
    return ""


CHECKS: dict[str, Check] = {
    "personal_data": personal_data.find,
    "secrets": secrets.find,
    "confidence": confidence.find,
    "schema": schema.checking(_misfit),
}
"""The checks that need nobody else, by name."""


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody else said about content."""

    findings: tuple[Finding, ...] = ()
    failed: str = ""
    """Why nobody could judge."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What follows for the content."""

    block: Guard | None = None
    ask: tuple[Guard, ...] = ()
    instead: Guard | None = None
    texts: tuple[str, ...] | None = None
    """The texts with something else where something was taken out; None: they are as they were."""
    why: str = ""


class Screen:
    """The guards of one action, and what they said."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.told: list[dict[str, Json]] = []
        """What each guard said, in order: a part of the detail."""
        self.hidden: dict[str, str] = {}
        """What was hidden here, by token."""
        self.pending: list[Guard] = []
        """Guards that look at what came once it is in the log: they ask somebody else, or a person."""

    def judge(
        self, guards: Sequence[Guard], at: str, content: Content, given: Mapping[str, Report] | None = None,
        *, tokens: bool = True,
    ) -> Judged:  # fmt: skip
        """Look at content with every guard that is here for it; those that ask somebody else were told in `given`."""
        block: Guard | None = None
        asks: list[Guard] = []
        instead: Guard | None = None
        cuts: list[tuple[Guard, Finding]] = []
        why: dict[str, str] = {}
        for guard in guards:
            begun = perf_counter_ns()
            report = (
                (given or {}).get(guard.name)
                if guard.outside
                else Report(tuple(CHECKS[guard.check](guard, content)))
            )
            if report is None:
                continue  # its turn is another one
            found = counted(guard, list(report.findings))
            self._tell(guard, at, content, found, report, (perf_counter_ns() - begun) // 1000)
            if report.failed and guard.on_error == "block":
                block, why[guard.name] = block or guard, f"it could not be judged ({report.failed})"
            if not found:
                continue
            why.setdefault(guard.name, _words(found))
            if guard.action == "redact" and all(each.text != WHOLE for each in found):
                cuts += [(guard, each) for each in found]
            elif guard.action in {"block", "redact"}:
                block = block or guard  # what cannot be taken out is not let by either
            elif guard.action == "ask":
                asks.append(guard)
            else:
                instead = instead or guard
        strictest = block or (asks[0] if asks else instead)
        return Judged(
            block, tuple(asks), instead,
            self._cut(content, cuts, tokens=tokens) if cuts and block is None else None,
            why.get(strictest.name, "") if strictest is not None else "",
        )  # fmt: skip

    def _tell(
        self, guard: Guard, at: str, content: Content, found: list[Finding], report: Report, spent: int
    ) -> None:
        verdict = "failed" if report.failed else "found" if found else "clear"
        said: dict[str, Json] = {
            "guard": guard.name,
            "check": guard.check,
            "at": at,
            "verdict": verdict,
            "us": spent,
        }
        if found or report.failed:
            allowed = report.failed and not found and guard.on_error == "allow"
            said["action"] = "allow" if allowed else guard.action if found else "block"
        if report.failed:
            said["failed"] = report.failed[:200]
        if found:
            said["findings"] = [_shown(each, content) for each in found[:_MOST_SHOWN]]
            said["count"] = len(found)
        self.told.append(said)

    def _cut(self, content: Content, cuts: list[tuple[Guard, Finding]], *, tokens: bool) -> tuple[str, ...]:
        texts = [text for _, text in content.texts]
        by_text: dict[int, list[Finding]] = {}
        for _, each in cuts:
            by_text.setdefault(each.text, []).append(each)
        for index, found in by_text.items():
            texts[index] = self._without(texts[index], found, tokens=tokens)
        return tuple(texts)

    def _without(self, text: str, found: list[Finding], *, tokens: bool) -> str:
        """A text without what was found; where findings overlap, all that any of them covers goes."""
        spans: list[list[Finding]] = []
        for each in sorted(found, key=lambda f: (f.start, -f.end)):
            if spans and each.start < max(other.end for other in spans[-1]):
                spans[-1].append(each)
            else:
                spans.append([each])
        parts: list[str] = []
        at = 0
        for span in spans:
            start, end = span[0].start, max(each.end for each in span)
            secret = any(each.data_class == SECRET for each in span)
            parts += [text[at:start], self._mark(span[0].kind, text[start:end], secret=secret, tokens=tokens)]
            at = end
        return "".join([*parts, text[at:]])

    def _mark(self, kind: str, value: str, *, secret: bool, tokens: bool) -> str:
        if not tokens:
            return f"[{kind}]"
        if secret:  # no tool is ever given a secret for a token
            return self.tokens.drop(value, f"[{kind}]")
        token = self.tokens.token(kind, value)
        self.hidden[token] = value
        return token

    # --- what is kept ---------------------------------------------------------------------------------

    def settled(
        self, settling: tuple[dict[str, Json], Sequence[Op]], run: str
    ) -> tuple[dict[str, Json], Sequence[Op]]:
        """What the log is told of the outcome, with all that was said here."""
        detail, ops = self.detail(settling[0]), settling[1]
        if self.pending:
            detail["pending"] = [msgspec.to_builtins(guard) for guard in self.pending]
        return detail, [*ops, *self.ops(run)]

    def learn(self, detail: Json) -> dict[str, Json]:
        """What was said then counts, whatever the guards are by now; gives the detail as an object."""
        known = object_of(detail)
        self.tokens.learn(object_of(known.get("tokens")))
        self.pending = [msgspec.convert(each, Guard) for each in known.get("pending") or ()]
        return known

    def detail(self, known: dict[str, Json]) -> dict[str, Json]:
        """A detail with what the guards said."""
        if not self.told:
            return known
        more: dict[str, Json] = {"screened": self.told}
        if self.hidden:
            more["tokens"] = self.hidden
            more["classes"] = {**object_of(known.get("classes")), "detail/tokens": _PERSONAL}
        return known | more

    def ops(self, run: str) -> list[Op]:
        """What is committed with it: that the run holds personal data, if it does."""
        return mark(run, [_PERSONAL]) if self.hidden else []


class GuardedBounds(Bounds):
    """What contracts say of a call, and after them the guards that ask for a person."""

    def __init__(self, actor: Actor, asks: Callable[[], Mapping[str, tuple[Guard, str]]]) -> None:
        super().__init__(actor.bounds)
        self._asks = asks

    def combined(self, decision: Decision, agreed: dict[str, str]) -> Decision:
        """A no stays a no and a question stays a question; a guard may only turn a yes into a question."""
        decision = super().combined(decision, agreed)
        if not decision.allows:
            return decision
        for rule, (guard, why) in self._asks().items():
            if rule not in agreed:
                return replace(asking(guard, why, decision.policy), changes=decision.changes)
        return decision


def asking(guard: Guard, why: str, policy: str = "") -> Decision:
    """A person has to look at this: no standing grant answers for it."""
    text = f"the guard {guard.name}: {why} ({LABEL})"
    asked = Requirement(guard.group, guard.rule, text, guard.within, violation=True)
    return Decision(Outcome.ASK, (Reason(guard.rule, text=text),), asked, policy=policy)


def blocked(guard: Guard, at: str, why: str) -> Blocked:
    """A refusal that a model can act on, and that holds nothing of the content."""
    wrong = Blocked(
        f"the guard {guard.name} blocked the {_PLACES[at]}: {why}.", "Go on without that content."
    )
    wrong.detail = {"reasons": [{"rule": guard.rule, "text": why}], "guard": guard.name, "label": LABEL}
    return wrong


_PLACES = {
    "input": "request to the model", "output": "model's answer", "answer": "answer", "arguments": "arguments",
    "result": "result",
}  # fmt: skip


def _words(found: Sequence[Finding]) -> str:
    said = next((each.said for each in found if each.said), "")
    kinds = list(dict.fromkeys(each.kind for each in found))
    return said or f"it holds {', '.join(kinds)}"


def _shown(finding: Finding, content: Content) -> dict[str, Json]:
    shown: dict[str, Json] = {"kind": finding.kind, "score": finding.score}
    if finding.text != WHOLE:
        place = content.texts[finding.text].place
        shown |= {"place": place, "start": finding.start, "end": finding.end}
    return shown
