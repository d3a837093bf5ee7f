"""What the gate left in the log about a step, as a person may see it; and what a run used in all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.control.runs.views import ActionView, SpentView
from remit.domain.action_errors import failure_class
from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone, StepFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.event import Event
    from remit.store.log import Entry

Json = Any


def told(before: ActionView | None, event: Event) -> ActionView | None:
    """What is known of an action once this event is read as well."""
    match event:
        case ActionAdmitted() | ActionHeld() | StepClaimed() | StepDone():
            return _more(before, event.detail)
        case StepFailed():
            found = _more(before, event.detail)
            return replace(found, failure=failure_class(event.error)) if found is not None else None
        case AgentAsked():
            attached = object_of(object_of(event.detail).get("attached"))
            return ActionView(
                agent=event.agent, arguments=event.input, attached=tuple(attached.get("shown") or ())
            )
        case _:
            return before


def spent(entries: Iterable[Entry]) -> SpentView:
    """What a run used, by what was journaled."""
    money = tokens = models = tools = 0
    simulated = recorded = False
    for entry in entries:
        event = entry.event
        if not isinstance(event, (StepDone, StepFailed)):
            continue
        detail = object_of(event.detail)
        used = object_of(detail.get("used"))
        money += int(used.get("money", 0))
        tokens += int(used.get("tokens", 0))
        models += int(used.get("steps", 0))
        tools += int(used.get("calls", 0))
        simulated = simulated or bool(detail.get("simulated"))
        recorded = recorded or bool(detail.get("cassette"))
    return SpentView(money, tokens, models, tools, simulated, recorded)


def _more(before: ActionView | None, said: Json) -> ActionView | None:
    detail = object_of(said)
    if not detail:
        return before
    known, used = before or ActionView(), object_of(detail.get("used"))
    label = object_of(detail.get("label"))
    return replace(
        known,
        agent=detail.get("agent", known.agent),
        effect=detail.get("effect", known.effect),
        model=detail.get("model", known.model),
        route=detail.get("route", known.route),
        simulated=bool(detail.get("simulated", known.simulated)),
        cassette=str(detail.get("cassette", known.cassette)),
        tried=_tried(detail) or known.tried,
        tokens=int(used.get("tokens", known.tokens)),
        money=int(used.get("money", known.money)),
        source=label.get("source", known.source),
        decision=detail.get("decision", known.decision),
        rules=tuple(detail.get("rules", known.rules)),
        agreed=object_of(detail.get("agreed")) or known.agreed,
        arguments=detail.get("arguments", known.arguments),
        edited=object_of(detail.get("edited")) or known.edited,
        stages=object_of(detail.get("pipe")) or known.stages,
        guards=_guards(detail) or known.guards,
        about=_about_memory(detail) or known.about,
    )


def _tried(detail: dict[str, Json]) -> tuple[str, ...]:
    """Whom the answer did not come from, and why, in the order in which they were asked."""
    said = [object_of(each) for each in detail.get("attempts") or ()]
    counts = Counter(
        f"{each.get('model')} {each.get('code') or each.get('outcome')}"
        for each in said
        if each.get("outcome") != "answered"
    )
    return tuple(f"{what} ×{count}" if count > 1 else what for what, count in counts.items())


def _guards(detail: dict[str, Json]) -> tuple[str, ...]:
    """What guards found here; those that found nothing stand in the log alone."""
    told = [object_of(each) for each in detail.get("screened") or ()]
    return tuple(
        f"{each.get('guard')} {_FOLLOWED.get(str(each.get('action')), '')} the {each.get('at')}{_found(each)}"
        for each in told
        if each.get("verdict") != "clear"
    )


def _found(said: dict[str, Json]) -> str:
    if said.get("verdict") == "failed":
        return f" unjudged: {said.get('failed')}"
    kinds = dict.fromkeys(str(object_of(each).get("kind")) for each in said.get("findings") or ())
    return f" ({', '.join(kinds)})"


_FOLLOWED = {
    "block": "blocked", "redact": "redacted", "ask": "asks about", "answer": "answered for", "allow": "let by",
}  # fmt: skip


def _about_memory(detail: dict[str, Json]) -> str:
    said = object_of(detail.get("memory"))
    verb = _VERBS.get(str(said.get("operation")))
    if verb is None:
        return ""
    if "undoes" in detail:
        return f"{verb} {str(detail.get('object')).removeprefix('memory:')}"
    key, text = said.get("key"), said.get("text")
    which = (f"/{key}" if key else "") + (f' "{text}"' if text else "")
    return f"{verb} {said.get('scope')}{which}"


_VERBS = {"remember": "remembers", "recall": "recalls", "forget": "forgets", "undo": "puts back"}
