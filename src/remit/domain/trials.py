"""Trials: goes at a scenario, and what the flows are called that make them. A trial is a run of the very flow or agent
that is judged, under another name: so nothing counts it as work that somebody asked for, and no process with other code
takes it up. Nouns only.
"""

from __future__ import annotations

EXPERIMENT = "remit.experiment."
"""What the flow of an experiment is called: this, and the code that it looks at."""
TRIAL = "remit.trial."
"""What the flow of a trial is called: this, the code, and the flow or agent that is tried."""
TRIED = (EXPERIMENT, TRIAL)
_SHOWN = 12


def experiment_flow(fingerprint: str) -> str:
    """The flow of experiments on exactly this code."""
    return f"{EXPERIMENT}{fingerprint[:_SHOWN]}"


def trial_flow(fingerprint: str, target: str) -> str:
    """The flow of trials of a target, by exactly this code."""
    return f"{TRIAL}{fingerprint[:_SHOWN]}.{target}"


def trial_id(experiment: str, arm: int, scenario: int, index: int, attempt: int) -> str:
    """The one id of this go: a process that died before it could say so finds what it has started. It begins with the
    experiment's, as those of children do, so that both are exported, shown and claimed together.
    """
    return f"{experiment}.{arm}-{scenario}-{index}-{attempt}"
