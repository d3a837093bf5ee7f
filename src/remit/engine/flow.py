"""A flow: a durable async function, its name, its parameters, and when it starts by the clock.

It binds and checks inputs. It knows nothing of runs, storage or execution.
"""

from __future__ import annotations

import difflib
import inspect
import shlex
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from remit.domain.errors import InvalidInput, InvalidName
from remit.domain.ids import is_code_name
from remit.engine.values import convert_input, hints_of, type_name
from remit.store.conversations import refers
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.domain.contracts import ContractTemplate

_MISSING = inspect.Parameter.empty


class Flow:
    """An async function whose first parameter is the run."""

    def __init__(self, fn: Callable[..., Awaitable[Any]], name: str, cron: str, tz: str) -> None:
        if not is_code_name(name):
            raise InvalidName(
                f'a flow cannot be called "{name}".', "Use letters, digits, dots, dashes and _."
            )
        if not inspect.iscoroutinefunction(fn):
            raise InvalidName(
                f"flow {name} is not an async function.", f"Write: async def {name}(run: Run, …)."
            )
        self.fn = fn
        self.name = name
        self.cron = cron
        self.tz = tz
        self.classes: tuple[str, ...] = ()
        """Classes of data that its input holds, as its annotations say; filled in by whoever loads it."""
        self.contract: ContractTemplate | None = None
        """What every run of it may do at most, for whoever holds runs to it."""
        self.internal: frozenset[str] = frozenset()
        """Parameters that nobody but the flow itself gives, when it goes on as a new generation."""
        self.foreign = False
        """Whether its input is what somebody outside wrote, of which no word counts as a user's own (S30)."""
        self.__doc__ = fn.__doc__
        self.__module__ = fn.__module__

    def __repr__(self) -> str:
        return f"<flow {self.signature_text()}>"

    def __call__(self, *args: object, **kwargs: object) -> Awaitable[Any]:
        """Call the function itself: for a flow that calls another as a plain part of its own run."""
        return self.fn(*args, **kwargs)

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What it takes besides the run."""
        return dict(list(inspect.signature(self.fn).parameters.items())[1:])

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of parameters and result."""
        return hints_of(self.fn)

    @property
    def result_hint(self) -> object:
        """The annotated type of the result."""
        return self.hints.get("return")

    def signature_text(self) -> str:
        """The parameters as a person reads them."""
        return f"{self.name}({self.parameters_text()})"

    def parameters_text(self) -> str:
        """`ticket_id: int, note: str`, or "nothing"."""
        names = [name for name in self.parameters if name not in self.internal]
        return ", ".join(f"{n}: {type_name(self.hints.get(n, Any))}" for n in names) or "nothing"

    def accept(
        self, given: dict[str, object], foreign: Callable[[object], object] | None = None
    ) -> dict[str, Any]:
        """Check inputs against the parameters and give them as plain JSON, ready for the log."""
        self._check_names(given)
        plain = {name: canonical.plain(value, foreign) for name, value in given.items()}
        self.restore({name: value for name, value in plain.items() if not refers(value)})
        return plain

    def restore(self, plain: dict[str, Any]) -> dict[str, Any]:
        """Journaled inputs as the types that the function takes."""
        return {
            n: convert_input(v, self.hints.get(n), n, self.name)
            for n, v in plain.items()
            if n in self.parameters
        }

    def name_arguments(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
        """Positional and named arguments by name."""
        names = list(self.parameters)
        if len(args) > len(names):
            raise InvalidInput(
                f"{self.name} takes {self.parameters_text()}; {len(args)} arguments were given."
            )
        return dict(zip(names, args, strict=False)) | kwargs

    def _check_names(self, given: dict[str, object]) -> None:
        takes = f"it takes {self.parameters_text()}."
        if any(p.kind is p.VAR_KEYWORD for p in self.parameters.values()):
            return
        for name in given:
            if name not in self.parameters:
                raise InvalidInput(
                    f'{self.name} has no parameter "{name}"; {takes}', self._suggest(name, given)
                )
        missing = [n for n, p in self.parameters.items() if p.default is _MISSING and n not in given]
        if missing:
            raise InvalidInput(f'{self.name} needs "{missing[0]}"; {takes}')

    def _suggest(self, wrong: str, given: dict[str, object]) -> str:
        """The input as it should be typed, if that is all that is wrong with it; else the name alone."""
        near = difflib.get_close_matches(wrong, [n for n in self.parameters if n not in given], n=1)
        if not near:
            return ""
        try:
            better = self.accept({(near[0] if n == wrong else n): v for n, v in given.items()})
            return f"Did you mean --input {shlex.quote(canonical.encode(better).decode())}?"
        except Exception:  # noqa: BLE001 - something else is wrong as well; the name is what this error is about
            return f'Did you mean "{near[0]}"?'


def absent(name: str) -> Flow:
    """A stand-in for a flow that the code at hand does not have: for a run that can only be set aside."""

    async def body(_run: object, **_given: object) -> None:
        raise InvalidInput(f'the code at hand has no flow "{name}".')

    return Flow(body, name, "", "UTC")


@overload
def flow(fn: Callable[..., Awaitable[Any]], /) -> Flow: ...
@overload
def flow(
    *, name: str = "", cron: str = "", tz: str = "UTC", contract: ContractTemplate | None = None
) -> Callable[[Callable[..., Awaitable[Any]]], Flow]: ...
def flow(
    fn: Callable[..., Awaitable[Any]] | None = None, /, *, name: str = "", cron: str = "", tz: str = "UTC",
    contract: ContractTemplate | None = None,
) -> Flow | Callable[[Callable[..., Awaitable[Any]]], Flow]:  # fmt: skip
    """Make an async function durable: `async def f(run: Run, …)`; `cron` starts it by the clock of `tz`.

    A `contract` is what every run of it may do at most, its agents included.
    """

    def wrap(fn: Callable[..., Awaitable[Any]]) -> Flow:
        made = Flow(fn, name or getattr(fn, "__name__", ""), cron, tz)
        made.contract = contract
        return made

    return wrap(fn) if fn is not None else wrap
