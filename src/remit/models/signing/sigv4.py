"""AWS Signature Version 4 of one request. Pure: the request and a moment in, the headers that open the door out.

It must be given the address exactly as it will be sent: what is signed and what is sent are the same bytes. It
knows no service but by name, and not S3, which does not normalise paths.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """Who signs. Its texts never show."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for: a day is added to it when it is made."""

    region: str
    service: str


def signed_headers(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    key: AwsKey,
    scope: Scope,
    at: int,
) -> dict[str, str]:
    """The headers to add: `authorization`, `x-amz-date`, and the token of a session. All of `headers` are signed."""
    moment = datetime.fromtimestamp(at / MICROSECONDS, UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"x-amz-date": moment}
    if key.session_token:
        added["x-amz-security-token"] = key.session_token
    address = urlsplit(url)
    canonical, names = _canonical_headers([("host", address.netloc), *headers, *added.items()])
    request = "\n".join(
        (
            method,
            _path(address.path),
            _query(address.query),
            canonical,
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    day = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, day, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.digest(_signing_key(key, scope, moment[:8]), to_sign.encode(), "sha256").hex()
    added["authorization"] = (
        f"{_ALGORITHM} Credential={key.access_key}/{day}, SignedHeaders={names}, Signature={signature}"
    )
    return added


def _signing_key(key: AwsKey, scope: Scope, day: str) -> bytes:
    derived = f"AWS4{key.secret_key}".encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return derived


def _canonical_headers(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The headers, sorted, each on its line, and their names. Values of one name keep their order."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(values)
    return "".join(f"{name}:{','.join(values[name])}\n" for name in names), ";".join(names)


def _path(path: str) -> str:
    """The path without detours, encoded once more than it is sent."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    ends = "/" if kept and path.endswith(("/", "/.", "/..")) else ""
    return quote(f"/{'/'.join(kept)}{ends}", safe="/-_.~")


def _query(query: str) -> str:
    """The parameters sorted by name, then by value; what is encoded already is left so."""
    pairs = (part.partition("=")[::2] for part in query.split("&") if part)
    encoded = sorted((quote(name, safe="%-_.~"), quote(value, safe="%-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)
