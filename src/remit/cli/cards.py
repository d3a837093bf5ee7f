"""The card of a question at the terminal: what will happen, on whose behalf, why you, whether it can be undone, who has
agreed, what was asked back. Pure: it turns a view into lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.cli import wording
from remit.cli.output import Line, Span
from remit.domain.approvals import CONTRACT
from remit.domain.event import object_of
from remit.domain.visible import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.approving.views import InboxItem

WHOLE = 10**9
_LONGEST_VALUE = 400


def card_lines(item: InboxItem, now: int, longest: int = _LONGEST_VALUE) -> Iterator[str]:
    """A question as it is shown to a person; what does not fit is said to be cut, and where all of it stands."""
    due = f", {_by(item, item.due, now)}" if item.due is not None else ""
    group = Span(f"for {item.assignee or item.group or 'anybody'}", "waits")
    asked = f"   asked {wording.ago(item.asked_at, now)}{due}"
    yield Line.of(Span(item.id, "strong"), f"  {_question(item)}  ", group, asked).painted
    for label, text in (
        *((("run", f"{item.run} ({item.flow})"),) if item.run else ()),
        *_asked_about(item, longest),
        *((("note", item.note),) if item.note else ()),
        *_said(item),
        ("approve", item.approve_means),
        ("reject", item.reject_means),
    ):
        yield Line.of("    ", Span(f"{label:<9}", "dim"), seen(text)).painted
    yield ""


def _by(item: InboxItem, due: int, now: int) -> str:
    """Until when, and what happens then."""
    if due <= now:
        return f"its time was over {wording.ago(due, now)}"
    then = wording.when(due, now)
    way, _, group = item.otherwise.partition(":")
    match way:
        case "approve":
            return f"done by itself at {then}" if item.kind == "approval" else f"a yes by itself at {then}"
        case "escalate":
            return f"goes to {group or 'operators'} at {then}"
        case _:
            return f"answer by {then}, or it is a no" if way == "reject" else f"answer by {then}"


def _question(item: InboxItem) -> str:
    match item.kind:
        case "human" if item.name == CONTRACT:
            agent = object_of(item.value).get("agent")
            return f"may {agent or 'the run'} do this, and no more?"
        case "human":
            return f"may {item.name} go on?" if item.name else f"{item.flow} asks for a decision"
        case "unknown":
            return f"did {item.name} take place?"
        case "write":
            return f"may the fork really perform {item.name}?"
        case "approval":
            value = object_of(item.value)
            return f"may {value.get('agent') or value.get('for') or 'the run'} do this: {item.name}?"
        case "proposal":
            return f"{item.requester} proposes to change this: {item.name}"


def _asked_about(item: InboxItem, longest: int) -> Iterator[tuple[str, str]]:
    """The value, or of a write the call that is meant and the key under which the world may know it."""
    match item.value:
        case {"step": str(step), "arguments": _} if item.kind in {"unknown", "write"}:
            yield "step", step
            yield from _whole(item, "with", wording.value(item.value["arguments"], longest))
            if "idempotency_key" in item.value:
                yield "key", item.value["idempotency_key"]
        case {"rule": str(rule), "reason": reason} if item.kind == "approval":
            call = item.value
            what = call.get("tool") or call.get("undo") or item.name
            given = object_of(call.get("arguments") or {})
            yield from _whole(item, "what", wording.call(str(what), given, longest, longest))
            if item.edited_by:
                yield "changed", f"by {item.edited_by}; somebody else has to agree"
            if item.requester:
                yield "for", item.requester
            yield "why you", f"{reason or rule} ({call.get('place') or rule})"
            if "source" in call:
                yield "source", f"{call.get('argument')}: {call['source']}"
            yield (
                "undo",
                "can be undone" if call.get("undo") not in {"none", "", None} else "cannot be undone",
            )
        case {"contract": _, "slots": list()} if item.name == CONTRACT:
            yield from _contract(object_of(item.value))
        case {"changes": list()} if item.kind == "proposal":
            lines = [str(line) for line in item.value["changes"]]
            yield from zip(["changes", *[""] * len(lines)], lines, strict=False)
        case value:
            yield from _whole(item, "value", wording.value(value, longest))


def _whole(item: InboxItem, label: str, text: str) -> Iterator[tuple[str, str]]:
    """A text; where it was cut, also where the rest of it is: a yes is for all of it."""
    yield label, text
    if text.endswith(("…", "…)")):
        yield "", f"it is longer than that: remit inbox show {item.id}"


def _contract(shown: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Slot by slot, in words; then what is at stake."""
    for slot in shown["slots"]:
        why = f"   ({slot['for']})" if slot["for"] else ""
        yield f"slot {slot['slot']}", f"{slot['times']} × {slot['tool']}{why}"
        for name, said in slot["arguments"].items():
            yield "", f"{name}: {str(said)[:_LONGEST_VALUE]}"
    if shown["reads"]:
        yield "reads", ", ".join(shown["reads"])
    yield "risk", f"{shown['risk']}: {shown['reason']}"


def _said(item: InboxItem) -> Iterator[tuple[str, str]]:
    if item.needed > 1:
        agreed = f"; {', '.join(item.agreed)} did" if item.agreed else ""
        yield "needs", f"{item.needed} people who agree{agreed}"
    for note in item.notes:
        yield ("asked" if note.kind == "question" else "answer"), f"{note.by}: {note.text}"
