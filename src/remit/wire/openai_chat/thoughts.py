"""What a model thought, as servers of this dialect show it: under a key of their own choice, sent back under the same.

Thoughts of another dialect's model go to a client as blocks of `reasoning_details` whose signature holds them sealed;
a client that keeps those blocks brings the thoughts back whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.messages import Reasoning
from remit.wire.openai_chat.parts import NAME
from remit.wire.sealed import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any

DETAILS = "reasoning_details"
REASONING_KEYS = ("reasoning_content", "reasoning", DETAILS)


def decode_thoughts(block: Mapping[str, Json]) -> list[Reasoning]:
    """The thoughts of a message, if it shows any."""
    shown = {key: value for key in REASONING_KEYS if (value := block.get(key))}
    if not shown:
        return []
    sealed: list[Reasoning] = []
    left: list[Json] = []
    for detail in _blocks(shown.get(DETAILS)):
        thought = unseal(detail.get("signature"), str(detail.get("text", "")))
        if thought is None:
            left.append(detail)
        else:
            sealed.append(thought)
    if sealed:
        return [*sealed, Reasoning(thoughts_of({DETAILS: left}), NAME, {DETAILS: left})] if left else sealed
    return [Reasoning(thoughts_of(shown), NAME, shown)]


def own_thoughts(part: Reasoning) -> dict[str, Json]:
    """The keys under which thoughts of this dialect go back; no other key, whatever was carried."""
    shown = {key: value for key in REASONING_KEYS if (value := (part.opaque or {}).get(key))}
    return shown or ({"reasoning_content": part.text} if part.text else {})


def sealed_thought(part: Reasoning) -> dict[str, Json]:
    """A thought of another dialect's model, for a client to keep."""
    return {DETAILS: [{"type": "reasoning.text", "text": part.text, "signature": seal(part)}]}


def shown_to_client(parts: Sequence[Reasoning]) -> dict[str, Json]:
    """All thoughts of an answer."""
    message: dict[str, Json] = {}
    foreign = [part for part in parts if part.dialect != NAME]
    for part in parts:
        if part.dialect == NAME:
            message.update(own_thoughts(part))
    if text := "".join(part.text for part in foreign):
        message["reasoning_content"] = message.get("reasoning_content", "") + text
    for part in foreign:
        if part.opaque:
            message[DETAILS] = [*message.get(DETAILS, ()), *sealed_thought(part)[DETAILS]]
    return message


def thoughts_of(shown: Mapping[str, Json]) -> str:
    """The words of what is shown, under the first key that has any."""
    for key in REASONING_KEYS:
        value = shown.get(key)
        if isinstance(value, str):
            return value
    texts = [block.get("text") or block.get("summary") for block in _blocks(shown.get(DETAILS))]
    return "".join(text for text in texts if isinstance(text, str))


def _blocks(details: object) -> list[dict[str, Json]]:
    items = cast("list[Json]", details) if isinstance(details, list) else []
    return [cast("dict[str, Json]", item) for item in items if isinstance(item, dict)]
