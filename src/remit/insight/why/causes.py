"""What a run most likely came out so for: plain rules over its story, in one order. The last step that failed is
seldom the first cause, so each rule looks back from it: to what was repeated, what gave nothing, what was ignored,
what asked for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.action_errors import failure_class
from remit.insight.signature import Trouble, suspected
from remit.insight.why.story import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.insight.why.story import Act, Story

REPEATED = 3
"""So often the same call with the same arguments is a loop."""
_LARGE = 20_000
"""So many letters of one result are much of any context."""
_SPENT = frozenset({"budget_exhausted", "rate_limited", "loop_detected", "no_progress", "journal_full"})
_ASKED_WRONGLY = frozenset({"bad_arguments", "unknown_tool"})
_SAID_WRONGLY = frozenset({"output_invalid", "malformed_answer", "low_confidence", "model_refused"})
_STOPPED = frozenset(
    {"denied", "blocked", "halted", "quarantined", "egress_refused", "isolation_missing", "not_in_a_run"}
)
_MODELS = frozenset(
    {"provider_busy", "provider_down", "provider_refused", "stream_cut", "model_failed", "no_route"}
)
_WAITED = frozenset({"rejected", "expired", "cancelled", "withdrawn", "no_quorum"})


@dataclass(frozen=True, slots=True)
class Cause:
    """The suspected first cause."""

    kind: str
    """What sort it is: loop, missing data, tool, ignored failure, policy, guard, halt, budget, model, answer,
    arguments, timeout, person, child, code, order, wait, slow, expensive, none.
    """
    act: Act | None
    """The step; None where it is the run's own code, or somebody's order."""
    seq: int
    since: Act | None = None
    """What it led to: the step that failed by it, where that is another one."""
    times: int = 1


def first_cause(story: Story) -> Cause:
    """What it goes back to."""
    if story.status == "cancelled":
        return _ordered(story)
    if story.status == "failed":
        return _failed(story)
    if story.status == "parked":
        return _waiting(story)
    return _remarkable(story)


def loops(acts: Sequence[Act]) -> list[list[Act]]:
    """Calls that were made again and again with the same arguments, the most frequent first."""
    groups: dict[tuple[str, str], list[Act]] = {}
    for act in acts:
        if act.kind != MODEL and act.digest and act.kind != "agent":
            groups.setdefault((act.name, act.digest), []).append(act)
    found = [group for group in groups.values() if len(group) >= REPEATED]
    return sorted(found, key=lambda group: (-len(group), group[0].seq))


# --- a run that failed -------------------------------------------------------------------------------------------


def _failed(story: Story) -> Cause:
    end = raiser(story)
    if end is None:
        return _unraised(story)
    for rule in _BACK:
        found = rule(story, end)
        if found is not None:
            return found
    return Cause(_kind_of(end), end, end.last or end.seq)


def raiser(story: Story) -> Act | None:
    """The step whose failure ended the run, if it was one."""
    failed = [act for act in story.done() if act.trouble and act.kind != "agent"]
    by_path = {act.path: act for act in failed}
    same = [act for act in failed if act.error == story.error]
    if not same and story.error not in _ESCALATED and not _agent_gave_up(story):
        return None
    if not same and _agent_gave_up(story) and story.error not in _ESCALATED:
        return None
    found = suspected(
        [Trouble(act.path, act.name, act.error, act.last, act.ended) for act in failed], story.error
    )
    return by_path[found.path] if found is not None else None


_ESCALATED = frozenset({"step_failed", "run_failed", "error"})


def _agent_gave_up(story: Story) -> Act | None:
    agents = [act for act in story.done() if act.kind == "agent" and act.state == "failed"]
    return next((act for act in reversed(agents) if act.error == story.error), None)


def _unraised(story: Story) -> Cause:
    """No step has the error of the run: an agent gave up, or the flow's own code did."""
    agent = _agent_gave_up(story)
    acts = story.before(agent) if agent is not None else story.done()
    if agent is not None:
        acts = [act for act in acts if act.path.startswith(f"{agent.path}/")]
    if story.error in _SPENT:
        return _spent(story, acts, agent)
    if agent is not None or story.error in _SAID_WRONGLY | _MODELS | {"context_too_long"}:
        return _said(story, acts, agent)
    if story.error == "timed_out":
        return _slowest(acts, story)
    ignored = _ignored(acts)
    if ignored is not None:
        return Cause("ignored failure", ignored, ignored.last)
    hollow = _hollow(acts)
    if hollow is not None:
        return Cause("missing data", hollow, hollow.last)
    return Cause("code", None, story.last)


