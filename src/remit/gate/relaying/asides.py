"""Embeddings and counts of tokens for foreign agents: model calls that answer with no words. They pass as every model
call does, and their answers are no content that the log would keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.gate.relaying.passage import RelayPassage
from remit.models.asides import Counting, Embedding

if TYPE_CHECKING:
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAsk, Sink
    from remit.models.plan import Candidate
    from remit.wire.embeddings import EmbedWish
    from remit.wire.messages import ModelResponse


class AsidePassage(RelayPassage):
    """One of them; without a wish it is a count."""

    def __init__(
        self,
        parts: GateParts,
        actor: Actor,
        relay: RelayAsk,
        sink: Sink,
        identity: str,
        wish: EmbedWish | None,
    ) -> None:
        super().__init__(parts, actor, relay, sink, identity)
        self._wish = wish
        self.proposals.any = False

    @property
    def lane(self) -> str:
        """What is done instead of talking."""
        return "count" if self._wish is None else "embed"

    def _conclude(self, answer: ModelResponse, refusal: str) -> None:
        """It is in its words already."""

    def _carried(self, candidate: Candidate) -> Any:
        inbound, outlet = self._relay.inbound, self.outlet
        if self._wish is None:
            return Counting(candidate.model, candidate.provider, inbound, outlet)
        return Embedding(candidate.model, candidate.provider, inbound, self._wish, outlet)
