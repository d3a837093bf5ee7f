"""Putting one object of a service back: each request carries the ETag that was compared, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from remit.domain.action_errors import CannotUndo
from remit.tools.openapi.document import object_in
from remit.tools.openapi.request import Request

if TYPE_CHECKING:
    from remit.domain.tools import ObjectImage
    from remit.tools.openapi.operations import Endpoint
    from remit.tools.openapi.service import Answer, Service
    from remit.tools.openapi.ways import WayBack

Json = Any


class PuttingBack:
    """The ways back of one endpoint, for one undo."""

    def __init__(self, way: WayBack, service: Service, token: str, seconds: float | None) -> None:
        self._way = way
        self._service = service
        self._token = token
        self._seconds = seconds

    async def delete(self, path: str, etag: str) -> None:
        """Make it gone."""
        if self._way.delete is None:
            raise CannotUndo(f"{path} was created, and the document has no DELETE for it.")
        answer = await self._ask(Request("delete", path, headers=_if_match(etag)))
        if answer.conflict:
            raise _changed(path)

    async def create(self, path: str, wanted: Json) -> tuple[str, Json, str]:
        """Make it anew: where it is now, what the service said, and why it is not quite the same."""
        way = self._way
        if way.create is None:
            raise CannotUndo(f"{path} was deleted, and the document has no way to create it.")
        put = way.create.method == "put"
        body = _settable(wanted, way.create)
        where, headers = (path, {"If-None-Match": "*"}) if put else (path.rpartition("/")[0], {})
        answer = await self._ask(Request(way.create.method, where, (), headers, body, has_body=True))
        if answer.conflict or answer.missing:
            raise _changed(path)
        made = object_in(answer.body) or {}
        identity = made.get(way.id_field, made.get("id"))
        made_at = path if put or identity is None else f"{where}/{quote(str(identity), safe='')}"
        return made_at, answer.body, _difference(wanted, made)

    async def change(self, path: str, image: ObjectImage, wanted: Json, etag: str) -> tuple[str, Json, str]:
        """Set back the fields that were ours; with PATCH nothing else is even sent."""
        way = self._way
        ours = _changed_fields(image, wanted)
        lacking = [name for name in ours if name not in (object_in(wanted) or {})]
        endpoint = (
            way.put if way.patch is None or (lacking and way.put is not None) or not ours else way.patch
        )
        if endpoint is None:
            raise CannotUndo(f"{path} was changed, and the document has no PUT or PATCH for it.")
        body = _settable(wanted, endpoint)
        if endpoint.method == "patch":
            body = {name: (object_in(body) or {}).get(name) for name in ours}
        answer = await self._ask(Request(endpoint.method, path, (), _if_match(etag), body, has_body=True))
        if answer.conflict or answer.missing:
            raise _changed(path)
        return path, answer.body, _difference(body, object_in(answer.body) or {})

    async def _ask(self, request: Request) -> Answer:
        return await self._service.ask(request, self._token, acts=True, seconds=self._seconds)


def _if_match(etag: str) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _changed_fields(image: ObjectImage, wanted: Json) -> list[str]:
    before, after = object_in(image.before), object_in(image.after)
    if before is None or after is None or object_in(wanted) is None:
        return []
    missing = object()
    return [n for n in {**before, **after} if before.get(n, missing) != after.get(n, missing)]


def _settable(wanted: Json, endpoint: Endpoint) -> Json:
    """What of an image the endpoint takes; the rest (ids, stamps) is the service's own."""
    known = object_in(wanted)
    if known is None or not endpoint.fields:
        return wanted
    return {
        name: _as_number(value, endpoint.fields[name])
        for name, value in known.items()
        if name in endpoint.fields
    }


def _as_number(value: Json, schema: Json) -> Json:
    """An integer too large for the log stands there as text; the service is given the number."""
    kinds = (object_in(schema) or {}).get("type")
    numeric = kinds == "integer" or (isinstance(kinds, list) and "integer" in kinds and "string" not in kinds)
    if isinstance(value, str) and numeric and value.lstrip("-").isdecimal():
        return int(value)
    return value


def _difference(wanted: Json, made: dict[str, Json]) -> str:
    known = object_in(wanted) or {}
    other = [name for name, value in known.items() if name in made and made[name] != value]
    return f"the service gave it another {', '.join(other)}" if other else ""


def _changed(path: str) -> CannotUndo:
    return CannotUndo(
        f"{path} was changed by somebody else at this very moment; that is not overwritten.",
        "Look at it, and undo again if it should be.",
    )
