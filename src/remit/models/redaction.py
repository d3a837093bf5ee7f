"""What keeps keys out of sentences: the texts of a credential, and any text without them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from remit.domain.action_errors import SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.models.provider import Credential

MARK = "[secret]"
SHORTEST = 8
"""What is shorter opens nothing, and replacing it would make words unreadable."""


def secrets_of(credential: Credential) -> tuple[str, ...]:
    """Every text in it that opens something, longest first, so that no part of one survives the other."""
    texts = {credential.value, *credential.fields.values(), *_inside(credential.value)}
    found = texts | {text.strip() for text in texts}
    return tuple(sorted((text for text in found if len(text) >= SHORTEST), key=len, reverse=True))


def _inside(value: str) -> list[str]:
    """The secret texts of a key file in JSON."""
    if not value.lstrip().startswith("{"):
        return []
    try:
        fields = msgspec.json.decode(value, type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError):
        return []
    return [text for name, text in fields.items() if isinstance(text, str) and _SECRET.search(name)]


_SECRET = re.compile(r"private_key$|secret|password|token$", re.IGNORECASE)


def without(text: str, secrets: Iterable[str]) -> str:
    """The text, with a mark where a secret stood: providers repeat keys in their complaints."""
    for secret in secrets:
        text = text.replace(secret, MARK)
    return text


def header_value(credential: Credential, provider: str) -> str:
    """The value as it may stand in a header; a line end in it is a slip of whoever stored it."""
    value = credential.value.strip()
    if not value.isprintable() or not value.isascii():
        raise SecretUnavailable(
            f"the secret of provider {provider} cannot stand in a header: it has line ends or other signs "
            "that no key has.",
            "Store the key alone, on one line.",
        )
    return value
