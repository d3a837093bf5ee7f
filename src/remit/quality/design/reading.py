"""Reading the course of a flow out of its function, without running it: statement by statement, as Python would go.

It follows names to the agents, tools, steps and flows that they stand for, goes along into the workspace's own
functions that are handed the run, and notes which results flow where. What it cannot follow it takes for nothing; it
must not judge.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.quality.design.course import FOREIGN, Course, Hop, Part, Test
from remit.quality.design.loops import bound_of
from remit.quality.design.names import NOTHING, acts, count_of, elements_of, resolve, scope_of
from remit.quality.design.words import hear

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from remit.engine.flow import Flow
    from remit.quality.design.course import Shape
    from remit.quality.design.names import Scope, Taint, Values
    from remit.quality.design.sources import Sources

_DEEP = 12
_UNROLLED = 16


class Reader:
    """One course being read."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.hops: list[Hop] = []
        self.tests: list[Test] = []
        self.open: list[list[Part | int]] = [[]]
        self.catching = 0
        self.way: list[object] = []
        """The functions that were gone into, to see when one comes again."""

    # --- statements ---------------------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        """Statements one after the other."""
        for each in body:
            self._statement(each, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.If(test=test):
                self._test(test, scope)
                self.either([node.body, node.orelse], scope)
            case ast.While():
                self._while(node, scope)
            case ast.For() | ast.AsyncFor():
                self._for(node, scope)
            case ast.Try() | ast.TryStar():
                self._try(node, scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.assign(item.optional_vars, self.value(item.context_expr, scope), scope)
                self.block(node.body, scope)
            case ast.Match():
                self._test(node.subject, scope)
                self.either([each.body for each in node.cases], scope)
            case _:
                self._simple(node, scope)

    def _simple(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.Assign():
                found, stands = self.value(node.value, scope), resolve(node.value, scope)
                for target in node.targets:
                    self.assign(target, found, scope, stands)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value, scope), scope, resolve(value, scope))
            case ast.AugAssign(target=target, value=value):
                self.assign(target, self.value(value, scope) | self.value(target, scope), scope)
            case ast.Return(value=ast.expr() as value):
                scope.given_back |= self.value(value, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.functions[node.name] = node
            case ast.Expr(value=value):
                self.value(value, scope)
            case ast.Assert(test=test):
                self._test(test, scope)
            case _:
                pass  # what neither asks anything of the run nor changes what a name holds

    def either(self, ways: Sequence[Sequence[ast.stmt]], scope: Scope) -> None:
        """One of several ways; what any of them leaves behind may be there afterwards."""
        with self.part("either"):
            before, after = (dict(scope.taint), dict(scope.values)), (dict(scope.taint), dict(scope.values))
            for way in ways:
                scope.taint, scope.values = dict(before[0]), dict(before[1])
                with self.part("then"):
                    self.block(way, scope)
                for name, taint in scope.taint.items():
                    after[0][name] = after[0].get(name, NOTHING) | taint
                for name, stands in scope.values.items():
                    known = after[1].get(name, ())
                    after[1][name] = (*known, *(each for each in stands if each not in known))
            scope.taint, scope.values = after

    def _while(self, node: ast.While, scope: Scope) -> None:
        bound = bound_of(node, scope.run)
        with self.part("again", times=bound.times, place=self.at(node, scope), endless=bound.endless):
            self._test(node.test, scope)
            self.block(node.body, scope)
        self.block(node.orelse, scope)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        taint = self.value(node.iter, scope)
        elements = elements_of(node.iter, scope)
        if elements is not None and 0 < len(elements) <= _UNROLLED and any(map(acts, elements)):
            for each in elements:
                self.assign(node.target, taint, scope, (each,))
                self.block(node.body, scope)
            return
        times = count_of(node.iter, scope) if elements is None else len(elements)
        with self.part("again", times=times, place=self.at(node, scope)):
            self.assign(node.target, taint, scope)
            self.block(node.body, scope)
        self.block(node.orelse, scope)

    def _try(self, node: ast.Try | ast.TryStar, scope: Scope) -> None:
        self.catching += bool(node.handlers)
        self.block(node.body, scope)
        self.catching -= bool(node.handlers)
        self.block(node.orelse, scope)
        if node.handlers:
            self.either([[], *(each.body for each in node.handlers)], scope)
        self.block(node.finalbody, scope)

    def _test(self, node: ast.expr, scope: Scope) -> None:
        found = self.value(node, scope)
        if found:
            self.tests.append(Test(self.at(node, scope), found))

    def assign(self, target: ast.expr | None, taint: Taint, scope: Scope, stands: Values = ()) -> None:
        """Note what a name holds from now on."""
        match target:
            case ast.Name(id=name):
                scope.taint[name], scope.values[name] = taint, stands
                if not stands:
                    scope.values.pop(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for each in elements:
                    self.assign(each, taint, scope)
            case ast.Starred(value=value):
                self.assign(value, taint, scope)
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                if isinstance(value, ast.Name):
                    scope.taint[value.id] = scope.taint.get(value.id, NOTHING) | taint
            case _:
                pass

    # --- expressions --------------------------------------------------------------------------------------

    def value(self, node: ast.expr, scope: Scope) -> Taint:
        """What flows into the value of an expression; the hops in it are noted on the way."""
        match node:
            case ast.Name(id=name):
                return scope.taint.get(name, NOTHING)
            case ast.Constant() | ast.Lambda():
                return NOTHING
            case ast.Call():
                return hear(self, node, scope)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._test(test, scope)
                return self.value(body, scope) | self.value(orelse, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self.comprehension(node, scope)
            case ast.Subscript(value=value, slice=index):
                found = self.value(index, scope)
                if found and elements_of(value, scope) is not None:
                    self.tests.append(Test(self.at(node, scope), found))  # a table decides what comes next
                return found | self.value(value, scope)
            case _:
                children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
                return NOTHING.union(*(self.value(child, scope) for child in children))

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Taint:
        """Its hops, one for each agent where it goes over agents."""
        first = node.generators[0]
        taint, elements = self.value(first.iter, scope), elements_of(first.iter, scope)
        shown = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        if elements is not None and 0 < len(elements) <= _UNROLLED and any(map(acts, elements)):
            found = NOTHING
            for each in elements:
                self.assign(first.target, taint, scope, (each,))
                with self.part("then"):
                    found = found.union(*(self.value(part, scope) for part in shown))
            return found
        self.assign(first.target, taint, scope)
        times = count_of(first.iter, scope) if elements is None else len(elements)
        with self.part("again", times=times, place=self.at(node, scope)):
            for test in (each for generator in node.generators for each in generator.ifs):
                self._test(test, scope)
            return NOTHING.union(*(self.value(part, scope) for part in shown))

    # --- noting -------------------------------------------------------------------------------------------

    def note(self, hop: Hop) -> Taint:
        """One more hop; gives what its result is made of."""
        self.hops.append(replace(hop, caught=hop.caught or self.catching > 0))
        self.open[-1].append(len(self.hops) - 1)
        return frozenset({len(self.hops) - 1})

    def forgive(self, numbers: Taint) -> None:
        """Failures of these hops come back as values."""
        for number in numbers - {FOREIGN}:
            self.hops[number] = replace(self.hops[number], caught=True)

    @contextmanager
    def part(
        self, shape: Shape, *, times: int | None = 1, place: str = "", endless: str = ""
    ) -> Generator[None]:
        """Everything noted inside stands together."""
        self.open.append([])
        yield
        inside = tuple(self.open.pop())
        if inside:
            self.open[-1].append(Part(shape, inside, times, place, endless))

    def at(self, node: ast.expr | ast.stmt, scope: Scope) -> str:
        """Where something stands."""
        return self.sources.short(f"{scope.file}:{node.lineno}")

    # --- functions ----------------------------------------------------------------------------------------

    def enter(
        self, fn: Callable[..., Any], taints: Mapping[str, Taint], stands: Mapping[str, Values], place: str
    ) -> Taint:
        """Go along into a function that is handed the run; one that comes again never ends, unless no place is given:
        then it counts how deep it is.
        """
        fn = inspect.unwrap(fn)
        if fn in self.way:
            endless = f"{fn.__name__} comes to itself again" if place else ""
            self.open[-1].append(Part("again", (), None, place, endless))
            return NOTHING
        found = self.sources.function(fn)
        if found is None or len(self.way) >= _DEEP:
            return NOTHING
        node, file = found
        scope = scope_of(fn, node, file)
        scope.taint |= dict(taints)
        scope.values |= {name: each for name, each in stands.items() if each}
        self.way.append(fn)
        self.block(node.body, scope)
        self.way.pop()
        return scope.given_back


def read_flow(flow: Flow, sources: Sources, foreign: frozenset[str] = frozenset()) -> Course:
    """The course of a flow; `foreign` are the parameters that hold what somebody else wrote."""
    fn = inspect.unwrap(flow.fn)
    code = getattr(fn, "__code__", None)
    place = sources.short(f"{code.co_filename}:{code.co_firstlineno}") if code is not None else flow.name
    reader = Reader(sources)
    if sources.function(fn) is None:
        return Course(flow.name, place, flow, (), Part("then"), unread="its text cannot be read")
    reader.enter(fn, {name: frozenset({FOREIGN}) for name in foreign}, {}, place)
    return Course(
        flow.name, place, flow, tuple(reader.hops), Part("then", tuple(reader.open[0])), tuple(reader.tests)
    )
