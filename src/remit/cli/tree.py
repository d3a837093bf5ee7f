"""A run as a tree of lines: one line a step, with its state in a word and in a shape, its time, and how its
result came. Pure: it knows views and widths, and prints nothing.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.cli import wording
from remit.cli.output import Line, Span, cell_width, cut, padded
from remit.cli.reports import UNDO, undo_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.control.runs.views import ActionView, RunView, StepView, WaitView

_SHAPES = {
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "waiting": ("?", "waits"),
    "running": ("›", "strong"),
    "unknown": ("!", "bad"),
    "cancelled": ("–", "dim"),
    "retrying": ("↻", "waits"),
}
_ENDED_STYLES = {"succeeded": "good", "failed": "bad", "cancelled": "bad", "parked": "waits"}
_NOTE_AT_LEAST = 24
_NAME_AT_MOST = 44


@dataclass(frozen=True, slots=True)
class _Node:
    """A line to be: one step, or several equal ones that ran side by side."""

    step: StepView
    count: int
    children: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """A line before its columns are aligned."""

    stem: str
    below: str
    shape: Span
    name: str
    kind: str
    state: Span
    time: str
    note: str


def run_lines(view: RunView, now: int, columns: int) -> list[Line]:
    """The whole page of a run: heading, tree, and where it stands."""
    contracts = [Line.of(Span("may ", "dim"), each) for each in view.contracts]
    contracts += [Line.of(Span("covers ", "dim"), each) for each in view.coverage]
    return [heading(view), *contracts, *tree_lines(view, now, columns), *standing(view, now, columns)]


def heading(view: RunView) -> Line:
    """`run r-01… handle_ticket(ticket_id=7)`."""
    return Line.of(
        Span("run ", "dim"), Span(view.run.id, "strong"), f"  {wording.call(view.run.flow, view.input)}"
    )


def tree_lines(view: RunView, now: int, columns: int) -> list[Line]:
    """One line a step."""
    cells = list(_cells(_nodes(view.steps), "", now, several=view.segments > 1))
    if not cells:
        return []
    names = min(_NAME_AT_MOST, max(cell_width(c.stem) + 2 + cell_width(c.name) for c in cells))
    kinds = max(cell_width(c.kind) for c in cells)
    states = max(cell_width(c.state.text) for c in cells)
    times = max(cell_width(c.time) for c in cells)
    return [line for c in cells for line in _aligned(c, (names, kinds, states, times), columns)]


def standing(view: RunView, now: int, columns: int) -> list[Line]:
    """Where the run stands: its end and result, or what it waits for and which command continues it."""
    run = view.run
    lines = [Line.of(Span(run.status, _ENDED_STYLES.get(run.status, "")), _facts(view, now))]
    if run.status == "failed":
        lines += _wrapped("error", _error_text(view), columns)
    if run.cancelled_for:
        lines += _wrapped("why", run.cancelled_for, columns)
    if run.status == "succeeded" and view.result is not None:
        lines += _result(view, columns)
    if run.paused:
        lines.append(Line.of("paused: nobody works on it until ", Span(f"remit resume {run.id}", "strong")))
    if stuck(view):
        lines += _remedy(view, columns)
    elif not run.ended_at:
        lines += [_wait_line(wait, view, now) for wait in view.waits]
    return lines


def stuck(view: RunView) -> bool:
    """Whether the run stopped at its code, or at what nobody can explain: no answer and no time makes it go on."""
    return view.run.status == "parked" and view.run.reason in {"code_changed", "trouble"}


def wait_words(wait: WaitView, now: int) -> str:
    """What one wait waits for."""
    due = f" until {wording.when(wait.due, now)}" if wait.due is not None else ""
    match wait.kind:
        case "human":
            about = f": {wait.about}" if wait.about else ""
            return f"waits for {wait.group or 'a person'}{due}{about}"
        case "unknown":
            return f"nobody knows whether {wait.name} took place; a person has to say"
        case "signal":
            return f'waits for the signal "{wait.name}"{due}'
        case "child":
            return f"waits for its child {wait.name}"
        case "retry":
            return f"tries {wait.name} again at {wording.when(wait.due or now, now)}"
        case "timer":
            return f"sleeps{due}"


def wait_command(wait: WaitView, run: str) -> str:
    """What a person may type to continue."""
    if wait.approval:
        return f"remit approve {wait.approval}"
    if wait.kind == "signal":
        return f"remit signal {run} {wait.name} --payload JSON"
    if wait.kind == "child":
        return f"remit show {wait.name}"
    return "remit worker"


# --- nodes --------------------------------------------------------------------------------------------------


def _nodes(steps: Sequence[StepView]) -> tuple[_Node, ...]:
    """Steps as they are drawn: a branch with one step is that step; equal neighbours stand on one line."""
    drawn: list[_Node] = []
    for step in steps:
        inner = _nodes(step.children)
        if (step.kind == "branch" and len(inner) == 1) or (
            step.kind == "scope" and len(inner) == 1 and inner[0].count > 1
        ):
            drawn.append(inner[0])
        else:
            drawn.append(_Node(step, 1, inner))
    return tuple(_merged(drawn))


def _merged(nodes: list[_Node]) -> Iterator[_Node]:
    held: _Node | None = None
    for node in nodes:
        if held is not None and _alike(held, node):
            held = _Node(_both(held.step, node.step), held.count + node.count, ())
            continue
        if held is not None:
            yield held
        held = node
    if held is not None:
        yield held


def _alike(one: _Node, other: _Node) -> bool:
    """Whether two steps say the same: equal, both done, nothing to tell apart, and run side by side."""
    a, b = one.step, other.step
    side_by_side = a.path.rpartition("/")[0] != b.path.rpartition("/")[0]
    plain = not (one.children or other.children or a.detail or b.detail) and a.state == b.state == "done"
    same = (a.name, a.kind, a.how, a.attempts, a.replays) == (b.name, b.kind, b.how, b.attempts, b.replays)
    same = same and (a.action and a.action.about) == (b.action and b.action.about)
    return side_by_side and plain and same


def _both(one: StepView, other: StepView) -> StepView:
    ends = [end for end in (one.ended_at, other.ended_at) if end is not None]
    return replace(one, started_at=min(one.started_at, other.started_at), ended_at=max(ends, default=None))


# --- cells --------------------------------------------------------------------------------------------------


def _cells(nodes: Sequence[_Node], indent: str, now: int, *, several: bool) -> Iterator[_Cells]:
    for i, node in enumerate(nodes):
        last = i == len(nodes) - 1
        below = indent + ("   " if last else "│  ")
        shape, style = _SHAPES[node.step.state]
        yield _Cells(
            stem=indent + ("└─ " if last else "├─ "),
            below=below + ("│  " if node.children else "   "),
            shape=Span(shape, style),
            name=_name(node),
            kind=_kind(node.step),
            state=Span(node.step.state, style if node.step.state != "done" else ""),
            time=_time(node.step, now),
            note=note_of(node.step, several=several),
        )
        yield from _cells(node.children, below, now, several=several)


def _name(node: _Node) -> str:
    action = node.step.action
    name = action.about if action is not None and action.about else node.step.name
    return f"{name} ×{node.count}" if node.count > 1 else name


def _kind(step: StepView) -> str:
    if step.kind == "model" and step.action is not None:
        served = f"{step.action.route}→{step.action.model}" if step.action.model else step.action.route
        label = f"cassette {step.action.cassette}" if step.action.cassette else "simulated"
        return f"{served} ({label})" if step.action.simulated else served
    return {"step": "read", "scope": "", "branch": ""}.get(step.kind, step.kind)


def _time(step: StepView, now: int) -> str:
    if step.state in {"waiting", "unknown", "retrying"}:
        return ""
    end = step.ended_at if step.ended_at is not None else now
    return wording.duration(end - step.started_at) if step.started_at else ""


def note_of(step: StepView, *, several: bool) -> str:
    """How the result came, and what a person wants to know about it."""
    notes = [step.how] if step.how else []
    if step.action is not None:
        notes += _of_action(step.action)
    if step.kind in {"step", "write"} and step.state in {"done", "failed"}:
        if step.attempts > 1:
            notes.append(f"{step.attempts} attempts")
        elif several and not step.how and step.state == "done":
            notes.append("ran once")
        if step.replays:
            notes.append(f"replayed ×{step.replays}")
    return " · ".join([*notes, step.detail] if step.detail else notes)


def _of_action(action: ActionView) -> list[str]:
    """What it cost, and who agreed to it."""
    notes = [f"with {each}" for each in action.attached]
    if action.tokens:
        notes.append(f"{action.tokens:,} tok")
    if action.money:
        notes.append(wording.money(action.money))
    if action.tried:
        notes.append(f"no answer from {', '.join(action.tried)}")
    notes += [f"guard {each}" for each in action.guards]
    notes += [f"{by} agreed ({rule})" for rule, by in action.agreed.items()]
    if action.edited:
        executed = wording.call("", action.edited.get("arguments") or {})
        notes.append(f"{action.edited.get('by') or 'a rule'} changed the arguments: {executed}")
    return notes


def _aligned(cells: _Cells, widths: tuple[int, int, int, int], columns: int) -> Iterator[Line]:
    names, kinds, states, times = widths
    room = names - cell_width(cells.stem) - 2
    start = (
        Span(cells.stem, "dim"),
        cells.shape,
        Span(f" {padded(cut(cells.name, room), room)}  "),
        Span(f"{padded(cells.kind, kinds)}  " if kinds else "", "dim"),
        Span(padded(cells.state.text, states), cells.state.style),
        Span(f"  {padded('', times - cell_width(cells.time))}{cells.time}" if times else ""),
    )
    used = cell_width(Line(start).plain) + 3
    space = max(_NOTE_AT_LEAST, columns - used)
    notes = textwrap.wrap(cells.note, space) or [""]
    yield Line((*start, Span("   " + notes[0] if notes[0] else "", "")))
    for more in notes[1:]:
        yield Line.of(Span(padded(cells.below, used), "dim"), more)


# --- standing -----------------------------------------------------------------------------------------------


def _facts(view: RunView, now: int) -> str:
    run = view.run
    taken = f" in {wording.duration(run.ended_at - run.created_at)}" if run.ended_at else ""
    facts = [wording.many(view.segments, "segment"), wording.many(view.events, "event")]
    if view.spent.model_calls:
        kind = "from a cassette" if view.spent.recorded else "simulated model"
        made_up = f", {kind}" if view.spent.simulated else ""
        facts.append(f"{wording.money(view.spent.money)} for {view.spent.tokens:,} tokens{made_up}")
    if view.generation > 1:
        facts.append(f"generation {view.generation}")
    if view.forked_from:
        facts.append(f"fork of {view.forked_from}" + (", writes simulated" if view.simulated else ""))
    if not run.ended_at:
        facts.append(f"started {wording.ago(run.created_at, now)}")
    return f"{taken} · " + " · ".join(facts)


def _error_text(view: RunView) -> str:
    """What ended the run; an exception of the author's own code is named by its class."""
    code, message = view.run.error, view.message
    return f"{code}: {message}" if code[:1].isupper() and message else message or code


