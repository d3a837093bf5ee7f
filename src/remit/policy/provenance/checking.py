"""May this run make this call? The contract and the ledger answer, with reasons and with what can be done instead.

A pure function of a call and of what the run has seen; no model takes part. An answer says which slot is used, what
is sent in place of what the model wrote, and how each argument is labelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from remit.domain.contracts import Binding, Content
from remit.domain.decisions import Reason
from remit.policy.provenance.addresses import addresses_in
from remit.policy.provenance.binding import Bound, Unbound, bind
from remit.policy.provenance.ledger import key_of
from remit.policy.provenance.parsers import known
from remit.policy.provenance.roles import RECIPIENTS, is_consequential, role_of, schema_of

if TYPE_CHECKING:
    from remit.domain.contracts import Contract, Slot
    from remit.domain.labels import Label
    from remit.domain.tools import ToolManifest
    from remit.policy.provenance.ledger import Ledger
    from remit.policy.provenance.selectors import Selected

Json = Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one call."""

    allows: bool
    slot: int | None = None
    key: str = ""
    """The protected arguments in one form."""
    arguments: dict[str, Json] = field(default_factory=dict[str, Json])
    """What is sent."""
    labels: dict[str, Label] = field(default_factory=dict[str, "Label"])
    reasons: tuple[Reason, ...] = ()
    """Why not."""
    precondition: Selected | None = None
    """What the runtime picked: it has to stand still until the call is made (S24)."""


_REMEDIES = {
    "no_slot": ("Ask the user for it: the request does not.", "Let a person approve this call."),
    "slot_spent": ("The request asked for no more of these calls.", "Let a person approve this call."),
    "untrusted_argument": (
        "Look it up with a tool whose results are references.", "Use what the user wrote, exactly.",
        "Let a person approve this call.",
    ),
    "not_in_contract": ("Leave it out.", "Let a person approve this call."),
    "out_of_range": ("Stay within the range.", "Let a person approve this call."),
    "content_url": ("Leave the address out.", "Use one that the user wrote."),
    "not_a_reader": ("Leave out what they may not read.", "Let a person approve this call."),
    "class_not_readable": ("Go on without it.", "Let a person approve this call."),
    "sink": ("Send it where data may go.",),
    "selector_changed": ("Look it up again, with all of the records in one answer.", "Let a person approve this call."),
}  # fmt: skip


def check(
    contract: Contract, ledger: Ledger, manifest: ToolManifest, arguments: dict[str, Json], context: str = "",
    again: int | None = None, carried: tuple[str, ...] = (),
) -> Verdict:  # fmt: skip
    """Hold a call against the contract of its run; `again` is the slot that this very call has used already, `carried`
    is in whose sight that was which the call passes on unread.
    """
    wrong = _unreadable(contract, manifest)
    if wrong is not None:
        return Verdict(allows=False, arguments=arguments, reasons=(wrong,))
    if not is_consequential(manifest):
        return Verdict(allows=True, arguments=arguments)
    best: tuple[Reason, ...] = ()
    for number in contract.by_tool.get(manifest.name, ()):
        visible = ledger.visible(context, carried)
        call = _Call(contract.slots[number], ledger, manifest, visible, unread=bool(carried))
        verdict = _check_slot(number, call, ledger, arguments, mine=number == again)
        if verdict.allows:
            return verdict
        if not best or len(verdict.reasons) < len(best) or best[0].rule == "slot_spent":
            best = verdict.reasons
    if not best:
        best = (_reason("no_slot", contract, text=f"the contract of this run has no {manifest.name}"),)
    return Verdict(allows=False, arguments=arguments, reasons=best)


def _unreadable(contract: Contract, manifest: ToolManifest) -> Reason | None:
    label = manifest.label
    if (
        not label.data_class
        or "*" in contract.reads
        or {label.data_class, label.source} & set(contract.reads)
    ):
        return None
    said = f"{manifest.name} reads {label.data_class} data, and the contract does not"
    return _reason("class_not_readable", contract, text=said, source=label.source)


def _check_slot(
    number: int, call: _Call, ledger: Ledger, arguments: dict[str, Json], *, mine: bool
) -> Verdict:
    contract = ledger.contract
    slot = contract.slots[number]
    if ledger.used[number] >= slot.times and not mine:
        said = f"the contract has {slot.times} × {slot.tool}, and {'it was' if slot.times == 1 else 'all were'} made"
        return Verdict(allows=False, reasons=(_reason("slot_spent", contract, text=said),))
    sent = {name: call.bind(name, name, value) for name, value in arguments.items()}
    call.hold_sinks()
    call.hold_readers()
    key = key_of(call.protected)
    if slot.distinct and not mine and (number, key) in ledger.done:
        call.reasons.append(_reason("slot_spent", contract, text="this very call was made already"))
    if call.reasons:
        return Verdict(allows=False, reasons=tuple(call.reasons), labels=call.labels)
    return Verdict(True, number, key, sent, call.labels, (), call.selected)


