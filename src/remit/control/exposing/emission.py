"""Who is told by OpenTelemetry, plugged together as the settings say."""

from __future__ import annotations

import os
import socket
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.errors import InvalidSetting
from remit.insight.emission.contents import Contents
from remit.insight.emission.exporter import Exporter
from remit.insight.emission.receiver import Receiver, Signal, headers_of
from remit.insight.emission.tellings import Tellings
from remit.insight.reading import Reading
from remit.policy.reduction import Reducer
from remit.wire.otlp import names
from remit.wire.otlp.sending import Sender

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.sections import OtelSettings

_VERSION = metadata.version("remit")
_ALWAYS = {"personal": "redact", "secret": "redact"}
"""Holds for all that leaves."""
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
"""What every other sender reads as well; it may hold a key, so it is no setting."""


class Emission(NamedTuple):
    """What notices that there is something to tell, and what tells it."""

    tellings: Tellings
    exporter: Exporter


def emission_of(ground: Ground, chosen: OtelSettings) -> Emission:
    """Who is told of a workspace; refused where the settings cannot be meant."""
    unknown = sorted(set(chosen.signals) - set(Signal))
    if unknown or not chosen.signals:
        raise InvalidSetting(
            f"otel.signals has {unknown[0] if unknown else 'nothing'}, which is no signal.",
            f"There are {', '.join(Signal)}.",
        )
    receiver = Receiver(chosen.endpoint, headers_of(os.environ.get(_HEADERS, "")))
    resource = {
        "service.name": chosen.service,
        "service.version": _VERSION,
        "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        "deployment.environment.name": ground.environment,
        names.TEAM: ground.principal.team,
    }
    sender = Sender(resource, names.SCOPE, _VERSION, names.SCHEMA_URL)
    signals = tuple(map(Signal, dict.fromkeys(chosen.signals)))
    contents = _contents(ground) if chosen.content else None
    exporter = Exporter(ground.database, receiver, sender, signals, older=chosen.older, contents=contents)
    return Emission(Tellings(), exporter)


def _contents(ground: Ground) -> Contents:
    """What may leave of what was said: never personal data nor secrets, whatever is kept of them here."""

    def digest(said: bytes) -> bytes:
        return bytes.fromhex(ground.keys.tag(f"telemetry|{said.hex()}"))

    clean = Reducer(_ALWAYS, digest).value
    return Contents(ground.database, Reading(ground.database, ground.keys), clean)
