"""From a provider's description to the provider: checks what can be checked before the first call, and puts the
dialect, the endpoint and the connections together. Dialects are imported when a provider speaks them.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidCatalog
from remit.domain.clock import SystemClock
from remit.models.endpoint import RESERVED
from remit.models.providers.over_http import OverHttp
from remit.models.specs import KINDS
from remit.models.transport import Transport

if TYPE_CHECKING:
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.models.endpoint import Endpoint
    from remit.models.provider import Provider
    from remit.models.specs import ProviderSpec
    from remit.wire.dialect import Dialect

DIALECTS: dict[str, tuple[str, ...]] = {
    "openai": ("openai_chat", "openai_responses"),
    "azure": ("openai_chat", "openai_responses"),
    "anthropic": ("anthropic",),
    "gemini": ("gemini",),
    "bedrock": ("anthropic",),
    "vertex": ("gemini", "anthropic"),
}
"""What each kind can speak; the first is what it speaks if nothing is said."""

SAMPLING = ("temperature", "top_p", "top_k")
"""What the newer version of Anthropic's API refuses; dropped only where models.toml says `drop`."""

_NEEDS: dict[str, tuple[str, ...]] = {
    "azure": ("base_url",),
    "bedrock": ("region",),
    "vertex": ("project", "region"),
}


def open_provider(
    spec: ProviderSpec,
    *,
    clock: Clock | None = None,
    folder: Path | None = None,
    environment: str = "dev",
) -> Provider:
    """The provider; raises `InvalidCatalog` for a description that cannot work. Nothing is contacted. `folder` and
    `environment` are for the simulated one: where its scripts are, and where it must not serve.
    """
    check(spec)
    if spec.kind == "simulated":
        from remit.models.providers.simulated import open_simulated

        return open_simulated(spec, folder=folder, clock=clock, environment=environment)
    spec = replace(spec, base_url=spec.base_url.rstrip("/"))
    transport = Transport()
    return OverHttp(_endpoint(spec, _dialect(spec), transport, clock or SystemClock()), transport)


def check(spec: ProviderSpec) -> None:
    """Raise `InvalidCatalog` with a sentence for what cannot work."""
    if spec.kind not in KINDS:
        near = difflib.get_close_matches(spec.kind, KINDS, 1)
        raise _invalid(
            spec,
            f'has kind "{spec.kind}", which does not exist',
            f'Did you mean "{near[0]}"?' if near else f"The kinds are {', '.join(KINDS)}.",
        )
    for name in _NEEDS.get(spec.kind, ()):
        if not getattr(spec, name):
            raise _invalid(spec, f"is of kind {spec.kind} and lacks {name}", f"Add {name} = … to it.")
    if spec.auth not in {"", "key", "bearer"}:
        raise _invalid(spec, f'has auth "{spec.auth}"', 'It is "key" or "bearer".')
    _check_dialect(spec)
    _check_version(spec)
    _check_address(spec)
    for name in spec.headers:
        if name.lower() in RESERVED:
            raise _invalid(
                spec,
                f"sets the header {name}, which Remit sets by itself",
                "Name a secret instead of a header.",
            )


def _check_dialect(spec: ProviderSpec) -> None:
    known = DIALECTS.get(spec.kind, ())
    if spec.dialect and known and spec.dialect not in known:
        raise _invalid(
            spec,
            f'has dialect "{spec.dialect}", which {spec.kind} does not speak',
            f"It speaks {' or '.join(known)}.",
        )


def _check_version(spec: ProviderSpec) -> None:
    if spec.kind != "anthropic" or not spec.api_version:
        return
    from remit.wire.anthropic.requests import VERSIONS

    if spec.api_version not in VERSIONS:
        raise _invalid(
            spec,
            f'has api_version "{spec.api_version}"',
            f"Remit knows {' and '.join(VERSIONS)} of this API.",
        )


def _check_address(spec: ProviderSpec) -> None:
    if not spec.base_url:
        return
    try:
        address = urlsplit(spec.base_url)
        host, _ = address.hostname or "", address.port
    except ValueError:
        raise _invalid(spec, "has a base_url that is no address", "It looks like https://host/v1.") from None
    if address.scheme not in {"http", "https"} or not host:
        raise _invalid(spec, "has a base_url that is no http address", "It looks like https://host/v1.")
    if address.username or address.password or address.query or address.fragment:
        # not quoted: what stands there may be the key
        raise _invalid(
            spec, "has a base_url with more than host and path in it", "A key belongs into a secret, by name."
        )
    if address.scheme == "http" and not spec.insecure and not _is_here(host):
        raise _invalid(
            spec,
            f"would send key and conversation to {host} in clear text",
            "Use https, or say insecure = true if the network between is yours.",
        )


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _dialect(spec: ProviderSpec) -> Dialect:
    """The codec that the provider is spoken to with."""
    name = spec.dialect or DIALECTS[spec.kind][0]
    if name == "anthropic":
        from remit.wire.anthropic import OLDEST, AnthropicMessages

        dropped = any(field in spec.drop for field in SAMPLING)
        version = spec.api_version if spec.kind == "anthropic" else ""
        return AnthropicMessages(version or OLDEST, "drop" if dropped else "refuse")
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


def _invalid(spec: ProviderSpec, what: str, hint: str) -> InvalidCatalog:
    return InvalidCatalog(f"models.toml: provider {spec.name} {what}.", hint)
