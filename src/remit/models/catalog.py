"""Models as data: what each can do, how much it takes, where it runs and what its provider keeps. The cards that ship
with Remit are facts of a date; a workspace adds to them and corrects them. It must not know prices, health or routes.

What a card does not say is unknown, and a route that asks for it is refused: where a model runs and what its provider
keeps depend on the workspace's own contract, so no shipped card claims either.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import InvalidCatalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CAPABILITIES = (
    "tools",
    "json_schema",
    "images",
    "audio",
    "files",
    "reasoning",
    "streaming",
    "parallel_tools",
)
"""What a model may be able to do; `json_schema` is decoding held to a schema by the provider itself."""

DATE = "2026-11-20"
"""The date of the cards and prices that ship."""

FOREVER = 36_500
"""Days of retention of who never deletes."""


@dataclass(frozen=True, slots=True)
class PromptCache:
    """How a provider keeps prefixes warm: from how many tokens, for how many seconds after the last use."""

    least: int = 1024
    seconds: int = 300


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model at one provider."""

    name: str
    """What routes call it."""
    provider: str = ""
    """The `[providers.NAME]` that serves it."""
    wire_name: str = ""
    """What the provider calls it, where that differs."""
    maker: str = ""
    family: str = ""
    dialect: str = ""
    capabilities: frozenset[str] = frozenset()
    window: int | None = None
    """Tokens of prompt and answer together."""
    max_output: int | None = None
    image_tokens: int | None = None
    """The most that one picture may cost; None: nobody knows."""
    cache: PromptCache | None = None
    regions: frozenset[str] = frozenset()
    """Everywhere it may run; empty: unknown."""
    retention: int | None = None
    """Days for which its provider keeps what was sent; None: unknown."""
    data_classes: frozenset[str] | None = None
    """The classes of data that may be sent to it; None: nobody said."""
    approved: bool | None = None
    scores: dict[str, float] = field(default_factory=dict[str, float])
    """What it reached in the workspace's own suites."""
    simulated: bool = False

    @property
    def sent_name(self) -> str:
        """The name that goes over the wire."""
        return self.wire_name or self.name


class Catalog:
    """The models of a workspace, by name."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards = {card.name: card for card in cards}

    def __iter__(self) -> Iterator[ModelCard]:
        return iter(self._cards.values())

    def __contains__(self, name: str) -> bool:
        return name in self._cards

    def __len__(self) -> int:
        return len(self._cards)

    def card(self, name: str) -> ModelCard:
        """The card of this name."""
        found = self._cards.get(name)
        if found is None:
            raise InvalidCatalog(
                f'there is no model "{name}"{nearest(name, self._cards)}.',
                'Describe it in models.toml: [models."NAME"] with provider, window and capabilities.',
            )
        return found


@cache
def shipped_cards() -> Mapping[str, ModelCard]:
    """The cards that ship with Remit, by the maker's own name of each model; no provider serves them yet."""
    return {name: _shipped(name, said) for name, said in read_data(f"models-{DATE}.json")["models"].items()}


def shipped_card(wire_name: str) -> ModelCard | None:
    """The card of a model under whatever name a provider has for it: dated, versioned, or with a region before it."""
    return shipped_cards().get(wire_name) or shipped_cards().get(maker_name(wire_name))


def maker_name(wire_name: str) -> str:
    """What its maker calls a model: `eu.anthropic.claude-opus-5-5-20260901-v1:0` is `claude-opus-5-5`."""
    for pattern in _DRESSING:
        wire_name = pattern.sub("", wire_name)
    return wire_name


def days(text: str) -> int | None:
    """A retention as a number of days: `none`, `30d`, `forever`; None for what is none of these."""
    if text in {"none", "forever"}:
        return 0 if text == "none" else FOREVER
    return int(text[:-1]) if re.fullmatch(r"\d{1,5}d", text) else None


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, ready to stand behind the wrong one."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (nearest: "{close[0]}")' if close else ""


def read_data(file: str) -> dict[str, Any]:
    """A data file of this package."""
    return msgspec.json.decode((resources.files("remit.models") / "data" / file).read_bytes())


def _shipped(name: str, said: dict[str, Any]) -> ModelCard:
    kept = said.get("cache")
    return ModelCard(
        name=name,
        maker=said["maker"],
        family=said["family"],
        capabilities=frozenset(said["can"].split()),
        window=said["window"],
        max_output=said.get("max_output"),
        image_tokens=said.get("image_tokens"),
        cache=PromptCache(**kept) if kept else None,
        simulated=said["maker"] == "simulated",
    )


_DRESSING = (
    re.compile(r"^(global|us-gov|us|eu|apac|jp|au|ca)\.(?=[a-z]+\.)"),  # an inference profile of Bedrock
    re.compile(r"^(anthropic|openai|mistral|models)[./]"),
    re.compile(r"-v\d+:\d+$"),
    re.compile(r"@[\w.-]+$"),  # a version of Vertex
    re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$"),
)
