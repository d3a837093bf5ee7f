"""What each key figure is, in words: what is counted, out of what, and what is not. The words bind: the page of the
reference, the terminal and the summary of a month print these, and `kpis` computes them. Nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "time", "money", "number", "rating", "count"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One key figure."""

    name: str
    title: str
    unit: Unit
    definition: str
    better: Literal["higher", "lower", ""] = ""
    absent: str = ""
    """Why it cannot be measured: what it is made of is recorded nowhere. Empty: it is measured."""


KPIS: tuple[Kpi, ...] = (
    Kpi(
        "task_success", "Task success", "share",
        "tasks that succeeded / tasks that are over, without those that were cancelled and those that failed "
        "because the ground gave way (infrastructure), which are counted apart. A task succeeded if its flow "
        "returned; a flow that checks its end state fails where the check does",
        "higher",
    ),
    Kpi(
        "reliability", "Reliability (pass^k)", "share",
        "mean over scenarios of C(c,k)/C(n,k): the chance that k tries in a row pass, with c of n passed; for "
        "k = 1, 4, 8",
        "higher", "each experiment says it of its own suite, and nothing adds suites up",
    ),
    Kpi(
        "automation", "Workflow automation coverage", "share",
        "tasks that succeeded and asked nobody anything, neither themselves nor by a child / tasks that are over",
        "higher",
    ),
    Kpi(
        "escalation", "Escalation", "share",
        "tasks whose matter a flow or a step handed to a person (run.human, AskHuman) / tasks that are over. "
        "What a rule holds is control, not escalation",
    ),
    Kpi(
        "needless_escalation", "Needless escalation", "share",
        "matters handed to a person who said yes and changed nothing / matters handed to a person who "
        "answered; the others, rejected or changed, were right to ask",
        "lower",
    ),
    Kpi(
        "incorrect_action", "Incorrect action", "share",
        "writes that were taken back, and actions that a person rejected, changed or called back when asked "
        "about them / writes that were let pass, and actions that were rejected or called back",
        "lower",
    ),
    Kpi(
        "attempted_violation", "Attempted policy violation", "share",
        "actions that were refused by policy, a contract or a halt / calls of models and tools that were "
        "proposed, exchanges of other agents included. Advice to agents in another process prevents nothing "
        "and is not counted",
        "lower",
    ),
    Kpi(
        "escaped_violation", "Escaped policy violation", "share",
        "writes that took place and were taken back by a recall, because what they come from was found bad / "
        "writes that were let pass. With none found, the share is at most 3/n, with 95 % (rule of three)",
        "lower",
    ),
    Kpi(
        "tool_failure", "Tool failure", "share",
        "calls of tools that failed otherwise than by a refusal / calls of tools, those that were refused "
        "included; a call that was retried counts once, and retries apart",
        "lower",
    ),
    Kpi(
        "loops", "Runs in a loop", "share",
        "tasks with three or more identical calls of a tool, or a repeating cycle of up to four / tasks that began",
        "lower",
    ),
    Kpi(
        "steps", "Steps per task", "number",
        "calls of models and tools by tasks that are over and by children of tasks / tasks that are over",
        "lower",
    ),
    Kpi(
        "cost_per_success", "Cost per successful task", "money",
        "what all tasks cost, failed ones, their retries and children and what Remit did by itself included, "
        "and what decisions of people cost where reporting.decision_cents says so / tasks that succeeded",
        "lower",
    ),
    Kpi(
        "time", "Time per task", "time",
        "from start to end of tasks that are over: half, 95 and 99 of a hundred take at most so long, people "
        "included",
        "lower",
    ),
    Kpi(
        "time_without_people", "Time per task without people", "time",
        "the same without the time in which nothing but a person was waited for",
        "lower",
    ),
    Kpi(
        "diagnosis", "Time to diagnose", "time",
        "from the first alert or report of an incident to its confirmed cause: median and ninth decile",
        "lower", "no incident is recorded here",
    ),
    Kpi(
        "regression_escape", "Regression escape", "share",
        "kinds of failures that tasks of a release were the first to show, though by then a gate had let its code "
        "pass and none had failed it / those and the changes that a gate failed. Failures because the ground gave way "
        "are none; kinds first shown by releases that no gate let pass stand beside it",
        "lower",
    ),
    Kpi(
        "gate_pass", "Gate pass rate", "share",
        "candidates whose verdict was pass / candidates with a verdict. A candidate is code that a suite held against "
        "other code with --gate; what was said last counts, failed and inconclusive ones are named",
    ),
    Kpi(
        "rollback", "Rollback of canaries", "share",
        "canaries that began in these days and were rolled back / those and the ones that were promoted; those that a "
        "person ended and those that have come to nothing yet are named",
        "lower",
    ),
    Kpi(
        "hallucination", "Hallucination (groundedness)", "share",
        "tasks whose answer says something that was found nowhere in what they had read / tasks that were scored and "
        "say something that can be looked up. Scored is a share of all by lot ([online]); beside it stands how much of "
        "what was said was found, on average",
        "lower",
    ),
    Kpi(
        "scenario_growth", "Scenario growth", "count",
        "scenarios of the suites that were put to a gate in these days, as the last of these gates had them, less "
        "those that each suite had at the last gate before; a suite with none before is new",
        "higher",
    ),
    Kpi(
        "judges", "Judge health", "number",
        "agreement of judges with people beyond chance (kappa), as it stands now: that of the judge which agrees "
        "least, by its newest card; beside it kappa, sensitivity and specificity of each, with intervals. One that was "
        "suspended is named and does not count",
        "higher",
    ),
    Kpi(
        "retrieval", "Retrieval", "share",
        "questions with a known source that was among the first three found / questions with a known source",
        "higher", "no question with a known source is kept here",
    ),
    Kpi(
        "shared_tools", "Adoption of shared tools", "share",
        "tools that two or more agents called / tools that agents called. That a workspace was made from a "
        "template is recorded nowhere, so templates are not in it",
        "higher",
    ),
    Kpi(
        "findings", "Open security findings", "count",
        "changed tools that nobody has accepted, agents that a breaker stopped and nobody has let act again, "
        "attacks of the red team's last report that reach a harm which nobody has accepted, all three as they stand "
        "now, and canaries of these days that somebody agreed to",
        "lower",
    ),
    Kpi(
        "runbooks", "Runbook coverage", "share",
        "kinds of failures that have a runbook / kinds of failures that occurred",
        "higher", "no runbook is kept here",
    ),
    Kpi(
        "reviewer_satisfaction", "Reviewer satisfaction", "rating",
        "mean of what people said about how well they could decide, from 1 to 5, about questions asked in "
        "these days; nobody has to say it, so beside it stands how many did / questions that a person "
        "answered",
        "higher",
    ),
    Kpi(
        "first_agent", "Time to first agent", "time",
        "from the beginning of the log to the end of the first task with an agent that succeeded, whenever that was",
        "lower",
    ),
    Kpi(
        "completeness", "Observability completeness", "share",
        "traces without any gap / traces that are over, for each source: root present, parents known, every "
        "action with its span, and of model calls model, provider, tokens, cost and prompt",
        "higher",
    ),
)  # fmt: skip
"""All of them, in the order in which they are read."""

BY_NAME = {kpi.name: kpi for kpi in KPIS}
