"""A tool call that guards look at: its arguments before they are decided about, its result before anybody is told it.

It is the passage of every tool call, with more in its `screen` stages. The model's tokens are made values again first,
so that schema, rules, contracts and people see what is really sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.guards import Guard
from remit.gate.screening.screen import GuardedBounds, Screen, blocked
from remit.gate.tool_passage import ToolPassage
from remit.policy.guard import Content
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.tools import Performed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.guards.tokens import Tokens
    from remit.gate.parts import GateParts
    from remit.gate.screening.screen import Report
    from remit.store.database import Op
    from remit.tools.tool import Tool

Json = Any


class GuardedToolPassage(ToolPassage):
    """One call of one tool, with guards."""

    def __init__(
        self, parts: GateParts, actor: Actor, tool: Tool, arguments: dict[str, Any], tokens: Tokens,
        given: Mapping[str, Report],
    ) -> None:  # fmt: skip
        super().__init__(parts, actor, tool, tool.name, arguments)
        self.screen = Screen(tokens)
        self.withheld = ""
        """Why nobody is told the result."""
        self._reports: Mapping[str, Report] = given
        self._asking: dict[str, tuple[Guard, str]] = {}
        self._judged: Json = None
        """The arguments that the guards have looked at."""
        self.bounds = GuardedBounds(actor, lambda: self._asking)
        manifest = tool.manifest
        self._before_guards = parts.guards.at(actor, "arguments", manifest)
        self._after_guards = parts.guards.at(actor, "result", manifest)

    def _validate(self, tool: Tool) -> None:
        if self.screen.tokens.any and self._judged is None:
            self.asked = self.arguments = self.screen.tokens.whole(self.arguments)
        super()._validate(tool)

    def _screen(self) -> None:
        super()._screen()
        if not self._before_guards or self.arguments == self._judged:
            return
        content = Content.of(self.arguments)
        judged = self.screen.judge(self._before_guards, "arguments", content, self._reports, tokens=False)
        self._reports = {}  # what a rule or a person changes later is looked at by checks that need nobody else
        if judged.block is not None:
            raise blocked(judged.block, "arguments", judged.why)
        self._asking = {guard.rule: (guard, judged.why) for guard in judged.ask}
        if judged.texts is not None:
            self.arguments = content.rewritten(judged.texts)
            self._bound = self.the_tool.validate(self.arguments)
        self._judged = self.arguments
        self.pipe.passed("screen")

    def card(self) -> dict[str, Any]:
        """Also why a guard asks."""
        asks = {guard.name: why for guard, why in self._asking.values()}
        return super().card() | ({"guards": asks} if asks else {})

    def _screened(self, tool: Tool, performed: Performed) -> Any:
        result = super()._screened(tool, performed)
        if not self._after_guards:
            return result
        content = Content.of(result)
        judged = self.screen.judge(self._after_guards, "result", content)
        if judged.block is not None:
            self.withheld = judged.why
            self.screen.pending = [judged.block]
            result = {"kept_back": judged.block.name}
        else:
            self.screen.pending = [each for each in self._after_guards if each.outside or each in judged.ask]
            result = content.rewritten(judged.texts) if judged.texts is not None else result
        self.pipe.passed("screen_result")
        return result

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """Also what the guards said of the arguments."""
        detail, ops = super().claiming()
        return self.screen.detail(detail), ops

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """Also what the guards said."""
        run = self.place[0].row.id if self.place is not None else ""
        detail, ops = self.screen.settled(super().settling(wrong), run)
        if self.withheld:
            detail["kept_back"] = self.withheld
        return detail, ops

    def replayed(self, execution: Execution, detail: Any) -> None:
        """What was said of it then counts, whatever the guards are by now."""
        super().replayed(execution, detail)
        known = self.screen.learn(detail)
        self.withheld = str(known.get("kept_back") or "")

    def taken_up(self, execution: Execution, call: Any, detail: Any) -> None:
        """The claim says with which arguments it was let pass: they were looked at then."""
        super().taken_up(execution, call, detail)
        if self.consumes:
            self._judged = self.arguments

    @property
    def note(self) -> str:
        """What the model is told beside the result, in the words that it may know."""
        if not self._edited_by and self.arguments == self.asked:
            return ""
        executed = canonical.encode(canonical.plain(self.parts.vault.redact(self.arguments))).decode()
        by = self._edited_by or "a rule"
        return f"{by} changed the arguments; executed with {self.screen.tokens.hidden(executed)}."
