"""The words of a run as they stand in a flow (`run.ask`, `run.call`, `run.gather`), and functions that are handed it.

Each becomes a hop, or is gone into. Patterns of agents are unfolded in `idioms`.
"""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.engine.flow import Flow
from remit.engine.step import Step, as_step
from remit.quality.design.course import Hop, Part
from remit.quality.design.idioms import unfold
from remit.quality.design.loops import counts
from remit.quality.design.names import NOTHING, resolve
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.names import Scope, Taint, Values
    from remit.quality.design.walk import Walk

_WAITS = {"sleep", "signal"}
_ROWS = {"gather", "race", "as_completed"}
_PATTERNS = "remit.agents.patterns"


def hear(reader: Walk, node: ast.Call, scope: Scope) -> Taint:
    """What a call asks of the run, and what flows into its result."""
    match node.func:
        case ast.Attribute(value=ast.Name(id=name), attr=word) if name == scope.run and scope.run:
            return _word(reader, word, node, scope)
        case _:
            pass
    if _handed_on(node, scope):
        return _gone_into(reader, node, scope)
    found = _all(reader, node, scope)
    if isinstance(node.func, ast.Attribute):
        holder = reader.value(node.func.value, scope)
        if isinstance(node.func.value, ast.Name) and found:  # a list that a result is put into
            scope.taint[node.func.value.id] = scope.taint.get(node.func.value.id, NOTHING) | found
        found |= holder
    return found


def _word(reader: Walk, word: str, node: ast.Call, scope: Scope) -> Taint:
    if word in _ROWS:
        return _row(reader, node, scope)
    if word == "timeout":
        return _all(reader, node, scope)
    if word in {"ask", "call", "step", "spawn"}:
        return _asked(reader, word, node, scope)
    sources = _all(reader, node, scope)
    place = reader.at(node, scope)
    if word == "human":
        return reader.note(Hop("human", _text(node, 0, "group", scope), place, sources=sources,
                               group=_text(node, 0, "group", scope), within=_text(node, 9, "within", scope),
                               otherwise=_text(node, 9, "otherwise", scope)))  # fmt: skip
    if word in _WAITS:
        found = reader.note(Hop("wait", word, place))
        return found if word == "signal" else NOTHING
    if word == "recall":
        return reader.note(Hop("tool", "recall", place))
    if word == "continue_as":
        waits = any(hop.kind in {"wait", "human"} for hop in reader.hops)
        if not waits and not counts(node):
            reader.open[-1].append(
                Part("again", (), None, place, "it starts itself afresh, and waits for nothing")
            )
        return NOTHING
    return sources if word == "open" else NOTHING


def _row(reader: Walk, node: ast.Call, scope: Scope) -> Taint:
    """Branches side by side."""
    found = NOTHING
    with reader.part("beside"):
        for each in node.args:
            inner = each.value if isinstance(each, ast.Starred) else each
            if isinstance(inner, ast.GeneratorExp | ast.ListComp):
                found |= reader.comprehension(inner, scope)
                continue
            with reader.part("then"):
                found |= reader.value(inner, scope)
    kept = next((each.value for each in node.keywords if each.arg == "return_exceptions"), None)
    if isinstance(kept, ast.Constant) and kept.value is True:
        reader.forgive(found)
    return found


def _asked(reader: Walk, word: str, node: ast.Call, scope: Scope) -> Taint:
    """An agent, a tool, a step or another flow."""
    if not node.args:
        return _all(reader, node, scope)
    given, fixed, named, hints = _given(reader, node, scope)
    reader.value(node.args[0], scope)  # where an answer picks who is asked, it decides
    stands, place = resolve(node.args[0], scope), reader.at(node, scope)
    if word == "spawn":
        return _spawned(reader, stands, "" if counts(node) else place)
    hops = [hop for each in stands if (hop := _hop(word, each, place)) is not None]
    if not hops:
        return given
    made = [
        Hop(
            hop.kind,
            hop.name,
            place,
            hop.does,
            given,
            _by_name(hop.does, fixed),
            _by_name(hop.does, named),
            hints,
        )
        for hop in hops
    ]
    if len(made) == 1:
        return reader.note(made[0])
    with reader.part("either"):
        return NOTHING.union(*(reader.note(each) for each in made))


def _hop(word: str, stands: object, place: str) -> Hop | None:
    match word, stands:
        case "ask", Agent():
            return Hop("agent", stands.name, place, stands)
        case "call", Tool():
            return Hop("tool", stands.name, place, stands)
        case "call", str():
            return Hop("tool", stands, place, stands)
        case "step", _ if callable(stands):
            made: Step = as_step(stands)
            return Hop("step", made.name, place, made)
        case _:
            return None


