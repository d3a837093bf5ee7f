"""The script of the simulated model."""

from __future__ import annotations

from remit.testing.pytest_plugin import script

__all__ = ["script"]
