"""What a decision costs: `python -m bench.policy`. Team, user and agent by Cedar over 50 policies, a contract, a task
that was handed on twice and revocations, without store time; and once more for a run that was born under other rules.

Percentiles are of processor time, because a decision waits for nothing; those of the clock stand beside them. It must
not measure what the store, a tool or a model costs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from remit.control.platform import Platform
from remit.domain.capabilities import Signed, Terms
from remit.domain.contracts import Allowance, AllowedCall, Content, ContractTemplate, Range
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Effect
from remit.domain.tools import ToolManifest
from remit.gate.standing.standing import Standing
from remit.policy.authority import Authority
from remit.policy.delegation import attenuate
from remit.policy.intersection import born_under, both
from remit.policy.provenance.checking import check
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger
from remit.policy.world import World

TARGETS = {"cold": 400.0, "warm": 150.0, "p99": 1000.0}
TOOLS = 25


def rules(count: int) -> str:
    """As many rules as a company has: a permit, a question, and bounds by tool."""
    found = [
        '@id("own") permit (principal, action == Action::"call", resource) when { principal in resource.team };',
        '@id("x") @ask("us") forbid (principal, action, resource is Tool) when { resource.effect == "irreversible" };',
    ]
    for number in range(count - len(found)):
        tool = f"tool_{number % TOOLS}"
        found.append(
            f'@id("r{number}") forbid (principal, action == Action::"call", resource == Tool::"{tool}") '
            f'when {{ context.amount > {9_000 + number} && context.note like "*never{number}*" }};'
        )
    return "\n".join(found)


def world() -> World:
    """The tools."""
    properties = {"amount": {"type": "integer"}, "note": {"type": "string"}}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": ["amount", "note"],
        "additionalProperties": False,
    }
    tools = [ToolManifest(f"tool_{n}", "does something", parameters, Effect.WRITE) for n in range(TOOLS)]
    return World("support", {tool.name: tool for tool in tools}, frozenset({"clerk", "lead"}))


def asked(known: World, number: int) -> AccessRequest:
    """A call with arguments that were never seen before."""
    tool = known.tools[f"tool_{number % TOOLS}"]
    return AccessRequest(
        "lea", "support", "clerk", "call", tool.name, {"digest": tool.digest},
        {"amount": number % 1000, "note": f"for order {number}"},
    )  # fmt: skip


def timed(work: Callable[[AccessRequest], object], requests: list[AccessRequest]) -> dict[str, list[float]]:
    """Microseconds of each, by the processor and by the clock."""
    spent: list[float] = []
    passed: list[float] = []
    for request in requests:
        began, start = time.perf_counter(), time.thread_time()
        work(request)
        spent.append((time.thread_time() - start) * 1e6)
        passed.append((time.perf_counter() - began) * 1e6)
    return {"processor": sorted(spent), "clock": sorted(passed)}


async def delegated(platform: Platform, standing: Standing, known: World) -> Signed:
    """A task that was handed on twice."""
    tools = {name: tool.digest for name, tool in known.tools.items()}
    keys, now = platform.ground.keys, platform.ground.clock.now()
    terms = Terms(arguments=tuple(f"tool_{n}.amount<=5000" for n in range(5)), calls=9)
    first = attenuate(
        None, run="r-1", holder="lead", agent="a", tools=tools, expires=now + 10**12, budget={}, terms=terms
    )
    await standing.capabilities.sign(keys, "support", first, now, "r-1")
    second = attenuate(
        first, run="r-1", holder="clerk", agent="b", tools=tools, expires=now + 10**12, budget={}, terms=None
    )
    return await standing.capabilities.sign(keys, "support", second, now, "r-1")


async def measure(count: int, policies: int) -> dict[str, dict[str, list[float]]]:
    """Cold: memo empty and arguments never seen. Warm: the same again."""
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as folder:
        (Path(folder) / "remit.toml").write_text("")
        async with Platform.open(folder, worker=False) as platform:
            known = world()
            authority = Authority.of({"policies/main.cedar": rules(policies)}, known)
            standing = Standing(authority)
            capability = await delegated(platform, standing, known)
            now = platform.ground.clock.now()
    contract = compile_contract("", _template(), known.tools)
    ledger = Ledger(contract, "support")
    old = born_under({"policies/main.cedar": rules(policies).replace("> 9", "> 8")}, authority)

    def judge(request: AccessRequest) -> None:
        verdict = check(contract, ledger, known.tools[request.resource], request.context)
        decision = standing.judge(request, now, (), "r-1", capability)
        if not (verdict.allows and decision.allows):
            raise SystemExit(f"a call that is allowed was refused: {verdict.reasons} {decision.reasons}")

    def judge_both(request: AccessRequest) -> None:
        check(contract, ledger, known.tools[request.resource], request.context)
        both(authority, old, request, now)

    first = [asked(known, number) for number in range(TOOLS)]  # slices are made once for each tool
    timed(judge, first)
    timed(judge_both, first)
    requests = [asked(known, number) for number in range(TOOLS, TOOLS + count)]
    found = {"cold": timed(judge, requests), "warm": timed(judge, requests)}
    found["cold, two sets of rules"] = timed(
        judge_both, [asked(known, -number) for number in range(1, count)]
    )
    return found


def _template() -> ContractTemplate:
    """Any tool, any amount up to a thousand, any text."""
    bindings: dict[str, Allowance] = {"amount": Range(0, 1000), "note": Content(None, release=True)}
    return ContractTemplate(
        tuple(AllowedCall(f"tool_{n}", 10**6, bindings) for n in range(TOOLS)), reads=("*",), narrowed=False
    )


def main() -> int:
    """Measure, print, and exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy", description=__doc__)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=50)
    wanted = parser.parse_args()
    found = asyncio.run(measure(wanted.decisions, wanted.policies))
    load = os.getloadavg()[0]
    print(
        f"  {wanted.decisions:,} decisions, {wanted.policies} policies, {os.cpu_count()} processors, load {load:.1f}"
    )
    missed = False
    for name, times in found.items():
        spent, passed = times["processor"], times["clock"]
        high = int(len(spent) * 0.99)
        p50, p99 = TARGETS.get(name, TARGETS["cold"]), TARGETS["p99"]
        met = median(spent) <= p50 and spent[high] <= p99
        missed = missed or not met
        print(
            f"  {name:<24} p50 {median(spent):6.1f} us (most {p50:.0f})   p99 {spent[high]:6.1f} us (most {p99:.0f})"
            f"   by the clock {median(passed):.1f} and {passed[high]:.1f}   {'met' if met else 'MISSED'}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
