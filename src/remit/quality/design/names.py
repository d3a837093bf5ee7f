"""What the names of a function stand for: agents, tools, steps, flows, numbers, and lists of them, as far as the text
and the module around it say. It runs nothing, and gives nothing where it cannot tell.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.agents.agent import Agent
from remit.domain.errors import RemitError
from remit.engine.flow import Flow
from remit.engine.values import hints_of
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.quality.design.sources import Function

Values = tuple[Any, ...]
Taint = frozenset[int]
NOTHING: Taint = frozenset()


@dataclass(slots=True)
class Scope:
    """One function on the way: what its names stand for, and what flowed into them."""

    run: str
    file: str
    outer: Mapping[str, Any]
    values: dict[str, Values] = field(default_factory=dict[str, "Values"])
    taint: dict[str, Taint] = field(default_factory=dict[str, "Taint"])
    hints: dict[str, Any] = field(default_factory=dict[str, Any])
    functions: dict[str, Function] = field(default_factory=dict[str, "Function"])
    given_back: Taint = NOTHING


def scope_of(fn: Callable[..., Any], node: Function, file: str) -> Scope:
    """What a function can see."""
    try:
        outer = {**vars(builtins), **fn.__globals__, **inspect.getclosurevars(fn).nonlocals}
    except (AttributeError, TypeError, ValueError, NameError):
        outer = dict(vars(builtins))
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    scope = Scope(names[0] if names else "", file, {k: v for k, v in outer.items() if k not in names})
    try:
        scope.hints = dict(hints_of(fn))
    except (RemitError, NameError, TypeError):
        scope.hints = {}
    return scope


def resolve(node: ast.expr, scope: Scope) -> Values:
    """The objects that an expression may stand for, as far as the text says."""
    match node:
        case ast.Constant(value=value):
            return (value,)
        case ast.Name(id=name):
            if name in scope.values:
                return scope.values[name]
            return (scope.outer[name],) if name in scope.outer and name not in scope.taint else ()
        case ast.Attribute(value=value, attr=attr):
            return tuple(
                found
                for each in resolve(value, scope)
                if (found := inspect.getattr_static(each, attr, None)) is not None
            )
        case ast.Subscript(value=value, slice=index):
            return _picked(value, index, scope)
        case ast.IfExp(body=body, orelse=orelse):
            return (*resolve(body, scope), *resolve(orelse, scope))
        case ast.Call(func=ast.Attribute(value=holder, attr="get")):
            return elements_of(holder, scope) or ()
        case _:
            return ()


def elements_of(node: ast.expr, scope: Scope) -> Values | None:
    """What a sequence or a table holds; None where nobody can say."""
    match node:
        case ast.List(elts=listed) | ast.Tuple(elts=listed) | ast.Set(elts=listed):
            found = [resolve(each, scope) for each in listed]
            return tuple(each[0] for each in found) if all(found) else None
        case ast.Dict(values=listed):
            found = [resolve(each, scope) for each in listed]
            return tuple(each[0] for each in found) if all(found) else None
        case ast.Call(func=ast.Attribute(value=holder, attr="values")):
            return elements_of(holder, scope)
        case _:
            stands = resolve(node, scope)
    holder = stands[0] if len(stands) == 1 else None
    if isinstance(holder, list | tuple | set | frozenset):
        return tuple(cast("Sequence[Any]", holder))
    return tuple(cast("dict[Any, Any]", holder).values()) if isinstance(holder, dict) else None


def count_of(node: ast.expr, scope: Scope) -> int | None:
    """How many turns an iteration has, where the text says it."""
    match node:
        case ast.Call(func=ast.Name(id="range"), args=[*_, last] as args) if not args[2:]:
            first, end = _whole(args[0], scope), _whole(last, scope)
            if first is None or end is None:
                return None
            return max(end - (first if len(args) > 1 else 0), 0)
        case ast.Call(func=ast.Name(id="enumerate" | "reversed" | "sorted"), args=[first, *_]):
            return count_of(first, scope)
        case ast.List(elts=listed) | ast.Tuple(elts=listed):
            return len(listed)
        case _:
            return None


def acts(value: object) -> bool:
    """Whether a value is something that a run is asked for."""
    return isinstance(value, Agent | Tool | Flow)


def _picked(value: ast.expr, index: ast.expr, scope: Scope) -> Values:
    every = elements_of(value, scope)
    if every is None:
        return ()
    keys, holders = resolve(index, scope), resolve(value, scope)
    if len(keys) == 1 and len(holders) == 1:
        try:
            return (holders[0][keys[0]],)
        except (LookupError, TypeError):
            return every
    return every


def _whole(node: ast.expr, scope: Scope) -> int | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        first, second = _whole(node.left, scope), _whole(node.right, scope)
        return None if first is None or second is None else first + second
    stands = resolve(node, scope)
    return stands[0] if len(stands) == 1 and isinstance(stands[0], int) else None
