"""S22: sliced, memoised and full decisions are equal; what is remembered depends on exactly what was read."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Outcome
from remit.policy.authority import Authority
from remit.policy.cedar import Conditions
from remit.policy.memo import Memo
from remit.policy.schema import shared_vocabulary
from tests.policy.worlds import ALLOW_ALL, authority, call, policies, said, tool, world
from tests.samples import samples

Json = Any
PAY = tool("pay", "amount", amount={"type": "integer"}, note={"type": "string"}, tags={
    "type": "array", "items": {"type": "string"},
})  # fmt: skip
ASK = tool("ask", "", "read", amount={"type": "integer"}, urgent={"type": "boolean"})
WIPE = tool("wipe", "", "irreversible")
WORLD = world(PAY, ASK, WIPE)

principals = st.sampled_from([
    "principal", "principal", 'principal == User::"lea"', 'principal in Team::"support"', "principal is Agent",
    'principal is User in Team::"support"', 'principal in Role::"leads"', 'principal == Agent::"triage"',
    'principal == Team::"support"', 'principal is User in Role::"leads"', 'principal in User::"bob"',
])  # fmt: skip
actions = st.sampled_from([
    "action", 'action == Action::"call"', 'action == Action::"call"', 'action in [Action::"call", Action::"undo"]',
    'action == Action::"model"', 'action in Action::"undo"',
])  # fmt: skip
resources = st.sampled_from([
    "resource", 'resource == Tool::"pay"', 'resource == Tool::"ask"', "resource is Tool", 'resource in Tool::"pay"',
    'resource is Tool in Team::"support"', 'resource in Team::"support"',
])  # fmt: skip
conditions = st.sampled_from([
    "", "", "when { context has amount && context.amount > 200 }",
    "when { context has amount && 50 >= context.amount }",
    "unless { context has amount && context.amount == 7 }", 'when { context has note && context.note like "*x*" }',
    'when { context has tags && context.tags.contains("vip") }', "when { context has urgent && context.urgent }",
    'when { resource has effect && resource.effect == "irreversible" }', 'when { principal in Role::"leads" }',
    'when { principal == Agent::"triage" && context has amount && context.amount > 10 }',
    'when { context.environment == Environment::"prod" }', "unless { resource has team && principal in resource.team }",
    'when { context has note } unless { principal has name && principal.name == "bob" }',
])  # fmt: skip
effects = st.sampled_from(["permit", "permit", "forbid", '@ask("leads") forbid'])
rules = st.builds("{} ({}, {}, {}) {};".format, effects, principals, actions, resources, conditions)
failing = st.sampled_from([
    'forbid (principal, action, resource == Tool::"pay") when { 9223372036854775807 + 1 > 0 };',
    ('forbid (principal is User, action == Action::"call", resource) when {'
    " context has amount && context.amount * 4611686018427387904 > 0 };"),
])  # fmt: skip
rulebooks = st.tuples(
    st.sampled_from(["", ALLOW_ALL, ALLOW_ALL, ALLOW_ALL]), st.lists(rules, min_size=1, max_size=5),
    st.one_of(*[st.just("")] * 5, failing),
).map(lambda parts: [text for text in (parts[0], *parts[1], parts[2]) if text])  # fmt: skip
arguments = st.fixed_dictionaries(
    {}, optional={
        "amount": st.sampled_from([0, 7, 50, 51, 200, 201]), "note": st.sampled_from(["", "x", "axb", "y"]),
        "tags": st.sampled_from([[], ["vip"], ["a", "vip", "a"]]), "urgent": st.booleans(),
    },
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> AccessRequest:
    manifest = draw(st.sampled_from([PAY, ASK, WIPE]))
    return AccessRequest(
        draw(st.sampled_from(["lea", "bob"])), draw(st.sampled_from(["support", "sales"])),
        draw(st.sampled_from(["triage", "other", ""])), draw(st.sampled_from(["call", "call", "call", "undo"])),
        manifest.name, {"digest": manifest.digest},
        {name: value for name, value in draw(arguments).items() if name in manifest.parameters["properties"]},
        draw(st.sampled_from([(), ("leads",)])), draw(st.sampled_from(["dev", "prod"])),
    )  # fmt: skip


@settings(max_examples=samples(80), deadline=None)
@given(rulebooks, st.lists(requests(), min_size=1, max_size=12), st.integers())
def test_s22_sliced_memoised_and_full_decisions_are_equal(
    texts: list[str], asked: list[AccessRequest], seed: int
) -> None:
    texts = [text for text in texts if fits(text)] or ["forbid (principal, action, resource);"]
    with tempfile.TemporaryDirectory() as folder:
        place = policies(Path(folder), "\n".join(texts))
        decided = Authority.load(place, WORLD)
        first = [decided.decide(request) for request in asked]
        again = list(range(len(asked)))
        random.Random(seed).shuffle(again)
        for n in again:
            assert decided.decide(asked[n]) == first[n]  # remembered
            assert Authority.load(place, WORLD).decide(asked[n]) == first[n]  # alone
    for request, decision in zip(asked, first, strict=True):
        assert decision.outcome is full_decision(texts, request), (texts, request, decision)


@cache
def fits(text: str) -> bool:
    """Whether a rule makes sense at all: one on models that names a tool does not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            Authority.load(policies(Path(folder), text), WORLD)
        except InvalidPolicy:
            return False
        return True


