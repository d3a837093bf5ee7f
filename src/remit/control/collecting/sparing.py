"""What telemetry must not bring in: attributes that by their name hold personal data or secrets, and, where the
workspace asks for it, whatever a detector confirms in any text. It is applied before anything is written, for what a
sender puts into a span was never declared to anybody here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.policy.reduction import Reducer
from remit.wire.otlp.receiving import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.wire.otlp.receiving import Received

PERSONAL = (
    "user.id", "user.email", "user.name", "user.full_name", "user.hash", "enduser.id", "enduser.pseudo.id",
    "client.address", "langfuse.user.id", "traceloop.association.properties.user_id", "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.email",
)  # fmt: skip
SECRET = (
    "http.request.header.authorization", "http.request.header.cookie", "http.request.header.x-api-key",
    "http.response.header.set-cookie", "gen_ai.request.api_key", "llm.request.api_key",
)  # fmt: skip
_CLASSES = dict.fromkeys(PERSONAL, "personal") | dict.fromkeys(SECRET, "secret")
HINTS = (
    b"user.id", b"user.email", b"user.name", b"user.full_name", b"user.hash", b".pseudo.id", b"client.address",
    b"properties.user_id", b"telemetry.metadata.", b".header.", b"request.api_key",
)  # fmt: skip
"""Each name has one of these in it. They are looked for one by one, which is ten times faster than one pattern."""
_KEEP, _DROP = "keep", "drop"


class Sparing:
    """Applies the rules of data classes to what was received."""

    def __init__(self, rules: Mapping[str, str], digest: Callable[[bytes], bytes], *, detect: bool) -> None:
        self._rules = {name: mode for name, mode in rules.items() if mode != _KEEP}
        self._named = {name for name, of in _CLASSES.items() if of in self._rules}
        self._digest = digest
        self._reducer = Reducer(self._rules, digest) if detect and self._rules else None

    def apply(self, received: Received) -> None:
        """Change a request into what may be kept of it."""
        if self._reducer is None:
            body = received.encoded() if self._named else b""
            if not any(name in body for name in HINTS):
                return
        received.changed()
        seen: set[int] = set()
        for group, scope, entry in entries(received.signal, received.message):
            for holder in (group.resource, scope.scope):
                if id(holder) not in seen:
                    seen.add(id(holder))
                    self._attributes(holder.attributes)
            self._entry(received.signal, entry)

    def _entry(self, signal: str, entry: Any) -> None:
        if signal == "metrics":
            for name in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
                if entry.HasField(name):
                    for point in getattr(entry, name).data_points:
                        self._attributes(point.attributes)
            return
        self._attributes(entry.attributes)
        if signal == "logs":
            self._value(entry.body)
            return
        for inner in (*entry.events, *entry.links):
            self._attributes(inner.attributes)
        if self._reducer is not None:
            entry.status.message = self._reducer.text(entry.status.message)
            entry.name = self._reducer.text(entry.name)

    def _attributes(self, pairs: Any) -> None:
        gone: list[int] = []
        for n, pair in enumerate(pairs):
            if pair.key in self._named:
                mode = self._rules[_CLASSES[pair.key]]
                if mode == _DROP:
                    gone.append(n)
                else:
                    self._replace(pair, _CLASSES[pair.key], mode)
            else:
                self._value(pair.value)
        for n in reversed(gone):
            del pairs[n]

    def _replace(self, pair: Any, name: str, mode: str) -> None:
        """The same shape as everywhere else that rules are applied."""
        said = pair.value.SerializeToString(deterministic=True)
        text = f"[{name} {self._digest(said).hex()[:12]}]" if mode == "hash" else f"[{name}]"
        pair.value.Clear()
        pair.value.string_value = text

    def _value(self, value: Any) -> None:
        """What a detector confirms, at any depth."""
        if self._reducer is None:
            return
        kind = value.WhichOneof("value")
        if kind == "string_value":
            value.string_value = self._reducer.text(value.string_value)
        elif kind == "array_value":
            for each in value.array_value.values:
                self._value(each)
        elif kind == "kvlist_value":
            self._attributes(value.kvlist_value.values)
