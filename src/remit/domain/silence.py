"""No network outside the gate: a rehearsal reaches nobody, and the body of a fork or of a run under test only through
its steps (S26).

The interpreter itself tells of every socket, so no import order and no private reference to a function gets around
it; loops that are written in C tell nothing, and are asked beforehand (`guarded`). What is meant is the author's own
code that forgot to be a step; code that wants to get around it belongs into a sandbox.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import EgressRefused

if TYPE_CHECKING:
    from collections.abc import Generator

_CONTACTS = frozenset(
    {
        "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
        "socket.gethostbyaddr",
    }
)  # fmt: skip
_DOORS = ("create_connection", "create_datagram_endpoint", "getaddrinfo", "sock_connect", "sock_sendto")

_quiet: ContextVar[str] = ContextVar("remit_quiet", default="")
"""What is going on that no network belongs to; empty: nothing."""


@contextmanager
def quiet(what: str) -> Generator[None]:
    """Refuse sockets to the code that runs within it, and to the tasks that it starts."""
    _listen()
    token = _quiet.set(what)
    try:
        yield
    finally:
        _quiet.reset(token)


@contextmanager
def aloud() -> Generator[None]:
    """Let them pass again: a step, or the gate."""
    token = _quiet.set("")
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Whether sockets are refused here."""
    return bool(_quiet.get())


def guarded(loop: type[Any]) -> type[Any]:
    """A kind of event loop that tells nobody of its sockets, as one that is asked first."""

    def door(name: str) -> Any:
        open_ = getattr(loop, name)

        def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
            _refuse()
            return open_(self, *args, **kwargs)

        return asked

    return type(loop.__name__, (loop,), {name: door(name) for name in _DOORS})


@cache
def _listen() -> None:
    """Hear of every socket of this process, from the first time on that it matters."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONTACTS and not (
        arguments and isinstance(arguments[-1], str | bytes)
    ):  # a path is no network
        _refuse()


def _refuse() -> None:
    what = _quiet.get()
    if what:
        raise EgressRefused(
            f"{what} reaches no network outside of its steps and tools.",
            "Put what needs the network into a step or a tool: run.step(…), run.call(…).",
        )
