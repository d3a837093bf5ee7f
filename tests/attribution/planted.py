"""Runs of three agents that came out wrong, and whose fault it was: it is known, because it was put there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit import Agent, Run, StopRun, ToolFailed, flow, tool
from remit.agents.agent import Limits
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import Gold, GoldAction
from remit.testing.scripting import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.testing.scripting import AgentScript

POLICY = """
@id("all") permit (principal, action, resource);
@id("no-large") forbid (principal, action == Action::"call", resource == Tool::"refund") when { context.amount > 500 };
@id("no-wipe") forbid (principal, action == Action::"call", resource == Tool::"wipe");
"""
ORDERS: dict[str, list[dict[str, Any]]] = {
    "ana": [{"order": "o-17", "amount": 240, "email": "ana@example.org"}],
    "bo": [
        {"order": "o-31", "amount": 80, "email": "bo@example.org"},
        {"order": "o-32", "amount": 199, "email": "bo@example.org"},
    ],
}
LEDGER = {"o-17": 240, "o-31": 80, "o-32": 199, "o-50": 60}


@dataclass
class Found:
    order: str
    amount: int


@tool(effect="read")
async def look(name: str) -> Any:
    """The orders of a customer; nothing where there are none."""
    return ORDERS.get(name)


@tool(effect="read")
async def archive(name: str) -> Any:
    """Never answers."""
    raise ToolFailed(f"the archive is closed for {name}")


@tool(effect="write", undo="none", roles={"order": "object"})
async def refund(order: str, amount: int) -> str:
    """Pay back, at most what was paid."""
    if order not in LEDGER:
        raise ToolFailed("no such order")
    if amount > LEDGER[order]:
        raise ToolFailed("more than was paid")
    return "booked"


@tool(effect="write", undo="none")
async def mail(email: str, text: str) -> str:
    """Write to a customer."""
    if "bounce" in text:
        raise ToolFailed("the mail came back")
    return "sent"


@tool(effect="irreversible")
async def wipe() -> str:
    """Forbidden."""
    return "gone"


FINDER = Agent(
    "finder", prompt="Find it.", tools=[look, archive], output=Found, limits=Limits(steps=8, repeats=4)
)
PAYER = Agent("payer", prompt="Pay it back.", tools=[refund, look, wipe], limits=Limits(steps=8))
WRITER = Agent("writer", prompt="Write to them.", tools=[mail])
HELPER = Agent("helper", prompt="Help.", tools=[look], description="Looks things up.")
LEAD = Agent("lead", prompt="Lead.", tools=[refund], delegates=[HELPER])
AGENTS = [FINDER, PAYER, WRITER, HELPER, LEAD]


@flow
async def desk(run: Run, asked: str, led: bool = False) -> str:
    """Find, pay back, write; and look whether it was right."""
    if led:
        said = await run.ask(LEAD, asked)
    else:
        found = await run.ask(FINDER, asked)
        paid = await run.ask(PAYER, found)
        said = await run.ask(WRITER, {"paid": paid, "found": {"order": found.order, "amount": found.amount}})
    if "right" not in said:
        raise StopRun("a person looked, and it was not right")
    return said


@dataclass
class Case:
    """One of them: what each agent says, and who is to blame."""

    what: str
    agent: str
    step: str
    script: Callable[[Script], Any]
    asked: str = "refund ana"
    led: bool = False
    gold: Gold | None = None
    others: tuple[str, ...] = field(default=())
    """Steps that would be as right."""


def _finder(script: Script, order: str = "o-17", amount: int = 240, name: str = "ana") -> AgentScript:
    return script(FINDER).calls(look, name=name).replies({"order": order, "amount": amount})


def _payer(script: Script, order: str = "o-17", amount: int = 240, said: str = "paid") -> AgentScript:
    return script(PAYER).calls(refund, order=order, amount=amount).says(said)


def _writer(script: Script, said: str = "all done", email: str = "ana@example.org") -> AgentScript:
    return script(WRITER).calls(mail, email=email, text=said).says(said)


def _good(*but: str) -> Callable[[Script], Any]:
    def write(script: Script) -> None:
        for name, one in (("finder", _finder), ("payer", _payer), ("writer", _writer)):
            if name not in but:
                one(script)

    return write


def _all(*parts: Callable[[Script], Any]) -> Callable[[Script], Any]:
    def write(script: Script) -> None:
        for part in parts:
            part(script)

    return write


def _with(*but: str, then: Callable[[Script], Any]) -> Callable[[Script], Any]:
    return _all(_good(*but), then)


def good(script: Script) -> None:
    """Nothing goes wrong."""
    _finder(script)
    _payer(script)
    _writer(script, "all right")


REFUND = Gold(actions=(GoldAction("refund", {"order": equals("o-17"), "amount": equals(240)}),))
TASK = "find the order of ana"
CASES = [
    Case("another amount than was read", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (_finder(s, amount=420), _payer(s, amount=420, said="refused")))),
    Case("an order that nobody named", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (_finder(s, order="o-99"), _payer(s, order="o-99")))),
    Case("an amount above what a rule allows", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (_finder(s, amount=9_000), _payer(s, amount=9_000)))),
    Case("digits of an order change places", "payer", "payer/model",
         _with("payer", then=lambda s: _payer(s, order="o-71"))),
    Case("ten times the amount", "payer", "payer/model", _with("payer", then=lambda s: _payer(s, amount=400))),
    Case("a real order that is somebody else's", "payer", "payer/model",
         _with("payer", then=lambda s: _payer(s, order="o-50", amount=60))),
    Case("the amount of the other order", "finder", "finder/model#2",
         _with("finder", "payer", "writer", then=lambda s: (
             _finder(s, "o-31", 199, "bo"), _payer(s, "o-31", 199), _writer(s, email="bo@example.org"))),
         asked="refund o-31 of bo"),
    Case("the archive failed and the answer was made up", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (
             s(FINDER).calls(archive, name="ana").replies({"order": "o-71", "amount": 55}), _payer(s, "o-71", 55))),
         others=("finder/archive",)),
    Case("nothing was found and the answer was made up", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (
             s(FINDER).calls(look, name="eve").replies({"order": "o-88", "amount": 31}), _payer(s, "o-88", 31))),
         asked="refund eve", others=("finder/look",)),
    Case("the same look, again and again", "finder", "finder/look",
         lambda s: s(FINDER).calls(look, name="ana").forever()),
    Case("a call that is forbidden", "payer", "payer/wipe",
         _with("payer", then=lambda s: s(PAYER).calls(wipe).says("I wiped it"))),
    Case("a forbidden call, three times", "payer", "payer/wipe",
         _with("payer", then=lambda s: s(PAYER).calls(wipe).calls(wipe).calls(wipe).says("I cannot"))),
    Case("arguments that do not fit", "payer", "payer/model",
         _with("payer", then=lambda s: s(PAYER).calls(refund, order="o-17", amount="much").says("I could not")),
         others=("payer/refund",)),
    Case("a tool that there is not", "payer", "payer/model",
         _with("payer", then=lambda s: s(PAYER).calls("repay", order="o-17").says("I could not")),
         others=("payer/repay",)),
    Case("answers that are no JSON", "finder", "finder/model#2",
         lambda s: s(FINDER).calls(look, name="ana").says("it is o-17").says("o-17!").says("well, o-17")),
    Case("an answer that is empty", "writer", "writer/model",
         _with("writer", then=lambda s: s(WRITER).says("", "", ""))),
    Case("a model that is down", "payer", "payer/model",
         _with("payer", "writer", then=lambda s: s(PAYER).fails("down").forever())),
    Case("a refund that failed and was called paid", "payer", "payer/refund",
         _with("payer", then=lambda s: s(PAYER).calls(refund, order="o-17", amount=300).says("paid")),
         others=("payer/model",)),
    Case("a mail that came back and was called sent", "writer", "writer/mail",
         _with("writer", then=lambda s: s(WRITER).calls(mail, email="ana@example.org", text="bounce").says("sent"))),
    Case("a promise of another amount", "writer", "writer/model",
         _with("writer", then=lambda s: _writer(s, "o-17: you get 2400 back"))),
    Case("a mail to an address that nobody gave", "writer", "writer/model",
         _with("writer", then=lambda s: _writer(s, email="ana@example.com"))),
    Case("a helper that makes up an order", "helper", "lead/helper/model#2",
         _all(lambda s: s(LEAD).calls("helper", task=TASK).calls(refund, order="o-45", amount=10).says("no"),
              lambda s: s(HELPER).calls(look, name="ana").says("It is o-45, 10 euro.")), led=True),
    Case("a lead that changes what its helper found", "lead", "lead/model#2",
         _all(lambda s: s(LEAD).calls("helper", task=TASK).calls(refund, order="o-71", amount=240).says("no"),
              lambda s: s(HELPER).calls(look, name="ana").says("It is o-17, 240 euro.")), led=True),
    Case("too little, which nothing refused", "finder", "finder/model#2",
         _with("finder", "payer", then=lambda s: (_finder(s, amount=24), _payer(s, amount=24))), gold=REFUND),
    Case("too little, by whoever paid", "payer", "payer/model",
         _with("payer", then=lambda s: _payer(s, amount=200)), gold=REFUND),
    Case("nobody paid", "payer", "payer/model",
         _with("payer", then=lambda s: s(PAYER).says("I leave that to others")), gold=REFUND),
]  # fmt: skip

HELD = [
    Case("right order, amount of the other one, said by the payer", "payer", "payer/model",
         _with("finder", "payer", "writer", then=lambda s: (
             _finder(s, "o-31", 80, "bo"), _payer(s, "o-31", 199), _writer(s, email="bo@example.org"))),
         asked="refund o-31 of bo"),
    Case("the finder looks for somebody else", "finder", "finder/model",
         _with("finder", "payer", then=lambda s: (
             s(FINDER).calls(look, name="bo").replies({"order": "o-31", "amount": 80}), _payer(s, "o-31", 80))),
         gold=REFUND, others=("finder/model#2",)),
    Case("the payer asks again and again for a refund that is refused", "payer", "payer/refund",
         _with("payer", then=lambda s: s(PAYER).calls(refund, order="o-17", amount=241).forever()),
         others=("payer/model",)),
    Case("the writer names an order that is not theirs", "writer", "writer/model",
         _with("writer", then=lambda s: _writer(s, "o-71 is paid back"))),
    Case("the writer refuses to answer in words", "writer", "writer/model#2",
         _with("writer", then=lambda s: s(WRITER).calls(mail, email="ana@example.org", text="hi").says("", "", ""))),
    Case("the finder's model is down", "finder", "finder/model", lambda s: s(FINDER).fails("down").forever()),
    Case("the payer pays twice what it was told, after a look", "payer", "payer/model#2",
         _with("payer", then=lambda s: (
             s(PAYER).calls(look, name="ana").calls(refund, order="o-17", amount=480).says("no")))),
    Case("the helper answers although nothing was found", "helper", "lead/helper/model#2",
         _all(lambda s: s(LEAD).calls("helper", task="find eve").calls(refund, order="o-66", amount=12).says("no"),
              lambda s: s(HELPER).calls(look, name="eve").says("It is o-66, 12 euro.")),
         led=True, others=("lead/helper/look",)),
    Case("the lead asks for another customer than the user", "lead", "lead/model",
         _all(lambda s: s(LEAD).calls("helper", task="find c-99").calls(refund, order="o-17", amount=240).says("no"),
              lambda s: s(HELPER).calls(look, name="ana").says("It is o-17, 240 euro.")), led=True),
    Case("wrong words for an amount in a call", "payer", "payer/model",
         _with("payer", then=lambda s: s(PAYER).calls(refund, order="o-17").says("I could not")),
         others=("payer/refund",)),
    Case("too much for the rule, by the payer", "payer", "payer/model",
         _with("payer", then=lambda s: _payer(s, amount=2_400)), others=("payer/refund",)),
    Case("a tool of another agent", "writer", "writer/model",
         _with("writer", then=lambda s: s(WRITER).calls("refund", order="o-17", amount=240).says("I could not")),
         others=("writer/refund",)),
]  # fmt: skip
"""Written after every rule and weight was fixed; nothing was changed for their sake."""
