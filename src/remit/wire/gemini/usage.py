"""Tokens as Gemini counts them: thoughts beside the answer, the cache within the prompt, sound in the details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.wire.fields import PROVIDER
from remit.wire.messages import Usage
from remit.wire.opaque import rest

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any
Block = dict[str, Json]


def decode_usage(block: Mapping[str, Json]) -> Usage | None:
    """Tokens in parts that do not overlap; None if the provider said nothing."""
    if not block:
        return None
    prompt, cached = _tokens(block, "promptTokenCount"), _tokens(block, "cachedContentTokenCount")
    cached = min(cached, prompt)
    written = _tokens(block, "candidatesTokenCount")
    heard = _sound(block, "promptTokensDetails") - _sound(block, "cacheTokensDetails")
    heard = min(max(heard, 0), prompt - cached)
    spoken = min(_sound(block, "candidatesTokensDetails"), written)
    return Usage(
        input=prompt - cached - heard + _tokens(block, "toolUsePromptTokenCount"),
        cache_read=cached,
        output=written - spoken,
        reasoning=_tokens(block, "thoughtsTokenCount"),
        audio_input=heard,
        audio_output=spoken,
    )


def encode_usage(usage: Usage, more: Block | None = None) -> Block:
    """Tokens for a client; `more` is what `spare_usage` kept."""
    more = more or {}
    block: Block = {
        "promptTokenCount": max(usage.prompt - _tokens(more, "toolUsePromptTokenCount"), 0),
        "candidatesTokenCount": usage.output + usage.audio_output,
        "totalTokenCount": usage.total,
    }
    if usage.cache_read:
        block["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        block["thoughtsTokenCount"] = usage.reasoning
    if usage.audio_input:
        block["promptTokensDetails"] = [{"modality": "AUDIO", "tokenCount": usage.audio_input}]
    if usage.audio_output:
        block["candidatesTokensDetails"] = [{"modality": "AUDIO", "tokenCount": usage.audio_output}]
    return {**block, **more}


def spare_usage(block: Mapping[str, Json]) -> Block:
    """What the neutral form has no place for. Details of nothing but sound it has."""
    spare = {key: value for key, value in rest(block, _KNOWN).items() if value is not None}
    if "cacheTokensDetails" not in spare:
        for key in _DETAILS & spare.keys():
            if all(one.get("modality") == "AUDIO" for _, one in PROVIDER.blocks(spare, key)):
                del spare[key]
    return spare


def _sound(block: Mapping[str, Json], key: str) -> int:
    details = PROVIDER.blocks(block, key, "usageMetadata")
    return sum(_tokens(detail, "tokenCount") for _, detail in details if detail.get("modality") == "AUDIO")


def _tokens(block: Mapping[str, Json], key: str) -> int:
    return PROVIDER.count(block, key, "usageMetadata")


_DETAILS = frozenset({"promptTokensDetails", "candidatesTokensDetails"})
_KNOWN = frozenset(
    {
        "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
    }
)  # fmt: skip
