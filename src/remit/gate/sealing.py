"""Sealed texts: what a quarantined agent says in words, of which whoever asked it holds nothing but a handle.

A handle can be passed on as the whole value of an argument that takes free text, and the gate puts the text there; with
it travels who may read it. Texts live as long as the run is in this process: its journal says them again. A handle that
nobody knows stands for nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import Denied
from remit.domain.tools import ArgumentRole
from remit.policy.provenance.roles import role_of
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.domain.tools import ToolManifest

Json = Any
_MARK = "⟦"
_HANDLE = re.compile(r"⟦[A-Za-z][\w.-]{0,80}:[0-9a-f]{12}⟧")
_SHORT = 4
"""A text below this says nothing that would have to be kept out of what a tool answers."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One text, and which asking of a model had in sight what it was made from."""

    text: str
    context: str


class SealedTexts:
    """The sealed texts of every run that is in this process."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, Sealed]] = {}

    def seal(self, run: str, context: str, name: str, text: str) -> str:
        """The handle of a text: the same whenever the run comes past this place again."""
        digest = hashlib.sha256(f"{run}|{context}|{name}|{text}".encode()).hexdigest()[:12]
        handle = f"⟦{re.sub(r'[^A-Za-z0-9_.-]', '_', name)[:80]}:{digest}⟧"
        self._runs.setdefault(run, {})[handle] = Sealed(text, context)
        return handle

    def given(
        self, run: str, manifest: ToolManifest, arguments: dict[str, Json]
    ) -> tuple[dict[str, Json], tuple[str, ...]]:
        """The arguments of a call with what handles stand for, and in whose sight that was; raises `Denied` for a
        handle where no free text may stand.
        """
        if all(map(_has_no_handle, arguments.values())):
            return arguments, ()
        contexts: dict[str, None] = {}

        def put(place: str, text: str) -> str:
            if _HANDLE.search(text) is None:
                return text
            sealed = self._known(run, text)
            if role_of(manifest, place) is not ArgumentRole.CONTENT:
                raise Denied(
                    f"{manifest.name} cannot take a sealed text as {place}: nobody knows what it says.",
                    "Pass it as an argument that takes free text, or leave it out.",
                )
            contexts[sealed.context] = None
            return sealed.text

        opened: dict[str, Json] = {name: _walk(value, name, put) for name, value in arguments.items()}
        return (opened, tuple(contexts)) if contexts else (arguments, ())

    def opened(self, run: str, value: Any) -> tuple[Any, tuple[str, ...]]:
        """A value for people and for the author's own code: with what handles anywhere in it stand for."""
        known = self._runs.get(run)
        if not known:
            return value, ()
        contexts: dict[str, None] = {}

        def put(match: re.Match[str]) -> str:
            sealed = known.get(match[0])
            if sealed is None:
                return match[0]
            contexts[sealed.context] = None
            return sealed.text

        whole = _walk(value, "", lambda _, text: _HANDLE.sub(put, text))
        return whole, tuple(contexts)

    def hidden(self, run: str, text: str) -> str:
        """What a model is told, with handles in the place of sealed texts that something repeats."""
        for handle, sealed in self._runs.get(run, {}).items():
            if len(sealed.text) < _SHORT:
                continue
            for written in (sealed.text, canonical.encode(sealed.text).decode()[1:-1]):
                text = text.replace(written, handle)
        return text

    def holds(self, run: str, text: str) -> bool:
        """Whether a text names any of them."""
        return any(handle in text for handle in self._runs.get(run, ()))

    def plain(self, run: str) -> dict[str, list[str]]:
        """As JSON: what the next generation of the run starts with."""
        return {handle: [each.text, each.context] for handle, each in self._runs.get(run, {}).items()}

    def learn(self, run: str, plain: Mapping[str, list[str]]) -> None:
        """What an earlier generation sealed."""
        for handle, (text, context) in plain.items():
            self._runs.setdefault(run, {})[handle] = Sealed(text, context)

    def forget(self, run: str) -> None:
        """A run has left this process."""
        self._runs.pop(run, None)

    def _known(self, run: str, text: str) -> Sealed:
        sealed = self._runs.get(run, {}).get(text.strip())
        if sealed is None:
            raise Denied(
                "a handle of a sealed text is passed on as a whole value and as it is; this one stands for nothing.",
                "Pass one handle as the whole argument.",
            )
        return sealed


def _has_no_handle(value: Any) -> bool:
    """Whether that can be seen without looking into it."""
    return _MARK not in value if value.__class__ is str else value.__class__ in _PLAIN


_PLAIN = frozenset({int, float, bool, type(None)})


def _walk(value: Any, place: str, put: Callable[[str, str], str]) -> Any:
    """A value with something else in the place of its texts."""
    match value:
        case str():
            return put(place, value)
        case dict():
            known = cast("dict[str, Any]", value)
            return {
                key: _walk(inner, f"{place}.{key}" if place else key, put) for key, inner in known.items()
            }
        case list():
            return [_walk(inner, place, put) for inner in cast("list[Any]", value)]
        case _ if is_dataclass(value) and not isinstance(value, type):
            inner = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
            return replace(value, **{name: _walk(each, name, put) for name, each in inner.items()})
        case _:
            return value
