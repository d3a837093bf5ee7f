"""Holding one value against what it is bound to: where it may come from, and what is sent in its place.

The model's own claims count for nothing: a value is what a trusted source wrote, or a typed datum in its range, or
text. Everything else is refused, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from remit.domain.contracts import AllOf, AnyOf, Content, Literal, Range, Ref, Selector, Words
from remit.domain.labels import Integrity, Label
from remit.policy.provenance.parsers import Known, known, number_of, same_day
from remit.policy.provenance.selectors import Selected, select
from remit.policy.provenance.wording import EMPTY_WORDS, words_split

if TYPE_CHECKING:
    from remit.domain.contracts import Binding
    from remit.policy.provenance.ledger import Ledger

Json = Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that is what it has to be."""

    value: Json
    """What is sent: the trusted source's own writing."""
    label: Label
    selected: Selected | None = None
    content: Content | None = None
    """Set for free text: who may be told it is still to be asked."""


@dataclass(frozen=True, slots=True)
class Unbound:
    """A value that is not; which rule says so."""

    rule: str
    text: str


def bind(binding: Binding, value: Json, ledger: Ledger, visible: Label) -> Bound | Unbound:
    """Hold one value, or each member of a list, against its binding."""
    if isinstance(value, list) and not _is_whole(binding, value):
        return _each(binding, cast("list[Json]", value), ledger, visible)
    found: Bound | Unbound
    match binding:
        case Literal():
            found = _literal(binding, value)
        case Ref():
            found = _reference(binding, value, ledger)
        case Range():
            found = _in_range(binding, value, visible)
        case Content():
            found = _content(binding, value, visible)
        case Words():
            found = _words(value, ledger)
        case Selector():
            found = _selected(binding, value, ledger)
        case AnyOf():
            found = _any(binding, value, ledger, visible)
        case AllOf():
            found = _all(binding, value, ledger, visible)
    return found


def _each(binding: Binding, values: list[Json], ledger: Ledger, visible: Label) -> Bound | Unbound:
    sent: list[Json] = []
    label: Label | None = None
    content = selected = None
    for value in values:
        found = bind(binding, value, ledger, visible)
        if isinstance(found, Unbound):
            return found
        sent.append(found.value)
        label = found.label if label is None or found.label.integrity < label.integrity else label
        content, selected = content or found.content, selected or found.selected
    return Bound(sent, label or Label(Integrity.LITERAL, None, ("nobody",)), selected, content)


def _is_whole(binding: Binding, value: Json) -> bool:
    return isinstance(binding, Literal) and any(value == each for each in binding.values)


def _literal(binding: Literal, value: Json) -> Bound | Unbound:
    found = known(value)
    same: Json
    if not isinstance(value, str | int | float | bool | None):
        same = next((each for each in binding.values if each == value), None)
    else:
        same = (
            _members(binding.values, tuple(map(type, binding.values))).get(found)
            if _hashable(binding.values)
            else _search(binding.values, found)
        )
    if same is None and found.kind == "date":
        same = next((value for each in binding.values if same_day(found, known(each))), None)
    if same is None:
        return Unbound("untrusted_argument", "it is not what the request says")
    return Bound(value if found.typed else same, Label(Integrity.LITERAL, None, ("user",)))


@lru_cache(maxsize=2048)
def _members(values: tuple[Json, ...], _types: tuple[type, ...]) -> dict[Known, Json]:
    """Remembered by type as well: to Python `True` and `1` are the same key, to whoever asked they are not."""
    return {known(value): value for value in reversed(values)}


def _search(values: tuple[Json, ...], found: Known) -> Json | None:
    return next((each for each in values if known(each) == found), None)


def _hashable(values: tuple[Json, ...]) -> bool:
    return all(isinstance(each, str | int | float | bool) or each is None for each in values)


def _reference(binding: Ref, value: Json, ledger: Ledger) -> Bound | Unbound:
    found = known(value)
    member = ledger.reference(found, binding.directory)
    if member is None:
        where = "any directory" if binding.directory == "*" else binding.directory
        return Unbound("untrusted_argument", f"it is in no result of {where} that may be trusted")
    directory, written = member
    named = ledger.named_in(directory) if binding.named_first else frozenset[Known]()
    if named and found not in named:
        return Unbound("untrusted_argument", "the request names another one")
    sent = value if found.typed and type(value) is not type(written) else written
    return Bound(sent, Label(Integrity.ENDORSED, None, (f"directory:{directory}",)))


