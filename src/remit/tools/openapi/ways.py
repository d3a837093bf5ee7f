"""Which writes of a document can be taken back, and by which of its operations.

A write can be taken back where the document has a GET of the same object to look at it, and an operation that puts
it back: PUT or PATCH for a change, PUT or POST for a deletion, DELETE for a creation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.tools.openapi.document import object_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.tools.openapi.operations import Endpoint

Json = Any


@dataclass(frozen=True)
class WayBack:
    """How a write of one endpoint is looked at and taken back."""

    item: str
    """The path of one object."""
    patch: Endpoint | None = None
    put: Endpoint | None = None
    create: Endpoint | None = None
    """PUT of the object, or POST to its collection."""
    delete: Endpoint | None = None
    id_field: str = "id"

    def image(self, body: Json) -> Json:
        """Of an object, what somebody can set: stamps and counters that the service keeps are its own affair."""
        known, found = self.fields, object_in(body)
        if found is None or not known:
            return body
        return {name: value for name, value in found.items() if name in known}

    @property
    def fields(self) -> dict[str, Json]:
        """What any of the ways can set."""
        found: dict[str, Json] = {}
        for each in (self.create, self.put, self.patch):
            if each is not None:
                found |= each.fields
        return found


def way_back(endpoint: Endpoint, endpoints: Sequence[Endpoint]) -> WayBack | None:
    """How a write of this endpoint is taken back, if the document has what that takes."""
    if endpoint.reads:
        return None

    def at(path: str, method: str) -> Endpoint | None:
        return next((each for each in endpoints if each.path == path and each.method == method), None)

    item = endpoint.path if endpoint.method != "post" else _item_of(endpoint, endpoints)
    if not item or at(item, "get") is None:
        return None
    patch, put, delete = at(item, "patch"), at(item, "put"), at(item, "delete")
    if patch is not None and not patch.merges:
        patch = None
    above = item.rpartition("/")[0]
    create = endpoint if endpoint.method == "post" else put or (at(above, "post") if above else None)
    way = WayBack(item, patch, put, create, delete, _id_of(item))
    needed = {"post": delete, "delete": create, "patch": patch or put, "put": patch or put}
    if endpoint.method == "delete" and not item.endswith("}"):
        return None  # it clears a whole collection; its objects have no single way back
    return way if needed.get(endpoint.method) is not None else None


def _item_of(endpoint: Endpoint, endpoints: Sequence[Endpoint]) -> str:
    """Where an object is that a POST makes."""
    one = re.compile(re.escape(endpoint.path.rstrip("/")) + r"/{[^/{}]*}")
    return next((e.path for e in endpoints if e.method == "delete" and one.fullmatch(e.path)), "")


def _id_of(path: str) -> str:
    names = re.findall(r"{([^}]*)}", path)
    return names[-1] if names else "id"
