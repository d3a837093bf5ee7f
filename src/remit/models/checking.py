"""What can be known to be wrong with a provider's description before the first call, each in one sentence. It opens
nothing, and shows no value in which a key might stand.
"""

from __future__ import annotations

import difflib
from ipaddress import ip_address
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidCatalog
from remit.models.specs import KINDS, ProviderSpec

CASSETTE_MODES = ("replay", "auto", "record")

RESERVED = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-goog-api-key",
        "x-amz-security-token", "x-amz-date", "host", "content-length", "content-type", "transfer-encoding",
        "connection", "accept-encoding", "upgrade", "te", "trailer", "expect",
    }
)  # fmt: skip
"""Headers that only an endpoint sets: what else came in must not open a door, nor change where a body ends."""

DIALECTS: dict[str, tuple[str, ...]] = {
    "openai": ("openai_chat", "openai_responses"),
    "azure": ("openai_chat", "openai_responses"),
    "anthropic": ("anthropic",),
    "gemini": ("gemini",),
    "bedrock": ("anthropic",),
    "vertex": ("gemini", "anthropic"),
}
"""What each kind can speak; the first is what it speaks if nothing is said."""

_NEEDS: dict[str, tuple[str, ...]] = {
    "azure": ("base_url",),
    "bedrock": ("region",),
    "vertex": ("project", "region"),
}


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
    _check_cassette(spec)
    _check_version(spec)
    _check_address(spec)
    for name in spec.headers:
        if name.lower() in RESERVED:
            raise _invalid(
                spec,
                f"sets the header {name}, which Remit sets by itself",
                "Name a secret instead of a header.",
            )


def _check_cassette(spec: ProviderSpec) -> None:
    if spec.cassette_mode not in CASSETTE_MODES:
        raise _invalid(
            spec, f'has cassette_mode "{spec.cassette_mode}"', f"It is one of {', '.join(CASSETTE_MODES)}."
        )
    if spec.cassette_mode != "replay" and not spec.cassette:
        raise _invalid(spec, "has a cassette_mode and no cassette", 'Name the file: cassette = "FILE.jsonl".')
    if spec.cassette and spec.kind == "simulated":
        raise _invalid(
            spec, "makes its answers up, and so has none to record", 'Give it a script instead: script = "…".'
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


def _invalid(spec: ProviderSpec, what: str, hint: str) -> InvalidCatalog:
    return InvalidCatalog(f"models.toml: provider {spec.name} {what}.", hint)
