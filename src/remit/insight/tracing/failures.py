"""Which class of failures an error belongs to, for those who count them: the nine of the gate, and `infrastructure`."""

from __future__ import annotations

from functools import cache

from remit.domain import (
    action_errors,
    errors,
    evidence_errors,
    front_errors,
    halt_errors,
    people_errors,
    protection_errors,
)

_FAMILIES = (
    errors,
    action_errors,
    evidence_errors,
    front_errors,
    halt_errors,
    people_errors,
    protection_errors,
)


@cache
def _ground() -> frozenset[str]:
    """Codes that say that the ground gave way."""
    kinds = (kind for family in _FAMILIES for kind in vars(family).values() if isinstance(kind, type))
    return frozenset(kind.code for kind in kinds if issubclass(kind, errors.Infrastructure))


@cache
def class_of(code: str) -> str:
    """The class of a failure by its code."""
    return "infrastructure" if code in _ground() else action_errors.failure_class(code)


def refused(code: str) -> bool:
    """Whether the gate itself said no, or somebody whom it asked."""
    return code in action_errors.REFUSALS or code == errors.Rejected.code
