"""How Gemini's bodies name things: keys in two spellings, and calls that came without an id."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

Json = Any
Block = dict[str, Json]

NAME = "gemini"
SKIP_SIGNATURE = "skip_thought_signature_validator"
"""What Google's documentation says to send on a call that another provider's model made."""

_MADE = "call_gemini_"


def camel(block: Block) -> Block:
    """The block with its own keys in camel case; the API reads snake case as well."""
    for key in block:
        if "_" in key:
            return {_camel(name): value for name, value in block.items()}
    return block


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def made_id(*where: str | int) -> str:
    """An id for a call that has none: always the same for the same call in the same place."""
    return f"{_MADE}{sha256(repr(where).encode(errors='replace')).hexdigest()[:20]}"


def is_made(identity: str) -> bool:
    """Whether an id was made here. It is not sent: Gemini then matches results by name and order."""
    return not identity or identity.startswith(_MADE)
