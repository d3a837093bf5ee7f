"""A scenario as it is written: a table in YAML, or a line of JSON. Every key is known, and every value is of its kind;
what the workspace has (tools, flows, agents) is not looked at here.
"""

from __future__ import annotations

from typing import Any, cast

from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    Source,
    StateCheck,
    ToolAnswer,
    Turn,
)
from remit.quality.suites.expecting import read_arguments, read_expectation
from remit.quality.suites.node import Node

Json = Any

KEYS = (
    "name", "input", "question", "turns", "environment", "gold", "tags", "family", "harm", "owner", "provenance",
)  # fmt: skip
_TURN = ("says", "signal", "group", "approves", "reason")
_ENVIRONMENT = ("answers", "state", "live", "real")
_ANSWER = ("tool", "args", "result", "error", "state", "sets")
_GOLD = ("answer", "actions", "ordered", "others", "state", "forbidden", "ends")
_ACTION = ("tool", "args", "order", "times")
_CHECK = ("name", "path", "tool", "args", "expect")
_OTHERS = {"allowed": False, "refused": True}
_MOST_TIMES = 100


def read_scenario(node: Node, owner: str = "") -> Scenario:
    """One scenario."""
    held = node.table("a scenario", KEYS)
    if "name" not in held:
        raise node.wrong("a scenario needs a name", "name: what-it-is-about")
    name = held["name"].text("the name of a scenario")
    return Scenario(
        name,
        _input(held),
        tuple(_turn(each) for each in _items(held.get("turns"), "turns")),
        _environment(held.get("environment")),
        _gold(held.get("gold")),
        held["tags"].texts("tags") if "tags" in held else (),
        _text(held, "family"),
        held["harm"].flag("harm") if "harm" in held else False,
        Source(node.file, node.line, _text(held, "provenance") or "written", _text(held, "owner") or owner),
    )


def with_defaults(node: Node, defaults: Node | None) -> Node:
    """A scenario with what its suite says of all of them: its own word counts, lists are joined."""
    return node if defaults is None else _joined(node, defaults)


def _joined(own: Node, other: Node) -> Node:
    if own.is_table and other.is_table:
        mine, theirs = cast("dict[str, Node]", own.value), cast("dict[str, Node]", other.value)
        both = {key: _joined(each, theirs[key]) if key in theirs else each for key, each in mine.items()}
        return Node(
            {**both, **{key: each for key, each in theirs.items() if key not in mine}}, own.file, own.line
        )
    if own.is_list and other.is_list:
        return Node([*cast("list[Node]", own.value), *cast("list[Node]", other.value)], own.file, own.line)
    return own


def _input(held: dict[str, Node]) -> dict[str, Json]:
    if "question" in held and "input" in held:
        raise held["question"].wrong("a scenario has an input or a question, not both")
    if "question" in held:
        return {"question": held["question"].plain}
    if "input" not in held:
        return {}
    if not held["input"].is_table:
        raise held["input"].wrong(
            f"input is a table of parameters and values, not {held['input'].said}",
            "For an agent: question: …",
        )
    return held["input"].plain


def _turn(node: Node) -> Turn:
    if not node.is_table:
        return Turn(node.text("a turn"))
    held = node.table("a turn", _TURN)
    signal, group = _text(held, "signal"), _text(held, "group")
    if signal and group:
        raise node.wrong("a turn is a signal or the answer of a group, not both")
    approves = held["approves"].flag("approves") if "approves" in held else True
    if signal and not approves:
        raise held["approves"].wrong("a signal approves nothing", "Name the group that was asked.")
    says = held["says"].plain if "says" in held else None
    return Turn(says, signal, group, approves, _text(held, "reason"))


def _environment(node: Node | None) -> Environment:
    if node is None or node.value is None:
        return Environment()
    held = node.table("environment", _ENVIRONMENT)
    state = held["state"].plain_table("state") if "state" in held else {}
    answers = tuple(_answer(each) for each in _items(held.get("answers"), "answers"))
    live = held["live"].flag("live") if "live" in held else False
    return Environment(answers, state, live, held["real"].texts("real") if "real" in held else ())