def _spent(story: Story, acts: Sequence[Act], agent: Act | None, end: Act | None = None) -> Cause:
    """Something ran out: what was done again and again, or what cost most of it."""
    done = [act for act in acts if act is not end]
    for group in loops(done):
        first = group[0]
        if first.error in _ASKED_WRONGLY and (asked := _by_request(story, first)) is not None:
            return asked
        kind = "tool" if first.trouble else "missing data" if first.empty else "loop"
        return Cause(kind, first, first.last, agent or end, len(group))
    troubles = Counter(act.name for act in done if act.trouble)
    name, times = troubles.most_common(1)[0] if troubles else ("", 0)
    if times >= REPEATED:
        first = next(act for act in done if act.name == name and act.trouble)
        return Cause(_kind_of(first), first, first.last, agent or end, times)
    dear = max(done, key=lambda act: act.money, default=None)
    if dear is not None and dear.money * 2 > sum(act.money for act in done):
        return Cause("expensive", dear, dear.last, agent or end)
    last = end or (done[-1] if done else agent)
    return Cause(
        "budget" if story.error != "loop_detected" else "loop", last, last.last if last else story.last
    )


def _said(story: Story, acts: Sequence[Act], agent: Act | None) -> Cause:
    """A model gave no answer that could be used."""
    models = [act for act in acts if act.kind == MODEL]
    if story.error == "context_too_long":
        large = max((act for act in acts if act.kind != MODEL), key=lambda act: act.size, default=None)
        if large is not None and large.size >= _LARGE:
            return Cause("large result", large, large.last, agent)
    ignored, hollow = _ignored(acts), _hollow(acts)
    if story.error in {"low_confidence", "model_refused", "no_progress"} and (ignored or hollow):
        act = min((each for each in (ignored, hollow) if each is not None), key=lambda each: each.last)
        return Cause("missing data" if act is hollow else "ignored failure", act, act.last, agent)
    if models:
        kind = "model" if story.error in _MODELS else "answer"
        first = _first_of_the_last(models, acts)
        return Cause(kind, first, first.last or first.seq, agent)
    last = next((act for act in reversed(list(acts)) if act.trouble), agent)
    return Cause(_kind_of(last) if last else "code", last, last.last if last else story.last)


def _first_of_the_last(models: Sequence[Act], acts: Sequence[Act]) -> Act:
    """Of answers that were sent back one after the other the first: nothing was done between them."""
    others = max((act.last for act in acts if act.kind not in {MODEL, "agent"}), default=0)
    return next((act for act in models if (act.last or 2**62) > others), models[-1])


def _ignored(acts: Sequence[Act]) -> Act | None:
    """A failure that nobody mended: nothing of that name worked afterwards."""
    for act in acts:
        if act.trouble and act.kind not in {"agent", MODEL}:
            later = [each for each in acts if each.name == act.name and each.last > act.last]
            if not any(each.state == "done" for each in later):
                return act
    return None


def _hollow(acts: Sequence[Act]) -> Act | None:
    """The last read that gave nothing."""
    found = [
        act for act in acts if act.state == "done" and act.empty and act.kind in {"tool", "step"} and act.size
    ]
    return found[-1] if found else None


def _slowest(acts: Sequence[Act], story: Story) -> Cause:
    still = [act for act in acts if act.state == "open"]
    cut = [act for act in acts if act.error in {"cancelled", "timed_out", "run_cancelled"}]
    found = still or cut or sorted(acts, key=lambda act: -act.took)
    return (
        Cause("timeout", found[0], found[0].last or found[0].seq)
        if found
        else Cause("timeout", None, story.last)
    )


# --- back from the step that failed --------------------------------------------------------------------------------


def _by_budget(story: Story, end: Act) -> Cause | None:
    return _spent(story, story.before(end), None, end) if end.error in _SPENT else None


def _by_breaker(story: Story, end: Act) -> Cause | None:
    if end.error != "circuit_open":
        return None
    earlier = [act for act in story.before(end) if act.name == end.name and (act.trouble or act.retries)]
    first = earlier[0] if earlier else end
    return Cause("tool", first, first.last or first.seq, end, max(1, len(earlier)))


def _by_request(story: Story, end: Act) -> Cause | None:
    """A model asked for what is not there, or with arguments that do not fit."""
    if end.error not in _ASKED_WRONGLY:
        return None
    scope = end.path.rpartition("/")[0]
    models = [act for act in story.before(end) if act.kind == MODEL and act.path.rpartition("/")[0] == scope]
    return Cause("arguments", models[-1], models[-1].last, end) if models and scope else None