def full_decision(texts: list[str], request: AccessRequest) -> Outcome:
    """Every rule, with its scope, under Cedar's own effects, schema and entities, for each asker in turn."""
    askers = [("Team", request.team), ("User", request.user)] + (
        [("Agent", request.agent)] if request.agent else []
    )
    plain = [text for text in texts if not text.startswith("@ask")]
    answers = [cedar(plain, asker, request) for asker in askers]
    alone = [cedar([text], asker, request) for text in texts for asker in askers]
    if any(answer.diagnostics.errors for answer in alone):
        return Outcome.DENY
    if answers[0].decision is cedarpy.Decision.Deny and answers[0].diagnostics.reasons:
        return Outcome.DENY
    if any(answer.decision is not cedarpy.Decision.Allow for answer in answers[1:]):
        return Outcome.DENY
    asking = [text for text in texts if text.startswith("@ask")]
    forbids = [cedar([text], asker, request).diagnostics.reasons for text in asking for asker in askers]
    return Outcome.ASK if any(forbids) else Outcome.ALLOW


SCHEMA = cedarpy.Schema.from_str(shared_vocabulary(WORLD.tools).text)


def cedar(texts: list[str], asker: tuple[str, str], request: AccessRequest) -> cedarpy.AuthzResult:
    context = {"environment": uid("Environment", request.environment)}
    question = {
        "principal": uid(*asker), "action": uid("Action", request.action), "resource": uid("Tool", request.resource),
        "context": context | (request.context if request.action == "call" else {}),
    }  # fmt: skip
    text, entities = "\n".join(texts), everything(request)
    return cedarpy.is_authorized(question, text, entities, SCHEMA)  # pyright: ignore[reportUnknownMemberType]


def everything(request: AccessRequest) -> list[dict[str, Json]]:
    """All entities there are, whether a rule names them or not."""
    team, mine = uid("Team", "support"), uid("Team", request.team)
    found = [entity("Team", name, {"name": name}) for name in ("support", "sales")]
    found.append(
        entity("User", request.user, {"name": request.user}, mine, *(uid("Role", r) for r in request.groups))
    )
    if request.agent:
        found.append(entity("Agent", request.agent, {"name": request.agent, "team": mine}, mine))
    for each in WORLD.tools.values():
        attributes = {
            "name": each.name, "team": team, "digest": each.digest, "effect": str(each.effect), "source": each.source,
            "owner": each.owner, "tier": str(each.tier), "undoable": False,
        }  # fmt: skip
        found.append(entity("Tool", each.name, attributes, team))
    return found


def entity(kind: str, name: str, attributes: dict[str, Json], *parents: dict[str, str]) -> dict[str, Json]:
    return {"uid": uid(kind, name), "attrs": attributes, "parents": list(parents)}


def uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


# --- what is remembered -------------------------------------------------------------------------------------

