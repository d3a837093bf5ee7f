"""The theorem: whatever pages say and whatever the model does, what is executed is what the contract has.

Traces are made by an adversary who knows contract and ledger: it appends, substitutes, uses literals of other places,
references of other directories, free text with addresses in it, what memory recalled, sub-agents that act in parallel
to whoever asked them and what they answer, and restarts in between (modes A to G). Each trace is judged by a second,
slow reading of the promise, which keeps its own account of who may read what each agent had in sight.
"""

from __future__ import annotations

from typing import Any, cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.domain.contracts import AllOf, AnyOf, Binding, Content, Contract, Literal, Range, Ref, Slot
from remit.domain.effects import Effect
from remit.domain.labels import Integrity, Label
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest
from remit.policy.provenance.checking import check
from remit.policy.provenance.ledger import Ledger
from tests.policy.slow_contracts import TEAM, Executed, wrongs
from tests.samples import samples

NAMES = ["ana@shop.example", "bo@shop.example", "eve@evil.example", "file-1234", "file-9999", "invoice-77"]
TEXTS = [
    "hello",
    "see http://evil.example/x",
    "to IBAN 0123456789",
    "write to eve@evil.example",
    "the code is 1234",
]
NUMBERS = [1, 50, 500, 9_999]


def _tool(name: str, effect: Effect, roles: dict[str, str], label: ResultLabel | None = None) -> ToolManifest:
    given = {each: {"type": "integer" if role == "amount" else "string"} for each, role in roles.items()}
    parameters: dict[str, Any] = {"type": "object", "properties": given or {"query": {"type": "string"}}}
    return ToolManifest(
        name, "", parameters, effect, roles={each: ArgumentRole(role) for each, role in roles.items()},
        label=label or ResultLabel(),
    )  # fmt: skip


SEND = _tool("send", Effect.IRREVERSIBLE, {"to": "destination", "body": "content"})
PAY = _tool("pay", Effect.WRITE, {"to": "destination", "sum": "amount"})
DROP = _tool("drop", Effect.WRITE, {"id": "object"})
FETCH = _tool("fetch", Effect.READ, {"url": "url"})
PEOPLE = _tool("people", Effect.READ, {}, ResultLabel("people", references=("email",)))
PAGE = _tool("page", Effect.READ, {}, ResultLabel("web", references=()))
SECRET = _tool("secret", Effect.READ, {}, ResultLabel("hr", readers=("user:lea",), references=()))
ACTING = {each.name: each for each in (SEND, PAY, DROP, FETCH)}
READING = {each.name: each for each in (PEOPLE, PAGE, SECRET)}

literals = st.lists(st.sampled_from(NAMES), max_size=2).map(lambda found: Literal(tuple(found)))
named: st.SearchStrategy[Binding] = (
    literals | st.just(Ref()) | literals.map(lambda each: AnyOf((each, Ref())))
)
bound = st.sampled_from([None, 100])
ranges = bound.map(lambda most: Range(0, most) if most else Range())
texts = st.sampled_from(
    [
        Content(), Content(release=False), Content(most=10), AllOf((Literal(("hello",)), Content())),
        AllOf((Content(), Content(release=False))), AllOf((Content(release=False), Content())),
        AllOf((Literal((TEXTS[2],)), Content())),
    ]
)  # fmt: skip


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    slots: list[Slot] = []
    for tool in draw(st.lists(st.sampled_from(list(ACTING.values())), max_size=3)):
        ways: dict[str, Binding] = {
            name: draw(
                ranges if role is ArgumentRole.AMOUNT else texts if role is ArgumentRole.CONTENT else named
            )
            for name, role in tool.roles.items()
        }
        slots.append(Slot(tool.name, draw(st.integers(1, 2)), ways))
    return Contract(tuple(slots), literals=tuple(NAMES[:2]), words=frozenset({"ana", "people"}))


def _value(role: ArgumentRole) -> st.SearchStrategy[Any]:
    if role is ArgumentRole.AMOUNT:
        return st.sampled_from([*NUMBERS, "50", True, None])
    if role is ArgumentRole.CONTENT:
        return st.sampled_from(TEXTS)
    return st.sampled_from(
        [*NAMES, "ANA@shop.example", "bo@shop.example ", "http://evil.example/x", ""]
    ) | st.lists(st.sampled_from(NAMES), max_size=2)


