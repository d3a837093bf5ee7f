"""`@tool`: a typed function becomes something that agents and flows may ask for, and nobody calls past the gate.

A `Tool` is a handle: a manifest, which everybody may read, and a binding, which only the gate may use. Calling the
handle reaches the gate that runs the calling tool, or raises `NotInARun` (S26). It owns the declaration alone:
it decides nothing, runs nothing, and knows no secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import re
from contextvars import ContextVar
from enum import StrEnum
from functools import cached_property
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from remit.domain.action_errors import InvalidTool, NotInARun
from remit.domain.effects import Effect
from remit.domain.errors import InvalidSetting
from remit.domain.secret_names import looks_like_a_value
from remit.domain.tools import ArgumentRole, Rate, ResultLabel, SandboxTier, ToolManifest, Undo
from remit.engine.step import seconds
from remit.tools.python_binding import NOT_ATOMIC, PythonBinding, home_loop
from remit.tools.sandboxed_binding import SandboxedBinding
from remit.tools.schema import read_signature
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.domain.effects import Backoff, Breaker
    from remit.tools.binding import Binding

Json = Any

nested_call: ContextVar[Callable[[Tool, dict[str, Json]], Awaitable[Json]] | None] = ContextVar(
    "remit_nested_call", default=None
)
"""Set by the gate around the code of a tool: how a tool that is called in there reaches the gate. It is given the
tool and its arguments as JSON, and gives the result as JSON."""

_Choice = TypeVar("_Choice", bound=StrEnum)
_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_RATE = re.compile(r"\s*(\d+)\s*/\s*(\d*(?:\.\d+)?)\s*(ms|s|m|h|d)\s*")


class Tool:
    """A tool of any source: what is known about it, and what performs it."""

    def __init__(self, manifest: ToolManifest, binding: Binding, place: str = "") -> None:
        self._given = manifest
        self.binding = binding
        self.name = manifest.name
        self.place = place or manifest.source
        """Where it is declared, for people."""

    def __repr__(self) -> str:
        return f"<tool {self.name}>"

    @cached_property
    def manifest(self) -> ToolManifest:
        """Everything about it but its code."""
        return self._given

    def check(self) -> ToolManifest:
        """The manifest of a tool that can be used; raises `InvalidTool` on one that is half declared."""
        return self.manifest

    def arguments(self, *args: object, **kwargs: object) -> dict[str, Json]:
        """The arguments of a call as JSON, by name."""
        names = list(self.manifest.parameters.get("properties", {}))
        return canonical.plain(name_arguments(self.name, names, args, kwargs))

    def validate(self, arguments: dict[str, Json]) -> dict[str, Any] | None:
        """Raise `BadArguments`, with a sentence for the model, if they do not fit; gives them as the tool's code takes
        them, if that is another form.
        """
        from remit.tools.arguments import check_arguments  # only schemas of strangers need that library

        check_arguments(self.manifest, arguments)

    def result(self, plain: Json) -> Any:
        """A result in JSON as what the caller is given."""
        return plain

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the gate for this tool, from inside of another one."""
        ask = nested_call.get()
        if ask is None:
            raise NotInARun(
                f"{self.name} was called outside of a run, where no gate stands before it.",
                f"Ask the run for it: await run.call({self.name}, …).",
            )
        return self._from_here(self._nested(ask, self.arguments(*args, **kwargs)))

    async def _nested(
        self, ask: Callable[[Tool, dict[str, Json]], Awaitable[Json]], arguments: dict[str, Json]
    ) -> Any:
        return self.result(await ask(self, arguments))

    @staticmethod
    def _from_here(answer: Any) -> Any:
        """On the loop, something to await; on the thread of a synchronous tool, the answer itself."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loop = home_loop.get()
            if loop is not None:
                return asyncio.run_coroutine_threadsafe(answer, loop).result()
        return answer


class PythonTool(Tool):
    """A tool whose code is a Python function of the workspace."""

    def __init__(self, fn: Callable[..., Any], declared: ToolManifest, object_name: str) -> None:
        self._declared = declared
        self._signature = read_signature(fn, declared.name)
        if declared.tier is SandboxTier.NONE:
            binding: Binding = PythonBinding(fn, self._signature, declared, object_name)
        else:
            binding = SandboxedBinding(fn, self._signature, declared)
        super().__init__(declared, binding, _place(fn))
        self._fn = fn
        self.__doc__ = fn.__doc__
        self.__module__ = fn.__module__
        self.__wrapped__ = fn
        _check_roles(declared, self._signature.names)

    @cached_property
    def manifest(self) -> ToolManifest:
        """Everything about it but its code; made when it is first asked for, so that types may stand further down."""
        return self._complete()

    def check(self) -> ToolManifest:
        """The manifest, once everything that undo needs is there."""
        if self._declared.undo is not Undo.RESTORE:
            return self.manifest
        binding = self._python
        if binding.before_fn is None or binding.restore_fn is None:
            missing = " and ".join(
                f"@{self.name}.{part}"
                for part, fn in (("before", binding.before_fn), ("restore", binding.restore_fn))
                if fn is None
            )
            raise InvalidTool(
                f'{self.name} says undo="restore" and has no {missing} ({self.place}).',
                "Declare what undo needs: the state before (before), and how it is put back (restore).",
            )
        return self.manifest

    def before(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: reads what undo will need; it takes the tool's arguments (or `**_`) and gives the state."""
        return self._attach("before_fn", fn)

    def restore(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: puts back the state that `before` gave; its first parameter is that state."""
        return self._attach("restore_fn", fn)

    def reconcile(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: finds out whether a write took place; gives `Happened`, `Absent` or None."""
        return self._attach("reconcile_fn", fn)

    def arguments(self, *args: object, **kwargs: object) -> dict[str, Json]:
        """The arguments of a call as JSON, by name."""
        given = name_arguments(self.name, self._signature.names, args, kwargs)
        return {name: canonical.plain(value) for name, value in given.items()}

    def validate(self, arguments: dict[str, Json]) -> dict[str, Any] | None:
        """Raise `BadArguments`, with a sentence for the model, if they do not fit; gives them as the function takes
        them.
        """
        return self._signature.bind(arguments)

    def result(self, plain: Json) -> Any:
        """A result in JSON as the annotated type."""
        return self._signature.restore_result(plain)

    @property
    def _python(self) -> PythonBinding:
        if not isinstance(self.binding, PythonBinding):
            raise InvalidTool(
                f"{self.name} asks for the tier {self._declared.tier}; what stands beside a tool would run without it.",
                "Leave it away: a tool in a sandbox reads, and needs neither undo nor reconcile.",
            )
        return self.binding

    def _attach(self, part: str, fn: Callable[..., Any]) -> Callable[..., Any]:
        if part != "reconcile_fn" and self._declared.undo is not Undo.RESTORE:
            raise InvalidTool(
                f"{self.name} has a @{self.name}.{part.removesuffix('_fn')} and does not say how it is undone.",
                f'Write @tool(effect="write", undo="restore") above {self.name}.',
            )
        self._python.attach(part, fn)
        vars(self).pop("manifest", None)
        return fn

    def _complete(self) -> ToolManifest:
        declared, signature = self._declared, self._signature
        parts = (self._fn,)
        if isinstance(self.binding, PythonBinding):
            parts = (self._fn, self.binding.before_fn, self.binding.restore_fn, self.binding.reconcile_fn)
        return ToolManifest(
            name=declared.name, description=declared.description or signature.description,
            parameters=signature.parameters, effect=declared.effect, result=signature.result,
            roles=declared.roles, label=declared.label, timeout=declared.timeout, retry=declared.retry,
            rate=declared.rate, breaker=declared.breaker, limit=declared.limit, keyed=signature.keyed,
            key_ttl=declared.key_ttl, undo=declared.undo,
            best_effort=NOT_ATOMIC if declared.undo is Undo.RESTORE else "",
            reconciles=parts[-1] is not None and len(parts) > 1, tier=declared.tier, owner=declared.owner,
            secrets=declared.secrets, source="python", version=_version(parts), hold=declared.hold,
        )  # fmt: skip


@overload
def tool(fn: Callable[..., Any], /) -> PythonTool: ...
@overload
def tool(
    *,
    effect: Effect | str = Effect.WRITE,
    name: str = "",
    description: str = "",
    reads: str = "",
    trusted: bool = False,
    readers: Sequence[str] = (),
    references: Sequence[str] | None = None,
    data_class: str = "",
    roles: dict[str, ArgumentRole | str] | dict[str, str] | None = None,
    undo: Undo | str = Undo.NONE,
    object: str = "",
    timeout: float | str | None = None,
    retry: Backoff | None = None,
    rate: Rate | str | None = None,
    breaker: Breaker | None = None,
    limit: int | None = None,
    key_ttl: float | str = "24h",
    reconcile: Callable[..., Any] | None = None,
    secrets: Sequence[str] = (),
    tier: SandboxTier | str = SandboxTier.NONE,
    owner: str = "",
    hold: float | str | None = None,
) -> Callable[[Callable[..., Any]], PythonTool]: ...
def tool(
    fn: Callable[..., Any] | None = None, /, **declared: Any
) -> PythonTool | Callable[[Callable[..., Any]], PythonTool]:
    """Make a typed function a tool: what it does to the world, how it may fail, and how it is taken back.

    What declares nothing is a write that cannot be undone, because that is the safe thing to believe.
    """

    def wrap(fn: Callable[..., Any]) -> PythonTool:
        return _declare(fn, **declared)

    return wrap if fn is None else wrap(fn)


def name_arguments(
    owner: str, names: Sequence[str], args: tuple[object, ...], kwargs: dict[str, object]
) -> dict[str, object]:
    """Positional and named arguments by name."""
    if len(args) > len(names):
        raise TypeError(f"{owner} takes {len(names)} arguments ({', '.join(names)}); {len(args)} were given.")
    given = dict(zip(names, args, strict=False))
    twice = given.keys() & kwargs.keys()
    if twice:
        raise TypeError(f'{owner} got "{min(twice)}" twice, by place and by name.')
    return given | kwargs


def _declare(
    fn: Callable[..., Any], *, effect: Effect | str = Effect.WRITE, name: str = "", description: str = "",
    reads: str = "", trusted: bool = False, readers: Sequence[str] = (),
    references: Sequence[str] | None = None, data_class: str = "", roles: dict[str, str] | None = None,
    undo: Undo | str = Undo.NONE, object: str = "",  # noqa: A002 - its word
    timeout: float | str | None = None, retry: Backoff | None = None, rate: Rate | str | None = None,
    breaker: Breaker | None = None, limit: int | None = None, key_ttl: float | str = "24h",
    reconcile: Callable[..., Any] | None = None, secrets: Sequence[str] = (),
    tier: SandboxTier | str = SandboxTier.NONE, owner: str = "", hold: float | str | None = None,
) -> PythonTool:  # fmt: skip
    name = name or getattr(fn, "__name__", "")
    if _TOOL_NAME.fullmatch(name) is None:
        raise InvalidTool(
            f'a tool cannot be called "{name}": models take letters, digits, _ and -, 64 at most.',
            'Give it a name: @tool(name="lookup").',
        )
    manifest = ToolManifest(
        name=name, description=description, parameters={},
        effect=_one_of(Effect, effect, name, "effect"),
        roles={argument: _one_of(ArgumentRole, role, name, "role") for argument, role in (roles or {}).items()},
        label=ResultLabel(
            reads, trusted, tuple(readers), data_class, None if references is None else _names(references, name)
        ),
        timeout=None if timeout is None else _duration(timeout, name, "timeout"),
        retry=retry, rate=_rate(rate, name), breaker=breaker, limit=limit,
        key_ttl=_duration(key_ttl, name, "key_ttl"), undo=_one_of(Undo, undo, name, "undo"),
        tier=_one_of(SandboxTier, tier, name, "tier"), owner=owner, secrets=_names(secrets, name),
        hold=0.0 if hold in {0, "0"} else None if hold is None else _duration(hold, name, "hold"),
    )  # fmt: skip
    _check_effect(manifest)
    made = PythonTool(fn, manifest, object)
    if reconcile is not None:
        made.reconcile(reconcile)
    return made


def _check_effect(declared: ToolManifest) -> None:
    name = declared.name
    if declared.hold is not None and not declared.effect.acts:
        raise InvalidTool(
            f"{name} only reads and says hold=…; only what acts is held back.", "Leave it away."
        )
    if declared.undo is Undo.INVERSE:
        raise InvalidTool(
            f'{name} says undo="inverse", which is for tools that a document describes.',
            f'Write undo="restore" with @{name}.before and @{name}.restore.',
        )
    if declared.undo is not Undo.NONE and declared.effect is not Effect.WRITE:
        raise InvalidTool(
            f"{name} has effect {declared.effect} and says how it is undone; only a write can be taken back."
        )


def _check_roles(declared: ToolManifest, names: Sequence[str]) -> None:
    for argument in declared.roles:
        if argument.partition(".")[0] not in names:
            raise InvalidTool(
                f'{declared.name} gives a role to "{argument}", which it does not take.',
                f"It takes {', '.join(names) or 'nothing'}.",
            )


def _one_of(kind: type[_Choice], given: str, name: str, what: str) -> _Choice:
    try:
        return kind(given)
    except ValueError:
        choices = ", ".join(choice.value for choice in kind)
        raise InvalidTool(f'{name} has {what} "{given}".', f"It is one of {choices}.") from None


def _duration(given: float | str, name: str, what: str) -> float:
    try:
        found = seconds(given)
    except InvalidSetting as wrong:
        raise InvalidTool(f"{name} has a {what} that is none: {wrong.message}", wrong.hint) from None
    if not found > 0:
        raise InvalidTool(f"{name} has a {what} of {found:g} s; it has to be more than nothing.")
    return found


def _rate(given: Rate | str | None, name: str) -> Rate | None:
    if given is None or isinstance(given, Rate):
        return given
    match = _RATE.fullmatch(given)
    if match is None or int(match[1]) < 1:
        raise InvalidTool(
            f'{name} has the rate "{given}".', 'Write calls per time: "60/m", "5/s", "100/10m".'
        )
    return Rate(int(match[1]), seconds(f"{match[2] or 1}{match[3]}"))


def _names(given: Sequence[str], name: str) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidTool(f"{name} names its secrets as one text.", f'Write secrets=["{given}"].')
    if any(map(looks_like_a_value, given)):
        raise InvalidTool(  # not quoted: it may be the key
            f"{name} has among its secrets what looks like a key itself; code holds names, never values.",
            "Put the key into an environment variable, and name that.",
        )
    return tuple(given)


def _version(parts: tuple[Callable[..., Any] | None, ...]) -> str:
    """A digest of the source text of everything that belongs to a tool."""
    texts = [_source(part) if part is not None else "" for part in parts]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _source(fn: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(fn)
    except (OSError, TypeError):
        return _compiled(getattr(fn, "__code__", None))


def _compiled(code: CodeType | None) -> str:
    """The text of code that has no source: never an address, which would be another one in every process."""
    if code is None:
        return ""
    constants = [_compiled(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return repr((code.co_code, code.co_names, constants))


def _place(fn: Callable[..., Any]) -> str:
    code = getattr(fn, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else getattr(fn, "__module__", "")
