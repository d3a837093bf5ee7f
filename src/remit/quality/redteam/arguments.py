"""Arguments for attacks that a tool takes: with the attacker's values wherever its schema lets them stand, made up
where it does not. What it would not take tells nothing about rules, and is no attack.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments, InvalidTool
from remit.domain.event import object_of
from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints
from remit.quality.redteam.attempts import attempts, own_arguments
from remit.quality.redteam.scenario import Mode, Sink
from remit.tools.arguments import ArgumentCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import ToolManifest

Json = Any
_MOST = 64


def arguments_for(manifest: ToolManifest, bounds: Sequence[float]) -> list[dict[str, Json]]:
    """What an attacker would call it with, the greediest first; empty: nothing could be made up that it takes."""
    tried = attempts(Sink(manifest.name), manifest, Mode.SUBSTITUTE, (), bounds)
    return _taken(manifest, [each.arguments for each in islice(tried, _MOST)])


def reading_arguments(manifest: ToolManifest) -> dict[str, Json]:
    """What an innocent call of a tool that reads says; if nothing fits, what comes nearest."""
    own = own_arguments(manifest, Sink(manifest.name))
    return next(iter(_taken(manifest, [own])), own)


def takes(manifest: ToolManifest, arguments: dict[str, Json]) -> bool:
    """Whether the tool would take them."""
    try:
        return _takes(ArgumentCheck(manifest.parameters, manifest.name), arguments)
    except InvalidTool:
        return False


def _taken(manifest: ToolManifest, tried: list[dict[str, Json]]) -> list[dict[str, Json]]:
    try:
        check = ArgumentCheck(manifest.parameters, manifest.name)
    except InvalidTool:
        return []
    plain = object_of(fill(manifest.parameters, Hints("", [])))
    found = [each for each in tried if _takes(check, each)]
    return found or [each for each in [plain] if _takes(check, each)]


def _takes(check: ArgumentCheck, arguments: dict[str, Json]) -> bool:
    try:
        check.check(arguments)
    except BadArguments:
        return False
    return True
