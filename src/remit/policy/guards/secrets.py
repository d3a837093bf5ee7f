"""Finds credentials of well-known forms: by what they carry (score 1), or by a prefix that is theirs (score 0.5).

The secrets of this workspace are none of its business: the vault knows those by value, and keeps them out itself.
"""

from __future__ import annotations

from remit.policy.detectors.secret_values import KINDS, secret_values
from remit.policy.guards.detecting import finder

__all__ = ["KINDS", "find"]
find = finder(secret_values)
