"""Checking a whole workspace without running anything of it: what would stop a start or a run, and what is odd.

Each check is one function in `CHECKS`; it is handed the bench, on which the checks before it laid what they read, and
gives its problems. What a check cannot read becomes a problem by itself, and those after it go on without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.agents import checking as agent_checking
from remit.agents.agent_flow import flow_of
from remit.agents.belongings import guards_of, handles_of
from remit.agents.graphs import checking as graph_checking
from remit.control.authority.limits_in_force import PLACES, as_written
from remit.control.authority.limits_in_force import digest_of as limits_digest
from remit.control.authority.policy_in_force import FOLDER, GLASS
from remit.control.ground.identity import people_of
from remit.control.inventory.deprecations import sentences, today_of
from remit.control.policy_life import checking as policies
from remit.control.policy_life.quorums import out_of_reach
from remit.control.upkeep.bench import Bench, CheckReport, Problem
from remit.control.upkeep.designed import design_problems
from remit.control.upkeep.judged import judge_problems
from remit.control.upkeep.kept import with_database
from remit.control.upkeep.served import check_served
from remit.control.upkeep.settled import refusals
from remit.control.upkeep.suited import suite_problems
from remit.control.workspace.code import load_code
from remit.domain.action_errors import InvalidPolicy
from remit.domain.clock import SystemClock
from remit.domain.errors import RemitError
from remit.gate.budgeting.settings import read_budgets
from remit.gate.guards.settings import read_guards
from remit.gate.secrets.secrets_file import read_secrets
from remit.gate.secrets.vault import Vault
from remit.gate.sourcing import open_tools
from remit.models import configuration
from remit.models.cassettes import Tape
from remit.models.configuration import SIMULATED
from remit.models.providers.simulated import open_simulated
from remit.policy.authority import Authority
from remit.policy.loading import digest_of, read_files
from remit.policy.lockout import Member, locked_out
from remit.policy.world import World
from remit.quality.judging.reading import agents_of_judges
from remit.tools.acceptance import Acceptance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from remit.control.sections import Settings
    from remit.domain.objectives import Objective
    from remit.domain.people import Person
    from remit.store.database import Database


async def check(
    root: Path, chosen: Settings, *, design: bool = False, objectives: tuple[Objective, ...] = ()
) -> CheckReport:
    """Look at everything that a workspace says; nothing is started, changed or asked of a model.

    With `design`, the review of the design is part of the report, and what it leaves open is an error everywhere.
    """
    bench = Bench(root, chosen, strict=design, objectives=objectives)
    problems: list[Problem] = []
    try:
        for name, look in CHECKS.items():
            try:
                problems += await look(bench)
            except RemitError as wrong:
                problems.append(bench.problem(name, wrong))
    finally:
        await bench.registry.close()
        if bench.vault is not None:
            await bench.vault.close()
    agents, flows = (len(bench.code.agents), len(bench.code.flows)) if bench.code is not None else (0, 0)
    review = bench.review if design else None
    return CheckReport(tuple(problems), agents, flows, len(bench.registry), bench.rules, review)


# --- the checks, each with what it needs from those before it -------------------------------------------------------


async def _code(bench: Bench) -> list[Problem]:
    """Flows, agents and tools can be imported, and no two have one name."""
    bench.code = load_code(bench.root, bench.chosen.code)
    flows = {flow.name for flow in bench.code.flows}
    return [
        Problem("code", "warning", f'the flow "{name}" hides the agent of that name: remit run {name} starts the flow.')
        for name in sorted(flows & bench.code.agents.keys())
    ]  # fmt: skip


async def _secrets(bench: Bench) -> list[Problem]:
    """secrets.toml can be read."""
    bench.secrets = read_secrets(bench.root, bench.chosen.workspace.environment)
    bench.vault = Vault(bench.secrets, bench.root, SystemClock())
    return []


async def _models(bench: Bench) -> list[Problem]:
    """models.toml holds together, what is to be played can be read, and no model that a route asks is about to end."""
    bench.models = configuration.load(bench.root, environment=bench.chosen.workspace.environment)
    for spec in bench.models.providers.values():
        if spec.kind == SIMULATED:
            open_simulated(spec, folder=bench.root, environment=bench.chosen.workspace.environment)
        elif spec.cassette and spec.cassette_mode == "replay":
            Tape(bench.root / spec.cassette)
    return [
        Problem("models", "error" if over else "warning", what, remedy)
        for what, remedy, over in sentences(bench.models, today_of(SystemClock().now()))
    ]


async def _tools(bench: Bench) -> list[Problem]:
    """Every tool is declared so that it can be used; sources that do not answer are named."""
    if bench.code is not None:
        bench.registry.add(*bench.code.tools, *handles_of(bench.code.agents.values(), bench.code.flows))
    if bench.vault is None:
        return []
    await bench.vault.learn()
    left = await open_tools(bench.root, bench.registry, bench.vault)
    bench.all_tools = not left
    return [Problem("tools", "warning", each.why) for each in left]


async def _guards(bench: Bench) -> list[Problem]:
    """guards.toml can be read, and every guard's route is there."""
    agents = bench.code.agents if bench.code is not None else {}
    bench.guards = guards_of(read_guards(bench.root, agents), agents.values())
    for guard in bench.guards:
        if guard.route and bench.models is not None:
            bench.models.route(guard.route)
    return []


