"""What can be wrong with what somebody wants of the red team.

BadInput ── UnknownPack · UnknownReport · NothingToAttack
"""

from __future__ import annotations

from remit.domain.errors import BadInput


class UnknownPack(BadInput):
    """There is no pack of attacks of this name."""

    code = "unknown_pack"


class UnknownReport(BadInput):
    """No report of the red team has this id."""

    code = "unknown_report"


class NothingToAttack(BadInput):
    """There is nothing of this name that could be attacked, or so much that nobody would wait for it."""

    code = "nothing_to_attack"
