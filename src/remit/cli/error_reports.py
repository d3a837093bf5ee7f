"""Errors of a serving process, reported to a Sentry-compatible service: what kind, where in the code, in which version.
What an error says in words, the values it was about and the data of requests are content, and stay here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from remit.control.settings import Settings

_KEPT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "environment",
    "release",
    "server_name",
    "sdk",
)


def report_errors(chosen: Settings) -> None:
    """From here on, tell the service that is configured of everything that is logged as an error."""
    if not chosen.logs.sentry:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise InvalidSetting(
            "logs.sentry needs a library that is not installed.", 'Install it: pip install "remit[sentry]".'
        ) from None
    from remit import __version__

    try:
        sentry_sdk.init(
            dsn=chosen.logs.sentry,
            release=f"remit@{__version__}",
            environment=chosen.workspace.environment,
            default_integrations=False,
            integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            traces_sample_rate=0.0,
            before_send=_without_content,
        )
    except BadDsn:
        raise InvalidSetting(
            "logs.sentry is no DSN.", "Write it as the service shows it: https://KEY@HOST/PROJECT"
        ) from None


def _without_content(event: Any, hint: dict[str, Any]) -> Any:
    """An event with its kind and its place alone; of a log line the template, without what was filled in.

    A line that has nothing to fill in may have been filled in already, by another handler: its place stands for it.
    """
    told: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    record = hint.get("log_record")
    if record is not None:
        place = f"{record.name}, {record.funcName} at line {record.lineno}"
        told["logentry"] = {"message": str(record.msg) if record.args else place}
    thrown = event.get("exception", {}).get("values", ())
    told["exception"] = {"values": [_place(each) for each in thrown]}
    wrong = (hint.get("exc_info") or (None, None, None))[1]
    told["tags"] = {"code": str(getattr(wrong, "code", "")), "service": "remit"}
    return told


def _place(thrown: dict[str, Any]) -> dict[str, Any]:
    stack: dict[str, list[dict[str, Any]]] = thrown.get("stacktrace") or {}
    where = [
        {name: frame[name] for name in _OF_FRAME if name in frame} for frame in stack.get("frames") or ()
    ]
    return {"type": thrown.get("type"), "module": thrown.get("module"), "stacktrace": {"frames": where}}


_OF_FRAME = ("module", "function", "lineno", "in_app")
