"""A source of tools that is configured rightly and does not answer now; the workspace starts without it."""

from __future__ import annotations

from remit.domain.action_errors import InvalidTool


class SourceUnreachable(InvalidTool):
    """Its tools are not there until it is opened again."""
