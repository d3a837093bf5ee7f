"""Flows that others may call as tools: a call starts a durable run and waits a while for its end. As tools they stand
under every rule for tools; what they are given is somebody else's words, of which none counts as a user's own (S30).
"""

from __future__ import annotations

import asyncio
import difflib
import inspect
from typing import TYPE_CHECKING, Any

from remit.agents.agent_flow import flow_of
from remit.control.running.assigning import Request
from remit.control.running.containing import check_start
from remit.control.running.handle import RunHandle
from remit.control.runs.inspection import find, show
from remit.domain.errors import InvalidSetting, ToolFailed, UnknownRun
from remit.domain.ids import child_run_id, is_code_name
from remit.domain.runs import RunStatus
from remit.domain.tasks import CALLED
from remit.engine.birth import Birth
from remit.engine.flow import Flow
from remit.store.database import Commit, Conflict
from remit.tools.binding import ToolContext
from remit.tools.tool import tool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from remit.control.running.parts import Parts
    from remit.control.workspace.code import Code
    from remit.tools.tool import PythonTool

Json = Any

OUTCOME = "run_outcome"
"""The tool by which a caller learns what became of a run that it started."""
_OURS = frozenset({"idempotency_key", "context"})
_MOST_SECONDS = 50


class FlowTools:
    """The flows of one workspace that are served, each as a tool."""

    def __init__(self, code: Code, names: Iterable[str], seconds: float) -> None:
        self._seconds = seconds
        self._parts: Parts | None = None
        known = {name: flow_of(agent) for name, agent in code.agents.items()}
        known |= {flow.name: flow for flow in code.flows}
        self._flows = {name: _chosen(known, name) for name in dict.fromkeys(names)}
        self.tools: list[PythonTool] = [self._tool(flow) for flow in self._flows.values()]
        if self._flows:
            self.tools.append(self._outcome())
        code.tools.extend(self.tools)

    def settle_in(self, parts: Parts) -> None:
        """From now on they can be called."""
        self._parts = parts
        for flow in self._flows.values():
            parts.flows[CALLED + flow.name] = _foreign(flow)

    def _tool(self, flow: Flow) -> PythonTool:
        async def call(idempotency_key: str, context: ToolContext, **given: Any) -> Any:
            return await self._call(flow, idempotency_key, context, given)

        keyed = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("idempotency_key", "context")
        ]
        taken = [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, each in flow.parameters.items()
            if name not in flow.internal
        ]
        vars(call)["__signature__"] = inspect.Signature([*keyed, *taken])
        hints = {each.name: flow.hints.get(each.name, Any) for each in taken}
        call.__annotations__ = {"idempotency_key": str, "context": ToolContext, **hints, "return": Any}
        call.__doc__ = flow.__doc__ or f"Starts {flow.name}."
        return tool(effect="write", name=flow.name, timeout=self._seconds + 30)(call)

    def _outcome(self) -> PythonTool:
        async def run_outcome(run: str, context: ToolContext, wait_seconds: int = 0) -> Any:
            """What became of a run that you started: its result, or where it stands. Waits up to `wait_seconds`."""
            parts = self._the_parts
            row = await find(parts.ground.database, run)
            flow = parts.flows.get(row.flow)
            started = row.flow.startswith(CALLED) and row.flow.removeprefix(CALLED) in self._flows
            if not started or (await show(parts.ground, row.id)).by != context.user:
                raise UnknownRun(
                    f'there is no run "{run}" of yours.', "Give the id that a call answered with."
                )
            return await self._come(RunHandle(parts, row.id, flow), min(wait_seconds, _MOST_SECONDS))

        return tool(effect="read", name=OUTCOME)(run_outcome)

    async def _call(self, flow: Flow, key: str, context: ToolContext, given: dict[str, Any]) -> Any:
        parts = self._the_parts
        served = parts.flows[CALLED + flow.name]
        ground, identity = parts.ground, child_run_id(context.run, key)
        await check_start(parts, served)
        accepted = served.accept(given)
        request = Request(identity, flow.name, "", "", accepted)
        bound = await parts.switch.bound(parts.services, parts.worker, "", request)
        birth = Birth(
            identity, context.team, served, accepted, context.user, policy=bound.policy, release=bound.release,
            channel=bound.channel,
        )  # fmt: skip
        born = birth.prepare(ground.keys, ground.clock.now())
        try:
            await ground.database.submit(Commit(born.events, born.blobs, born.ops))
        except Conflict:
            await find(ground.database, identity)  # it was started before the process died
        parts.dispatcher.submit(identity)
        return await self._come(RunHandle(parts, identity, served), self._seconds)

    async def _come(self, run: RunHandle, seconds: float) -> Any:
        """What it gave; or, if that takes longer, how to ask for it."""
        try:
            async with asyncio.timeout(seconds):
                while not (await run.row()).status.ended:
                    await self._the_parts.ground.database.wait_for_change(1.0)
        except TimeoutError:
            view = await show(self._the_parts.ground, run.id)
            waits = [f"{wait.group or wait.name} ({wait.approval})" for wait in view.waits if wait.approval]
            found: dict[str, Json] = {
                "run": run.id,
                "status": view.run.status,
                "ask": f"{OUTCOME}(run={run.id!r})",
            }
            return found | ({"waits_for": waits} if waits else {})
        row = await run.row()
        if row.status is not RunStatus.SUCCEEDED:
            try:
                await run.result()
            except Exception as wrong:  # noqa: BLE001 - of whatever the run was raised with
                raise ToolFailed(f"{run.id} {row.status.value}: {wrong}") from None
        return {"run": run.id, "status": row.status.value, "result": await run.result()}

    @property
    def _the_parts(self) -> Parts:
        assert self._parts is not None  # noqa: S101 - settled in before anybody comes
        return self._parts


def refuse_unserved(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse to serve a flow that is not there."""
    for name in names:
        if name not in known or not is_code_name(name) or "." in name:
            near = difflib.get_close_matches(name, known, n=1)
            raise InvalidSetting(
                f'"{name}" is to be served over MCP, and this workspace has no flow of that name.',
                f'Did you mean "{near[0]}"?' if near else "Mend mcp.flows in remit.toml.",
            )


def _chosen(known: dict[str, Flow], name: str) -> Flow:
    refuse_unserved([name], known)
    found = known[name]
    if taken := sorted(_OURS & found.parameters.keys()):
        raise InvalidSetting(
            f'the flow {name} has a parameter "{taken[0]}", which means something else to a tool.',
            "Rename it.",
        )
    return found


def _foreign(flow: Flow) -> Flow:
    """The same flow, for runs whose input is what somebody outside wrote."""
    made = Flow(flow.fn, CALLED + flow.name, "", "UTC")
    made.foreign = True
    made.classes, made.contract, made.internal = flow.classes, flow.contract, flow.internal
    return made
