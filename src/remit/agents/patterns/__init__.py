"""Ways of letting agents work together: small functions over `run.ask` and `run.gather`, to be read before being used.

Each says when to use it and when not. None of them knows anything that your own flow could not do in the same words.
"""

from __future__ import annotations

from remit.agents.patterns.critic import critic
from remit.agents.patterns.debate import debate
from remit.agents.patterns.handoff import handoff
from remit.agents.patterns.pipeline import pipeline
from remit.agents.patterns.planner import Plan, PlanStep, plan_and_execute
from remit.agents.patterns.router import route
from remit.agents.patterns.swarm import swarm
from remit.agents.patterns.vote import Ballot, vote

__all__ = [
    "Ballot",
    "Plan",
    "PlanStep",
    "critic",
    "debate",
    "handoff",
    "pipeline",
    "plan_and_execute",
    "route",
    "swarm",
    "vote",
]