def _wait_line(wait: WaitView, view: RunView, now: int) -> Line:
    return Line.of(f"{wait_words(wait, now)}   ", Span(f"[{wait_command(wait, view.run.id)}]", "strong"))


def _result(view: RunView, columns: int) -> list[Line]:
    """What came of it; of a run that took another one back, in words."""
    if view.run.flow == UNDO:
        return [Line.of(line) for line in undo_lines(view.result)]
    return _wrapped("result", wording.value(view.result, 2000), columns)


def _remedy(view: RunView, columns: int) -> list[Line]:
    """Why a run stopped where nothing outside makes it go on, and what does."""
    if view.run.reason == "trouble":
        return [
            *_wrapped("stopped", view.message, columns),
            Line.of("nothing that it did is lost; when that is mended:"),
            Line.of("  ", Span(f"remit resume {view.run.id}", "strong")),
        ]
    return [
        *_wrapped("stopped", f"its code changed: {view.message or 'it does not fit the journal'}", columns),
        Line.of("put the old code back or mark the change with run.patched(…), then:"),
        Line.of(
            "  ", Span(f"remit migrate-run {view.run.id}", "strong"), "   (a renamed step: --rename OLD=NEW)"
        ),
    ]


def _wrapped(label: str, text: str, columns: int) -> list[Line]:
    indent = " " * (len(label) + 2)
    parts = textwrap.wrap(text, max(_NOTE_AT_LEAST, columns - len(indent)), break_on_hyphens=False) or [""]
    return [Line.of(Span(f"{label}  ", "dim"), parts[0]), *(Line.of(indent + part) for part in parts[1:])]
