"""The collector of a platform, plugged together: which limits, which rules for what must not be kept, whose prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.collecting.collector import Collector
from remit.control.collecting.prices import PriceNote, book_of
from remit.control.collecting.sparing import Sparing
from remit.policy.data_classes import capture_rules

if TYPE_CHECKING:
    from remit.control.platform import Platform


def collector_of(platform: Platform) -> Collector:
    """What takes telemetry in this process."""
    ground, chosen = platform.ground, platform.chosen

    def digest(said: bytes) -> bytes:
        return bytes.fromhex(ground.keys.tag(f"telemetry|{said.hex()}"))

    rules = capture_rules(chosen.capture.classes, chosen.workspace.environment)
    prices = PriceNote(ground, book_of(platform.parts.house.gate.parts.models.configuration))
    sparing = Sparing(rules, digest, detect=chosen.capture.detect)
    return Collector(ground, chosen.collect, sparing, prices, lambda: platform.fronts.serving)
