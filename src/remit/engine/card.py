"""What a person is shown of a call that is asked about: where it stands, with what it is called, and under which key.

It is kept in the event that asks, so it is cut where it gets long; the digest of the call covers the whole of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.store.conversations import fingerprint
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.call import Call

_LONGEST_ARGUMENT = 2_000
_LONGEST_IN_ALL = 16_000


def card_of(call: Call, key: str, let_pass: Any = None) -> dict[str, Any]:
    """The call as JSON; `let_pass` is what its claim says of it, where a layer above the engine had a say."""
    shown = {"step": call.path, "effect": call.step.effect.value, "arguments": _shown(_given(call, let_pass))}
    return {**shown, "idempotency_key": key} if call.step.keyed else shown


def _given(call: Call, let_pass: Any) -> dict[str, Any]:
    """The arguments by name: those that were let pass, which may be others than were asked for."""
    if isinstance(let_pass, dict):
        passed = cast("dict[str, Any]", let_pass).get("arguments")
        if isinstance(passed, dict):
            return cast("dict[str, Any]", passed)
    if call.admission is not None and len(call.args) == 1 and isinstance(call.args[0], dict):
        return cast("dict[str, Any]", call.args[0])
    try:
        return dict(call.step.signature.bind_partial(*call.args, **call.kwargs).arguments)
    except TypeError:  # the call will fail of that, and say so
        return {**{str(place): each for place, each in enumerate(call.args, 1)}, **call.kwargs}


def _shown(arguments: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    left = _LONGEST_IN_ALL
    for name, value in arguments.items():
        plain = canonical.plain([value], fingerprint)[0]
        text = canonical.encode(plain).decode()
        room = min(left, _LONGEST_ARGUMENT)
        shown[name] = plain if len(text) <= room else f"{text[:room]}… ({len(text):,} characters)"
        left = max(0, left - len(text))
    return shown