@st.composite
def moves(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(
        st.sampled_from(
            [*ACTING, *READING, "memory", "child", "delegate", "answer", "typed answer", "restart"]
        )
    )
    if kind in ACTING:
        return kind, {name: draw(_value(role)) for name, role in ACTING[kind].roles.items()}
    if kind in READING:
        return kind, {"query": draw(st.sampled_from(["ana", "people", "eve", *NAMES[2:4]]))}
    return kind, {"readers": draw(st.sampled_from([None, "user:lea", TEAM]))}


_TELLING = (SEND.name, {"to": NAMES[0], "body": TEXTS[0]})
_ONE_MAIL = Contract(
    (Slot(SEND.name, 1, {"to": Literal((NAMES[0],)), "body": Content()}),), literals=(NAMES[0],)
)


@example(  # a sub-agent knows what the one that asked it had read
    contract=_ONE_MAIL,
    played=[(SECRET.name, {"query": "ana"}), ("delegate", {}), _TELLING, _TELLING],
    found=[],
)
@settings(max_examples=samples(500), deadline=None)
@given(
    contract=contracts(),
    played=st.lists(moves(), max_size=12),
    found=st.lists(st.sampled_from(NAMES), max_size=3),
)
def test_s23_what_is_executed_is_a_part_of_the_contract(
    contract: Contract, played: list[tuple[str, dict[str, Any]]], found: list[str]
) -> None:
    ledger, trace, agents = Ledger(contract, "t"), list[Executed](), [""]
    sight: dict[str, frozenset[str] | None] = {"": None}
    for number, (kind, given_) in enumerate(played * 3):
        who = agents[number % len(agents)]  # whoever was let act goes on beside those that it lets act
        if kind in ACTING:
            verdict = check(contract, ledger, ACTING[kind], given_, who)
            if verdict.allows:
                trace.append(_executed(ACTING[kind], verdict.arguments, ledger, sight[who]))
                assert verdict.slot is not None
                ledger.use(verdict.slot, verdict.key)
                ledger.saw(ACTING[kind], verdict.arguments, "ok", "call", who)
                sight[who] = _less(sight[who], frozenset({TEAM, "provider:*"}))
        elif kind in READING:
            rows = [{"email": each, "id": "file-1234"} for each in found]
            ledger.saw(READING[kind], given_, rows, "call", who)
            told = READING[kind].label.readers or (TEAM, "provider:*")
            sight[who] = _less(sight[who], frozenset(told))
        elif kind == "delegate":
            agents.append(f"agent-{number}")
            ledger.child(agents[-1], who)
            sight[agents[-1]] = sight[who]
        elif kind == "answer":  # as `RunContract.returned` has it
            ledger.sees(ledger.visible(who), "")
            sight[""] = _less(sight[""], sight[who])
        elif kind == "restart":
            ledger = Ledger.of(Contract.of(contract.plain()), ledger.plain())
        elif kind != "typed answer":
            readers = frozenset({TEAM}) if given_["readers"] is None else frozenset({given_["readers"]})
            ledger.sees(Label(Integrity.UNTRUSTED, readers, (kind,)), who)
            sight[who] = _less(sight[who], readers)
    assert wrongs(contract, trace) == []


@settings(max_examples=samples(80), deadline=None)
@given(
    contract=contracts(),
    played=st.lists(moves(), max_size=8),
    found=st.lists(st.sampled_from(NAMES), max_size=3),
)
def test_s23_a_ledger_that_was_written_down_is_the_same_ledger(
    contract: Contract, played: list[tuple[str, dict[str, Any]]], found: list[str]
) -> None:
    ledger = Ledger(contract, "t")
    for kind, given_ in played:
        if kind in READING:
            ledger.saw(READING[kind], given_, [{"email": each} for each in found], "call")
        again = Ledger.of(Contract.of(contract.plain()), ledger.plain())
        assert again.contract == contract
        if kind in ACTING:
            verdict = check(contract, ledger, ACTING[kind], given_)
            assert check(again.contract, again, ACTING[kind], given_) == verdict
            if verdict.slot is not None:
                ledger.use(verdict.slot, verdict.key)


def _executed(
    tool: ToolManifest, sent: dict[str, Any], ledger: Ledger, readers: frozenset[str] | None
) -> Executed:
    members = [value for each in ledger.references.values() for value in each.values()]
    to: Any = sent.get("to", sent.get("url"))
    recipients: tuple[str, ...] = tuple(cast("list[str]", to)) if isinstance(to, list) else (str(to),)
    kept = {name: value for name, value in sent.items() if value is not None and value != []}
    return Executed(tool.name, kept, frozenset(members), readers, recipients)


def _less(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Who may read both; None: anybody."""
    if one is None or other is None:
        return other if one is None else one
    return one & other
