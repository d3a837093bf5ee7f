"""OpenFeature: flags of a provider of somebody else's, for `run.flag`. It takes any client that has the methods of
OpenFeature's own, so that nothing of Remit needs that package; ours are served by OFREP, at /ofrep/v1.

    from openfeature import api
    from remit.integrations.openfeature import flags_from, take_from

    take_from(flags_from(api.get_client()))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from remit.domain.flags import Picked
from remit.gate.flag_board import FlagSource, take_from

__all__ = ["FlagClient", "flags_from", "take_from"]

Json = Any
SOURCE = "openfeature"
_UNKNOWN = "FLAG_NOT_FOUND"
_METHODS: tuple[tuple[type, str], ...] = (
    (bool, "get_boolean_details"),
    (str, "get_string_details"),
    (int, "get_integer_details"),
    (float, "get_float_details"),
)


class FlagClient(Protocol):
    """An OpenFeature client: `get_boolean_details(flag_key, default_value, evaluation_context)` and the like for other
    types.
    """


@dataclass(frozen=True, slots=True)
class _Context:
    """What OpenFeature calls an evaluation context, where its package is not there."""

    targeting_key: str
    attributes: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class _Source:
    client: Any

    def pick(self, name: str, default: Json, key: str, facts: dict[str, Json]) -> Picked | None:
        method = next(
            (method for kind, method in _METHODS if isinstance(default, kind)), "get_object_details"
        )
        asked: Json = dict[str, Json]() if default is None else default
        found = getattr(self.client, method)(name, asked, _context(key, facts))
        code = getattr(found, "error_code", None)
        if str(getattr(code, "value", code)) == _UNKNOWN:
            return None
        reason = getattr(found.reason, "value", found.reason)
        value = default if default is None and found.value == {} else found.value
        return Picked(name, str(found.variant or ""), value, str(reason or "UNKNOWN"), SOURCE)


def flags_from(client: FlagClient) -> FlagSource:
    """The flags of an OpenFeature client; which run is in which share hangs on its session, as with ours."""
    return _Source(client)


def _context(key: str, facts: dict[str, Json]) -> Any:
    try:
        made = import_module("openfeature.evaluation_context").EvaluationContext
    except ImportError:
        made = _Context
    return made(targeting_key=key, attributes=facts)
