"""A scorer that somebody wrote as a Python function of the trial. What it gives is brought into the form of scores, or
refused with its name; its digest is that of its code, so that an edited one scores anew.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast, overload

from remit.domain.errors import InvalidName
from remit.domain.ids import is_code_name
from remit.domain.quality_errors import BadScore
from remit.quality.score import INFRA, Score
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.quality.trial import Trial


class FunctionScorer:
    """A function of a trial, as a scorer."""

    def __init__(self, fn: Callable[[Trial], Any], name: str, metrics: tuple[str, ...], version: str) -> None:
        for each in (name, *metrics):
            if not is_code_name(each):
                raise InvalidName(
                    f'a scorer cannot be called "{each}".', "Use letters, digits, dots, dashes and _."
                )
        self.fn = fn
        self.name = name
        self.metrics = metrics or (name,)
        self._version = version
        self.__doc__ = fn.__doc__

    @property
    def digest(self) -> str:
        """By its code, and the version that its author gives what the code does not show."""
        return canonical.digest(["function", self.name, list(self.metrics), self._version, _source(self.fn)])

    def __call__(self, trial: Trial) -> Any:
        """The function itself."""
        return self.fn(trial)

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """What the function says; nothing where the ground gave way."""
        if trial.infra:
            return tuple(Score(name, None, INFRA) for name in self.metrics)
        try:
            said = self.fn(trial)
            said = await said if inspect.isawaitable(said) else said
        except BadScore:
            raise
        except Exception as wrong:
            raise BadScore(
                f"the scorer {self.name} broke on {trial.scenario.name}: {type(wrong).__name__}: {wrong}.",
                "Mend it, or let it give None where it has nothing to say.",
            ) from wrong
        return self._scores(said)

    def _scores(self, said: Any) -> tuple[Score, ...]:
        if isinstance(said, Score):
            return (said,)
        if isinstance(said, (list, tuple)) and all(
            isinstance(each, Score) for each in cast("list[object]", said)
        ):
            return tuple(cast("list[Score]", said))
        if isinstance(said, dict):
            return tuple(_score(str(name), value) for name, value in cast("Mapping[Any, Any]", said).items())
        if len(self.metrics) != 1:
            raise BadScore(
                f"the scorer {self.name} gave {said!r} for {len(self.metrics)} metrics.",
                f"Return a table: {{{', '.join(f'{name!r}: …' for name in self.metrics)}}}.",
            )
        return (_score(self.metrics[0], said),)


@overload
def scorer(fn: Callable[[Trial], Any], /) -> FunctionScorer: ...
@overload
def scorer(
    *, name: str = "", metrics: tuple[str, ...] = (), version: str = ""
) -> Callable[[Callable[[Trial], Any]], FunctionScorer]: ...
def scorer(
    fn: Callable[[Trial], Any] | None = None,
    /,
    *,
    name: str = "",
    metrics: tuple[str, ...] = (),
    version: str = "",
) -> FunctionScorer | Callable[[Callable[[Trial], Any]], FunctionScorer]:
    """Make a function a scorer: it takes the trial and gives a number from 0 to 1, true or false, None where there is
    nothing to measure, a table of these by metric, or `Score`s.
    """

    def make(function: Callable[[Trial], Any]) -> FunctionScorer:
        return FunctionScorer(function, name or function.__name__, tuple(metrics), version)

    return make if fn is None else make(fn)


def _score(metric: str, said: Any) -> Score:
    match said:
        case (value, str(why)):
            return Score(metric, value, why)
        case _:
            return Score(metric, said)


def _source(fn: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(inspect.unwrap(fn))
    except (OSError, TypeError):
        code = getattr(fn, "__code__", None)
        return repr(fn) if code is None else code.co_code.hex() + repr(code.co_consts)
