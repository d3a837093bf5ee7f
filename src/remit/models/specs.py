"""A provider as models.toml describes it: where it is, how it is spoken to, what opens it. Data only.

`models.toml` is parsed into it elsewhere; `models.opening` checks it and makes a provider of it. The secret is a
name here, never a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from remit.models.provider import Deadlines

KINDS = ("openai", "azure", "anthropic", "gemini", "bedrock", "vertex", "simulated")

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One `[providers.NAME]` table. Empty means: what the kind usually has."""

    name: str
    kind: str
    """One of `KINDS`."""
    base_url: str = ""
    """Where the API begins, its version path included: `http://127.0.0.1:11434/v1`. No user, query or fragment."""
    dialect: str = ""
    """openai_chat or openai_responses for `openai` and `azure`; anthropic or gemini for `vertex`."""
    secret: str = ""
    """The name of the secret whose value opens it; empty: none is needed."""
    auth: str = ""
    """How the secret is shown, where the kind has more than one way: key or bearer."""
    region: str = ""
    """bedrock: an AWS region; vertex: a location, or `global`."""
    project: str = ""
    """vertex: the Google Cloud project; openai: the value of `OpenAI-Project`."""
    organization: str = ""
    """openai: the value of `OpenAI-Organization`."""
    api_version: str = ""
    """azure: a date such as `2024-10-21`, or empty for the undated v1 API; anthropic: 2023-06-01 or 2026-10-21."""
    deployments: dict[str, str] = field(default_factory=dict[str, str])
    """azure: the deployment behind a model's name, where the two differ."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Sent with every call; never one that carries a credential."""
    drop: tuple[str, ...] = ()
    """Top-level fields of the body that this provider does not accept, left out on purpose: `["temperature"]`."""
    limit_field: str = ""
    """openai, chat: the field that limits the answer. Empty: `max_completion_tokens` at OpenAI itself, and the older
    `max_tokens` anywhere else, because a server that does not know the newer one ignores it in silence."""
    insecure: bool = False
    """Allow `http://` to another machine: the key and the conversation travel in clear text."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    largest_answer: int = 32 * MEGABYTE
    """Bytes of a whole answer, or of one frame of a stream, after which the provider is not listened to any more."""
    cassette: str = ""
    """A file of recorded answers, from the folder of the workspace; not in prod, and not for the simulated model."""
    cassette_mode: str = "replay"
    """replay: nobody is asked; auto: whoever is behind it is asked for what is missing; record: for everything."""
    script: str = ""
    """simulated: the file that it plays."""
    options: dict[str, object] = field(default_factory=dict[str, object])
    """simulated: chaos and the like, as that provider documents it."""

    @property
    def needs_key(self) -> bool:
        """Whether it is ever contacted, and so wants its key."""
        return bool(self.secret) and not (self.cassette and self.cassette_mode == "replay")