def _by_wait(_: Story, end: Act) -> Cause | None:
    if end.kind == "child":
        return Cause("child", end, end.last)
    return Cause("person", end, end.last) if end.error in _WAITED else None


def _by_scope(story: Story, end: Act) -> Cause | None:
    """A scope ran out of time: what was still under way in it is what took so long."""
    if end.kind != "scope":
        return None
    inside = [
        act for act in story.acts.values() if act.path.startswith(f"{end.path}/") and act.state == "open"
    ]
    found = inside[0] if inside else end
    return Cause("timeout", found, found.last or found.seq, end)


def _by_large_result(story: Story, end: Act) -> Cause | None:
    if end.error != "context_too_long":
        return None
    large = max(
        (act for act in story.before(end) if act.kind != MODEL), key=lambda act: act.size, default=None
    )
    return (
        Cause("large result", large, large.last, end) if large is not None and large.size >= _LARGE else None
    )


def _by_gap(story: Story, end: Act) -> Cause | None:
    """It failed over an argument without a value, and something before it had given none."""
    if end.kind == MODEL or end.error in _STOPPED | _MODELS:
        return None
    hollow = _hollow(story.before(end))
    unlucky = failure_class(end.error) == "code" or end.error in {"ToolFailed", "step_failed"}
    if hollow is None or not (end.gaps or (unlucky and _is_next(story, hollow, end))):
        return None
    return Cause("missing data", hollow, hollow.last, end)


def _by_unknown_write(story: Story, end: Act) -> Cause | None:
    """A write is refused while another one like it is unresolved (S11)."""
    if end.error != "unresolved_effect":
        return None
    open_ones = [act for act in story.before(end) if act.name == end.name and act.state == "unknown"]
    lost = open_ones or [act for act in story.acts.values() if act.name == end.name and act is not end]
    return Cause("unknown write", lost[0], lost[0].last or lost[0].seq, end) if lost else None


_BACK: tuple[Callable[[Story, Act], Cause | None], ...] = (
    _by_budget, _by_breaker, _by_request, _by_wait, _by_scope, _by_large_result, _by_unknown_write, _by_gap,
)  # fmt: skip


def _is_next(story: Story, before: Act, end: Act) -> bool:
    """Whether nothing else was done between the two, but for what a model said."""
    between = [
        act for act in story.before(end) if act.last > before.last and act.kind not in {MODEL, "agent"}
    ]
    return not between


def _kind_of(act: Act) -> str:
    if act.error == "halted":
        return "halt"
    if act.guards and act.error == "blocked":
        return "guard"
    if act.error in _STOPPED:
        return "policy"
    if act.error == "timed_out":
        return "timeout"
    if act.state == "unknown":
        return "unknown write"
    if act.kind == "child":
        return "child"
    known = failure_class(act.error)
    if known == "code":
        return "tool" if act.kind == "tool" else "step"
    return {"schema": "answer", "human": "person"}.get(known, known)


# --- a run that did not fail ----------------------------------------------------------------------------------------


def _ordered(story: Story) -> Cause:
    orders = [order for order in story.orders if order[1] == "cancel"]
    return Cause("order", None, orders[-1][0] if orders else story.last)


def _waiting(story: Story) -> Cause:
    lost = [act for act in story.acts.values() if act.state == "unknown"]
    if lost:
        return Cause("unknown write", lost[0], lost[0].last)
    held = [
        act
        for act in story.acts.values()
        if act.state == "open" and (act.held or act.retries or act.kind == "wait")
    ]
    if not held:
        held = [act for act in story.acts.values() if act.kind == "child" and act.state == "open"]
    return Cause("wait", held[-1], held[-1].held or held[-1].seq) if held else Cause("wait", None, story.last)


def _remarkable(story: Story) -> Cause:
    """A run that came to its end, or goes on: what it spent most of its time on, and most of its money."""
    for group in loops(story.done()):
        return Cause("loop", group[0], group[0].last, times=len(group))
    acts = [act for act in story.done() if act.kind != "agent" and act.took]
    whole = (story.ended or max((act.ended for act in acts), default=0)) - story.started
    slow = max(acts, key=lambda act: act.took, default=None)
    if slow is not None and slow.took * 2 > whole:
        return Cause("slow", slow, slow.last)
    dear = max(acts, key=lambda act: act.money, default=None)
    if dear is not None and dear.money:
        return Cause("expensive", dear, dear.last)
    return Cause("none", None, story.last)
