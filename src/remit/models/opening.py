"""From a provider's description to the provider: the dialect, the endpoint and the connections put together. What a
kind needs is imported when one of that kind is opened.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from remit.domain.clock import SystemClock
from remit.models.checking import DIALECTS, check

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.models.cassettes import Mode, Tapes
    from remit.models.endpoint import Endpoint
    from remit.models.provider import Provider
    from remit.models.specs import ProviderSpec
    from remit.models.transport import Transport
    from remit.wire.dialect import Dialect

SAMPLING = ("temperature", "top_p", "top_k")
"""What the newer version of Anthropic's API refuses; dropped only where models.toml says `drop`."""


def open_provider(
    spec: ProviderSpec,
    *,
    clock: Clock | None = None,
    folder: Path | None = None,
    environment: str = "dev",
    tapes: Tapes | None = None,
) -> Provider:
    """The provider; raises `InvalidCatalog` for a description that cannot work. Nothing is contacted. `folder` is where
    scripts and cassettes are, `environment` where the simulated one must not serve, `tapes` what is open already.
    """
    check(spec)
    if spec.kind == "simulated":
        from remit.models.providers.simulated import open_simulated

        return open_simulated(spec, folder=folder, clock=clock, environment=environment)
    from remit.models.providers.over_http import OverHttp
    from remit.models.transport import Transport

    spec = replace(spec, base_url=spec.base_url.rstrip("/"))
    transport = Transport()
    found = OverHttp(_endpoint(spec, _dialect(spec), transport, clock or SystemClock()), transport)
    if not spec.cassette:
        return found
    from remit.models.cassettes import Cassette, Tapes

    file, mode = (folder or Path()) / spec.cassette, cast("Mode", spec.cassette_mode)
    return Cassette((tapes or Tapes()).of(file, mode), found)


def _dialect(spec: ProviderSpec) -> Dialect:
    """The codec that the provider is spoken to with."""
    name = spec.dialect or DIALECTS[spec.kind][0]
    if name == "anthropic":
        from remit.wire.anthropic import OLDEST, of_version

        dropped = any(field in spec.drop for field in SAMPLING)
        version = spec.api_version if spec.kind == "anthropic" else ""
        return of_version(version or OLDEST, "drop" if dropped else "refuse")
    return import_module(f"remit.wire.{name}").DIALECT


def _endpoint(spec: ProviderSpec, dialect: Dialect, transport: Transport, clock: Clock) -> Endpoint:
    from remit.models.providers.anthropic import Anthropic
    from remit.models.providers.azure import Azure
    from remit.models.providers.bedrock import Bedrock
    from remit.models.providers.gemini import Gemini
    from remit.models.providers.openai import OpenAI
    from remit.models.providers.vertex import Vertex

    match spec.kind:
        case "azure":
            return Azure(spec, dialect)
        case "anthropic":
            return Anthropic(spec, dialect)
        case "gemini":
            return Gemini(spec, dialect)
        case "bedrock":
            return Bedrock(spec, dialect, clock)
        case "vertex":
            return Vertex(spec, dialect, transport, clock)
        case _:
            return OpenAI(spec, dialect)