async def _named_secrets(bench: Bench) -> list[Problem]:
    """Every secret that something names is where this machine can see it; only names are said."""
    if bench.vault is None or bench.secrets is None:
        return []
    users = {
        name: [f"the {each} (secrets.toml)" for each in who]
        for name, who in bench.secrets.names(idle=False).items()
    }
    for tool in bench.registry:
        for name in tool.manifest.secrets:
            users.setdefault(name, []).append(f"the tool {tool.name} ({_short(bench, tool.place)})")
    for spec in bench.models.providers.values() if bench.models is not None else ():
        if spec.needs_key:
            users.setdefault(spec.secret, []).append(f"the provider {spec.name} (models.toml)")
    for guard in bench.guards:
        if guard.secret:
            users.setdefault(guard.secret, []).append(f"the guard {guard.name or guard.check}")
    bench.missing = await bench.vault.learn(users)
    return [
        Problem(
            "secrets", "error", f'the secret "{name}" is not there, or too short to be one; {_users(users.get(name))}.',
            "Set the variable of that name, or say in secrets.toml where it is kept.",
        )
        for name in bench.missing
    ]  # fmt: skip


async def _budgets(bench: Bench) -> list[Problem]:
    """budgets.toml speaks of agents and flows that there are."""
    if bench.code is not None:
        flows = [flow.name for flow in bench.code.flows]
        read_budgets(bench.root, bench.chosen.workspace.team, bench.code.agents, flows)
    return []


async def _agents(bench: Bench) -> list[Problem]:
    """Nothing that an agent names is missing, and some model may answer it."""
    if bench.code is None or bench.models is None:
        return []
    models, missing = bench.models, bench.missing
    known = agent_checking.Known(
        bench.root,
        bench.registry.names,
        lambda agent: check_served(agent, models, missing),
        away=not bench.all_tools,
    )
    return [
        Problem(
            "agents", "error" if each.sure else "warning",
            f"{_short(bench, each.place)}: agent {each.agent}: {each.message}", each.hint,
        )
        for each in agent_checking.defects(bench.code.agents.values(), known)
    ]  # fmt: skip


async def _flows(bench: Bench) -> list[Problem]:
    """Graphs have no dead ends, and agents can be run by name."""
    if bench.code is None:
        return []
    for graph in bench.code.graphs:
        graph_checking.check(graph)
    for agent in bench.code.agents.values():
        flow_of(agent)
    return []


async def _policy(bench: Bench) -> list[Problem]:
    """The rules fit, do something, and agree with their examples; as `remit policy check` says it."""
    if bench.code is None or bench.models is None:
        return []
    tools = {tool.name: tool.manifest for tool in bench.registry}
    cards = frozenset(card.name for card in bench.models.catalog)
    own = bench.chosen.workspace
    agents = frozenset(bench.code.agents) | agents_of_judges(bench.root, bench.code.judges)
    world = World(own.team, tools, agents, models=cards)
    bench.world = world
    report = policies.report(bench.root, world, own.environment)
    bench.rules = report.rules
    return [
        Problem("policy", "warning" if each.kind in {"dead", "away"} else "error", each.message)
        for each in report.findings
    ]


