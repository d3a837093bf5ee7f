"""A step: a function of the author's own, with what it does to the world and how it may fail.

Declared once, beside the function; the flow then only calls it. What declares nothing is treated as a write,
because a repeated read is a nuisance and a repeated write is a loss.
"""

from __future__ import annotations

import inspect
import math
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload
from weakref import WeakKeyDictionary

from remit.domain.clock import LONGEST_SECONDS
from remit.domain.effects import Effect
from remit.domain.errors import InvalidName, InvalidSetting
from remit.domain.ids import is_code_name
from remit.engine.values import hints_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.effects import Backoff, Breaker

_KEY_PARAMETER = "idempotency_key"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class Step:
    """A function with its declaration; calling it directly just calls the function."""

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        effect: Effect | str = Effect.WRITE,
        name: str = "",
        timeout: float | str | None = None,
        retry: Backoff | None = None,
        breaker: Breaker | None = None,
        limit: int | None = None,
        reconcile: Callable[..., Any] | None = None,
        key_ttl: float | str = "24h",
        simulate: Callable[..., Any] | None = None,
        subject: str = "",
    ) -> None:
        self.fn = fn
        self.name = name or getattr(fn, "__name__", "")
        if not is_code_name(self.name):
            raise InvalidName(
                f'a step cannot be called "{self.name}": names stand in the log in the clear, so they are code.',
                'Give it one: step(effect="read", name="lookup")(fn).',
            )
        self.effect = _effect(effect, self.name)
        self.timeout = _positive(timeout, self.name, "timeout") if timeout is not None else None
        self.retry = retry
        self.breaker = breaker
        self.limit = limit
        self.reconcile = reconcile
        self.key_ttl = _positive(key_ttl, self.name, "key_ttl")
        self.simulate = simulate
        self.subject = subject
        self.acts = self.effect.acts
        self.is_async = inspect.iscoroutinefunction(fn)
        self.guarded = breaker is not None or limit is not None
        self.__doc__ = fn.__doc__

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """The function itself, undurable: for tests and plain code."""
        return self.fn(*args, **kwargs)

    @cached_property
    def keyed(self) -> bool:
        """Whether it takes an idempotency key, so that a repetition with the same key is harmless."""
        return takes_key(self.fn)

    @cached_property
    def result_hint(self) -> object:
        """The annotated type of its result."""
        return hints_of(self.fn).get("return")

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters of the function."""
        return inspect.signature(self.fn)

    def subject_of(self, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
        """Whom this call is about: the value of the parameter named by `subject`."""
        if not self.subject:
            return ""
        bound = self.signature.bind_partial(*args, **kwargs).arguments
        return str(bound.get(self.subject, ""))


@overload
def step(fn: Callable[..., Any], /) -> Step: ...
@overload
def step(
    *,
    effect: Effect | str = Effect.WRITE,
    name: str = "",
    timeout: float | str | None = None,
    retry: Backoff | None = None,
    breaker: Breaker | None = None,
    limit: int | None = None,
    reconcile: Callable[..., Any] | None = None,
    key_ttl: float | str = "24h",
    simulate: Callable[..., Any] | None = None,
    subject: str = "",
) -> Callable[[Callable[..., Any]], Step]: ...
def step(
    fn: Callable[..., Any] | None = None, /, **declared: Any
) -> Step | Callable[[Callable[..., Any]], Step]:
    """Declare a durable step: its effect, and how it may fail, be repeated, reconciled and simulated."""
    if fn is not None:
        return Step(fn)
    return lambda fn: Step(fn, **declared)


def as_step(fn: Callable[..., Any] | Step) -> Step:
    """The declaration of a function; an undeclared one is a write."""
    if isinstance(fn, Step):
        return fn
    found = _UNDECLARED.get(fn)
    if found is None:
        found = _UNDECLARED[fn] = Step(fn)
    return found


def takes_key(fn: Callable[..., Any]) -> bool:
    """Whether a function declares the parameter through which it gets an idempotency key."""
    return _KEY_PARAMETER in inspect.signature(fn).parameters


def seconds(duration: float | str) -> float:
    """A duration in seconds: `90`, `"4h"`, `"1h30m"`; one that is computed may be over already."""
    try:
        found = _spelled(duration) if isinstance(duration, str) else float(duration)
    except OverflowError:
        found = math.inf
    if abs(found) <= LONGEST_SECONDS:  # not a number is not less than anything either
        return found
    raise InvalidSetting(
        f"a duration of {found:g} s is none that anybody could wait for; the longest is 100 years.",
        'Write seconds, or text such as "30s", "4h", "1h30m".',
    )


def _spelled(duration: str) -> float:
    parts = _DURATION.findall(duration)
    if not parts or _DURATION.sub("", duration).strip():
        raise InvalidSetting(
            f'"{duration}" is not a duration.', 'Write seconds, or text such as "30s", "4h", "1h30m".'
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _positive(duration: float | str, name: str, what: str) -> float:
    try:
        found = seconds(duration)
    except InvalidSetting as wrong:
        raise InvalidSetting(f"the {what} of step {name}: {wrong.message}", wrong.hint) from None
    if found >= 0:
        return found
    raise InvalidSetting(f"step {name} has a {what} of {found:g} s.", "It is a time from now on.")


def _effect(effect: Effect | str, name: str) -> Effect:
    try:
        return Effect(effect)
    except ValueError:
        raise InvalidSetting(
            f'step {name} has effect "{effect}".', "It is read, write or irreversible."
        ) from None


_UNDECLARED: WeakKeyDictionary[Callable[..., Any], Step] = WeakKeyDictionary()
