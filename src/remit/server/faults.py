"""What is wrong with a request before anything of it is understood: its shape, its size, its place, its host. Errors
of the one tree, with the status that HTTP has for each.
"""

from __future__ import annotations

from typing import ClassVar

from remit.domain.errors import BadInput


class RequestFault(BadInput):
    """The request cannot be taken as it is."""

    code = "bad_request"
    status: ClassVar[int] = 400


class BodyTooLarge(RequestFault):
    """The request is larger than this server takes."""

    code = "body_too_large"
    status = 413


class UnknownPath(RequestFault):
    """Nothing is served at this path."""

    code = "unknown_path"
    status = 404


class WrongMethod(RequestFault):
    """The path is not asked with this verb."""

    code = "wrong_method"
    status = 405


class WrongMedia(RequestFault):
    """The body is of a kind that nobody here reads."""

    code = "wrong_media"
    status = 415


class ForeignHost(RequestFault):
    """The server is not reached under this name, or this page may not call it."""

    code = "foreign_host"
    status = 403


class HeadTooLarge(RequestFault):
    """The headers of the request are larger than this server reads."""

    code = "head_too_large"
    status = 431


class TooSlow(RequestFault):
    """The request does not come, or not in time."""

    code = "too_slow"
    status = 408


class UpgradeRefused(RequestFault):
    """WebSocket is not spoken here."""

    code = "upgrade_refused"
    status = 426
