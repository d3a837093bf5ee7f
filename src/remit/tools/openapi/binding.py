"""An operation as a binding: it sends the request, and for a write looks before and after, so that it can be undone.

Undo is compare-and-swap where the service has ETags (If-Match); where it has none, the receipt says best effort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.errors import ToolFailed
from remit.domain.tools import ObjectImage, Performed
from remit.tools.openapi.service import Answer, filled

if TYPE_CHECKING:
    from remit.domain.tools import Receipt
    from remit.tools.binding import ToolContext
    from remit.tools.openapi.operations import Endpoint, WayBack
    from remit.tools.openapi.service import Service

Json = Any
_READS = frozenset({"get", "head", "options"})
_NO_ETAG = "the service has no ETags: what is put back was compared a moment before, not at the same time"


class OperationBinding:
    """One endpoint of one service."""

    def __init__(self, endpoint: Endpoint, way: WayBack | None, service: Service, secret: str) -> None:
        self._endpoint = endpoint
        self._way = way
        self._service = service
        self._secret = secret

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Send it."""
        endpoint, token = self._endpoint, await self._token(context)
        acts = endpoint.method not in _READS
        answer = await self._send(endpoint, arguments, token, context.key, acts=acts, seconds=context.seconds)
        if answer.missing or answer.conflict:
            raise ToolFailed(
                f"{endpoint.method.upper()} {endpoint.path} answered {answer.status}: {answer.body}"
            )
        if not acts or self._way is None:
            return Performed(answer.body)
        return await self._with_images(arguments, answer, context, token)

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """The object as it stands; nothing for a creation."""
        if self._way is None or self._endpoint.method == "post":
            return None
        path = filled(self._way.item, self._in_path(arguments))
        answer = await self._look(path, await self._token(context))
        return {"object": path, "image": None if answer.missing else answer.body}

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Look whether the object is as the request would have left it."""
        before = context.before
        if self._way is None or not isinstance(before, dict):
            return None
        then, token = cast("dict[str, Json]", before), await self._token(context)
        answer = await self._look(str(then["object"]), token)
        now = None if answer.missing else answer.body
        if now == then["image"]:
            return Absent()
        if self._endpoint.method == "delete":
            done = now is None
        else:
            body = self._body(arguments)
            done = isinstance(now, dict) and all(
                cast("dict[str, Json]", now).get(k) == v for k, v in body.items()
            )
        if not done:
            return None
        image = ObjectImage(str(then["object"]), then["image"], now, answer.etag)
        return Happened(Performed(now, (image,), "" if answer.etag or now is None else _NO_ETAG))

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """The object now, and its ETag."""
        del receipt
        answer = await self._look(image.object, await self._token(context))
        return (None, "") if answer.missing else (answer.body, answer.etag)

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Delete what was created, change back what was changed, create anew what was deleted."""
        del receipt
        way, token = self._way, await self._token(context)
        if way is None:
            raise CannotUndo(f"{self._endpoint.name} has no way back.")
        headers = {"If-Match": precondition} if precondition else {}
        if wanted is None:
            return await self._delete(way, image, headers, token)
        if image.after is None:
            return await self._create(way, image, wanted, token)
        return await self._change(way, image, wanted, headers, token)

    async def close(self) -> None:
        """The service is shared, and closed once by whoever opened it."""
        await self._service.close()

    # --- requests -------------------------------------------------------------------------------------

    async def _send(
        self, endpoint: Endpoint, arguments: dict[str, Json], token: str, key: str, *, acts: bool,
        seconds: float | None = None,
    ) -> Answer:  # fmt: skip
        at: dict[str, dict[str, Json]] = {"path": {}, "query": {}, "header": {}, "body": {}, "whole": {}}
        for argument in endpoint.arguments:
            if argument.name in arguments:
                at[argument.place][argument.wire] = arguments[argument.name]
        headers = {name: str(value) for name, value in at["header"].items()}
        if endpoint.keyed and key:
            headers["Idempotency-Key"] = key
        takes_body = any(argument.place == "body" for argument in endpoint.arguments)
        body = at["whole"].get("body", at["body"] if takes_body else None)
        return await self._service.ask(
            endpoint.method, filled(endpoint.path, at["path"]), query=at["query"], body=body, headers=headers,
            token=token, acts=acts, seconds=seconds,
        )  # fmt: skip

    async def _look(self, path: str, token: str) -> Answer:
        return await self._service.ask("get", path, token=token)

    async def _token(self, context: ToolContext) -> str:
        return await context.secret(self._secret) if self._secret and context.secret is not None else ""

    async def _with_images(
        self, arguments: dict[str, Json], answer: Answer, context: ToolContext, token: str
    ) -> Performed:
        way = self._way
        assert way is not None  # noqa: S101 - the caller has looked
        if self._endpoint.method == "post":
            path = self._created(way, arguments, answer)
            if not path:
                return Performed(answer.body, best_effort="the answer does not say which object was created")
            before: Json = None
        else:
            then = cast("dict[str, Json]", context.before or {})
            path, before = filled(way.item, self._in_path(arguments)), then.get("image")
        found = await self._look(path, token)
        after = None if found.missing else found.body
        exact = found.etag or after is None
        return Performed(
            answer.body, (ObjectImage(path, before, after, found.etag),), "" if exact else _NO_ETAG
        )

    def _created(self, way: WayBack, arguments: dict[str, Json], answer: Answer) -> str:
        body = cast("dict[str, Json]", answer.body) if isinstance(answer.body, dict) else {}
        identity = body.get(way.id_field, body.get("id"))
        if identity is None and answer.location:
            identity = answer.location.rstrip("/").rpartition("/")[2]
        return (
            "" if identity is None else filled(way.item, {**self._in_path(arguments), way.id_field: identity})
        )

    async def _delete(
        self, way: WayBack, image: ObjectImage, headers: dict[str, str], token: str
    ) -> Performed:
        if way.delete is None:
            raise CannotUndo(f"{image.object} was created, and the document has no DELETE for it.")
        answer = await self._service.ask("delete", image.object, headers=headers, token=token, acts=True)
        if answer.conflict:
            raise _changed(image)
        return Performed(None, (ObjectImage(image.object, image.after, None),))

    async def _create(self, way: WayBack, image: ObjectImage, wanted: Json, token: str) -> Performed:
        if way.create is None:
            raise CannotUndo(f"{image.object} was deleted, and the document has no way to create it.")
        put = way.create.method == "put"
        path = image.object if put else image.object.rpartition("/")[0]
        headers = {"If-None-Match": "*"} if put else {}
        body = _only(wanted, way.create)
        answer = await self._service.ask(
            way.create.method, path, body=body, headers=headers, token=token, acts=True
        )
        if answer.conflict:
            raise _changed(image)
        made = image.object
        if not put:
            body = cast("dict[str, Json]", answer.body) if isinstance(answer.body, dict) else {}
            identity = body.get(way.id_field, body.get("id"))
            made = f"{path}/{identity}" if identity is not None else image.object
        return Performed(answer.body, (ObjectImage(made, None, answer.body),), _differs(wanted, answer.body))

    async def _change(
        self, way: WayBack, image: ObjectImage, wanted: Json, headers: dict[str, str], token: str
    ) -> Performed:
        if way.change is None:
            raise CannotUndo(f"{image.object} was changed, and the document has no PUT or PATCH for it.")
        body = _only(wanted, way.change)
        answer = await self._service.ask(
            way.change.method, image.object, body=body, headers=headers, token=token, acts=True
        )
        if answer.conflict or answer.missing:
            raise _changed(image)
        return Performed(answer.body, (ObjectImage(image.object, image.after, answer.body, answer.etag),))

    def _in_path(self, arguments: dict[str, Json]) -> dict[str, Json]:
        return {
            each.wire: arguments[each.name]
            for each in self._endpoint.arguments
            if each.place == "path" and each.name in arguments
        }

    def _body(self, arguments: dict[str, Json]) -> dict[str, Json]:
        return {
            each.wire: arguments[each.name]
            for each in self._endpoint.arguments
            if each.place == "body" and each.name in arguments
        }


def _only(wanted: Json, endpoint: Endpoint) -> Json:
    """What of an image the endpoint takes; the rest (ids, timestamps) is the service's own."""
    if not isinstance(wanted, dict) or not endpoint.body_fields:
        return wanted
    return {
        name: value for name, value in cast("dict[str, Json]", wanted).items() if name in endpoint.body_fields
    }


def _differs(wanted: Json, made: Json) -> str:
    if not isinstance(wanted, dict) or not isinstance(made, dict):
        return ""
    now = cast("dict[str, Json]", made)
    other = [name for name, value in cast("dict[str, Json]", wanted).items() if now.get(name) != value]
    return f"created anew, and the service gave it another {', '.join(other)}" if other else ""


def _changed(image: ObjectImage) -> CannotUndo:
    return CannotUndo(
        f"{image.object} was changed by somebody else at this very moment; that is not overwritten.",
        "Look at it, and undo again if it should be.",
    )