def _answer(node: Node) -> ToolAnswer:
    held = node.table("an answer", _ANSWER)
    if "tool" not in held:
        raise node.wrong("an answer needs the tool that gives it")
    given = [key for key in ("result", "error", "state") if key in held]
    if len(given) > 1:
        raise node.wrong(f"an answer has one of result, error and state, not {' and '.join(given)}")
    if not given and "sets" not in held:
        raise node.wrong("an answer says nothing", "result: …, error: …, state: PATH, or for a write sets: …")
    if "error" in held and "sets" in held:
        raise held["sets"].wrong("what fails changes nothing")
    sets = held["sets"].plain_table("sets") if "sets" in held else {}
    return ToolAnswer(
        held["tool"].text("tool"), read_arguments(held["args"], "args") if "args" in held else None,
        held["result"].plain if "result" in held else None, _text(held, "error"), _text(held, "state"), sets,
    )  # fmt: skip


def _gold(node: Node | None) -> Gold:
    if node is None or node.value is None:
        return Gold()
    held = node.table("gold", _GOLD)
    ordered = held["ordered"].flag("ordered") if "ordered" in held else False
    actions = tuple(
        _action(each, at if ordered else None)
        for at, each in enumerate(_items(held.get("actions"), "actions"))
    )
    closed: bool | None = True if "actions" in held and not actions else None
    if "others" in held:
        said = held["others"].text("others")
        if said not in _OTHERS:
            raise held["others"].wrong(f"others are {' or '.join(_OTHERS)}, not {said}")
        closed = _OTHERS[said] if actions or _OTHERS[said] else None
    answer = read_expectation(held["answer"], "answer", fields=True) if "answer" in held else None
    forbidden = held["forbidden"].texts("forbidden") if "forbidden" in held else ()
    return Gold(answer, actions, closed, _checks(held.get("state")), forbidden, _text(held, "ends"))


def _action(node: Node, order: int | None) -> GoldAction:
    held = node.table("an action")
    if "tool" not in held:
        if len(held) != 1:
            raise node.wrong("an action is TOOL: {arguments}, or has tool and args")
        ((tool, args),) = held.items()
        return GoldAction(tool, read_arguments(args, tool), order)
    node.table("an action", _ACTION)
    tool = held["tool"].text("tool")
    if "order" in held:
        order = held["order"].whole("order", 0, 10_000)
    times = held["times"].whole("times", 1, _MOST_TIMES) if "times" in held else 1
    return GoldAction(tool, read_arguments(held.get("args"), tool), order, times)


def _checks(node: Node | None) -> tuple[StateCheck, ...]:
    if node is None or node.value is None:
        return ()
    if node.is_table:
        table = node.table("state")
        return tuple(
            StateCheck(path, read_expectation(each, path, fields=True), path) for path, each in table.items()
        )
    found = tuple(_check(each) for each in node.items("state"))
    names = [each.name for each in found]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise node.items("state")[at].wrong(f'two checks of the state are called "{name}"')
    return found


def _check(node: Node) -> StateCheck:
    held = node.table("a check of the state", _CHECK)
    if "expect" not in held:
        raise node.wrong("a check of the state needs what it expects", "expect: {equals: …}")
    path, tool = _text(held, "path"), _text(held, "tool")
    if "args" in held and not tool:
        raise held["args"].wrong("args are those of a tool", "tool: NAME")
    name = _text(held, "name") or path or tool
    if not name:
        raise node.wrong("a check of the state needs a path or a tool")
    args = held["args"].plain_table("args") if "args" in held else {}
    return StateCheck(name, read_expectation(held["expect"], name, fields=True), path, tool, args)


def _items(node: Node | None, what: str) -> list[Node]:
    return [] if node is None or node.value is None else node.items(what)


def _text(held: dict[str, Node], name: str) -> str:
    return held[name].text(name) if name in held else ""
