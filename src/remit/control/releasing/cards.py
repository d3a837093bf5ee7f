"""The card of a release as a page that people hand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.operations.releases.card import page as paged

if TYPE_CHECKING:
    from remit.control.releasing.views import ReleasePage


def markdown(page: ReleasePage) -> str:
    """The card, in Markdown."""
    release = page.release
    return paged(page.card, f"Release {release.name} ({release.digest[:12]})")
