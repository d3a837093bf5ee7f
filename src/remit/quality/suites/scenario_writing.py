"""A scenario in the words in which it is written by hand: what reading takes, the shortest way that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.quality.suites.expecting import write_expectation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.quality.scenarios.expectation import Expectation
    from remit.quality.scenarios.scenario import (
        Environment,
        Gold,
        GoldAction,
        Scenario,
        StateCheck,
        ToolAnswer,
        Turn,
    )

Json = Any


def write_scenario(scenario: Scenario) -> dict[str, Json]:
    """The table that says it."""
    table = {
        "name": scenario.name, "input": dict(scenario.input), "family": scenario.family, "tags": list(scenario.tags),
        "harm": scenario.harm, "owner": scenario.source.owner, "provenance": scenario.source.provenance,
        "turns": [_turn(each) for each in scenario.turns], "environment": _environment(scenario.environment),
        "gold": _gold(scenario.gold),
    }  # fmt: skip
    return {key: value for key, value in table.items() if value or key == "name"}


def _turn(turn: Turn) -> Json:
    if (
        isinstance(turn.says, str)
        and not (turn.signal or turn.group or turn.reason)
        and turn.approves
        and turn.says
    ):
        return turn.says
    table = _filled(signal=turn.signal, group=turn.group, reason=turn.reason)
    if turn.says is not None:
        table["says"] = turn.says
    return {**table, "approves": turn.approves} if turn.group or not turn.approves else table


def _environment(environment: Environment) -> dict[str, Json]:
    return _filled(
        state=dict(environment.state), answers=[_answer(each) for each in environment.answers],
        live=environment.live, real=list(environment.real),
    )  # fmt: skip


def _answer(answer: ToolAnswer) -> dict[str, Json]:
    table: dict[str, Json] = {"tool": answer.tool}
    if answer.args is not None:
        table["args"] = _expectations(answer.args)
    table |= _filled(error=answer.error, state=answer.state, sets=dict(answer.sets))
    if answer.result is not None or not (answer.error or answer.state or answer.sets):
        table["result"] = answer.result
    return table


def _gold(gold: Gold) -> dict[str, Json]:
    table: dict[str, Json] = {}
    if gold.answer is not None:
        table["answer"] = write_expectation(gold.answer, fields=True)
    if gold.actions or gold.closes:
        table["actions"] = [_action(each) for each in gold.actions]
    if gold.actions and not gold.closes:
        table["others"] = "allowed"
    if gold.state:
        table["state"] = _state(gold.state)
    return table | _filled(forbidden=list(gold.forbidden), ends=gold.ends)


def _action(action: GoldAction) -> dict[str, Json]:
    args = _expectations(action.args)
    if action.order is None and action.times == 1 and action.tool != "tool":
        return {action.tool: args}
    times = {"times": action.times} if action.times != 1 else {}
    return {"tool": action.tool, "args": args, **_filled(order=action.order), **times}


def _state(checks: Sequence[StateCheck]) -> Json:
    if all(each.name == each.path and not each.tool for each in checks):
        return {each.path: write_expectation(each.expect, fields=True) for each in checks}
    return [
        {
            **_filled(name=each.name, path=each.path, tool=each.tool, args=dict(each.args)),
            "expect": write_expectation(each.expect, fields=True),
        }
        for each in checks
    ]


def _expectations(expected: Mapping[str, Expectation]) -> dict[str, Json]:
    return {name: write_expectation(each) for name, each in expected.items()}


def _filled(**table: Json) -> dict[str, Json]:
    return {key: value for key, value in table.items() if value or type(value) is int}
