"""A tool call on its way: resolve, validate, screen, decide, hold, reserve, claim, perform, screen, label, settle.

The engine claims, times, retries and journals; this says whether the call may pass, does it, and says what is kept.
Nothing here trusts what a model said: arguments are data until the last stage has let them through.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from msgspec import structs

from remit.domain.action_errors import Denied, UnknownTool
from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Absent, Happened
from remit.domain.errors import Refused, RunProblem, StepFailed, ToolFailed
from remit.domain.event import object_of
from remit.domain.tools import ArgumentRole, Performed, Undo
from remit.engine.attempts import Deadline, InTime, failure_of
from remit.gate.classes import marks
from remit.gate.explaining import sourced
from remit.gate.nesting import Reachable
from remit.gate.passage import Passage
from remit.gate.provenance import fix
from remit.gate.questions import ask_person
from remit.gate.receipts import touched
from remit.gate.results import said_of, within
from remit.tools.binding import ToolContext
from remit.tools.builtin.human import asks_a_person
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from remit.domain.decisions import Decision
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op
    from remit.tools.builtin.human import HumanOptions
    from remit.tools.tool import Tool

_ONE_CALL = Amount(calls=1)
_WITHHELD = "what it changed holds a secret, and secrets are not kept"


class ToolPassage(Passage):
    """One call of one tool."""

    def __init__(
        self, parts: GateParts, actor: Actor, tool: Tool | None, name: str, arguments: dict[str, Any],
        problem: Exception | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parts, actor)
        self._tool = tool
        self._name = name
        self.asked = arguments
        """The arguments as they were asked for."""
        self.arguments = arguments
        """The arguments as they will be used; a rule or a reviewer may have changed them."""
        self._problem = problem
        self._edited_by = ""
        self._context: ToolContext | None = None
        self._bound: dict[str, Any] | None = None
        """The arguments as its code takes them."""
        self._before: Any = None
        self._withheld = ""
        """Why the state before is not kept."""
        self._answer = ""
        """What a person answered, for a tool that asks one."""
        self._rated = False
        self._claimed = False
        self._performed: Performed | None = None

    # --- before ---------------------------------------------------------------------------------------

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Let it pass, hold it, or raise why not."""
        if self.passed and self.fresh(number):
            return
        self.pipe.again()
        tool = await self._resolve(execution)
        self._validate(tool)
        self._screen()
        if self.actor.bounds:
            await fix(self.actor.bounds, execution)
        await self.settle(execution, call)
        self._count(tool)
        self.place = (execution, call.path)
        self._context = self._make_context(execution, call, tool)
        options = asks_a_person(tool)
        if tool.manifest.effect.acts or options is not None:
            # what was decided before that does not count any more (S20)
            while await self._took_long(execution, call, tool, options):
                await self.settle(execution, call)
        if self.actor.bounds:
            await self.bounds.look_again(self.parts.registry, self._reach())
        await self.reserve(execution, _ONE_CALL)
        self.passed = number
        if not tool.manifest.effect.acts:
            self.bounds.claim(self.place, tool.name)
            ops = self.admitting_ops()
            self.said = self._action()
            event = ActionAdmitted(tool.name, call.digest, self.said | {"bound": self.bound(_ONE_CALL)})
            execution.admit(event, call.path, ops)

    async def _took_long(
        self, execution: Execution, call: Placed, tool: Tool, options: HumanOptions | None
    ) -> bool:
        """What has to be known before: the state that undo will need, or a person's answer. Whether a person was
        asked for it, which may have taken days.
        """
        if options is None:
            await self._look_before(tool, execution)
            if not self.is_recent:
                await self.settle(execution, call)
            return False
        if self._answer:
            return False
        self._answer = await ask_person(execution, call, options, self.arguments, self.facts())
        self.pipe.passed("hold")
        return True

    def _count(self, tool: Tool) -> None:
        """One call more of those that the tool's rate allows."""
        if not self._rated and tool.manifest.rate is not None:
            self.parts.rates.take(self.actor.team, tool.name, tool.manifest.rate)
        self._rated = True

    async def _resolve(self, execution: Execution) -> Tool:
        """The tool that is meant, of a definition that somebody accepted, and that this actor has."""
        tool = self._tool
        if self._problem is not None:
            raise self._problem
        if tool is None:
            known = self.parts.registry.names if self.actor.tools is None else self.actor.tools
            raise UnknownTool(
                f'there is no tool "{self._name[:100]}".', f"There are: {', '.join(sorted(known)) or 'none'}."
            )
        if self.actor.tools is not None and tool.name not in self.actor.tools:
            raise Denied(
                f"{self.actor.agent} was not given {tool.name}.",
                f"It has: {', '.join(sorted(self.actor.tools)) or 'no tool'}.",
            )
        if not self.parts.acceptance.is_own(tool):
            with execution.on_ground():
                await self.parts.be_accepted(tool)
        self.pipe.passed("resolve")
        return tool

    def _validate(self, tool: Tool) -> None:
        """Refuse what the tool does not take, in words that a model can act on."""
        self._bound = tool.validate(self.arguments)
        self.pipe.passed("validate")

    def _screen(self) -> None:
        """No secret goes into a call as an argument: secrets are given at the edge, never by a model."""
        leaked = self.parts.vault.finds_in(self.arguments)
        if leaked:
            raise Denied(
                f'an argument holds the secret "{leaked}"; secrets are never passed as arguments.',
                "Let the tool name the secret; it is given when the call is made.",
            )
        self.pipe.passed("screen")

    @property
    def consumes(self) -> bool:
        """A write has a claim."""
        return self._tool is not None and self._tool.manifest.effect.acts

    def request(self) -> AccessRequest:
        """What authority is asked about this call."""
        tool, actor = self.the_tool, self.actor
        return AccessRequest(
            actor.user, actor.team, actor.agent, "call", tool.name, {"digest": tool.manifest.digest},
            self.arguments, environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """What the person who is asked will see."""
        manifest = self.the_tool.manifest
        return {
            "tool": manifest.name, "arguments": self.arguments, "agent": self.actor.agent, "for": self.actor.user,
            "effect": manifest.effect.value, "undo": manifest.undo.value, "tool_digest": manifest.digest[:16],
            **self.bounds.card(),
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Also what the tool does: a run that waits at a write says so."""
        effect = {} if self._tool is None else {"effect": self._tool.manifest.effect.value}
        return super().facts() | effect

    def judge(self, request: AccessRequest, now: int) -> Decision:
        """The answer, which also says where the arguments came from that a rule looked at."""
        return sourced(super().judge(request, now), self.actor, self.asked, self.arguments, self._edited_by)

    def bind(self) -> None:
        """The call in the trusted sources' own writing, if contracts allow it."""
        if self.actor.bounds:
            sent = self.bounds.bind(self.the_tool.manifest, self.arguments, self.place)
            if sent != self.arguments:
                self.changed(sent, "")

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """What is executed is not what was asked for, and the result will say so (S28)."""
        self._edited_by = by or self._edited_by
        self.arguments = arguments if by else {**self.arguments, **arguments}
        self._bound = self.the_tool.validate(self.arguments)
        self._screen()

    @property
    def the_tool(self) -> Tool:
        """The tool, once it is resolved."""
        assert self._tool is not None  # noqa: S101 - an unknown one was refused before
        return self._tool

    def _make_context(self, execution: Execution, call: Placed, tool: Tool) -> ToolContext:
        actor, row = self.actor, execution.row

        async def secret(name: str) -> str:
            return await self.parts.vault.give(name, tool.manifest, row.id, actor.user)

        return ToolContext(
            row.id, call.path, actor.team, actor.user, actor.agent,
            seconds=self._seconds(execution, tool), secret=secret if tool.manifest.secrets else None, bound=self._bound,
        )  # fmt: skip

    @staticmethod
    def _seconds(execution: Execution, tool: Tool) -> float:
        return tool.manifest.timeout or execution.services.limits.write_timeout

    async def _look_before(self, tool: Tool, execution: Execution) -> None:
        """What undo will need, read before anything is claimed.

        A keyed write that is repeated may have taken place: what was seen before its first attempt is what counts.
        """
        manifest = tool.manifest
        if not manifest.effect.acts or manifest.undo is Undo.NONE or (self._claimed and manifest.keyed):
            return
        clock, seconds = execution.services.clock, self._seconds(execution, tool)
        try:
            async with Deadline(clock, seconds, f"looking at what {tool.name} will change"):
                with self._reach():
                    before = await tool.binding.before(self.arguments, self._the_context())
        except (Refused, RunProblem):
            raise
        except BaseException as raised:  # noqa: BLE001 - the author's code may raise anything
            wrong = failure_of(raised)
            said = str(wrong) if isinstance(wrong, ToolFailed) else f"{type(wrong).__name__}: {wrong}"
            raise StepFailed(
                f"{tool.name} was not called: what it would change cannot be seen ({said})."
            ) from wrong
        self._withheld = _WITHHELD if self.parts.vault.finds_in(before) else ""
        self._before = None if self._withheld else before
        self.pipe.passed("before")

    # --- the act --------------------------------------------------------------------------------------

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Do it, once it has been let pass."""
        del args  # the arguments as asked for; what is performed is what was let pass
        tool = self.the_tool
        self.pipe.again()
        if self._answer:
            return self._screened(tool, Performed(self._answer))
        context = self._the_context()
        if idempotency_key or self._before is not None:
            context = structs.replace(context, key=idempotency_key, before=self._before)
        with self._reach():
            performed = await self._in_time(tool, tool.binding.perform(self.arguments, context))
        self.pipe.passed("perform")
        return self._screened(tool, performed)

    def _in_time(self, tool: Tool, work: Awaitable[Performed]) -> Awaitable[Performed]:
        """No call outlasts the time that the agent was given."""
        if self.actor.until is None:
            return work
        clock = self.parts.clock
        return InTime(
            work, clock, max(0.001, (self.actor.until - self.parts.time.latest()) / MICROSECONDS), tool.name
        )

    async def reconcile(self, *args: object, idempotency_key: str = "") -> Happened | Absent | None:
        """Ask the world what became of a claimed write."""
        del args
        tool = self.the_tool
        context = structs.replace(self._the_context(), key=idempotency_key, before=self._before)
        with self._reach():
            verdict = await tool.binding.reconcile(self.arguments, context)
        if isinstance(verdict, Happened) and isinstance(verdict.result, Performed):
            return Happened(self._screened(tool, verdict.result))
        return verdict

    def _screened(self, tool: Tool, performed: Performed) -> Any:
        """A result without secrets, and not larger than the log takes."""
        result = self.parts.vault.redact(performed.result)
        self.pipe.passed("screen_result")
        result = within(tool, result, self.parts.largest_result)
        images = performed.images and [asdict(image) for image in performed.images]
        if self._withheld or self.parts.vault.finds_in(images):
            performed = replace(performed, images=(), best_effort=_WITHHELD)
        self._performed = performed
        self.bounds.saw(tool.manifest, self.arguments, result, self.place)
        return result

    def _reach(self) -> Reachable:
        return Reachable(self.parts, self.actor, self._the_context())

    def _the_context(self) -> ToolContext:
        assert self._context is not None  # noqa: S101 - made when it was let pass
        return self._context

    # --- what is kept ---------------------------------------------------------------------------------

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """The claim of a write says everything that was decided."""
        self.bounds.claim(self.place, self._name)
        self._claimed = True
        ops = [*self.claims(), *marks(self._tool, self.place)]
        detail = self._action() | {"bound": self.bound(_ONE_CALL)}
        if self._before is not None:
            detail["before"] = self._before
        if self._withheld:
            detail["withheld"] = self._withheld
        return detail, ops

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """The outcome: where the result comes from, what undo will need, and what it used."""
        ops = [*self.charge(*[_ONE_CALL] * self.attempts), *marks(self._tool, self.place)]
        calls = self.attempts + self.used_in_lost.calls
        self.pipe.passed("settle")
        if wrong is not None:
            refused = self.untold() if self.passed else self._action()
            why = getattr(wrong, "detail", None)
            return {**refused, "pipe": self.pipe.stages, "why": why, "used": {"calls": calls}}, ops
        tool, performed = self._tool, self._performed
        detail: dict[str, Any] = {**self.untold(), "pipe": self.pipe.stages, "used": {"calls": calls}}
        if tool is not None:
            detail |= said_of(tool).outcome
        if self.arguments != self.asked:
            detail["edited"] = {"by": self._edited_by, "arguments": self.arguments, "asked": self.asked}
        if performed is not None and tool is not None and tool.manifest.undo is not Undo.NONE:
            if performed.best_effort:
                detail["best_effort"] = performed.best_effort
            if performed.images or not performed.best_effort:  # an empty list says that nothing was changed
                detail["images"] = [asdict(image) for image in performed.images]
            if self.place is not None:
                ops += touched(self.parts.keys, *self.place, performed.images)
        return detail, ops

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        """The claim of an earlier life says what was to be done, and how things stood before."""
        super().taken_up(execution, call, detail)
        if self._tool is None or not self._tool.manifest.effect.acts or not isinstance(detail, dict):
            return
        claimed = cast("dict[str, Any]", detail)
        self.place, self._claimed = (execution, call.path), True
        self._context = self._make_context(execution, call, self._tool)
        self.arguments = claimed.get("arguments", self.arguments)
        self._before, self._withheld = claimed.get("before"), claimed.get("withheld", "")

    @property
    def protected(self) -> dict[str, Any]:
        """What makes it the same write when it is asked for again: all but words that it carries (S11)."""
        if self._tool is None:
            return self.arguments
        manifest = self._tool.manifest
        known = object_of(manifest.parameters.get("properties"))
        defaults = {name: said["default"] for name, said in known.items() if "default" in object_of(said)}
        whole = {**defaults, **self.arguments}
        content = {name for name, role in manifest.roles.items() if role is ArgumentRole.CONTENT}
        return {name: value for name, value in whole.items() if name not in content} or whole

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It was settled before: count what it used, and say again what was changed."""
        known = object_of(detail)
        used, edited = object_of(known.get("used")), object_of(known.get("edited"))
        if used:
            self.count_again(execution, Amount(calls=int(used.get("calls", 0))))
        if edited:
            self._edited_by, self.arguments = edited["by"], edited["arguments"]

    @property
    def note(self) -> str:
        """What the model is told beside the result: that a person or a rule changed the call (S28)."""
        if not self._edited_by and self.arguments == self.asked:
            return ""
        executed = canonical.encode(canonical.plain(self.parts.vault.redact(self.arguments))).decode()
        return f"{self._edited_by or 'a rule'} changed the arguments; executed with {executed}."

    def _action(self) -> dict[str, Any]:
        found = self.facts() | self.bounds.facts() if self.actor.bounds else self.facts()
        # a copy: it is written down later, and until then the tool's own code may change what it was given
        found["arguments"] = canonical.plain(self.parts.vault.redact(self.arguments))
        return found | ({"tool": self._name[:200]} if self._tool is None else said_of(self._tool).action)
