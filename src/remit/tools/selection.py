"""Which offers of a source become tools: `only` and `skip`, names with `*` in them. A wish that fits nothing is
refused, because a misspelt `skip` skips nothing; so is a source of which nothing is left. It knows no kind of source.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from remit.domain.action_errors import InvalidDocument
from remit.tools.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = 12


def wants(name: str, only: Sequence[str], skip: Sequence[str]) -> bool:
    """Whether an offer of this name becomes a tool."""
    return (not only or _fits(name, only)) and not _fits(name, skip)


def refuse_idle(
    place: str, names: Sequence[str], only: Sequence[str], skip: Sequence[str], none: str
) -> None:
    """Raise `InvalidDocument` unless every wish fits something and something is left; `none` says why nothing was."""
    if not names:
        raise InvalidDocument(
            f"{place} has no tools: {none}.", "Give it another, or take it out of tools.toml."
        )
    for key, patterns in (("only", only), ("skip", skip)):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise InvalidDocument(
                    f'{place} has "{pattern}" in {key}, and nothing that it offers is called so'
                    f"{nearest(pattern, names)}.",
                    f"It offers {_few(names)}.",
                )
    if not any(wants(name, only, skip) for name in names):
        raise InvalidDocument(f"{place} has no tools: only and skip leave none.", f"It offers {_few(names)}.")


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
