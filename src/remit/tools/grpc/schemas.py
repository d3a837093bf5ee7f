"""Messages as JSON Schema, in the form that protobuf itself gives its messages in JSON."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

Json = Any
_KINDS: Any = FieldDescriptor
_LONG = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$"}
_BYTES = {"contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"}
"""protobuf itself drops what is no base64 in silence, and would send other bytes than were meant."""
_REAL = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
_SIGNED = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
_UNSIGNED = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
_SCALARS: dict[int, dict[str, Json]] = {
    _KINDS.TYPE_DOUBLE: _REAL, _KINDS.TYPE_FLOAT: _REAL, _KINDS.TYPE_BOOL: {"type": "boolean"},
    _KINDS.TYPE_STRING: {"type": "string"}, _KINDS.TYPE_BYTES: {"type": "string", **_BYTES},
    _KINDS.TYPE_INT32: _SIGNED, _KINDS.TYPE_SINT32: _SIGNED, _KINDS.TYPE_SFIXED32: _SIGNED,
    _KINDS.TYPE_UINT32: _UNSIGNED, _KINDS.TYPE_FIXED32: _UNSIGNED,
    _KINDS.TYPE_INT64: _LONG, _KINDS.TYPE_SINT64: _LONG, _KINDS.TYPE_SFIXED64: _LONG,
    _KINDS.TYPE_UINT64: _LONG, _KINDS.TYPE_FIXED64: _LONG,
}  # fmt: skip
_WELL_KNOWN: dict[str, dict[str, Json]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": "^-?[0-9]+([.][0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]},
    "google.protobuf.BoolValue": {"type": ["boolean", "null"]},
    "google.protobuf.StringValue": {"type": ["string", "null"]},
    "google.protobuf.BytesValue": {"type": ["string", "null"], **_BYTES},
    "google.protobuf.DoubleValue": {"type": ["number", "string", "null"]},
    "google.protobuf.FloatValue": {"type": ["number", "string", "null"]},
    "google.protobuf.Int32Value": {"type": ["integer", "null"]},
    "google.protobuf.UInt32Value": {"type": ["integer", "null"]},
    "google.protobuf.Int64Value": {"type": ["integer", "string", "null"]},
    "google.protobuf.UInt64Value": {"type": ["integer", "string", "null"]},
}  # fmt: skip


def schema_of(message: Any) -> dict[str, Json]:
    """A message as the schema of an object; a message that holds itself refers to itself."""
    definitions: dict[str, Json] = {}
    found = _object(message, definitions)
    used = {name: each for name, each in definitions.items() if each}
    return {**found, "$defs": used} if used else found


def _object(message: Any, definitions: dict[str, Json]) -> dict[str, Json]:
    properties = {field.name: _field(field, definitions) for field in message.fields}
    found: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [field.name for field in message.fields if field.is_required]
    if required:
        found["required"] = required
    choices = [[field.name for field in each.fields] for each in message.oneofs if len(each.fields) > 1]
    if choices:
        found["description"] = "; ".join(f"at most one of {', '.join(names)}" for names in choices)
    return found


def _field(field: Any, definitions: dict[str, Json]) -> dict[str, Json]:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        value = _one(message.fields_by_name["value"], definitions)
        return {"type": "object", "additionalProperties": value}
    one = _one(field, definitions)
    return {"type": "array", "items": one} if field.is_repeated else one


def _one(field: Any, definitions: dict[str, Json]) -> dict[str, Json]:
    if field.enum_type is not None:
        return {"enum": [value.name for value in field.enum_type.values]}
    message = field.message_type
    if message is None:
        return dict(_SCALARS[field.type])
    known = _WELL_KNOWN.get(message.full_name)
    if known is not None:
        return dict(known)
    if message.full_name not in definitions:
        definitions[message.full_name] = {}
        definitions[message.full_name] = _object(message, definitions)
    return {"$ref": f"#/$defs/{message.full_name}"}
