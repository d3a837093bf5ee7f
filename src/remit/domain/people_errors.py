"""What can go wrong when people act: keys, roles, approvals, grants, proposals. A branch of the error tree.

BadInput    └── UnknownPerson · UnknownKey · UnknownGrant · UnknownProposal
Refused     ├── Unauthenticated ── KeyNeeded · KeyUnknown · KeyExpired · KeyRevoked · PersonDisabled
            ├── NotAllowed ── OwnRequest · NotAPerson · LastAdmin
            └── ForeignApproval · AlreadyVoted · ApprovalExpired · ApprovalChanged · ApprovalConsumed
"""

from __future__ import annotations

from remit.domain.errors import AlreadyDecided, BadInput, Refused, Unauthenticated


class UnknownPerson(BadInput):
    """Nobody here has this name."""

    code = "unknown_person"


class UnknownKey(BadInput):
    """No key has this id."""

    code = "unknown_key"


class UnknownGrant(BadInput):
    """No grant has this id."""

    code = "unknown_grant"


class UnknownProposal(BadInput):
    """No proposal has this id."""

    code = "unknown_proposal"


class KeyNeeded(Unauthenticated):
    """This workspace has users, and nobody decides in it without a key of their own."""

    code = "key_needed"


class KeyUnknown(Unauthenticated):
    """The key is none of this workspace, or its secret is wrong."""

    code = "key_unknown"


class KeyExpired(Unauthenticated):
    """The time of the key is over."""

    code = "key_expired"


class KeyRevoked(Unauthenticated):
    """The key was revoked, or replaced by another one."""

    code = "key_revoked"


class PersonDisabled(Unauthenticated):
    """The owner of the key was disabled."""

    code = "person_disabled"


class NotAllowed(Refused):
    """No rule lets this person do that."""

    code = "not_allowed"


class OwnRequest(NotAllowed):
    """Nobody decides about what they asked for or changed themselves."""

    code = "own_request"


class NotAPerson(NotAllowed):
    """A person has to decide this, and a service is none."""

    code = "not_a_person"


class LastAdmin(NotAllowed):
    """Without this one nobody could administer the workspace any more."""

    code = "last_admin"


class ForeignApproval(Refused):
    """The question belongs to another team."""

    code = "foreign_approval"


class AlreadyVoted(Refused):
    """Somebody's voice counts once."""

    code = "already_voted"


class ApprovalExpired(AlreadyDecided):
    """Nobody answered in time; the answer was no."""

    code = "approval_expired"


class ApprovalChanged(Refused):
    """The question is not any more what was looked at."""

    code = "approval_changed"


class ApprovalConsumed(Refused):
    """The consent was used already, or does not stand any more."""

    code = "approval_consumed"
