"""The operations of A2A over the desk of tasks: protobuf in, protobuf out, and the errors of the one tree as A2A's. It
decides nothing: whose key it is, the server has found out; what they may do, control knows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from a2a.server.request_handlers import request_handler
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types import (
    AgentCard,
    ListTaskPushNotificationConfigsResponse,
    ListTasksResponse,
    Message,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import (
    A2AError,
    ContentTypeNotSupportedError,
    ExtendedAgentCardNotConfiguredError,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from google.protobuf.json_format import MessageToDict, ParseDict, SerializeToJsonError

from remit.domain.errors import BadInput, Infrastructure, RemitError
from remit.domain.task_errors import TaskBusy, TaskEnded, UnknownHook, UnknownTask, UnreadablePart
from remit.domain.tasks import Task as GivenTask
from remit.domain.tasks import TaskState as State
from remit.server.a2a.streaming import events_of
from remit.wire.a2a import STATES, foreign_types, message_to, parts_from, task_to
from remit.wire.tasks import reply_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from a2a.server.context import ServerCallContext

    from remit.control.tasking.desk import TaskDesk
    from remit.control.tasking.hooks import Hook
    from remit.domain.fronting import Caller

M = TypeVar("M", bound="Callable[..., Any]")
Json = Any
CALLER = "caller"
"""Where a request carries whose key it shows."""
_PATIENCE_SECONDS = 300.0
"""How long somebody waits who wants to hear of the end."""
_PAGE, _LARGEST_PAGE = 50, 100


def checked(method: M) -> M:
    """An operation that is only reached by a request whose required fields are there."""
    whole = cast("Any", request_handler).validate_request_params
    return cast("M", whole(method))


class TaskHandler(RequestHandler):
    """One agent, for whoever asks it."""

    def __init__(self, desk: TaskDesk, agent: str) -> None:
        self._desk = desk
        self._agent = agent

    @checked
    async def on_message_send(self, params: Any, context: ServerCallContext) -> Task | Message:
        """Start a task, or tell one something; waits for its end unless told not to."""
        with _explained():
            task = await self._sent(params, _caller(context))
            chosen = params.configuration
            if not chosen.return_immediately:
                task = await self._desk.settled(_caller(context), task.id, _PATIENCE_SECONDS)
            answer = reply_of(task.result) if task.state is State.COMPLETED else None
            if answer is not None:
                said = {"id": f"{task.id}.reply", "role": "agent", "parts": answer}
                return ParseDict(message_to(said, "", task.context), Message())
            return _task(task, _history(chosen))

    @checked
    async def on_message_send_stream(self, params: Any, context: ServerCallContext) -> AsyncGenerator[Any]:
        """The same, as it goes; ends when the task ends, or waits for whoever listens."""
        with _explained():
            caller = _caller(context)
            task = await self._sent(params, caller)
            async for event in self._events(caller, task, _history(params.configuration), until_asked=True):
                yield event

    @checked
    async def on_subscribe_to_task(self, params: Any, context: ServerCallContext) -> AsyncGenerator[Any]:
        """A task as it goes on, until it ends."""
        with _explained():
            task = await self._desk.find(_caller(context), params.id, self._agent)
            if task.state.ended:
                raise UnsupportedOperationError(f"{task.id} has ended.")
            async for event in self._events(_caller(context), task, None, until_asked=False):
                yield event

    @checked
    async def on_get_task(self, params: Any, context: ServerCallContext) -> Task | None:
        """A task as it stands."""
        with _explained():
            return _task(await self._desk.find(_caller(context), params.id, self._agent), _history(params))

    @checked
    async def on_list_tasks(self, params: Any, context: ServerCallContext) -> ListTasksResponse:
        """The caller's tasks, those first in which something happened last."""
        size = params.page_size if params.HasField("page_size") else _PAGE
        if not 1 <= size <= _LARGEST_PAGE:
            raise InvalidParamsError(f"a page has 1 to {_LARGEST_PAGE} tasks.")
        if params.HasField("history_length") and params.history_length < 0:
            raise InvalidParamsError("a history has no negative length.")
        since = (
            params.status_timestamp_after.ToMicroseconds()
            if params.HasField("status_timestamp_after")
            else None
        )
        with _explained():
            told = await self._desk.listed(
                _caller(context), self._agent, context=params.context_id, state=_state(params.status),
                since=since, limit=size, after=params.page_token,
            )  # fmt: skip
            history = params.history_length if params.HasField("history_length") else 0
            shown = [
                task_to(each, history=history, artifacts=params.include_artifacts) for each in told.tasks
            ]
            plain = {"tasks": shown, "nextPageToken": told.more, "pageSize": size, "totalSize": told.total}
            return ParseDict(plain, ListTasksResponse())

    @checked
    async def on_cancel_task(self, params: Any, context: ServerCallContext) -> Task | None:
        """Cancel a task."""
        with _explained(ended=TaskNotCancelableError):
            await self._desk.find(_caller(context), params.id, self._agent)
            return _task(await self._desk.cancel(_caller(context), params.id), None)

    # --- notifications --------------------------------------------------------------------------------

    @checked
    async def on_create_task_push_notification_config(
        self, params: Any, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Let somebody be told how a task goes."""
        with _explained():
            self._must_tell()
            await self._desk.find(_caller(context), params.task_id, self._agent)
            return _config(
                params.task_id, await self._desk.hook(_caller(context), params.task_id, _hook(params))
            )

    @checked
    async def on_get_task_push_notification_config(
        self, params: Any, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """One of a task."""
        for each in await self._hooks(params.task_id, context):
            if each.id == params.id:
                return _config(params.task_id, each)
        raise TaskNotFoundError(f"{params.task_id} has no notification {params.id}.")

    @checked
    async def on_list_task_push_notification_configs(
        self, params: Any, context: ServerCallContext
    ) -> ListTaskPushNotificationConfigsResponse:
        """All of a task."""
        found = await self._hooks(params.task_id, context)
        return ListTaskPushNotificationConfigsResponse(
            configs=[_config(params.task_id, each) for each in found]
        )

    @checked
    async def on_delete_task_push_notification_config(self, params: Any, context: ServerCallContext) -> None:
        """Let nobody be told there; nothing happens if nobody is."""
        with _explained():
            self._must_tell()
            await self._desk.find(_caller(context), params.task_id, self._agent)
            await self._desk.unhook(_caller(context), params.task_id, params.id)

    async def on_get_extended_agent_card(self, params: Any, context: ServerCallContext) -> AgentCard:
        """There is none: whoever has a key is told no more than everybody."""
        del params, context
        raise ExtendedAgentCardNotConfiguredError

    # --- inside ---------------------------------------------------------------------------------------

    async def _sent(self, params: Any, caller: Caller) -> GivenTask:
        """The task that a message has started, or was for."""
        message = _plain(params.message)
        odd = foreign_types(message)
        if odd:
            raise ContentTypeNotSupportedError(f"{odd[0]} is not taken here.")
        if (wanted := params.configuration.accepted_output_modes) and not any(map(_gives, wanted)):
            raise ContentTypeNotSupportedError(f"no answer here is {', '.join(wanted)}.")
        hook = params.configuration.task_push_notification_config
        if hook.url:
            self._must_tell()
            self._desk.check_hook(_hook(hook))
        said, context = parts_from(_whole(message)), params.message.context_id
        if params.message.task_id:
            known = await self._desk.find(caller, params.message.task_id, self._agent)
            if context and context != known.context:
                raise InvalidParamsError(f"{known.id} belongs to another context.")
            task = await self._desk.say(caller, known.id, said, message=params.message.message_id)
        else:
            task = await self._desk.give(
                caller, self._agent, said, message=params.message.message_id, context=context
            )
        if hook.url:
            await self._desk.hook(caller, task.id, _hook(hook), from_start=True)
        return task

    async def _events(
        self, caller: Caller, task: GivenTask, history: int | None, *, until_asked: bool
    ) -> AsyncGenerator[Any]:
        yield _task(task, history)
        if task.state.ended or (until_asked and task.state is State.INPUT_REQUIRED):
            return
        news = self._desk.follow(caller, task.id)
        async for event in events_of(task, news, until_asked=until_asked):
            yield event

    async def _hooks(self, task: str, context: ServerCallContext) -> list[Hook]:
        with _explained():
            self._must_tell()
            await self._desk.find(_caller(context), task, self._agent)
            return await self._desk.hooks(_caller(context), task)

    def _must_tell(self) -> None:
        if not (self._desk.served.push or self._desk.served.push_private):
            raise PushNotificationNotSupportedError


@contextmanager
def _explained(ended: type[A2AError] = UnsupportedOperationError) -> Generator[None]:
    """Errors of ours in A2A's words; what gave way below says no more than that."""
    try:
        yield
    except (UnknownTask, UnknownHook) as wrong:
        raise TaskNotFoundError(wrong.message) from None
    except TaskEnded as wrong:
        raise ended(wrong.message) from None
    except TaskBusy as wrong:
        raise UnsupportedOperationError(wrong.message) from None
    except UnreadablePart as wrong:
        raise ContentTypeNotSupportedError(wrong.message) from None
    except BadInput as wrong:
        raise InvalidParamsError(f"{wrong.message} {wrong.hint}".strip()) from None
    except Infrastructure:
        raise InternalError("the server cannot do this at the moment.") from None
    except RemitError as wrong:
        raise InvalidRequestError(wrong.message) from None


def _caller(context: ServerCallContext) -> Caller:
    return cast("Caller", context.state[CALLER])


def _task(task: GivenTask, history: int | None) -> Task:
    return ParseDict(task_to(task, history=history), Task())


def _history(asked: Any) -> int | None:
    """How much of the history is wanted; None: all of it."""
    if not asked.HasField("history_length"):
        return None
    if asked.history_length < 0:
        raise InvalidParamsError("a history has no negative length.")
    return int(asked.history_length)


def _state(value: int) -> State | None:
    if not value:
        return None
    name = TaskState.Name(cast("Any", value))
    return next((state for state, said in STATES.items() if said == name), None)


def _gives(mode: str) -> bool:
    return mode in {"*/*", "text/*", "text/plain", "application/json", "application/octet-stream", "text"}


def _hook(config: Any) -> Hook:
    from remit.control.tasking.hooks import Hook

    auth = config.authentication
    return Hook(config.url, config.id, config.token, auth.scheme, auth.credentials)


def _config(task: str, hook: Hook) -> TaskPushNotificationConfig:
    """As whoever set it is told; what proves that it is us is not said again."""
    found = TaskPushNotificationConfig(id=hook.id, task_id=task, url=hook.url, token=hook.token)
    if hook.scheme:
        found.authentication.scheme = hook.scheme
    return found


def _plain(message: Any) -> dict[str, Json]:
    """A message as JSON; protobuf reads numbers that JSON cannot write."""
    try:
        return MessageToDict(message)
    except SerializeToJsonError:
        raise InvalidParamsError("a number of the message is none that JSON could write.") from None


def _whole(value: Json) -> Json:
    """Numbers of protobuf are all fractions; those that are whole are whole again."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Json]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
