"""The Messages API as a dialect, in one of its two versions."""

from __future__ import annotations

from functools import cache, partial

from remit.domain.errors import InvalidInput
from remit.wire.anthropic import errors, requests, responses
from remit.wire.anthropic.names import NAME
from remit.wire.anthropic.requests import NEWEST, OLDEST, VERSIONS, Sampling
from remit.wire.anthropic.stream_in import Decoder
from remit.wire.anthropic.stream_out import Encoder
from remit.wire.dialect import Dialect


@cache
def of_version(version: str, sampling: Sampling = "drop") -> Dialect:
    """The dialect in the version that goes into the header `anthropic-version`; raises `InvalidInput` for one that
    does not exist. `sampling` says what becomes of a temperature in a version that takes none: left out, as `dropped`
    reports, or refused.
    """
    if version not in VERSIONS:
        raise InvalidInput(
            f"there is no version {version!r} of the anthropic API.", f"Use {NEWEST} or {OLDEST}."
        )
    return Dialect(
        NAME,
        requests.decode_request,
        partial(requests.encode_request, version=version, sampling=sampling),
        partial(requests.dropped, version=version),
        responses.decode_response,
        responses.encode_response,
        errors.decode_error,
        errors.encode_error,
        Decoder,
        Encoder,
    )
