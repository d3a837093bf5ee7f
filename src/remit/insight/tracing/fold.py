"""One run as a trace: event after event of its stream, in order, until the rows of trace and spans say what it did.

What comes out depends on the stream alone, so that it can be told again at any time: after a restart, a shred, or in
a rebuild. It touches no database and knows no other run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.event import object_of
from remit.domain.events import Erased
from remit.insight.signature import Trouble
from remit.insight.tracing.failures import class_of, refused
from remit.insight.tracing.loops import Loops
from remit.insight.tracing.model_calls import kind_of, told
from remit.insight.tracing.rows import Missing, SpanRow, TraceRow, span_number

if TYPE_CHECKING:
    from remit.insight.projection import Happened
    from remit.insight.tracing.model_calls import Note

Json = Any
_ACTS = frozenset({"tool", "model", "delegate"})
_WRITES = frozenset({"write", "irreversible"})
_MAY_WRITE = frozenset({"tool", "memory"})
_encode = msgspec.json.Encoder(order="sorted").encode
_PLAIN_EFFECTS = frozenset({"", "read"})


class Decided(msgspec.Struct, gc=False):
    """A row of `decisions`."""

    trace: str
    seq: int
    span: str
    at: int
    team: str
    agent: str
    subject: str
    decision: str
    rules: str
    by: str


class EffectRow(msgspec.Struct, gc=False):
    """A row of `effects`."""

    trace: str
    span: str
    at: int
    team: str
    agent: str
    tool: str
    effect: str
    state: str
    """held, open, done, simulated, failed, refused, unknown, absent"""
    undoes: str = ""
    undoes_span: str = ""


class Fold:
    """A trace in the making. What changed since it was last written stands in `changed` and the lists beside it."""

    __slots__ = (
        "_asking", "_began", "_last_agent", "_loops", "_notes", "_people", "_prefix", "_since", "_stands",
        "changed", "decisions", "effects", "keys", "labels", "new_effects", "spans", "trace", "troubles",
    )  # fmt: skip

    def __init__(self, trace: str, environment: str) -> None:
        self.trace = TraceRow(trace, environment=environment)
        self.spans: dict[str, SpanRow] = {}
        self.effects: dict[str, EffectRow] = {}
        self.changed: set[str] = set()
        """Spans that differ from what was written."""
        self.decisions: list[Decided] = []
        self.new_effects: set[str] = set()
        self.labels: list[tuple[str, str, str, str]] = []
        self.keys: set[str] = set()
        """Keys beside its own."""
        self.troubles: list[Trouble] = []
        """Steps that failed, in order."""
        self._notes: dict[str, Note] = {}
        self._loops: dict[str, Loops] = {}
        self._people: dict[str, int] = {}
        """Since when people are waited for, by span."""
        self._asking = 0
        self._since = 0
        self._prefix = ""
        self._began = (0, 0)
        self._last_agent = ""
        self._stands: set[str] = set()
        """Spans whose own events began them; the others only hold them together."""

    def meet(self, happened: Happened) -> None:
        """The next event of the stream has come; what it says is told by `telling`."""
        trace = self.trace
        if not trace.key_id:
            trace.key_id, trace.team, trace.started = happened.key_id, happened.team, happened.at
        elif happened.key_id != trace.key_id:
            self.keys.add(happened.key_id)
        self._began = (happened.pos, 0)
        if type(happened.event) is Erased:
            trace.missing |= Missing.CONTENT

    # --- spans ------------------------------------------------------------------------------------------------

    def span(self, path: str, happened: Happened, kind: str, *, own: bool = True) -> SpanRow:
        """The span at a path; what is above it comes to be with it."""
        place = self._prefix + path
        row = self.spans.get(place)
        if row is None:
            row = self._begin(place, happened, kind)
        elif own and place not in self._stands:
            row.kind = kind
        if own:
            self._stands.add(place)
        self.changed.add(place)
        return row

    def _begin(self, place: str, happened: Happened, kind: str) -> SpanRow:
        above, _, last = place.rpartition("/")
        agent = ""
        if above:
            parent = self.spans.get(above)
            agent = (parent if parent is not None else self._begin(above, happened, "scope")).agent
        trace, (pos, number) = self.trace, self._began
        self._began = (pos, number + 1)
        row = SpanRow(
            span_number(pos, number), trace.id, place, above, kind, last.partition("#")[0], happened.at,
            team=trace.team, agent=agent, release=trace.release, stream=happened.stream, seq=happened.seq,
            key_id=happened.key_id,
        )  # fmt: skip
        self.spans[place] = row
        self.changed.add(place)
        trace.spans += 1
        return row

    def note(self, row: SpanRow) -> Note:
        """What is said of a span beside its columns."""
        found = self._notes.get(row.id)
        if found is None:
            found = self._notes[row.id] = msgspec.json.decode(row.detail) if row.detail else {}
        return found

    def act(self, row: SpanRow, happened: Happened, name: str, said: Json) -> dict[str, Json]:
        """Take in what the gate said of an action."""
        row.name, row.stream, row.seq, row.key_id = name, happened.stream, happened.seq, happened.key_id
        detail = object_of(said)
        if not detail:
            return detail
        if row.kind in {"step", "scope"}:
            row.kind = kind_of(name, detail)
        before = row.decision
        told(row, detail, self.note(row))
        if "decision" in detail:
            self.decided(row, happened, row.decision, before)
        label = detail.get("label")
        if label:
            self.labels.append(
                (self.trace.id, row.id, str(label.get("integrity", "")), str(label.get("source", "")))
            )
        if undone := object_of(detail.get("undoes")):
            effect = self.effect(row, happened, "open")
            effect.undoes, effect.undoes_span = str(undone.get("run", "")), str(undone.get("path", ""))
        return detail

    def decided(
        self, row: SpanRow, happened: Happened, decision: str, before: str = "", by: str = ""
    ) -> None:
        """Write down a decision, unless it is the one that was known; that a rule allows, the span says itself."""
        if decision == before or (decision == "allow" and not before and "agreed" not in self.note(row)):
            return
        rules = ",".join(map(str, self.note(row).get("rules") or ()))
        self.decisions.append(
            Decided(
                self.trace.id, happened.seq, row.id, happened.at, row.team, row.agent, row.requested or row.name,
                decision, rules, by,
            )
        )  # fmt: skip

    def effect(self, row: SpanRow, happened: Happened, state: str) -> EffectRow:
        """Where a write stands."""
        found = self.effects.get(row.id)
        if found is None:
            found = self.effects[row.id] = EffectRow(
                row.trace, row.id, happened.at, row.team, row.agent, row.name, row.effect, state
            )
        found.state, found.at, found.effect = state, happened.at, row.effect or found.effect
        self.new_effects.add(row.id)
        return found

    def moves(self, row: SpanRow, happened: Happened, state: str) -> None:
        """The same, of what may be no write."""
        if row.effect not in _PLAIN_EFFECTS:
            self.effect(row, happened, state)

    # --- ends ---------------------------------------------------------------------------------------------------

    def reopen(self, row: SpanRow) -> None:
        """What was over is told anew."""
        if row.ended is not None and row.id in self._stands:
            self._count(row, -1)
        row.ended = None

    def close(self, row: SpanRow, at: int, status: str, error: str = "") -> None:
        """It is over."""
        row.ended, row.status, row.error = max(at, row.started), status, error
        note = self._notes.pop(row.id, None)
        if note:
            row.detail = _encode(note).decode()
        self._count(row, 1)
        above = row.parent
        while above and above not in self._stands:
            scope = self.spans[above]
            scope.started = min(scope.started, row.started)
            scope.ended, scope.status = max(row.ended, scope.ended or 0), "ok"
            self.changed.add(above)
            above = scope.parent

    def _count(self, row: SpanRow, sign: int) -> None:
        trace = self.trace
        if row.kind == "model":
            trace.model_calls += sign
            trace.input += sign * row.input
            trace.cached += sign * row.cached
            trace.cache_written += sign * row.cache_written
            trace.output += sign * row.output
            trace.reasoning += sign * row.reasoning
            trace.cost += sign * row.cost
            trace.simulated |= row.simulated
            trace.prompt, trace.model = trace.prompt or row.prompt, trace.model or row.served
            self._missing_of(row)
        elif row.kind == "tool":
            trace.tool_calls += sign
            trace.tool_failures += sign * (row.status == "error")
        if row.kind in _MAY_WRITE:
            trace.writes += sign * (row.effect in _WRITES and row.status != "denied")
        trace.retries += sign * row.retries
        if row.status == "denied" and row.kind in _ACTS and class_of(row.error) == "policy":
            trace.denials += sign

    def _missing_of(self, row: SpanRow) -> None:
        if row.status != "ok":
            return
        trace = self.trace
        if not row.served:
            trace.missing |= Missing.MODEL
        if not row.prompt:
            trace.missing |= Missing.PROMPT
        if not (row.input or row.output or row.cached or row.cache):
            trace.missing |= Missing.USAGE

    def looped(self, row: SpanRow, digest: str) -> None:
        """A tool was called with these arguments."""
        if digest and row.kind == "tool":
            place = row.id
            while (above := place.rpartition("/")[0]) and self.spans[above].kind != "agent":
                place = above
            loops = self._loops.get(above)
            if loops is None:
                loops = self._loops[above] = Loops()
            self.trace.loops += loops.closed_by((row.name, digest))

    # --- people ---------------------------------------------------------------------------------------------------

    def ask(self, row: SpanRow, at: int) -> None:
        """A person is waited for."""
        if row.id not in self._people:
            self._people[row.id] = at
            self.trace.asks += 1
            self._asking += 1
            if self._asking == 1:
                self._since = at

    def answered(self, row: SpanRow, at: int) -> None:
        """Nobody is any more."""
        since = self._people.pop(row.id, None)
        if since is not None:
            row.human += max(0, at - since)
            self._asking -= 1
            if self._asking == 0:
                self.trace.human += max(0, at - self._since)

    def named(self, agent: str) -> None:
        """An agent is asked."""
        trace = self.trace
        trace.agent = trace.agent or agent
        trace.handoffs += bool(self._last_agent) and agent != self._last_agent
        self._last_agent = agent

    def generation(self, number: int) -> None:
        """The same places come again, and are others."""
        self._prefix = f"@{number}/"

    def finish(self, at: int) -> None:
        """Whatever goes on is over with the run."""
        for row in self.spans.values():
            if row.ended is None or row.id in self._people:
                self.answered(row, at)
                if row.ended is None:
                    self.changed.add(row.id)
                    self.close(row, at, "cancelled" if row.id in self._stands else "ok")
        self._notes.clear()

    def written(self) -> None:
        """What changed is written."""
        self.changed.clear()
        self.new_effects.clear()
        self.decisions, self.labels = [], []
        self.keys.clear()


def refusal(code: str) -> str:
    """How a step that failed stands."""
    return "denied" if refused(code) else "error"
