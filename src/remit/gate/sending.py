"""Calls that are accepted now and done later: a tool says how long it is held back (`@tool(hold="10m")`), the model is
told when it will be done at the earliest, and a run of its own waits and does it.

What was accepted is decided, bound to its contract and counted where it was asked for; the run that does it finds the
arguments in the log of its parent, never in its own input, and decides them again when the time has come (S6, S20).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Denied
from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.effects import Effect
from remit.domain.errors import Rejected
from remit.domain.event import object_of
from remit.domain.events import StepDone
from remit.engine.flow import Flow
from remit.engine.outside import run_stream
from remit.engine.spawning import spawn
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.gate.actor import Actor
from remit.gate.containment.outbox import NOBODY, RULE
from remit.gate.containment.watched import Watched
from remit.gate.provenance import fix
from remit.gate.tool_passage import ToolPassage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.domain.decisions import Decision
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.parts import GateParts
    from remit.store.database import Op
    from remit.tools.tool import Tool

    Call = Callable[[Execution, Actor, str, dict[str, Any]], Awaitable[tuple[Any, str]]]

Json = Any
FLOW = "remit.outbox"
_STEP = "hold."
_ONE_CALL = Amount(calls=1)


class Sending:
    """The desk at which such calls are accepted, and the flow that does them."""

    def __init__(self, parts: GateParts, call: Call) -> None:
        self._parts = parts
        self._call = call
        self.flow = Flow(self._flow(), FLOW, "", "UTC")
        """It belongs to every workspace."""

    async def accept(self, execution: Execution, actor: Actor, tool: Tool, arguments: dict[str, Json]) -> str:
        """What the model is told of a call that will be done later; empty if it is to be made now, as any other."""
        if not self._is_for_later(execution, actor, tool):
            return ""
        passage = _Accepting(self._parts, actor, tool, tool.name, arguments)
        step = Step(_unkeyed, effect=Effect.READ, name=f"{_STEP}{tool.name}")
        watched = Watched(passage, tool.name)
        identity: Any = [[arguments], {}]
        told = await perform(execution, step, (arguments,), {}, watched, identity)
        if not told["accepted"]:
            return ""
        await spawn(execution, self.flow, (), {"of": told["at"]})
        return str(told["said"])

    def _is_for_later(self, execution: Execution, actor: Actor, tool: Tool) -> bool:
        """As the log says, where it does: settings may have changed since."""
        if tool.manifest.hold is None and not execution.journal.order:
            return False
        scope = execution.scope()
        recorded = execution.journal.order.get(scope.path, [])
        if scope.turn < len(recorded):
            return recorded[scope.turn].rpartition("/")[2].startswith(f"{_STEP}{tool.name}")
        plain = actor.capability is None and not self._parts.guards.watches(actor)
        told = tool.manifest.hold is not None and self._parts.outbox.holds(tool.manifest) > 0
        return told and plain and bool(actor.agent) and execution.simulation is None

    def _flow(self) -> Callable[..., Awaitable[Json]]:
        async def send(run: Any, of: str) -> dict[str, Json]:
            """Do what was accepted, once its time has come."""
            return await self._send(run.execution, of)

        return send

    async def _send(self, execution: Execution, of: str) -> dict[str, Json]:
        tool, arguments, actor = await _accepted(execution, of)
        try:
            result, _ = await self._call(execution, actor, tool, arguments)
        except Rejected as wrong:
            return {"done": False, "why": wrong.message}
        return {"done": True, "result": result}


class _Accepting(ToolPassage):
    """A call that will be done later, as far as it can be let pass now. Whatever needs a person or another time first
    is not accepted here: it goes the way of every call.
    """

    _held = False

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Resolve, validate, screen, decide; use the contract's slot, if it is accepted."""
        self.pipe.again()
        tool = await self._resolve(execution)
        self._validate(tool)
        self._screen()
        if self.actor.bounds:
            await fix(self.actor.bounds, execution)
        self.place = (execution, call.path)
        await self.settle(execution, call)
        if self._held:
            await self.reserve(execution, _ONE_CALL)
            self.bounds.claim(self.place, tool.name)
        self.passed, ops = number, self.admitting_ops() if self._held else ()
        self.said = self._action() | ({"bound": self.bound(_ONE_CALL)} if self._held else {})
        execution.admit(ActionAdmitted(call.step.name, call.digest, self.said), call.path, ops)

    async def settle(self, execution: Execution, call: Placed) -> None:
        """Ask authority once."""
        del call
        self._row = execution.row
        await self.meet(execution)
        await self.enter(execution)
        self._held = self._decide(execution.now()).allows and RULE in self.agreed

    def _consent(self, decision: Decision) -> str:
        """That it is held back is what is accepted."""
        asked = decision.requirement
        return NOBODY if asked is not None and asked.rule == RULE and RULE not in self.agreed else ""

    async def reserve_more(self, execution: Execution, most: Amount) -> None:
        """Out of the budgets of whoever asks; the shared ones are drawn on when it is done."""
        accounts = self.actor.accounts
        if accounts:
            with execution.on_ground():
                self.reservations.append(await self.parts.budgets.reserve(accounts, most))

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Nothing is done; what will be, and for whom, is kept."""
        del args, idempotency_key
        execution, path = self._place()
        if not self._held:
            return {"accepted": False}
        actor, name = self.actor, self.the_tool.name
        due = execution.now() + int(self.parts.outbox.holds(self.the_tool.manifest) * MICROSECONDS)
        when = datetime.fromtimestamp(due / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        said = f"accepted, and not done yet: {name} will be done at {when} at the earliest, unless somebody "
        said += f"calls it back. Do not call it again for the same thing. {self.note}"
        return {
            "accepted": True, "at": path, "tool": name, "arguments": self.arguments, "due": due, "said": said.strip(),
            "for": actor.user, "agent": actor.agent, "chain": list(actor.chain),
        }  # fmt: skip

    def settling(self, wrong: BaseException | None) -> tuple[Json, Sequence[Op]]:
        """What it used; its label comes with its result, when there is one."""
        ops = self.charge(*[_ONE_CALL] * self.attempts)
        self.pipe.passed("settle")
        detail = {**self.untold(), "pipe": self.pipe.stages, "used": {"calls": self.attempts}}
        return detail | ({"why": getattr(wrong, "detail", None)} if wrong is not None else {}), ops

    def _place(self) -> tuple[Execution, str]:
        assert self.place is not None  # noqa: S101 - it was let pass there
        return self.place


async def _accepted(execution: Execution, of: str) -> tuple[str, dict[str, Json], Actor]:
    """The call that the parent's log says was accepted there, and who makes it."""
    row = execution.row
    with execution.on_ground():
        entries, _ = await execution.services.log.read(run_stream(row.parent or row.id))
    done = [each.event for each in entries if each.path == of and isinstance(each.event, StepDone)]
    told = object_of(done[-1].result) if done and done[-1].name.startswith(_STEP) else {}
    if row.parent is None or not told.get("accepted"):
        raise Denied(f"{FLOW} does what was accepted before, and nothing was.", "Call the tool itself.")
    tool = str(told["tool"])
    actor = Actor(
        str(told["for"]), row.team, str(told["agent"]), tuple(told["chain"]), tools=frozenset({tool})
    )
    return tool, object_of(told["arguments"]), actor


async def _unkeyed(arguments: dict[str, object]) -> object:
    raise AssertionError(arguments)  # the admission performs it
