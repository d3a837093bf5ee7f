"""Key figures made slowly: every run's stream is read from its beginning, and each figure is counted from the events
as its definition says. It shares no code with the projections nor with the arithmetic that it is compared with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import REFUSALS, failure_class
from remit.domain.action_events import AgentAsked
from remit.domain.approvals import CONTRACT
from remit.domain.errors import Infrastructure, all_errors
from remit.domain.event import object_of
from remit.domain.events import (
    ApprovalDecided,
    Erased,
    RunContinued,
    RunCreated,
    RunEnded,
    StepDone,
    StepFailed,
    WaitOpened,
)
from remit.domain.people_events import ApprovalRated
from remit.engine.outside import run_stream, team_stream
from tests.reporting.assured import assured

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.store.log import Entry

_GROUND = {kind.code for kind in all_errors() if issubclass(kind, Infrastructure)}
_PEOPLE = {"human", "approval", "unknown", "write"}


@dataclass
class Story:
    """What the stream of one run says."""

    id: str
    began: int
    sort: str = ""
    flow: str = ""
    status: str = ""
    error: str = ""
    ended: int = 0
    money: int = 0
    by_model: Counter[str] = field(default_factory=Counter[str])
    models: int = 0
    tools: int = 0
    failures: int = 0
    denials: int = 0
    writes: set[str] = field(default_factory=set[str])
    undoes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    tool_agents: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    asked: set[str] = field(default_factory=set[str])
    handed: set[str] = field(default_factory=set[str])
    held: set[str] = field(default_factory=set[str])
    loops: bool = False

    @property
    def root(self) -> str:
        """The task it belongs to."""
        return self.id.partition(".")[0]

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in {"succeeded", "failed", "cancelled"}


async def stories(ground: Ground) -> dict[str, Story]:
    """Every run of the workspace."""
    rows = await ground.database.fetch("runs.list", None, None, None, 10_000)
    found: dict[str, Story] = {}
    for row in rows:
        entries, _ = await ground.log.read(run_stream(row[0]), lenient=True)
        assert not any(isinstance(each.event, Erased) for each in entries)
        found[row[0]] = _story(row[0], entries)
    return found


async def figures(ground: Ground, decision_cents: int) -> dict[str, tuple[int, int] | None]:
    """Numerator and denominator of each figure; None where there is nothing to count."""
    all_of = await stories(ground)
    verdicts, ratings = await _said(ground)
    tasks = [each for each in all_of.values() if each.sort == "task"]
    acting = [each for each in all_of.values() if each.sort in {"task", "child", "exchange"}]
    over = [each for each in tasks if each.over]
    done = [each for each in over if each.status == "succeeded"]
    broken = [each for each in over if each.status == "failed" and each.error in _GROUND]
    cancelled = [each for each in over if each.status == "cancelled"]
    of_task: dict[str, list[Story]] = defaultdict(list)
    for each in all_of.values():
        if each.sort in {"task", "child"}:
            of_task[each.root].append(each)
    asking = {task.id for task in over if any(each.asked for each in of_task[task.id])}
    handing = {task.id for task in over if any(each.handed for each in of_task[task.id])}
    handed = [verdicts.get(q, ("", False)) for runs in of_task.values() for each in runs for q in each.handed]
    held = [verdicts.get(q, ("", False)) for runs in of_task.values() for each in runs for q in each.held]
    asked = [verdicts.get(q, ("", False)) for runs in of_task.values() for each in runs for q in each.asked]
    answered = sum(verdict in {"approved", "rejected"} for verdict, _ in asked)
    undone = {place for each in all_of.values() for place in each.undoes}
    writes = {(each.id, path) for each in acting for path in each.writes}
    rejected = sum(verdict == "rejected" for verdict, _ in held)
    changed = sum(verdict == "approved" and edited for verdict, edited in held)
    needless = sum(verdict == "approved" and not edited for verdict, edited in handed)
    work = sum(each.money for each in all_of.values() if each.sort in {"task", "child", "house"})
    tools: dict[str, set[str]] = defaultdict(set)
    for each in all_of.values():
        for name, agent in each.tool_agents:
            tools[name].add(agent)
    actions = sum(each.models + each.tools for each in over)
    actions += sum(each.models + each.tools for each in all_of.values() if each.sort == "child")
    ended = [each for each in all_of.values() if each.over]
    return await assured(ground) | {
        "task_success": _of(len(done), len(over) - len(cancelled) - len(broken)),
        "automation": _of(sum(each.id not in asking for each in done), len(over)),
        "escalation": _of(len(handing), len(over)),
        "needless_escalation": _of(
            needless, sum(verdict in {"approved", "rejected"} for verdict, _ in handed)
        ),
        "incorrect_action": _of(len(undone & writes) + rejected + changed, len(writes) + rejected),
        "attempted_violation": _of(
            sum(each.denials for each in acting), sum(each.models + each.tools for each in acting)
        ),
        "escaped_violation": _of(0, len(writes)),
        "tool_failure": _of(sum(each.failures for each in acting), sum(each.tools for each in acting)),
        "loops": _of(sum(each.loops for each in tasks), len(tasks)),
        "steps": _of(actions, len(over), share=False),
        "cost_per_success": _of(work + answered * decision_cents * 10_000, len(done), share=False),
        "shared_tools": _of(sum(len(agents) > 1 for agents in tools.values()), len(tools)),
        "reviewer_satisfaction": _of(sum(ratings.values()), len(ratings), share=False),
        "completeness": _of(len(ended), len(ended)),
    }


def _of(part: int, whole: int, *, share: bool = True) -> tuple[int, int] | None:
    assert part <= whole or not share or not whole
    return (part, whole) if whole else None


async def _said(ground: Ground) -> tuple[dict[str, tuple[str, bool]], dict[tuple[str, str], int]]:
    entries, _ = await ground.log.read(team_stream(ground.principal.team), lenient=True)
    verdicts: dict[str, tuple[str, bool]] = {}
    ratings: dict[tuple[str, str], int] = {}
    for entry in entries:
        match entry.event:
            case ApprovalDecided() as event:
                verdicts[event.approval] = (event.verdict, event.edited)
            case ApprovalRated() as event:
                ratings[event.approval, event.by] = event.rating
            case _:
                pass
    return verdicts, ratings


@dataclass
class _Read:
    """What was read of a run so far."""

    story: Story
    details: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict[str, dict[str, Any]](dict))
    agents: dict[str, str] = field(default_factory=dict[str, str])
    calls: dict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[str, str]]](list)
    )
    outcomes: dict[str, Any] = field(default_factory=dict[str, Any])
    prefix: str = ""

    def life(self, entry: Entry) -> None:
        """How the run goes."""
        match entry.event:
            case RunContinued() as event:
                self.prefix = f"@{event.generation}/"
            case RunEnded() as event:
                self.story.status, self.story.error, self.story.ended = event.status, event.error, entry.at
            case WaitOpened() as event if (
                event.approval and event.wait in _PEOPLE and event.group != "outbox"
            ):
                self.story.asked.add(event.approval)
                if event.wait == "human" and event.name != CONTRACT:
                    self.story.handed.add(event.approval)
                if event.wait in {"approval", "write"}:
                    self.story.held.add(event.approval)
            case _:
                pass

    def acts(self, path: str, event: Any) -> None:
        """What is done in it."""
        self.details[path] |= object_of(getattr(event, "detail", None))
        if isinstance(event, AgentAsked):
            self.agents[path] = event.agent
        elif isinstance(event, (StepDone, StepFailed)):
            self.outcomes[path] = event
            if _kind(event, self.details[path]) == "tool":
                self.calls[_agent_above(path, self.agents)].append((event.name, event.digest))


def _story(run: str, entries: list[Entry]) -> Story:
    created = entries[0].event
    assert isinstance(created, RunCreated)
    read = _Read(Story(run, entries[0].at, _sort(created), created.flow))
    for entry in entries:
        read.life(entry)
        read.acts(f"{read.prefix}{entry.path}", entry.event)
    for path, event in read.outcomes.items():
        _count(read.story, path, event, read.details[path], read.agents)
    read.story.loops = any(_goes_round(each) for each in read.calls.values())
    return read.story


def _count(story: Story, path: str, event: Any, detail: dict[str, Any], asked: dict[str, str]) -> None:
    kind, failed = _kind(event, detail), isinstance(event, StepFailed)
    refused = failed and event.error in REFUSALS | {"rejected"}
    if refused and failure_class(event.error) == "policy" and kind in {"tool", "model", "delegate"}:
        story.denials += 1
    if kind == "model":
        story.models += 1
        money = int(object_of(detail.get("used")).get("money", 0))
        story.money += money
        order = detail.get("order") or [""]
        story.by_model[str(detail.get("served") or detail.get("model") or order[0])] += money
    writes = detail.get("effect") in {"write", "irreversible"} and "undoes" not in detail
    if writes and kind in {"tool", "memory"} and not refused:
        story.writes.add(path)
    if kind == "tool":
        story.tools += 1
        story.failures += failed and not refused
        agent = str(detail.get("agent", "")) or asked.get(_agent_above(path, asked), "")
        if agent:
            story.tool_agents.add((event.name, agent))
        if "undoes" in detail and not failed and not event.how.startswith("simulated"):
            story.undoes.add((detail["undoes"]["run"], detail["undoes"]["path"]))


def _kind(event: Any, detail: dict[str, Any]) -> str:
    if event.name == "model" and ("route" in detail or "book" in detail):
        return "model"
    if event.name == "delegate" and "to" in detail:
        return "delegate"
    if "memory" in detail:
        return "memory"
    if {"effect", "tool_digest", "undoes", "decision", "pipe"} & detail.keys():
        return "tool"
    return "tool" if getattr(event, "error", "") in {"unknown_tool", "bad_arguments"} else "step"


def _agent_above(path: str, asked: dict[str, str]) -> str:
    while path := path.rpartition("/")[0]:
        if path in asked:
            return path
    return ""


def _goes_round(calls: list[tuple[str, str]]) -> bool:
    if any(n >= 3 for n in Counter(calls).values()):
        return True
    return any(
        calls[i : i + size] == calls[i + size : i + 2 * size] and len(set(calls[i : i + size])) > 1
        for size in (2, 3, 4)
        for i in range(len(calls) - 2 * size + 1)
    )


def _sort(created: RunCreated) -> str:
    if created.forked_from:
        return "fork"
    if created.flow == "remit.exchange":
        return "exchange"
    if created.flow.startswith("remit."):
        return "house"
    return "child" if created.parent else "task"
