"""What Prometheus reads: the families of metrics that exist here, each with its labels and its meaning, and their
samples as text. It knows no database; the dashboards and alerts that ship are checked against this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: what it counts, and by what it is told apart."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which its samples stand."""
        if self.kind != "histogram":
            return (self.name,)
        return (f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a counter or a gauge."""

    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of a histogram: how many were at most so large, for every bound."""

    labels: tuple[str, ...]
    bounds: Sequence[tuple[float, int]]
    """Each bound with how many lie at or below it, rising."""
    total: float
    count: int


@dataclass(slots=True)
class Exposition:
    """What is told at one moment."""

    _found: dict[str, list[Sample | Spread]] = field(default_factory=dict[str, "list[Sample | Spread]"])

    def add(self, name: str, labels: Iterable[object], value: float) -> None:
        """One value; a family that does not exist is an error of ours."""
        self._found.setdefault(FAMILIES[name].name, []).append(Sample(tuple(map(str, labels)), value))

    def spread(self, name: str, found: Spread) -> None:
        """One histogram."""
        self._found.setdefault(FAMILIES[name].name, []).append(found)

    def text(self) -> str:
        """All of it, in the order of the table."""
        lines: list[str] = []
        for family in FAMILIES.values():
            found = self._found.get(family.name)
            if found is None:
                continue
            lines += [f"# HELP {family.name} {family.meaning}", f"# TYPE {family.name} {family.kind}"]
            for each in found:
                lines += _spread(family, each) if isinstance(each, Spread) else [_sample(family, each)]
        return "\n".join(lines) + "\n"


def _sample(family: Family, sample: Sample) -> str:
    return f"{family.name}{_labels(family.labels, sample.labels)} {_number(sample.value)}"


def _spread(family: Family, spread: Spread) -> list[str]:
    names = (*family.labels, "le")
    lines = [
        f"{family.name}_bucket{_labels(names, (*spread.labels, _number(bound)))} {below}"
        for bound, below in spread.bounds
    ]
    lines.append(f"{family.name}_bucket{_labels(names, (*spread.labels, '+Inf'))} {spread.count}")
    lines.append(f"{family.name}_sum{_labels(family.labels, spread.labels)} {_number(spread.total)}")
    lines.append(f"{family.name}_count{_labels(family.labels, spread.labels)} {spread.count}")
    return lines


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    short = value[:_LONGEST_LABEL].encode("utf-8", "replace").decode("utf-8")
    return short.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


_WHO = ("team", "agent", "flow")
_MODEL = ("team", "agent", "model", "provider")
_BY_AGENT = ("team", "agent")
_OBJECTIVE = ("team", "objective")

_ALL = (
    Family("remit_runs_total", "counter", "Runs that ended, by how.", (*_WHO, "status")),
    Family(
        "remit_run_failures_total", "counter", "Runs that failed, by class of failure.", (*_WHO, "failure")
    ),
    Family("remit_runs_open", "gauge", "Runs that have not ended, by what they do.", (*_WHO, "status")),
    Family("remit_run_cost_dollars_total", "counter", "What runs cost, whatever became of them.", _WHO),
    Family("remit_run_seconds", "histogram", "Time from start to end of a run.", _BY_AGENT),
    Family("remit_run_working_seconds", "histogram", "The same without waiting for people.", _BY_AGENT),
    Family("remit_human_wait_seconds_total", "counter", "Time in which runs waited for people.", _WHO),
    Family("remit_model_calls_total", "counter", "Calls of models.", _MODEL),
    Family("remit_model_failures_total", "counter", "Calls of models that gave no answer.", _MODEL),
    Family("remit_model_retries_total", "counter", "Attempts beyond the first.", _MODEL),
    Family("remit_model_cost_dollars_total", "counter", "What calls of models cost.", _MODEL),
    Family("remit_tokens_total", "counter", "Tokens, in parts that do not overlap.", (*_MODEL, "part")),
    Family("remit_model_seconds", "histogram", "Time of a call of a model.", _BY_AGENT),
    Family("remit_first_token_seconds", "histogram", "Time until the first token.", _BY_AGENT),
    Family("remit_tool_calls_total", "counter", "Calls of tools.", _WHO),
    Family("remit_tool_failures_total", "counter", "Calls of tools that failed.", _WHO),
    Family("remit_tool_seconds", "histogram", "Time of a call of a tool.", _BY_AGENT),
    Family("remit_denials_total", "counter", "Actions that were refused.", _WHO),
    Family("remit_asks_total", "counter", "Actions for which a person was asked.", _WHO),
    Family("remit_loops_total", "counter", "Runs that went in a circle.", _WHO),
    Family("remit_handoffs_total", "counter", "Runs that ended with a person.", _WHO),
    Family("remit_approvals_open", "gauge", "Questions that wait for a person.", ("team", "group")),
    Family("remit_oldest_approval_seconds", "gauge", "How long the oldest of them waits.", ("team", "group")),
    Family(
        "remit_writes_unknown", "gauge", "Writes of which nobody knows whether they took place.", ("team",)
    ),
    Family("remit_halts_standing", "gauge", "Halts and quarantines in force.", ("team", "scope", "mode")),
    Family("remit_tools_quarantined", "gauge", "Tools that changed and that nobody accepted yet.", ("team",)),
    Family("remit_objective_target", "gauge", "The share of tasks that is to go well.", _OBJECTIVE),
    Family("remit_objective_tasks", "gauge", "Tasks that ended in the window of an objective.", _OBJECTIVE),
    Family("remit_objective_missed", "gauge", "Those of them that missed it.", _OBJECTIVE),
    Family(
        "remit_objective_budget_left", "gauge", "What is left of its error budget: 1 is all of it.", _OBJECTIVE
    ),
    Family(
        "remit_objective_burn_rate", "gauge", "How fast that is used up: at 1, it lasts its window.",
        (*_OBJECTIVE, "stretch"),
    ),
    Family(
        "remit_objective_burning", "gauge", "Alerts of an objective that are met.", (*_OBJECTIVE, "severity")
    ),
    Family("remit_workers_alive", "gauge", "Workers whose lease stands."),
    Family("remit_projection_lag_events", "gauge", "Events that the tables of insight have not taken in."),
    Family("remit_projection_lag_seconds", "gauge", "How old the oldest of these is."),
    Family("remit_log_events", "gauge", "Position of the newest event in the log."),
    Family("remit_log_unanchored_events", "gauge", "Events that no signed checkpoint covers yet."),
    Family("remit_process_resident_bytes", "gauge", "Memory of the process that answers."),
    Family("remit_process_seconds", "gauge", "How long the process that answers has been there."),
    Family("remit_requests_open", "gauge", "Requests of clients that this process is answering."),
)  # fmt: skip
FAMILIES = {family.name: family for family in _ALL}
"""Every metric, in the order in which they are told."""
