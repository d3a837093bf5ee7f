"""The compiler: the user's words, a template and manifests of tools make a contract. Deterministic; no model is asked
here, and what one proposed only chooses among what is allowed anyway.

It sees nothing but what the user wrote and what operators declared, so whatever it grants, no page and no e-mail had
a say in it. A template is a ceiling; the operator's floor below narrows what comes out once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.contracts import (
    AllOf,
    AllowedCall,
    AnyOf,
    Contract,
    ContractTemplate,
    FromText,
    Given,
    Literal,
    OneOf,
    Range,
    Slot,
)
from remit.policy.provenance.default_bindings import Bindings
from remit.policy.provenance.intents import Intent, intents_of, nouns_of, opens_addresses
from remit.policy.provenance.literals import Found, literals_of
from remit.policy.provenance.parsers import known, parse
from remit.policy.provenance.request import read_request
from remit.policy.provenance.roles import RECIPIENTS, is_consequential, recipients_of
from remit.policy.provenance.wording import alike, words_split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.contracts import Allowance, Binding
    from remit.domain.tools import ToolManifest
    from remit.policy.provenance.proposal import Proposal
    from remit.policy.provenance.request import Request

Json = Any

MANY = 20
"""As often as this at most where the request says `each` or `all`, and each time for something else."""
_WHOLE = (0, 1 << 30)


def compile_contract(
    text: str,
    template: ContractTemplate,
    manifests: Mapping[str, ToolManifest],
    given: Mapping[str, Json] | None = None,
    floor: ContractTemplate | None = None,
    proposal: Proposal | None = None,
) -> Contract:
    """The contract of a run that was asked for in these words, with these tools; a proposal stands in for the verbs."""
    request = read_request(text)
    found = literals_of(request)
    made = _Compilation(intents_of(request, found, manifests), found, Bindings(request, found, given or {}))
    calls = template.calls
    if calls is None:
        calls = tuple(AllowedCall(name) for name, each in manifests.items() if is_consequential(each))
    if not template.narrows:
        proposal = None  # what is listed is not to be chosen from
    slots: list[Slot] = []
    for call in calls:
        manifest = manifests.get(call.tool)
        if manifest is not None and proposal is not None and not opens_addresses(manifest):
            slots.extend(made.proposed(call, manifest, proposal))
        elif manifest is not None:
            slots.extend(made.slots(call, manifest, narrowed=template.narrows))
    contract = Contract(
        tuple(slots), _reads(template, request, manifests, proposal), (template.sinks,) if template.sinks else (),
        _literals(found, given or {}),
        request.words, template.on_violation, template.asks,
    )  # fmt: skip
    return contract if floor is None else lowered(contract, floor, made.bindings)


class _Compilation:
    """The slots of one request."""

    def __init__(self, intents: list[Intent], found: tuple[Found, ...], bindings: Bindings) -> None:
        self._intents = intents
        self._found = found
        self.bindings = bindings

    def slots(self, call: AllowedCall, manifest: ToolManifest, *, narrowed: bool) -> list[Slot]:
        """The slots of one tool: one for each time that it is asked for, or as many as the template has."""
        if opens_addresses(manifest) and (narrowed or not manifest.effect.acts):
            return self._opening(call, manifest)
        asked = [intent for intent in self._intents if intent.tool == call.tool]
        if not narrowed:
            clause = (asked[0].start, asked[0].end) if len(asked) == 1 else _WHOLE
            return [
                Slot(
                    call.tool,
                    call.times or self._times_in_all(asked),
                    self._arguments(call, manifest, clause),
                )
            ]
        made: list[Slot] = []
        for intent in asked:
            slot = self._slot(call, manifest, intent)
            if not made or self._is_another(slot, made, manifest):
                made.append(slot)
        return _at_most(made, call.times)

    def proposed(self, call: AllowedCall, manifest: ToolManifest, proposal: Proposal) -> list[Slot]:
        """The slots that a model chose, each with the values of the request that it chose, within what is bound."""
        made: list[Slot] = []
        for each in proposal.calls:
            if each.tool == call.tool:
                arguments = self._arguments(call, manifest, _WHOLE)
                for name, value in each.values.items():
                    if name in arguments:
                        arguments[name] = self._chosen(arguments[name], value)
                times = min(each.times, MANY)
                made.append(
                    Slot(call.tool, times, arguments, distinct=times > 1, why=f"proposed by {proposal.by}")
                )
        return _at_most(made, call.times)

    def _chosen(self, binding: Binding, value: Json) -> Binding:
        """What an argument is bound to, with the one value of the request that a model chose for it; nothing else that
        it may have said counts.
        """
        if isinstance(binding, Range) and binding.choices:
            return (
                Range(choices=tuple(each for each in binding.choices if each == value))
                if value in binding.choices
                else binding
            )
        meant = known(value)
        number = parse("money", value) if isinstance(value, str) else None
        for each in self._found:
            if each.known == meant or (number is not None and each.known == ("number", number)):
                return AllOf((Literal((each.value,)), binding))
        return binding

    def _opening(self, call: AllowedCall, manifest: ToolManifest) -> list[Slot]:
        """An address that the user wrote may be looked at, whatever the verb; how often matters only if it acts."""
        written = {each.known for each in self._found if each.known.kind == "url"}
        times = (call.times or MANY) if not manifest.effect.acts else min(len(written), call.times or MANY)
        return [Slot(call.tool, times, self._arguments(call, manifest, _WHOLE))] if times else []

    def _slot(self, call: AllowedCall, manifest: ToolManifest, intent: Intent) -> Slot:
        clause = (intent.start, intent.end)
        arguments = self._arguments(call, manifest, clause)
        times = MANY if intent.quantified else self._named_together(manifest, arguments, clause)
        return Slot(call.tool, times, arguments, distinct=times > 1, why=self._clause(intent))

    def _clause(self, intent: Intent) -> str:
        return self.bindings.said((intent.start, intent.end))

    def _arguments(
        self, call: AllowedCall, manifest: ToolManifest, clause: tuple[int, int]
    ) -> dict[str, Binding]:
        made = self.bindings.all(manifest, clause)
        for name, allowed in call.arguments.items():
            made[name] = self.resolved(allowed, clause)
        return made

    def resolved(self, allowed: Allowance, clause: tuple[int, int] = _WHOLE) -> Binding:
        """What a template allows, with the values of this request in it."""
        match allowed:
            case FromText():
                return self.bindings.from_text(allowed.kind, clause)
            case Given():
                return self.bindings.given(allowed.name)
            case OneOf():
                return AnyOf(tuple(self.resolved(each, clause) for each in allowed.allowed))
            case _:
                return allowed

    def _named_together(
        self, manifest: ToolManifest, arguments: dict[str, Binding], clause: tuple[int, int]
    ) -> int:
        """`to a@x.org and b@x.org`: as many calls as the user wrote values for what takes one at a time."""
        most = 1
        for name, role in manifest.roles.items():
            said = manifest.parameters.get("properties", {}).get(name, {})
            if (
                role in RECIPIENTS
                and said.get("type") == "string"
                and isinstance(arguments.get(name), Literal)
            ):
                here = {
                    each.known
                    for each in self._found
                    if clause[0] <= each.start < clause[1] and each.known.strong
                }
                most = max(most, len(here))
        return min(most, MANY)

    @staticmethod
    def _times_in_all(asked: list[Intent]) -> int:
        return max(1, len(asked), MANY * any(intent.quantified for intent in asked))

    def _is_another(self, slot: Slot, made: list[Slot], manifest: ToolManifest) -> bool:
        """Whether it is asked for again, and not only spoken of in other words: it names recipients of its own."""
        named = [_named(each, manifest) for each in made]
        return bool(_named(slot, manifest) - frozenset[Json]().union(*named))


def lowered(contract: Contract, floor: ContractTemplate, bindings: Bindings) -> Contract:
    """The contract with no more than an operator allows."""
    allowed = {call.tool: call for call in floor.calls or ()}
    made = _Compilation([], (), bindings)
    slots: list[Slot] = []
    for slot in contract.slots:
        call = allowed.get(slot.tool)
        if call is None and floor.calls is not None:
            continue
        if call is not None:
            limits = {name: made.resolved(each) for name, each in call.arguments.items()}
            arguments = {
                name: AllOf((binding, limits[name])) if name in limits else binding
                for name, binding in slot.arguments.items()
            }
            times = slot.times if call.times is None else min(slot.times, call.times)
            slots.append(replace(slot, times=times, arguments=arguments))
        else:
            slots.append(slot)
    return replace(
        contract, slots=tuple(slots),
        reads=contract.reads if floor.reads is None else _both(contract.reads, floor.reads),
        sinks=(*contract.sinks, floor.sinks) if floor.sinks else contract.sinks,
        on_violation=_stricter(contract.on_violation, floor.on_violation),
    )  # fmt: skip


def _reads(
    template: ContractTemplate,
    request: Request,
    manifests: Mapping[str, ToolManifest],
    proposal: Proposal | None,
) -> tuple[str, ...]:
    """The classes of data that may be read: those listed, or those that the user speaks of."""
    if template.reads is not None or not template.narrows:
        return template.reads or ()
    found: dict[str, None] = {}
    for manifest in manifests.values():
        label = manifest.label
        names = (*nouns_of(manifest), *words_split(label.data_class), *words_split(label.source))
        chosen = proposal is not None and label.data_class in proposal.reads
        if label.data_class and (
            chosen or any(alike(word, name) for word in request.words for name in names)
        ):
            found[label.data_class] = None
    return tuple(found)


def _at_most(slots: list[Slot], times: int | None) -> list[Slot]:
    """No more calls in all than the template has."""
    left = times
    kept: list[Slot] = []
    for slot in slots:
        if left is None:
            kept.append(slot)
        elif left > 0:
            kept.append(replace(slot, times=min(slot.times, left)))
            left -= kept[-1].times
    return kept


def _named(slot: Slot, manifest: ToolManifest) -> frozenset[Json]:
    """The recipients, or else the objects, that a slot names."""
    names = recipients_of(manifest) or tuple(manifest.roles)
    bound = [slot.arguments.get(name) for name in names]
    return frozenset(value for each in bound if isinstance(each, Literal) for value in each.values)


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in some:
        return others
    return some if "*" in others else tuple(each for each in some if each in others)


def _stricter(one: str, other: str) -> str:
    """`deny` if either says so; `ask` where one says it and the other leaves it open."""
    return "deny" if "deny" in {one, other} else one or other


def _literals(found: tuple[Found, ...], given: Mapping[str, Json]) -> tuple[Json, ...]:
    values = {each.known: each.value for each in found}
    for value in given.values():  # a parameter that is one value, and not a text to be read
        if known(value).kind not in {"name", "text"}:
            values.setdefault(known(value), value)
    return tuple(values.values())
