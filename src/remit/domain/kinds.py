"""Every kind of event by its name. Kinds stand in families, a file each, and a family is imported when one of its kinds
is read: whoever lists runs has no use for what is written down about keys and people.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from remit.domain.event import Event

FAMILIES = (
    "events",
    "action_events",
    "contract_events",
    "halt_events",
    "people_events",
    "policy_events",
    "protection_events",
    "evidence_events",
    "task_events",
    "telemetry_events",
    "experiment_events",
    "judging_events",
    "release_events",
    "flag_events",
    "drift_events",
    "replay_events",
    "redteam_events",
)
"""The files of this package that hold kinds, those that are read most first."""


@cache
def kind_named(name: str) -> type[Event] | None:
    """The kind of this name, if there is one today."""
    return next((kinds[name] for kinds in map(_kinds_of, FAMILIES) if name in kinds), None)


def every_kind() -> dict[str, type[Event]]:
    """All of them, by name."""
    return {name: kind for family in FAMILIES for name, kind in _kinds_of(family).items()}


@cache
def _kinds_of(family: str) -> dict[str, type[Event]]:
    members = vars(import_module(f"remit.domain.{family}")).values()
    kinds = [each for each in members if isinstance(each, type) and issubclass(each, Event)]
    return {kind.KIND: kind for kind in kinds if getattr(kind, "KIND", "")}
