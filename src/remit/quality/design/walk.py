"""A walk through a flow: what those who know the words of a run ask of whoever goes along. A contract, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from remit.quality.design.course import Hop, Part, Shape
    from remit.quality.design.names import Scope, Taint, Values
    from remit.quality.design.sources import Sources


class Walk(Protocol):
    """Whoever reads a course."""

    sources: Sources
    hops: list[Hop]
    open: list[list[Part | int]]

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        """Statements one after the other."""
        ...

    def value(self, node: ast.expr, scope: Scope) -> Taint:
        """What flows into the value of an expression."""
        ...

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Taint:
        """The hops of a comprehension."""
        ...

    def note(self, hop: Hop) -> Taint:
        """One more hop."""
        ...

    def forgive(self, numbers: Taint) -> None:
        """Failures of these hops come back as values."""
        ...

    def part(
        self, shape: Shape, *, times: int | None = 1, place: str = "", endless: str = ""
    ) -> AbstractContextManager[None]:
        """Everything noted inside stands together."""
        ...

    def at(self, node: ast.expr | ast.stmt, scope: Scope) -> str:
        """Where something stands."""
        ...

    def enter(
        self, fn: Callable[..., Any], taints: Mapping[str, Taint], stands: Mapping[str, Values], place: str
    ) -> Taint:
        """Go along into a function that is handed the run."""
        ...
