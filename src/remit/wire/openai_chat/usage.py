"""Tokens as OpenAI counts them: totals with details inside, here taken apart so that nothing overlaps. Its two dialects
differ in the names only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.wire.messages import Usage
from remit.wire.openai_chat.parts import spare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.fields import Reader

Json = Any


@dataclass(frozen=True, slots=True)
class Counting:
    """How a dialect names its totals and their details."""

    sent: str
    made: str
    of_sent: str
    of_made: str

    def decode(self, block: Mapping[str, Json] | None, reader: Reader) -> Usage | None:
        """What was counted; details that claim more than their total are cut down to it."""
        if not block:
            return None
        prompt, completion = _count(block, self.sent, reader), _count(block, self.made, reader)
        if not block.get(self.of_sent) and not block.get(self.of_made):
            return Usage(prompt, output=completion)
        sent = reader.optional_mapping(block, self.of_sent, "usage")
        made = reader.optional_mapping(block, self.of_made, "usage")
        reasoning = _count(made, "reasoning_tokens", reader)
        if reasoning and _count(block, "total_tokens", reader) == prompt + completion + reasoning:
            completion += reasoning  # some providers count thinking beside the completion, not inside
        left, cache_read = _taken(prompt, _count(sent, "cached_tokens", reader))
        left, cache_write = _taken(left, _count(sent, "cache_write_tokens", reader))
        plain, audio_input = _taken(left, _count(sent, "audio_tokens", reader))
        left, reasoning = _taken(completion, reasoning)
        output, audio_output = _taken(left, _count(made, "audio_tokens", reader))
        return Usage(plain, cache_read, cache_write, output, reasoning, audio_input, audio_output)

    def encode(self, usage: Usage, more: Mapping[str, Json] | None = None) -> dict[str, Json]:
        """The totals with their details; `more` is what else the provider had counted."""
        block: dict[str, Json] = {
            self.sent: usage.prompt,
            self.made: usage.completion,
            "total_tokens": usage.total,
            self.of_sent: {
                "cached_tokens": usage.cache_read,
                "cache_write_tokens": usage.cache_write,
                "audio_tokens": usage.audio_input,
            },
            self.of_made: {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output},
        }
        for key, value in (more or {}).items():
            block[key] = value | block[key] if isinstance(value, dict) and key in block else value
        return block

    def spare(self, block: Mapping[str, Json] | None) -> dict[str, Json]:
        """Counts and costs without a place in the neutral form; zeros are not worth carrying."""
        if not block or block.keys() <= {self.sent, self.made, "total_tokens"}:
            return {}
        details = frozenset({self.of_sent, self.of_made})
        totals = details | {self.sent, self.made, "total_tokens"}
        found = spare(block, totals, self.of_sent, _SENT) | spare(block, totals, self.of_made, _MADE)
        kept = {
            key: {name: count for name, count in value.items() if count} if key in details else value
            for key, value in found.items()
        }
        return {key: value for key, value in kept.items() if value}


CHAT = Counting("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details")
RESPONSES = Counting("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details")

_SENT = frozenset({"cached_tokens", "cache_write_tokens", "audio_tokens"})
_MADE = frozenset({"reasoning_tokens", "audio_tokens"})


def _count(block: Mapping[str, Json], key: str, reader: Reader) -> int:
    return reader.count(block, key, "usage")


def _taken(total: int, part: int) -> tuple[int, int]:
    """What is left of a total, and the part; a part is never larger than its total."""
    part = min(part, total)
    return total - part, part
