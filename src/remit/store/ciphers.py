"""The two primitives under every key: a keyed digest and fresh nonces, fast enough to stand on the path of every event.

BLAKE2b with a key is a MAC of its own; OpenSSL's HMAC costs ten times as much per call. Nonces are random; they
are drawn from the kernel in large pieces, and never shared with a forked child.
"""

from __future__ import annotations

import hashlib
import os
import threading

DIGEST_BYTES = 32
NONCE_BYTES = 12
SECRET_BYTES = 32
_SECRETS_AT_ONCE = 64
_DRAWN_AT_ONCE = 256 * NONCE_BYTES


def keyed_digest(key: bytes, content: bytes) -> bytes:
    """32 bytes that nobody can compute or guess without the key."""
    return hashlib.blake2b(content, key=key, digest_size=DIGEST_BYTES).digest()


def fresh_nonce() -> bytes:
    """12 random bytes."""
    try:
        return _pools.pool.pop()
    except (AttributeError, IndexError):  # none was drawn on this thread yet, or all are used
        drawn = os.urandom(_DRAWN_AT_ONCE)
        _pools.pool = [drawn[n : n + NONCE_BYTES] for n in range(0, _DRAWN_AT_ONCE, NONCE_BYTES)]
        return _pools.pool.pop()


def fresh_secret() -> bytes:
    """32 random bytes for a key."""
    try:
        return _pools.secrets.pop()
    except (AttributeError, IndexError):
        drawn = os.urandom(_SECRETS_AT_ONCE * SECRET_BYTES)
        _pools.secrets = [drawn[n : n + SECRET_BYTES] for n in range(0, len(drawn), SECRET_BYTES)]
        return _pools.secrets.pop()


def _forget_pools() -> None:
    """A forked child must not use the nonces and secrets that its parent will."""
    _pools.__dict__.clear()


_pools = threading.local()
os.register_at_fork(after_in_child=_forget_pools)