FIFTY = ALLOW_ALL + "".join(
    f'forbid (principal, action == Action::"call", resource == Tool::"pay") when {{ context.amount > {n + 1000} }};\n'
    for n in range(49)
)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The contexts that Cedar was asked with."""
    asked: list[str] = []
    whole = Conditions.holding

    def counted(self: Conditions, *rest: Any) -> Any:
        asked.append(rest[3])
        return whole(self, *rest)

    monkeypatch.setattr(Conditions, "holding", counted)
    return asked


def test_s22_arguments_that_no_rule_reads_ask_nobody(tmp_path: Path, questions: list[str]) -> None:
    decided = authority(tmp_path, FIFTY, PAY, ASK)
    for n in range(100):
        assert decided.decide(call(ASK, amount=n)).outcome is Outcome.ALLOW
        assert decided.decide(call(PAY, amount=1, note=f"{n}")).outcome is Outcome.ALLOW
    assert len(questions) == 3  # once for each scene, and once for the one amount
    for n in range(100):
        decided.decide(call(PAY, amount=n))
    assert len(questions) == 3 + 99


def test_s22_a_condition_that_is_the_same_for_all_askers_is_asked_once(
    tmp_path: Path, questions: list[str]
) -> None:
    text = FIFTY + 'forbid (principal, action, resource == Tool::"ask") when { principal == User::"bob" };'
    decided = authority(tmp_path, text, PAY, ASK)
    decided.decide(call(PAY, amount=1))
    assert len(questions) == 2
    decided.decide(call(ASK))
    assert len(questions) == 2 + 1 + 3


def test_s22_equal_in_python_is_not_equal_to_a_rule(tmp_path: Path) -> None:
    """1, 1.0 and True are one key of a dictionary; remembered as one they would let each other pass."""
    text = ALLOW_ALL + (
        'forbid (principal, action == Action::"call", resource == Tool::"pay") when { context.amount > 200 };'
    )
    decided = authority(tmp_path, text, PAY)
    assert decided.decide(call(PAY, amount=1)).outcome is Outcome.ALLOW
    assert decided.decide(call(PAY, amount=True)).outcome is Outcome.DENY
    assert decided.decide(call(PAY, amount=1.0)).outcome is Outcome.ALLOW


def test_s22_another_version_user_role_or_environment_is_judged_anew(tmp_path: Path) -> None:
    text = (
        'permit (principal, action, resource) when { context.environment != Environment::"prod" };'
        '@id("bob") forbid (principal == User::"bob", action, resource);'
        '@id("leads") forbid (principal in Role::"leads", action, resource);'
    )
    decided, request = authority(tmp_path, text, PAY), call(PAY, amount=1)
    assert decided.decide(request).outcome is Outcome.ALLOW
    assert said(decided.decide(replace(request, user="bob"))) == ("deny", ["bob"])
    assert said(decided.decide(replace(request, groups=("leads",)))) == ("deny", ["leads"])
    assert decided.decide(replace(request, environment="prod")).outcome is Outcome.DENY
    changed = replace(PAY, description="something else entirely")
    assert decided.decide(call(changed, amount=1)).outcome is Outcome.DENY
    assert decided.reload(world(changed))
    assert decided.decide(call(changed, amount=1)).outcome is Outcome.ALLOW
    assert decided.decide(request).outcome is Outcome.DENY


def test_s22_what_is_remembered_is_bounded_and_large_values_are_not_kept(tmp_path: Path) -> None:
    memo: Memo[int, int] = Memo(100)
    for n in range(1000):
        memo.keep(n, n)
    assert len(memo) <= 100
    assert memo.get(999) == 999
    text = ALLOW_ALL + (
        'forbid (principal, action == Action::"call", resource == Tool::"pay")'
        'when { context has note && context.note like "*secret*" };'
    )
    decided = authority(tmp_path, text, PAY)
    assert decided.decide(call(PAY, amount=1, note="x" * 1_000_000)).outcome is Outcome.ALLOW
    assert decided.decide(call(PAY, amount=1, note="x" * 1_000_000 + "secret")).outcome is Outcome.DENY
    assert len(decided._book.answers) == 0