def _spawned(reader: Walk, stands: Values, place: str) -> Taint:
    found = NOTHING
    for each in stands:
        if isinstance(each, Flow):
            found |= reader.enter(each.fn, {}, {}, place)
    return found


def _given(
    reader: Walk, node: ast.Call, scope: Scope
) -> tuple[Taint, dict[str | int, Any], dict[str | int, Taint], tuple[Any, ...]]:
    """What a hop is given: everything that flows in, the values written down, the others, and their types."""
    sources, fixed, named = NOTHING, dict[str | int, Any](), dict[str | int, "Taint"]()
    hints: list[Any] = []
    several = [(number, each) for number, each in enumerate(node.args[1:])]
    for name, each in (*several, *((each.arg or "", each.value) for each in node.keywords)):
        found = reader.value(each, scope)
        sources |= found
        match each:
            case ast.Constant(value=value):
                fixed[name] = value
            case _:
                named[name] = found
        hints.append(_hint(each, scope))
    return sources, fixed, named, tuple(hints)


def _hint(node: ast.expr, scope: Scope) -> Any:
    """The type of a parameter, or of one of its fields."""
    match node:
        case ast.Name(id=name):
            return scope.hints.get(name)
        case ast.Attribute(value=value, attr=attr):
            holder = _hint(value, scope)
            found = inspect.get_annotations(holder).get(attr) if isinstance(holder, type) else None
            return _spelled(holder, attr) if isinstance(found, str) else found
        case _:
            return None


def _spelled(holder: Any, attr: str) -> Any:
    from typing import get_type_hints

    try:
        return get_type_hints(holder).get(attr)
    except (NameError, TypeError):
        return None


def _by_name(does: object, said: dict[str | int, Any]) -> dict[str, Any]:
    """Arguments by name, also those that were given by place."""
    names: list[str] = []
    if isinstance(does, Tool):
        names = list(does.manifest.parameters.get("properties", {}))
    return {
        (names[name] if isinstance(name, int) and name < len(names) else str(name)): value
        for name, value in said.items()
    }


def _handed_on(node: ast.Call, scope: Scope) -> bool:
    """Whether a function is handed the run."""
    return any(isinstance(each, ast.Name) and each.id == scope.run for each in _arguments(node)) and bool(
        scope.run
    )


def _gone_into(reader: Walk, node: ast.Call, scope: Scope) -> Taint:
    fn = next(iter(resolve(node.func, scope)), None)
    if isinstance(node.func, ast.Name) and node.func.id in scope.functions:
        return _inner(reader, node, scope)
    fn = inspect.unwrap(fn.fn) if isinstance(fn, Flow) else fn
    taints = _all(reader, node, scope)
    if getattr(fn, "__module__", "").startswith(_PATTERNS):
        return unfold(reader, getattr(fn, "__name__", ""), node, scope, taints)
    if not inspect.isfunction(fn) or not reader.sources.own(fn):
        return taints
    names = list(inspect.signature(fn).parameters)
    given = {
        (names[each[0]] if isinstance(each[0], int) and each[0] < len(names) else str(each[0])): each[1]
        for each in _numbered(node)
    }
    stands = {name: resolve(each, scope) for name, each in given.items()}
    flows = {name: reader.value(each, scope) for name, each in given.items() if not _asks(each)}
    return reader.enter(fn, flows, stands, "" if counts(node) else reader.at(node, scope))


def _inner(reader: Walk, node: ast.Call, scope: Scope) -> Taint:
    """A function inside of the function."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    found, taints = scope.functions.pop(name), _all(reader, node, scope)
    before, scope.given_back = scope.given_back, NOTHING
    reader.block(found.body, scope)
    inner, scope.given_back = scope.given_back, before
    scope.functions[name] = found
    return inner | taints


def _all(reader: Walk, node: ast.Call, scope: Scope) -> Taint:
    found = NOTHING
    for each in _arguments(node):
        found |= reader.value(each, scope)
    return found


def _asks(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Await) for each in ast.walk(node))


def _arguments(node: ast.Call) -> Iterator[ast.expr]:
    yield from (each.value if isinstance(each, ast.Starred) else each for each in node.args)
    yield from (each.value for each in node.keywords)


def _numbered(node: ast.Call) -> Iterator[tuple[int | str, ast.expr]]:
    yield from ((number, each) for number, each in enumerate(node.args) if not isinstance(each, ast.Starred))
    yield from ((each.arg, each.value) for each in node.keywords if each.arg)


def _text(node: ast.Call, place: int, name: str, scope: Scope) -> str:
    """A text that a call is given by place or by name."""
    found = next((each.value for each in node.keywords if each.arg == name), None)
    if found is None and place < len(node.args):
        found = node.args[place]
    stands = resolve(found, scope) if found is not None else ()
    return (
        str(stands[0])
        if stands and stands[0] is not None
        else "?"
        if found is not None and not stands
        else ""
    )