async def _settings(bench: Bench) -> list[Problem]:
    """Every setting means something: what a start would refuse is refused here."""
    agents = bench.code.agents.values() if bench.code is not None else ()
    flows = [flow.name for flow in bench.code.flows] if bench.code is not None else []
    found = refusals(bench.root, bench.chosen, bench.models, bench.world, agents, flows)
    return [bench.problem("settings", wrong) for wrong in found]


async def _quarantine(bench: Bench) -> list[Problem]:
    """No tool waits for somebody to accept its definition, or would after a start."""

    async def look(database: Database) -> list[Problem]:
        waiting = await Acceptance(database, None, SystemClock(), bench.chosen.workspace.team).waiting(
            bench.registry
        )
        return [
            Problem(
                "quarantine", "error",
                f"{name} is not what was accepted, and nobody calls it before it is accepted.",
                f"Look at it: remit tools {name}",
            )
            for name in waiting
        ]  # fmt: skip

    return await with_database(bench, "quarantine", look)


async def _in_force(bench: Bench) -> list[Problem]:
    """What one person alone may not change is written as it is in force."""
    team, written = (
        bench.chosen.workspace.team,
        as_written(bench.root, capture=bench.chosen.capture, retention=bench.chosen.retention),
    )

    async def look(database: Database) -> list[Problem]:
        people = people_of(await database.fetch("people.all", team))
        if not people:
            return alone([])
        held = [("rules", FOLDER, digest_of(read_files(bench.root / FOLDER)), "policy.in_force", (team,))]
        held += [
            (name, PLACES[name], limits_digest(content), "limits.in_force", (team, name))
            for name, content in written.items()
        ]
        found = [*alone(people), *await _locked_out(bench, people, database)]
        for name, place, digest, query, named in held:
            rows = await database.fetch(query, *named)
            if rows and rows[0][1] and rows[0][0] != digest:
                message = (
                    f"{place} is not what is in force ({rows[0][0][:12]}): a second person has to agree."
                )
                found.append(Problem("in force", "warning", message, f"Ask one: remit policy propose {name}"))
        return found

    def alone(people: list[Person]) -> list[Problem]:
        wrong = out_of_reach(read_files(bench.root / FOLDER), people)
        return [Problem("in force", "error", *each) for each in wrong]

    return await with_database(bench, "in force", look, alone([]))


async def _locked_out(bench: Bench, people: list[Person], database: Database) -> list[Problem]:
    """Whether the rules that are written would be refused at a start, because after them nobody could change any."""
    files, team = read_files(bench.root / FOLDER), bench.chosen.workspace.team
    rows = await database.fetch("policy.in_force", team)
    if bench.world is None or not rows or rows[0][0] == digest_of(files):
        return []
    try:
        after = Authority.of(files, bench.world)
    except InvalidPolicy:
        return []  # which the check of the rules says
    members = [
        Member(who.id, tuple(sorted(who.roles))) for who in people if who.active and who.kind == "user"
    ]
    wrong = next(
        locked_out(after, None, members, bench.chosen.workspace.environment, protected=bool(rows[0][1])), ""
    )
    return (
        [Problem("in force", "error", f"the rules would not be put into force: {wrong}.", GLASS)]
        if wrong
        else []
    )


CHECKS: dict[str, Callable[[Bench], Awaitable[list[Problem]]]] = {
    "code": _code,
    "secrets": _secrets,
    "models": _models,
    "tools": _tools,
    "guards": _guards,
    "secrets named": _named_secrets,
    "budgets": _budgets,
    "agents": _agents,
    "flows": _flows,
    "judges": judge_problems,
    "suites": suite_problems,
    "policy": _policy,
    "settings": _settings,
    "quarantine": _quarantine,
    "in force": _in_force,
    "design": design_problems,
}
"""In this order; each takes from the bench what those before it laid there."""


def _short(bench: Bench, place: str) -> str:
    """A place as the author of the workspace would write it."""
    return place.removeprefix(f"{bench.root}/")


def _users(names: list[str] | None) -> str:
    return f"{' and '.join(names)} would be given it" if names else "secrets.toml describes it"
