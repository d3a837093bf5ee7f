"""One name, one tool, wherever it comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.domain.action_errors import InvalidTool, UnknownTool
from remit.tools.registry import Registry, tools_of
from remit.tools.tool import Tool, tool


@tool(effect="read")
async def get_ticket(number: int) -> str: ...


@tool(effect="read")
async def get_person(number: int) -> str: ...


def named(name: str, place: str) -> Tool:
    return Tool(replace(get_ticket.manifest, name=name), get_ticket.binding, place)


def test_two_tools_of_one_name_are_refused_and_both_places_are_named() -> None:
    registry = Registry()
    registry.add(get_ticket)
    registry.add(get_ticket)
    with pytest.raises(
        InvalidTool, match=r'called "get_ticket": one at .*test_registry.py:\d+, one at crm.json'
    ):
        registry.add(named("get_person", "crm.json"), named("get_ticket", "crm.json"), source="openapi:crm")
    assert registry.names == ("get_ticket",)


def test_a_source_is_replaced_as_a_whole_or_not_at_all() -> None:
    registry = Registry()
    registry.add(get_ticket)
    registry.replace("mcp:files", [named("read", "files"), named("write", "files")])
    registry.replace("mcp:files", [named("read", "files"), named("list", "files")])
    assert registry.names == ("get_ticket", "list", "read")
    assert registry.source_of("list") == "mcp:files"
    with pytest.raises(InvalidTool):
        registry.replace("mcp:files", [named("get_ticket", "files")])
    assert registry.names == ("get_ticket", "list", "read")


def test_an_unknown_tool_is_answered_with_the_nearest() -> None:
    registry = Registry()
    with pytest.raises(UnknownTool, match="the workspace has none"):
        registry.get("get_tickets")
    registry.add(get_ticket, get_person)
    with pytest.raises(UnknownTool, match='"get_tickets" \\(nearest: "get_ticket"\\)'):
        registry.get("get_tickets")


def test_a_tool_that_is_half_declared_is_refused_at_the_door() -> None:
    @tool(undo="restore")
    def write(number: int) -> None: ...

    with pytest.raises(InvalidTool, match="before"):
        Registry().add(write)


def test_the_tools_of_a_module_are_found_once_each() -> None:
    module: dict[str, Any] = {"a": get_ticket, "b": get_ticket, "c": get_person, "d": 5, "e": tool}
    assert tools_of(module) == [get_ticket, get_person]