class _Call:
    """One call against one slot, argument by argument."""

    def __init__(
        self, slot: Slot, ledger: Ledger, manifest: ToolManifest, visible: Label, *, unread: bool = False
    ) -> None:
        self._slot = slot
        self._ledger = ledger
        self._manifest = manifest
        self._visible = visible
        self._unread = unread
        """Whether whoever makes the call passes on what it has not read: no reason quotes it."""
        self.labels: dict[str, Label] = {}
        self.reasons: list[Reason] = []
        self.selected: Selected | None = None
        self.protected: dict[str, list[Json]] = {}
        self._recipients: list[tuple[str, Json]] = []
        self._contents: list[tuple[str, Json, Content, Label]] = []

    def bind(self, place: str, name: str, value: Json) -> Json:
        """What is sent for an argument, or for a leaf of one."""
        return self._bound(self._binding(place, name), place, name, value)

    def _bound(self, binding: Binding | None, place: str, name: str, value: Json) -> Json:
        whole: Json = value
        if isinstance(value, dict) and not isinstance(binding, Content):
            inner = cast("dict[str, Json]", value)
            return {key: self.bind(f"{place}.{key}", name, each) for key, each in inner.items()}
        if isinstance(value, list) and any(isinstance(each, dict) for each in cast("list[Json]", value)):
            return [self.bind(place, name, each) for each in cast("list[Json]", value)]
        if binding is None:
            if not self._is_left_out(place, name, whole):
                self._refuse("not_in_contract", place, "the contract does not say what it may be")
            return whole
        found = bind(binding, whole, self._ledger, self._visible)
        if isinstance(found, Unbound):
            if self._is_left_out(place, name, whole):
                return whole
            self._refuse(found.rule, place, found.text)
            return whole
        self._note(place, found)
        return found.value

    def hold_sinks(self) -> None:
        """No recipient lies outside of where data may go."""
        sinks = self._ledger.contract.sinks
        for place, value in self._recipients if sinks else ():
            form = _host_or_form(value)
            for allowed in sinks:
                if not any(fnmatchcase(form, pattern.casefold()) for pattern in allowed):
                    self._refuse("sink", place, f"data may go to {', '.join(allowed)} at most")

    def hold_readers(self) -> None:
        """Every recipient may read every text, and no text sends anybody anywhere."""
        team = f"team:{self._ledger.team}"
        to = [str(value) for _, value in self._recipients] or list(self._manifest.label.readers)
        for place, value, content, label in self._contents:
            released = content.release and label.may_see(team)
            outside = [
                each
                for each in to
                if not (released or label.may_see(each) or label.may_see(known(each).form))
            ]
            if outside:
                self._refuse("not_a_reader", place, f"{outside[0]} may not read what it may hold")
            for address in addresses_in(value):
                found = known(address)
                if self._ledger.literal(found) is None and self._ledger.reference(found) is None:
                    which = (
                        "an address that nobody vouches for"
                        if self._unread
                        else f"the address {address[:80]}"
                    )
                    self._refuse("content_url", place, f"it holds {which}")
                    break

    def _note(self, place: str, found: Bound) -> None:
        self.labels[place] = found.label
        self.selected = self.selected or found.selected
        if found.content is not None:
            self._contents.append((place, found.value, found.content, found.label))
            return
        self.protected.setdefault(place, []).append(found.value)
        if role_of(self._manifest, place) in RECIPIENTS:
            sent: Json = found.value
            values = cast("list[Json]", sent) if isinstance(sent, list) else [sent]
            self._recipients.extend((place, value) for value in values)

    def _binding(self, place: str, name: str) -> Binding | None:
        arguments = self._slot.arguments
        return arguments.get(place) or (arguments.get(name) if place != name else None)

    def _is_left_out(self, place: str, name: str, value: Json) -> bool:
        """Whether it says no more than leaving the argument out would say."""
        if place != name:
            return False
        said = schema_of(self._manifest, name)
        return ("default" in said and said["default"] == value) or value is None or value in ([], {})

    def _refuse(self, rule: str, place: str, text: str) -> None:
        sources = ", ".join(self._visible.sources[-3:])
        self.reasons.append(_reason(rule, self._ledger.contract, place, text, sources))


def _reason(rule: str, contract: Contract, argument: str = "", text: str = "", source: str = "") -> Reason:
    said = f"{argument}: {text}" if argument else text
    return Reason(rule, f"contract {contract.digest[:12]}", said, argument, source, _REMEDIES.get(rule, ()))


def _host_or_form(value: Json) -> str:
    found = known(value)
    if found.kind != "url":
        return found.form.casefold()
    return found.form.partition("://")[2].partition("/")[0].partition(":")[0]
