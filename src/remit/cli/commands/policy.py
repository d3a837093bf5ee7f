"""`remit policy`: what the rules of the workspace say, before anybody depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.commands import rules
from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.policy_life.checking import PolicyReport
    from remit.control.running.contracting import ContractView

_STYLES = {"away": "waits", "broken": "bad", "dead": "waits", "example": "bad"}


@click.group(cls=Group)
def policy() -> None:
    """Check, try and change the rules in policies/, and review what they allow."""


@policy.command(cls=Command)
@click.pass_obj
def check(terminal: Terminal) -> int:
    """Hold the rules against tools, agents and models, and against policies/examples.yaml.

    Exits with 1 if a rule does not fit or an example is contradicted; a rule that decides nothing is only named.
    """
    from remit.control import settings
    from remit.control.policy_life import checking as policies

    place = terminal.place()
    chosen = settings.load(place)
    own = chosen.workspace
    report = terminal.execute(policies.check(place, chosen.code, own.team, own.environment))
    terminal.answer(report, lambda: _lines(report))
    return REFUSED if any(finding.kind in {"broken", "example"} for finding in report.findings) else DONE


for _command in (rules.test, rules.example, rules.simulate, rules.shadow, rules.propose, rules.review):
    policy.add_command(_command)


@policy.command(cls=Command)
@click.argument("text")
@click.option("--agent", required=True, help="The agent that would be asked.")
@click.pass_obj
def contract(terminal: Terminal, text: str, agent: str) -> int:
    """Show the contract that a request would be compiled to: which calls, how often, with which values.

    Nothing is started and no model is asked.
    """
    from remit.control import settings
    from remit.control.running import contracting

    place = terminal.place()
    chosen = settings.load(place)
    demands = contracting.demands_of(chosen.contracts)
    environment = chosen.workspace.environment
    view = terminal.execute(contracting.preview(place, chosen.code, demands, environment, agent, text))
    terminal.answer(view, lambda: _contract(view))
    return DONE


_VIOLATIONS = {"": "put to a person, if one starts the run", "ask": "put to a person", "deny": "refused"}


def _contract(view: ContractView) -> Iterator[str]:
    yield f"contract {view.digest[:12]} for {view.agent}"
    if not view.declared:
        yield Line.of(Span("not enforced: ", "waits"), Span(f"{view.agent} declares no contract")).painted
    for slot in view.slots:
        yield ""
        why = f"   ({slot.why})" if slot.why else ""
        yield f"  {slot.times} × {slot.tool}{why}"
        width = max((len(name) for name in slot.arguments), default=0)
        yield from (f"      {name:<{width}}  {said}" for name, said in slot.arguments.items())
    if not view.slots:
        yield "  nothing that acts: the request asks for none of this agent's tools that do"
    yield ""
    reads = "any data class" if "*" in view.reads else ", ".join(view.reads) or "no data that has a class"
    yield f"reads {reads}; what it does not have is {_VIOLATIONS[view.on_violation]}"
    if view.slots:
        shown = "; whoever asks has to agree to it first" if view.shown else ""
        yield f"risk {view.risk}: {'; '.join(view.why) or 'nothing is left open'}{shown}"
    if view.proposes:
        yield f"a run would ask the model of the route {view.proposes} for the calls; this is what holds without it"


def _lines(report: PolicyReport) -> Iterator[str]:
    for finding in report.findings:
        yield Line.of(Span(f"{finding.kind:<8}", _STYLES[finding.kind]), f" {finding.message}").painted
    if report.findings:
        yield ""
    rules = f"{report.rules} rule{'s' if report.rules != 1 else ''}"
    if not report.digest:
        yield f"{rules}; Remit would not start on them"
        return
    agreed = report.examples - sum(finding.kind == "example" for finding in report.findings)
    examples = f"{agreed} of {report.examples} examples agree" if report.examples else "no examples"
    yield f"{rules}, {examples}; policy {report.digest[:12]}"
