"""Finds what identifies a person: by a checksum (score 1), or by an exact form alone (score 0.5). It knows no names."""

from __future__ import annotations

from remit.policy.detectors.personal_data import KINDS, personal_data
from remit.policy.guards.detecting import finder

__all__ = ["KINDS", "find"]
find = finder(personal_data)
