"""Documents that a stranger wrote: what cannot be used is one sentence, and the rest becomes schemas that hold."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import InvalidDocument, InvalidTool
from remit.domain.effects import Effect
from remit.domain.errors import RemitError
from remit.domain.tools import Undo
from remit.tools.arguments import check_arguments
from remit.tools.openapi.document import Document
from remit.tools.openapi.source import OpenApiSource, open_openapi
from remit.tools.tool import Tool
from tests.samples import samples
from tests.tools.openapi.crm import DOCUMENT

_OK = {"200": {"description": "fine"}}


def opened(folder: Path, content: Any, **source: Any) -> dict[str, Tool]:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "api.json").write_text(text)
    given_source = OpenApiSource("api", "api.json", base_url="http://127.0.0.1:1", **source)
    return {tool.name: tool for tool in open_openapi(given_source, folder)}


def api(operation: dict[str, Any], path: str = "/things", **more: Any) -> dict[str, Any]:
    method = "post" if "requestBody" in operation else "get"
    return {
        "openapi": more.pop("version", "3.1.0"),
        "paths": {path: {method: {"responses": _OK, **operation}}},
        **more,
    }


def body(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"operationId": "act", "requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "neither JSON nor YAML"),
        ("[1, 2]", "it is no object"),
        ("a: [b", "neither JSON nor YAML"),
        ("a: &a [*a]", "holds itself|no OpenAPI|neither JSON nor YAML"),
        ("{" * 100_000, "neither JSON nor YAML"),
        ('{"swagger": "2.0", "paths": {}}', 'has version "2.0"; Remit reads OpenAPI 3.x'),
        ('{"openapi": "3.1.0"}', 'has no "paths"'),
        ({"openapi": "3.0.0", "paths": {"/x": 5}}, '"/x" is no path with methods'),
        ({"openapi": "3.0.0", "paths": {"/x": {"get": []}}}, "GET /x is no object"),
        ({"openapi": "3.0.0", "paths": {"/x": {"$ref": "#/paths/~1x"}}}, "refers to itself"),
        (api({"parameters": {"name": "x"}}), "where a list belongs"),
        (api({"parameters": [{"in": "query"}]}), "a parameter without a name or a place"),
        (api({"parameters": [{"$ref": "other.yaml#/P"}]}), "refers to other.yaml#/P, outside of the document"),
        (api({"parameters": [{"$ref": "#/components/parameters/P"}]}), "which is not there"),
        (api({}, path="/things/{id}"), 'does not describe "id" of its path'),
        (api(body({}, "multipart/form-data")), "takes multipart/form-data, and only JSON bodies are sent"),
        (api(body(ref("A")), components={"schemas": {"A": ref("B"), "B": ref("A")}}), "refers to itself"),
        (
            {"openapi": "3.0.0", "paths": {p: {"get": {"operationId": "x", "responses": _OK}} for p in ("/a", "/b")}},
            "two operations are called x: GET /a and GET /b",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(content: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=sentence) as raised:
        opened(tmp_path, content)
    assert len(raised.value.message) < 500


ACT = api({"operationId": "act"})


@pytest.mark.parametrize(
    ("content", "wishes", "sentence"),
    [
        ({"openapi": "3.1.0", "paths": {}}, {}, "api.json has no operations"),
        ({"openapi": "3.1.0", "paths": {"/x": {"summary": "nothing"}}}, {}, "api.json has no operations"),
        (ACT, {"only": ("actt",)}, r'"actt" in only, and nothing that it offers .* \(nearest: "act"\)'),
        (ACT, {"skip": ("delete_*",)}, r'"delete_\*" in skip, and nothing that it offers is called so'),
        (ACT, {"skip": ("act",)}, "only and skip leave none"),
    ],
)  # fmt: skip
def test_a_source_without_tools_and_a_wish_that_fits_nothing_are_said(
    content: Any, wishes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidDocument, match=sentence):
        opened(tmp_path, content, **wishes)


def test_what_is_skipped_may_be_as_wrong_as_it_likes(tmp_path: Path) -> None:
    content = {"openapi": "3.1.0", "paths": {
        "/upload": {"post": {**body({}, "multipart/form-data"), "operationId": "upload", "responses": _OK}},
        "/fine": {"get": {"operationId": "fine", "responses": _OK}},
    }}  # fmt: skip
    assert set(opened(tmp_path, content, skip=("up*",))) == {"fine"}
    assert set(opened(tmp_path, content, only=("fine",))) == {"fine"}


def test_yaml_with_anchors_numbers_and_dates_is_read(tmp_path: Path) -> None:
    text = """
openapi: 3.0.3
paths:
  /days:
    get:
      operationId: days
      parameters:
        - {name: since, in: query, schema: &day {type: string, example: 2026-01-01}}
        - {name: until, in: query, schema: *day}
      responses:
        200: {description: ok, content: {application/json: {schema: {type: array, items: *day}}}}
