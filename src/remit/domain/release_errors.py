"""What can go wrong with releases: names that nobody gave, archives that hold what they must not, channels that lead
nowhere.

BadInput ── UnknownRelease · UnfitArchive
Refused  ── ReleaseBlocked · CanaryUnderWay
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused


class UnknownRelease(BadInput):
    """No release has this name or digest."""

    code = "unknown_release"


class UnfitArchive(BadInput):
    """The workspace holds what no archive may: a secret, or more than fits."""

    code = "unfit_archive"


class ReleaseBlocked(Refused):
    """Something stands against promoting this release."""

    code = "release_blocked"


class CanaryUnderWay(Refused):
    """A canary is under way already."""

    code = "canary_under_way"
