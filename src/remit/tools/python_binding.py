"""The code behind a Python tool: the function itself, and those that look at, put back and look up what it changes.

Synchronous functions run on a thread of their own, never on the loop, so that one that blocks cannot look like
death (S15), and one that hangs takes no place away from others. It decides and journals nothing.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments, CannotUndo, InvalidTool
from remit.domain.effects import Absent, Effect, Happened
from remit.domain.errors import NotEncodable, RemitError, ToolFailed
from remit.domain.tools import ArgumentRole, ObjectImage, Performed, ToolManifest, Undo
from remit.tools.schema import annotations_of, is_context
from remit.tools.shapes import ShapeError, shape_of
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.tools import Receipt
    from remit.tools.binding import ToolContext
    from remit.tools.schema import Signature

Json = Any

NOT_ATOMIC = (
    "the state is looked at and then put back in two steps; a stranger's change in between would be lost"
)

home_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("remit_home_loop", default=None)
"""On the thread of a synchronous tool: the loop that waits for it, where a nested call is answered."""


class PythonBinding:
    """Implements `Binding` over functions of the workspace."""

    def __init__(
        self, fn: Callable[..., Any], signature: Signature, declared: ToolManifest, object_name: str
    ) -> None:
        self._fn = fn
        self._signature = signature
        self._declared = declared
        self._object_name = object_name
        self._is_async = inspect.iscoroutinefunction(fn)
        self.before_fn: Callable[..., Any] | None = None
        self.restore_fn: Callable[..., Any] | None = None
        self.reconcile_fn: Callable[..., Any] | None = None
        if declared.secrets and signature.takes_context and not inspect.iscoroutinefunction(fn):
            raise InvalidTool(
                f"{declared.name} names secrets and is no async function; a secret is fetched when it is needed, "
                "which has to be awaited.",
                f"Write async def {declared.name}(…), and await context.secret(NAME) in it.",
            )

    def attach(self, part: str, fn: Callable[..., Any]) -> None:
        """Take one of the functions beside the tool's own."""
        if part == "restore_fn" and not _parameters(fn):
            raise InvalidTool(
                f"the restore of {self._declared.name} takes nothing; its first parameter is the state to put back.",
                f"Write async def {getattr(fn, '__name__', 'put_back')}(image: …) -> None.",
            )
        setattr(self, part, fn)

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Call the function; after a write that can be undone, look at the state again."""
        given = self._signature.bind(arguments) if context.bound is None else dict(context.bound)
        if self._signature.keyed:
            given["idempotency_key"] = context.key
        if self._signature.takes_context:
            given["context"] = context
        answer = await (self._fn(**given) if self._is_async else _on_thread(self._fn, given))
        result = answer if answer.__class__ is self._signature.plain_result else self._fit(answer)
        return await self._performed(result, arguments, context)

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """The state as `before` reads it."""
        if self.before_fn is None:
            return None
        return await self._image(arguments, context)

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Ask the tool's own reconcile."""
        if self.reconcile_fn is None:
            return None
        given = self._fitting(self.reconcile_fn, arguments, context, {"idempotency_key": context.key})
        verdict = await _call(self.reconcile_fn, given)
        if isinstance(verdict, Absent):
            return verdict
        if not isinstance(verdict, Happened):
            return None
        result = _plain(verdict.result, self._declared.name, "found")
        return Happened(await self._performed(result, arguments, context))

    async def current(
        self, receipt: Receipt, image: ObjectImage, context: ToolContext  # noqa: ARG002 - a tool has one image
    ) -> tuple[Json, str]:  # fmt: skip
        """The state now, and its digest."""
        if self.before_fn is None:
            raise self._no_undo()
        state = await self._image(receipt.arguments, context)
        return state, canonical.digest(state)

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Look once more, then let the tool's own restore put the state back."""
        if self.restore_fn is None:
            raise self._no_undo()
        now, digest = await self.current(receipt, image, context)
        if precondition and digest != precondition:
            raise CannotUndo(
                f"{image.object} changed while {self._declared.name} was being undone.",
                "Look at what it is now, and undo it again.",
            )
        given = self._restoring(self.restore_fn, receipt, wanted, context)
        result = _plain(await _call(self.restore_fn, given), self._declared.name, "returned when undone")
        after, why = await self._after(receipt.arguments, context)
        images = () if why else (ObjectImage(image.object, now, after, canonical.digest(after)),)
        return Performed(result, images, why or NOT_ATOMIC)

    async def close(self) -> None:
        """Nothing is held open."""

    def _fit(self, answer: object) -> Json:
        """What it returned, as its signature says it. A write did take place, whatever it returned: that is a note, so
        that its receipt stands; a read that does not keep its word has failed.
        """
        result = _plain(answer, self._declared.name, "returned")
        try:
            if self._signature.result is not None:
                self._signature.restore_result(result)
        except NotEncodable as wrong:
            if not self._declared.effect.acts:
                raise ToolFailed(wrong.message) from None
            return {"done": True, "note": f"it took place; its answer was not kept: {wrong.message}"}
        return result

    # --- the state around a write -----------------------------------------------------------------------------

    async def _performed(self, result: Json, arguments: dict[str, Json], context: ToolContext) -> Performed:
        if self._declared.effect is not Effect.WRITE or self._declared.undo is not Undo.RESTORE:
            return Performed(result)
        after, why = await self._after(arguments, context)
        if why:
            return Performed(result, (), why)
        image = ObjectImage(self._object(arguments), context.before, after, canonical.digest(after))
        return Performed(result, (image,), NOT_ATOMIC)

    async def _after(self, arguments: dict[str, Json], context: ToolContext) -> tuple[Json, str]:
        """The state after a write, or why it is not known: a write that took place must not fail on a look at it."""
        try:
            return await self._image(arguments, context), ""
        except Exception as wrong:  # noqa: BLE001 - the author's code may raise anything
            reason = wrong.message if isinstance(wrong, RemitError) else f"{type(wrong).__name__}: {wrong}"
            return (
                None,
                f"the state after it could not be read ({reason.rstrip('.')}), so nothing can be compared",
            )

    async def _image(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        fn = self.before_fn
        assert fn is not None  # noqa: S101 - the callers have looked
        return _plain(
            await _call(fn, self._fitting(fn, arguments, context, {})), self._declared.name, "captured"
        )

    def _object(self, arguments: dict[str, Json]) -> str:
        """The name under which undo finds what else touched the same thing."""
        if self._object_name:
            try:
                return self._object_name.format(**self._signature.with_defaults(arguments))
            except (KeyError, IndexError, AttributeError, ValueError):
                return self._object_name
        roles = self._declared.roles
        named = [
            str(arguments[a]) for a, role in roles.items() if role is ArgumentRole.OBJECT and a in arguments
        ]
        return "/".join([self._declared.label.source or self._declared.name, *named])

    def _no_undo(self) -> CannotUndo:
        return CannotUndo(
            f"{self._declared.name} does not say how it is undone.",
            f"Declare @{self._declared.name}.before and @{self._declared.name}.restore.",
        )

    # --- what a function is given -----------------------------------------------------------------------------

    def _fitting(
        self, fn: Callable[..., Any], arguments: dict[str, Json], context: ToolContext, extra: dict[str, Any]
    ) -> dict[str, Any]:
        """Of the arguments, those that this function takes."""
        offered: dict[str, Any] = {**extra, **self._signature.with_defaults(self._signature.bind(arguments))}
        return _chosen(fn, offered, context)

    def _restoring(
        self, fn: Callable[..., Any], receipt: Receipt, wanted: Json, context: ToolContext
    ) -> dict[str, Any]:
        offered: dict[str, Any] = {"result": self._signature.restore_result(receipt.result)}
        with suppress(BadArguments):  # made by older code; the state is what matters
            offered |= self._signature.with_defaults(self._signature.bind(receipt.arguments))
        first = next(iter(_parameters(fn)))
        given = _chosen(fn, offered, context)
        try:
            given[first] = shape_of(annotations_of(fn).get(first, Any)).convert(wanted, written=True)
        except ShapeError as wrong:
            what = "it did not exist before" if wanted is None else str(wrong)
            raise CannotUndo(
                f"the restore of {self._declared.name} does not take the state that was there: {what}.",
                f"Widen the type of {first}.",
            ) from None
        return given


def _chosen(fn: Callable[..., Any], offered: dict[str, Any], context: ToolContext) -> dict[str, Any]:
    parameters = _parameters(fn)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    given = {name: value for name, value in offered.items() if open_ended or name in parameters}
    for name, parameter in parameters.items():
        if is_context(parameter) and name not in offered:
            given[name] = context
    return given


def _parameters(fn: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(fn).parameters)


def _plain(value: object, owner: str, verb: str) -> Json:
    try:
        return canonical.plain(value)
    except NotEncodable as wrong:
        raise NotEncodable(
            f"{owner} {verb} something that cannot be written to the log: {wrong.message}", wrong.hint
        ) from None
    except RecursionError:
        raise NotEncodable(f"{owner} {verb} something that contains itself, or is nested too deep.") from None


async def _call(fn: Callable[..., Any], given: dict[str, Any]) -> object:
    if inspect.iscoroutinefunction(fn):
        return await fn(**given)
    return await _on_thread(fn, given)


async def _on_thread(fn: Callable[..., Any], given: dict[str, Any]) -> object:
    """Call on a thread made for it. Whoever waits may be interrupted; the thread cannot, and dies with the process."""
    answer: Future[object] = Future()
    space = copy_context()
    space.run(home_loop.set, asyncio.get_running_loop())

    def work() -> None:
        answer.set_running_or_notify_cancel()
        try:
            answer.set_result(space.run(fn, **given))
        except StopIteration as raised:  # a future cannot carry one, and whoever waits would wait for ever
            answer.set_exception(RuntimeError(f"it raised StopIteration({raised})"))
        except BaseException as raised:  # noqa: BLE001 - handed over to whoever waits
            answer.set_exception(raised)

    threading.Thread(target=work, name=f"tool {getattr(fn, '__name__', '')}", daemon=True).start()
    return await asyncio.wrap_future(answer)
