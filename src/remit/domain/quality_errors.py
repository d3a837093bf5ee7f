"""What can go wrong when agents are judged: suites that cannot be read, scores that are none.

BadInput ── InvalidSuite · UnknownSuite · UnknownScenario
Refused  ── BadScore
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused


class InvalidSuite(BadInput):
    """A suite says something that cannot be meant."""

    code = "invalid_suite"


class UnknownSuite(BadInput):
    """No suite has this name."""

    code = "unknown_suite"


class UnknownScenario(BadInput):
    """The suite has no scenario of this name."""

    code = "unknown_scenario"


class BadScore(Refused):
    """A scorer gave what is no score."""

    code = "bad_score"