def _selected(binding: Selector, value: Json, ledger: Ledger) -> Bound | Unbound:
    selected = select(binding, ledger.tables)
    if selected is None:
        return Unbound(
            "selector_changed", f"the runtime cannot tell which one is the {binding.how}; look it up first"
        )
    picked = {known(each): each for each in selected.values}
    found = known(value)
    if found not in picked:
        return Unbound("untrusted_argument", f"it is not the {binding.how} of what was looked up")
    sent = value if found.typed and type(value) is not type(picked[found]) else picked[found]
    return Bound(sent, Label(Integrity.ENDORSED, None, (f"selector:{binding.how}",)), selected)


def _in_range(binding: Range, value: Json, visible: Label) -> Bound | Unbound:
    label = Label(Integrity.TYPED, visible.readers, visible.sources)
    if binding.choices:
        if any(value == each and type(value) is type(each) for each in binding.choices):
            return Bound(value, label)
        return Unbound("out_of_range", f"it is none of {', '.join(map(str, binding.choices))}")
    found = known(value)
    if not found.typed or (binding.kind and found.kind not in _KINDS.get(binding.kind, {binding.kind})):
        return Unbound("out_of_range", f"it is no {binding.kind or 'number, date or choice'}")
    for bound, wrong in ((binding.least, -1), (binding.most, 1)):
        if bound is not None and _compared(value, bound) in {wrong, None}:
            limit = "least" if wrong < 0 else "most"
            return Unbound("out_of_range", f"it may be {bound} at {limit}")
    return Bound(value, label)


_KINDS = {"date": {"date", "datetime"}, "time": {"time", "datetime"}}


def _compared(value: Json, bound: Json) -> int | None:
    """Which is more; None if they cannot be compared, which is out of any range."""
    one, other = number_of(value), number_of(bound)
    if one is not None and other is not None:
        return (one > other) - (one < other)
    form, limit = known(value), known(bound)
    if {form.kind, limit.kind} <= {"date", "datetime"} and not form.form.startswith("-"):
        first, second = form.form[: len(limit.form)], limit.form[: len(form.form)]
        return (first > second) - (first < second)
    return (form.form > limit.form) - (form.form < limit.form) if form.kind == limit.kind == "time" else None


def _content(binding: Content, value: Json, visible: Label) -> Bound | Unbound:
    length = len(value) if isinstance(value, str) else 0
    if binding.most is not None and length > binding.most:
        return Unbound("out_of_range", f"it has {length} characters and may have {binding.most}")
    return Bound(value, visible, content=binding)


def _words(value: Json, ledger: Ledger) -> Bound | Unbound:
    """A short text that says nothing which the user, a directory or a typed value does not say."""
    if not isinstance(value, str) or len(value) > 200:  # noqa: PLR2004 - a title is shorter
        return Unbound("untrusted_argument", "it is no short text")
    for word in words_split(value):
        if word in ledger.contract.words or word in EMPTY_WORDS or known(word).typed:
            continue
        if not any(
            word in words_split(str(each))
            for members in ledger.references.values()
            for each in members.values()
        ):
            return Unbound(
                "untrusted_argument", f'"{word}" is neither in the request nor in what was looked up'
            )
    return Bound(value, Label(Integrity.ENDORSED, None, ("user",)))


def _any(binding: AnyOf, value: Json, ledger: Ledger, visible: Label) -> Bound | Unbound:
    refused: Unbound = Unbound("not_in_contract", "the contract leaves no value for it")
    for each in binding.bindings:
        found = bind(each, value, ledger, visible)
        if isinstance(found, Bound):
            return found
        refused = found
    return refused


def _all(binding: AllOf, value: Json, ledger: Ledger, visible: Label) -> Bound | Unbound:
    found: Bound | Unbound = Unbound("not_in_contract", "the contract leaves no value for it")
    kept: Bound | None = None
    for each in binding.bindings:
        found = bind(each, value if kept is None else kept.value, ledger, visible)
        if isinstance(found, Unbound):
            return found
        kept = found if kept is None else _both(kept, found)
    return kept or found


def _both(one: Bound, other: Bound) -> Bound:
    """What two limits agree on: the better source, and what either of them still asks of a text."""
    best = other if other.label.integrity > one.label.integrity else one
    content = one.content or other.content
    if one.content is not None and other.content is not None:
        content = replace(one.content, release=one.content.release and other.content.release)
    return Bound(best.value, best.label, one.selected or other.selected, content)
