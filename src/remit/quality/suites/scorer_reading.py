"""The scorers of a suite as they are written: a name, or a name with options. Those that the workspace defines itself
(functions, judges) are handed in; which of them exist is not known here otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.errors import RemitError
from remit.domain.quality_errors import InvalidSuite
from remit.engine.step import seconds
from remit.gate.toml_file import nearest
from remit.quality.score import Scorer
from remit.quality.scorers.answers import AnswerScorer
from remit.quality.scorers.grounding import CitationScorer, GroundednessScorer
from remit.quality.scorers.limits import FIGURES, Limit, PolicyScorer
from remit.quality.scorers.trajectory import Trajectory
from remit.quality.suites.expecting import KEYS as EXPECTED
from remit.quality.suites.expecting import read_expectation
from remit.quality.suites.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = ("number", "date", "time", "address", "quote", "id", "name")
_DURATIONS = {"latency"}


@dataclass(frozen=True, slots=True)
class Scorers:
    """What a suite may name beside the scorers that are always there."""

    functions: Mapping[str, Scorer] = field(default_factory=dict[str, Scorer])
    """By name; `function: NAME`."""
    makers: Mapping[str, Callable[[Node], Scorer]] = field(
        default_factory=dict[str, Callable[[Node], Scorer]]
    )
    """Further kinds, such as `judge: NAME`: each is given what stands there, and raises what is wrong with it."""


def read_scorer(node: Node, known: Scorers) -> Scorer:
    """One scorer."""
    kind, options = _kind(node)
    if kind in FIGURES:
        return _limit(kind, options)
    if kind in _READERS:
        return _READERS[kind](options)
    if kind == "function":
        return _function(options, known)
    if kind in known.makers:
        try:
            return known.makers[kind](options)
        except InvalidSuite:
            raise
        except RemitError as wrong:
            raise node.wrong(wrong.message.rstrip("."), wrong.hint) from None
    kinds = [*_READERS, *FIGURES, "function", *known.makers]
    raise node.wrong(f'there is no scorer "{kind}"{nearest(kind, kinds)}', f"There are: {', '.join(kinds)}.")


def _kind(node: Node) -> tuple[str, Node]:
    if not node.is_table:
        return node.text("a scorer"), Node({}, node.file, node.line)
    held = node.table("a scorer")
    if len(held) != 1:
        raise node.wrong("a scorer is NAME, or NAME: {options}")
    ((kind, options),) = held.items()
    return kind, Node({}, node.file, node.line) if options.value is None else options


def _limit(figure: str, node: Node) -> Scorer:
    held = node.table(figure, ("most", "target")) if node.is_table else {"most": node}
    if "most" not in held:
        raise node.wrong(f"{figure} needs the most that it may be", "most: 20")
    most = _figure(figure, held["most"], "most")
    target = _figure(figure, held["target"], "target") if "target" in held else None
    if target is not None and target >= most:
        raise held["target"].wrong(f"target {target:g} is not below most {most:g}")
    return Limit(figure, most, target)


def _figure(figure: str, node: Node, what: str) -> float:
    if figure in _DURATIONS and isinstance(node.value, str):
        try:
            return seconds(node.value)
        except RemitError as wrong:
            raise node.wrong(wrong.message.rstrip("."), wrong.hint) from None
    return node.number(f"{figure}, {what}", 0)


def _answer(node: Node) -> Scorer:
    held = node.table("answer", ("name", "at", *EXPECTED))
    rest = {key: each for key, each in held.items() if key not in {"name", "at"}}
    if not rest:
        raise node.wrong("answer needs what it expects", "answer: {contains: …}")
    expect = read_expectation(Node(rest, node.file, node.line), "answer")
    name = held["name"].text("name") if "name" in held else "answer.form"
    return AnswerScorer(expect, name, held["at"].text("at") if "at" in held else "")


def _trajectory(node: Node) -> Scorer:
    if node.is_list:
        return Trajectory(node.texts("trajectory"))
    held = node.table("trajectory", ("tools", "ordered", "never", "at_most", "name"))
    found = Trajectory(
        held["tools"].texts("tools") if "tools" in held else (),
        held["ordered"].flag("ordered") if "ordered" in held else True,
        held["never"].texts("never") if "never" in held else (),
        {
            tool: each.whole(f"at_most, {tool}", 0, 100_000)
            for tool, each in held["at_most"].table("at_most").items()
        }
        if "at_most" in held
        else {},
        held["name"].text("name") if "name" in held else "trajectory",
    )
    if not (found.tools or found.never or found.at_most):
        raise node.wrong("trajectory says nothing", "trajectory: {tools: [look, act]}")
    return found


def _groundedness(node: Node) -> Scorer:
    held = node.table("groundedness", ("least", "kinds"))
    kinds = held["kinds"].texts("kinds") if "kinds" in held else ()
    for kind in kinds:
        if kind not in _KINDS:
            raise held["kinds"].wrong(f'there is no kind "{kind}"{nearest(kind, _KINDS)}')
    return GroundednessScorer(held["least"].number("least", 0, 1) if "least" in held else 0.0, kinds)


def _citations(node: Node) -> Scorer:
    held = node.table("citations", ("required",))
    return CitationScorer(held["required"].flag("required") if "required" in held else False)


def _policy(node: Node) -> Scorer:
    node.table("policy", ())
    return PolicyScorer()


def _function(node: Node, known: Scorers) -> Scorer:
    name = node.text("function")
    if name not in known.functions:
        there = ", ".join(sorted(known.functions)) or "none; write one with @scorer in suites/*.py"
        raise node.wrong(
            f'there is no scorer "{name}" in Python{nearest(name, known.functions)}', f"There are: {there}."
        )
    return known.functions[name]


_READERS: dict[str, Callable[[Node], Scorer]] = {
    "answer": _answer,
    "trajectory": _trajectory,
    "policy": _policy,
    "groundedness": _groundedness,
    "citations": _citations,
}