"""
    tool = opened(tmp_path, text)["days"]
    assert tool.manifest.parameters["properties"] == {
        "since": {"type": "string"},
        "until": {"type": "string"},
    }
    assert tool.manifest.result == {"type": "array", "items": {"type": "string"}}


def test_aliases_that_multiply_take_no_time(tmp_path: Path) -> None:
    lines = ["openapi: 3.1.0", "x0: &x0 {type: object, properties: {a: {type: string}}}"]
    lines += [f"x{n}: &x{n} {{allOf: [*x{n - 1}, *x{n - 1}]}}" for n in range(1, 40)]
    text = "\n".join(
        [*lines, "paths: {/x: {post: {requestBody: {content: {application/json: {schema: *x39}}}}}}"]
    )
    started = time.process_time()
    with pytest.raises((InvalidDocument, InvalidTool), match=r"parts|too"):
        opened(tmp_path, text)
    assert time.process_time() - started < 30


def test_a_schema_that_holds_itself_is_checked_to_any_depth(tmp_path: Path) -> None:
    node = {"type": "object", "properties": {"name": {"type": "string"}, "next": ref("Node")}}
    tool = opened(tmp_path, api(body(ref("Node")), components={"schemas": {"Node": node}}))["act"]
    tool.validate({"name": "a", "next": {"name": "b", "next": {"name": "c"}}})
    with pytest.raises(RemitError, match=r"next\.next\.name"):
        tool.validate({"next": {"next": {"name": 5}}})


def test_properties_named_like_keywords_and_definitions_of_one_name_stay_what_they_are(
    tmp_path: Path,
) -> None:
    content = api(
        body({"type": "object", "required": ["example"], "properties": {
            "example": {"type": "string"}, "nullable": {"type": "integer"}, "$ref": {"type": "string"},
            "a": {"$ref": "#/components/schemas/Error"}, "b": {"$ref": "#/components/other/Error"},
        }}),
        components={"schemas": {"Error": {"type": "string"}}, "other": {"Error": {"type": "integer"}}},
    )  # fmt: skip
    tool = opened(tmp_path, content)["act"]
    tool.validate({"example": "x", "nullable": 3, "_ref": "y", "a": "text", "b": 5})
    for wrong in ({"a": 5}, {"b": "text"}, {"nullable": "x"}):
        with pytest.raises(RemitError):
            tool.validate({"example": "x", **wrong})


def test_the_flags_of_3_0_become_words(tmp_path: Path) -> None:
    properties = {
        "a": {"type": "string", "nullable": True},
        "b": {"type": "string", "nullable": True, "enum": ["x"]},
        "c": {"nullable": True, "allOf": [ref("C")]},
        "d": {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
    }
    content = api(
        body({"type": "object", "properties": properties}), version="3.0.3",
        components={"schemas": {"C": {"type": "string"}}},
    )  # fmt: skip
    manifest = opened(tmp_path, content)["act"].manifest
    check_arguments(manifest, {"a": None, "b": None, "c": None, "d": 4})
    with pytest.raises(RemitError):
        check_arguments(manifest, {"d": 3})


def test_what_stands_in_path_and_body_is_one_argument(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["id", "q"], "properties": {"id": {"type": "string"}, "q": {}}}
    operation = body(schema) | {"parameters": [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "q", "in": "query", "schema": {"type": "integer"}},
    ]}  # fmt: skip
    tool = opened(tmp_path, api(operation, path="/things/{id}"))["act"]
    assert list(tool.manifest.parameters["properties"]) == ["id", "q", "body_q"]
    assert tool.manifest.parameters["required"] == ["id", "body_q"]


def test_effects_and_ways_back_follow_from_the_document(tmp_path: Path) -> None:
    tools = opened(tmp_path, DOCUMENT)
    found = {name: (tool.manifest.effect, tool.manifest.undo) for name, tool in tools.items()}
    assert found == {
        "list_tickets": (Effect.READ, Undo.NONE),
        "get_ticket": (Effect.READ, Undo.NONE),
        "create_ticket": (Effect.WRITE, Undo.RESTORE),
        "replace_ticket": (Effect.WRITE, Undo.RESTORE),
        "update_ticket": (Effect.WRITE, Undo.RESTORE),
        "delete_ticket": (Effect.WRITE, Undo.RESTORE),
        "send_mail": (Effect.WRITE, Undo.NONE),
    }
    assert tools["send_mail"].manifest.keyed
    assert "Idempotency-Key" not in str(tools["send_mail"].manifest.parameters)


def test_a_document_of_a_thousand_operations_over_a_web_of_schemas_is_read_in_time(tmp_path: Path) -> None:
    schemas = {
        f"S{n}": {"type": "object", "properties": {f"p{k}": ref(f"S{(n * 7 + k) % 300}") for k in range(10)}}
        for n in range(300)
    }
    paths = {
        f"/things{n}/{{id}}": {"get": {
            "operationId": f"get_{n}",
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": ref(f"S{n % 300}")}}}},
        }}
        for n in range(1_000)
    }  # fmt: skip
    started = time.process_time()
    tools = opened(tmp_path, {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}})
    assert len(tools) == 1_000
    assert time.process_time() - started < 30
    assert len(tools["get_0"].manifest.digest) == 64


def test_only_an_address_that_can_be_called_is_taken(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(api({})))
    for url in ("", "/v1", "https://{region}.x", "ftp://x", "https://u:p@x", "http://[", "https://x/?q=1"):
        with pytest.raises(InvalidDocument, match="no address to call"):
            open_openapi(OpenApiSource("api", "api.json", base_url=url), tmp_path)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["$ref", "type", "properties", "items", "allOf", "get", "post", "parameters", "name", "in",
                         "schema", "requestBody", "content", "application/json", "responses", "200", "/x", "required"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=samples(80), deadline=None)
@given(item=_json, schemas=_json)
def test_no_document_does_anything_but_open_or_say_a_sentence(
    item: Any, schemas: Any, tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("doc")
    try:
        opened(folder, {"openapi": "3.0.0", "paths": {"/x": item}, "components": {"schemas": schemas}})
    except (InvalidDocument, InvalidTool) as wrong:
        said = wrong.message
    else:
        said = "it opened"
    assert said


def test_yaml_and_json_of_one_document_are_one(tmp_path: Path) -> None:
    from_yaml = Document.parse("a", yaml.safe_dump(DOCUMENT), "a")
    assert from_yaml.content == DOCUMENT
