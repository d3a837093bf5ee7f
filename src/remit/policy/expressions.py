"""Looking into rules and rewriting them: what a condition reads, whom it mentions, and how fractions are compared.

A fraction is carried rounded up under its own name and rounded down under `floor_of(name)`. `amount > 200` holds for
a fraction exactly if it holds rounded up, `amount < 200` exactly if it holds rounded down; so each comparison reads the
one that makes it exact. Where neither would, the rule is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, cast

from cedarpy import pst


class Attribute(NamedTuple):
    """An attribute as a condition names it: of `context`, `resource` or `principal`."""

    owner: str
    name: str


class Comparison(NamedTuple):
    """An attribute held against a text."""

    attribute: Attribute
    text: str


class Inexact(Exception):
    """A fraction is used where rounding would change the answer."""


def floor_of(name: str) -> str:
    """Under what name a fraction is carried rounded down; no rule can write it by accident."""
    return f"{name} (rounded down)"


def nodes(root: object) -> Iterator[Any]:
    """Every node of a tree."""
    stack: list[Any] = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, tuple):
            stack.extend(cast("tuple[Any, ...]", value))
        elif isinstance(value, dict):
            stack.extend(cast("dict[str, Any]", value).values())
        elif is_dataclass(value) and not isinstance(value, type):
            yield value
            stack.extend(getattr(value, each.name) for each in fields(value))


def attributes(statement: pst.Template) -> frozenset[Attribute]:
    """Every attribute of a variable that the conditions read or ask for."""
    found: set[Attribute] = set()
    for node in nodes(statement.clauses):
        match node:
            case pst.GetAttr(pst.Var(owner), name) | pst.HasAttr(pst.Var(owner), (name, *_)):
                found.add(Attribute(owner, name))
            case _:
                pass
    return frozenset(found)


def reads(statement: pst.Template) -> frozenset[str]:
    """The attributes of the context that the conditions read or ask for."""
    return frozenset(each.name for each in attributes(statement) if each.owner == "context")


def mentions(statement: pst.Template, variable: str) -> bool:
    """Whether the conditions use a variable at all."""
    return any(isinstance(node, pst.Var) and node.name == variable for node in nodes(statement.clauses))


def bare_context(statement: pst.Template) -> bool:
    """Whether the context is used as a whole, so that nobody can say what of it is read."""
    whole = sum(node == pst.Var("context") for node in nodes(statement.clauses))
    by_name = sum(
        isinstance(node, pst.GetAttr | pst.HasAttr) and node.base == pst.Var("context")
        for node in nodes(statement.clauses)
    )
    return whole > by_name


def comparisons(statement: pst.Template) -> Iterator[Comparison]:
    """Attributes that are compared with texts, one by one or in a set."""
    for node in nodes(statement.clauses):
        match node:
            case pst.BinaryOp("eq" | "not_eq", pst.GetAttr(pst.Var(owner), name), pst.StringLit(text)):
                yield Comparison(Attribute(owner, name), text)
            case pst.BinaryOp("eq" | "not_eq", pst.StringLit(text), pst.GetAttr(pst.Var(owner), name)):
                yield Comparison(Attribute(owner, name), text)
            case pst.BinaryOp("contains", pst.Set(elements), pst.GetAttr(pst.Var(owner), name)):
                texts = [each.value for each in elements if isinstance(each, pst.StringLit)]
                yield from (Comparison(Attribute(owner, name), text) for text in texts)
            case _:
                pass


def with_exact_fractions(statement: pst.Template, fractions: frozenset[str]) -> pst.Template:
    """The same rule, reading of each fraction the rounding that makes it exact; raises `Inexact` if there is none."""
    if not fractions & reads(statement):
        return statement
    rewriting = _Rewriting(fractions)
    return replace(
        statement, clauses=tuple(replace(each, expr=rewriting.of(each.expr)) for each in statement.clauses)
    )


class _Rewriting:
    """One walk over the conditions of one rule."""

    def __init__(self, fractions: frozenset[str]) -> None:
        self._fractions = fractions

    def of(self, expr: pst.Expr) -> pst.Expr:
        match expr:
            case pst.BinaryOp(op, left, right) if op in _ROUNDED_UP_LEFT and (
                self._fraction(left) or self._fraction(right)
            ):
                return self._comparison(expr)
            case pst.GetAttr() if name := self._fraction(expr):
                raise Inexact(name)
            case _:
                return cast("pst.Expr", self._parts(expr))

    def _fraction(self, expr: pst.Expr) -> str:
        match expr:
            case pst.GetAttr(pst.Var("context"), name) if name in self._fractions:
                return name
            case _:
                return ""

    def _comparison(self, expr: pst.BinaryOp) -> pst.Expr:
        left, right = self._fraction(expr.left), self._fraction(expr.right)
        if left and right:
            raise Inexact(left)
        name, other = left or right, self.of(expr.right if left else expr.left)
        if expr.op in {"eq", "not_eq"}:
            both = pst.BinaryOp(
                "and", pst.BinaryOp("eq", _context(name), other),
                pst.BinaryOp("eq", _context(floor_of(name)), other),
            )  # fmt: skip
            return both if expr.op == "eq" else pst.UnaryOp("not", both)
        up = _ROUNDED_UP_LEFT[expr.op] if left else not _ROUNDED_UP_LEFT[expr.op]
        carried = _context(name if up else floor_of(name))
        return pst.BinaryOp(expr.op, carried, other) if left else pst.BinaryOp(expr.op, other, carried)

    def _parts(self, node: Any) -> Any:
        """The same node with rewritten parts."""
        if isinstance(node, tuple):
            return tuple(self._part(each) for each in cast("tuple[Any, ...]", node))
        if isinstance(node, dict):
            parts = cast("dict[str, Any]", node)
            return pst.FrozenMap({name: self.of(each) for name, each in parts.items()})
        if not is_dataclass(node) or isinstance(node, type):
            return node
        return replace(node, **{each.name: self._part(getattr(node, each.name)) for each in fields(node)})

    def _part(self, value: Any) -> Any:
        return self.of(value) if isinstance(value, pst.Expr) else self._parts(value)


def _context(name: str) -> pst.Expr:
    return pst.GetAttr(pst.Var("context"), name)


_ROUNDED_UP_LEFT: dict[str, bool] = {
    "greater": True,
    "less_eq": True,
    "less": False,
    "greater_eq": False,
    "eq": True,
    "not_eq": True,
}
"""Which rounding makes `fraction OP whole` exact; with the sides exchanged it is the other one."""
