"""An operation as a binding: it sends the request, and for a write looks before and after, so that it can be undone.

Undo is compare-and-swap where the service has ETags (If-Match); where it has none, the receipt says best effort.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.domain.tools import ObjectImage, Performed
from remit.tools.openapi.document import object_in
from remit.tools.openapi.putting_back import PuttingBack
from remit.tools.openapi.request import Request, body_of, filled, in_path, request_of

if TYPE_CHECKING:
    from remit.domain.tools import Receipt
    from remit.tools.binding import ToolContext
    from remit.tools.openapi.operations import Endpoint
    from remit.tools.openapi.service import Answer, Service
    from remit.tools.openapi.ways import WayBack

Json = Any
_TRIES = 3
NO_ETAG = "the service has no ETags: what is put back was compared a moment before, not at the same time"


class OperationBinding:
    """One endpoint of one service."""

    def __init__(
        self, source: str, endpoint: Endpoint, way: WayBack | None, service: Service, secret: str
    ) -> None:
        self._source = source
        self._endpoint = endpoint
        self._way = way
        self._service = service
        self._secret = secret

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Send it; if somebody else changed the object since it was looked at, look and send again."""
        endpoint, token = self._endpoint, await self._token(context)
        then = object_in(context.before) or {}
        for _ in range(_TRIES):
            request = request_of(endpoint, arguments, context.key)
            if then.get("etag"):
                request = replace(request, headers={**(request.headers or {}), "If-Match": then["etag"]})
            answer = await self._service.ask(request, token, acts=not endpoint.reads, seconds=context.seconds)
            if not (answer.outdated and then.get("etag")):
                return await self._performed(arguments, answer, then, token)
            then = await self._seen(str(then["path"]), token)
        raise Retry(f"{then['path']} is being changed by somebody else all the time.")

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """The object as it stands; nothing for a creation."""
        if self._way is None or self._endpoint.method == "post":
            return None
        path = filled(self._way.item, in_path(self._endpoint, arguments))
        return await self._seen(path, await self._token(context))

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Look whether the object is as the request would have left it."""
        then, way = object_in(context.before), self._way
        if way is None or then is None:
            return None
        now = await self._seen(str(then["path"]), await self._token(context))
        if now["image"] == then["image"] and now["etag"] == then["etag"]:
            return Absent()
        if not self._is_as_sent(arguments, now["image"]):
            return None
        return Happened(self._with_image(now["image"], then["path"], then["image"], now))

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """The object now, and its ETag."""
        del receipt
        now = await self._seen(self._path_of(image), await self._token(context))
        return now["image"], now["etag"]

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Delete what was created, change back what was changed, create anew what was deleted."""
        del receipt
        if self._way is None:
            raise CannotUndo(f"{self._endpoint.name} has no way back.")
        back = PuttingBack(self._way, self._service, await self._token(context), context.seconds)
        path = self._path_of(image)
        if wanted is None:
            await back.delete(path, precondition)
            return Performed(None, (ObjectImage(image.object, image.after, None),))
        if image.after is None:
            made, answer, why = await back.create(path, wanted)
        else:
            made, answer, why = await back.change(path, image, wanted, precondition)
        return Performed(answer, (ObjectImage(self._object(made), image.after, wanted),), why)

    async def close(self) -> None:
        """The service is shared, and closed once by whoever comes first."""
        await self._service.close()

    # --- images ---------------------------------------------------------------------------------------

    async def _seen(self, path: str, token: str) -> dict[str, Json]:
        """How an object stands: what can be set of it, and its ETag."""
        answer = await self._service.ask(Request("get", path), token)
        if answer.conflict:
            raise ToolFailed(f"GET {path} answered {answer.status}: {answer.body}")
        if answer.missing or self._way is None:
            return {"path": path, "image": None, "etag": ""}
        return {"path": path, "image": self._way.image(answer.body), "etag": answer.etag}

    async def _performed(
        self, arguments: dict[str, Json], answer: Answer, then: dict[str, Json], token: str
    ) -> Performed:
        endpoint, way = self._endpoint, self._way
        if answer.missing or answer.conflict:
            raise ToolFailed(
                f"{endpoint.method.upper()} {endpoint.path} answered {answer.status}: {str(answer.body)[:500]}"
            )
        if endpoint.reads or way is None:
            return Performed(answer.body)
        path = (
            self._created(way, arguments, answer) if endpoint.method == "post" else str(then.get("path", ""))
        )
        if not path:
            return Performed(answer.body, best_effort="nothing says which object it was")
        try:
            now = await self._seen(path, token)
        except (Retry, ToolFailed, StepFailed) as wrong:  # the write took place, whatever became of the look
            return Performed(answer.body, best_effort=f"how things stood after it could not be read: {wrong}")
        return self._with_image(answer.body, path, then.get("image"), now)

    def _with_image(self, result: Json, path: str, before: Json, now: dict[str, Json]) -> Performed:
        image = ObjectImage(self._object(path), before, now["image"], now["etag"])
        return Performed(result, (image,), "" if now["etag"] or now["image"] is None else NO_ETAG)

    def _is_as_sent(self, arguments: dict[str, Json], now: Json) -> bool:
        if self._endpoint.method == "delete":
            return now is None
        sent, found = object_in(body_of(self._endpoint, arguments)), object_in(now)
        if not sent or found is None:
            return False
        return all(found.get(name) == value for name, value in sent.items() if name in found)

    def _created(self, way: WayBack, arguments: dict[str, Json], answer: Answer) -> str:
        body = object_in(answer.body) or {}
        identity = body.get(way.id_field, body.get("id"))
        if identity is None and answer.location:
            identity = answer.location.partition("?")[0].rstrip("/").rpartition("/")[2]
        if identity is None:
            return ""
        return filled(way.item, {**in_path(self._endpoint, arguments), way.id_field: identity})

    def _object(self, path: str) -> str:
        """Its name among all systems: two services may both have a `/tickets/1`."""
        return f"{self._source}{path}"

    def _path_of(self, image: ObjectImage) -> str:
        return image.object.removeprefix(self._source)

    async def _token(self, context: ToolContext) -> str:
        return await context.secret(self._secret) if self._secret and context.secret is not None else ""
