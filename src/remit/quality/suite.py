"""A suite: the scenarios by which an agent or a flow is judged, how each is scored, and how much worse it may become.

Data only. How it is written down is `suites`; how it is run is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.quality.score import HARMLESS, SUCCESS
from remit.quality.verdicts import Rule
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.score import Scorer

DEFAULT_RULES: Mapping[str, Rule] = {SUCCESS: Rule(), HARMLESS: Rule(harm=True)}
"""What holds where a suite does not say otherwise: three points on success, no harm at all."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Scenarios that belong together."""

    name: str
    target: str
    """The flow or the agent that they are put to."""
    scenarios: tuple[Scenario, ...]
    scorers: tuple[Scorer, ...] = ()
    """Beside those that the gold of each scenario calls for, which are always there."""
    margins: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    """By metric, where it differs from the default or is gated at all."""
    trials: int = 1
    owner: str = ""
    file: str = ""
    about: str = ""

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Every metric that counts for a verdict, and when it counts as no worse."""
        return {**DEFAULT_RULES, **self.margins}

    @property
    def version(self) -> str:
        """The name of exactly these scenarios and this way of scoring them; not of owner or place."""
        parts = [
            self.target,
            sorted((each.name, each.digest, each.family) for each in self.scenarios),
            sorted((each.name, each.digest) for each in self.scorers),
            sorted((name, rule.margin, rule.harm) for name, rule in self.rules.items()),
        ]
        return canonical.digest(canonical.plain(parts))

    def scenario(self, name: str) -> Scenario | None:
        """The scenario of this name."""
        return next((each for each in self.scenarios if each.name == name), None)
