"""Whether a `while` ends: by a counter, by a clock, by what shrinks, or because each turn waits for somebody outside.

It reads the loop alone. What only a model's answer ends does not count: a model may never give it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTSIDE = {"signal", "human"}
_CLOCKS = {"now", "monotonic", "time"}
_SHRINKS = {"pop", "popleft", "remove", "popitem"}
_GROWS = {"append", "add", "extend"}


@dataclass(frozen=True, slots=True)
class LoopBound:
    """What bounds a loop."""

    times: int | None = None
    """How many turns at most; None: nobody can say, or it does not end."""
    endless: str = ""
    """Why nothing ends it; empty if something does."""


def bound_of(node: ast.While, run: str) -> LoopBound:
    """What bounds this loop."""
    inside = list(_within(node))
    if any(_is_run_call(each, run, _OUTSIDE) for each in inside):
        return LoopBound(1)  # each turn waits for somebody outside, who decides whether there is another one
    counted = _counters(inside)
    for test in _exits(node):
        for compared in (each for each in ast.walk(test) if isinstance(each, ast.Compare)):
            names = {
                ast.unparse(part) for each in (compared.left, *compared.comparators) for part in _leaves(each)
            }
            if names & counted:
                return LoopBound(_limit(compared))
            if any(isinstance(each, ast.Call) and _called(each) in _CLOCKS for each in ast.walk(compared)):
                return LoopBound()
    if _shrinking(node, inside):
        return LoopBound()
    return LoopBound(None, "nothing in it counts its turns, and no clock ends it")


def counts(node: ast.Call) -> bool:
    """Whether a call hands on a number that grows or shrinks, by which whoever is called comes to an end."""
    return any(
        isinstance(each, ast.BinOp)
        and isinstance(each.op, ast.Add | ast.Sub)
        and isinstance(each.right, ast.Constant)
        for each in (*node.args, *(given.value for given in node.keywords))
    )


def _exits(node: ast.While) -> Iterator[ast.expr]:
    """The conditions on which it ends."""
    yield node.test
    for each in _within(node):
        if isinstance(each, ast.If) and any(
            isinstance(leaf, ast.Break | ast.Return | ast.Raise)
            for way in each.body
            for leaf in ast.walk(way)
        ):
            yield each.test


def _within(node: ast.While) -> Iterator[ast.AST]:
    for each in node.body:
        yield from ast.walk(each)


def _counters(inside: list[ast.AST]) -> set[str]:
    """What grows by itself with each turn."""
    found: set[str] = set()
    for each in inside:
        match each:
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub(), value=ast.Constant()):
                found.add(ast.unparse(target))
            case ast.Assign(
                targets=[target], value=ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant())
            ):
                if ast.unparse(target) == ast.unparse(left):
                    found.add(ast.unparse(target))
            case ast.Call(func=ast.Attribute(value=holder, attr=attr)) if attr in _GROWS:
                found.add(f"len({ast.unparse(holder)})")
            case ast.Assign(targets=[target], value=ast.List(elts=[ast.Starred(value=first), _, *_])):
                if ast.unparse(target) == ast.unparse(first):
                    found.add(f"len({ast.unparse(target)})")
            case _:
                pass
    return found


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    yield node
    if isinstance(node, ast.BinOp):
        yield from _leaves(node.left)
        yield from _leaves(node.right)


def _limit(compared: ast.Compare) -> int | None:
    for each in (compared.left, *compared.comparators):
        if isinstance(each, ast.Constant) and isinstance(each.value, int):
            return each.value + 1
    return None


def _shrinking(node: ast.While, inside: list[ast.AST]) -> bool:
    """`while waiting: … waiting.pop()`, with nothing put back."""
    held = {ast.unparse(each) for each in ast.walk(node.test) if isinstance(each, ast.Name)}
    taken = {
        ast.unparse(each.func.value)
        for each in inside
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _SHRINKS
    }
    grown = {name[4:-1] for name in _counters(inside) if name.startswith("len(")}
    return bool(held & taken - grown)


def _is_run_call(node: ast.AST, run: str, names: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=holder), attr=attr)):
            return holder == run and attr in names
        case _:
            return False


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
