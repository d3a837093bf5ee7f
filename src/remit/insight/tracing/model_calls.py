"""What the gate said about an action, put into the row of its span: who, decided how, of a model call what it took.
What does not stand in a column goes into a note, which never holds content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of

if TYPE_CHECKING:
    from remit.insight.tracing.rows import SpanRow

Json = Any
Note = dict[str, Json]


def told(row: SpanRow, detail: dict[str, Json], note: Note) -> None:
    """Take in what one event says of an action."""
    get = detail.get
    if agent := get("agent"):
        row.agent = agent
    if decision := get("decision"):
        row.decision = decision
        _decided(detail, note)
    if effect := get("effect"):
        row.effect = effect
    if pipe := get("pipe"):
        note["stages"] = pipe
    if screened := get("screened"):
        note["guards"] = [_guard(each) for each in screened]
    if get("changes"):
        note["changed"] = True
    if row.kind == "model":
        _model(row, detail, note)
    elif "undoes" in detail:
        row.effect = "undo"
    elif row.kind == "delegate" and (to := get("to")):
        note["to"] = to


def kind_of(name: str, detail: dict[str, Json]) -> str:
    """What kind of span an action is; `step` is the author's own code."""
    if not detail:
        return "step"
    if name == "model" and ("route" in detail or "book" in detail):
        return "model"
    if name == "delegate" and "to" in detail:
        return "delegate"
    if "memory" in detail:
        return "memory"
    known = "effect" in detail or "tool_digest" in detail or "undoes" in detail
    return "tool" if known or "decision" in detail or "pipe" in detail else "step"


def _decided(detail: dict[str, Json], note: Note) -> None:
    rules = detail.get("rules")
    if rules is None:
        rules = [object_of(each).get("rule", "") for each in detail.get("reasons") or ()]
    note["rules"] = rules
    if policy := detail.get("policy"):
        note["policy"] = policy
    if agreed := detail.get("agreed"):
        note["agreed"] = agreed


def _guard(said: dict[str, Json]) -> Note:
    kinds = {str(object_of(each).get("kind", "")) for each in said.get("findings") or ()}
    found = {name: said.get(name, "") for name in ("guard", "at", "verdict", "action")}
    return found | ({"found": sorted(kinds)} if kinds else {})


def _model(row: SpanRow, detail: dict[str, Json], note: Note) -> None:
    get = detail.get
    if prompt := get("prompt") or get("digest"):
        row.prompt = prompt
    _routed(row, detail, note)
    if model := get("model"):
        row.requested, row.served = model, get("served") or model
        row.provider = get("provider", "")
    if attempts := get("attempts"):
        note["attempts"] = attempts
        row.retries = max(row.retries, len(attempts) - 1)
    _timed(row, object_of(get("latency")), note)
    if get("avoided") is not None:
        row.cache = "hit"
    row.simulated = int(bool(get("simulated", row.simulated)))
    if usage := get("usage"):
        _usage(row, usage)
    if used := get("used"):
        row.cost = _count(used.get("money", 0))
        note["used"] = _count(used.get("tokens", 0))
    for name in (
        "affinity",
        "book",
        "lane",
        "carried",
        "dialect",
        "cassette",
        "estimated",
        "tools",
        "messages",
    ):
        if (said := get(name)) is not None:
            note[name] = said


def _timed(row: SpanRow, latency: dict[str, Json], note: Note) -> None:
    if latency:
        row.queued, row.first_token = latency.get("queue"), latency.get("first")
        note["total"] = latency.get("total")


def _routed(row: SpanRow, detail: dict[str, Json], note: Note) -> None:
    """Which models might have served, which might not, and why."""
    row.route = detail.get("route", row.route)
    if order := detail.get("order"):
        row.requested = row.requested or order[0]
        note["order"] = order
    if left_out := detail.get("eliminated"):
        note["eliminated"] = [
            {"model": each.get("model", ""), "constraint": each.get("constraint", "")} for each in left_out
        ]


def _usage(row: SpanRow, usage: dict[str, int]) -> None:
    """Parts that do not overlap and sum to the total; sound is counted with what was sent or generated."""
    get = usage.get
    row.input = _count(get("input", 0)) + _count(get("audio_input", 0))
    row.cached, row.cache_written = _count(get("cache_read", 0)), _count(get("cache_write", 0))
    row.output = _count(get("output", 0)) + _count(get("audio_output", 0))
    row.reasoning = _count(get("reasoning", 0))


def _count(said: Json) -> int:
    """A number that may be summed: what nobody can have used is no measure of anything."""
    return min(max(said, 0), _MOST) if isinstance(said, int) else 0


_MOST = 10**12
