"""A call that a person must agree to: asked in the words of its era, waited for without the client, done once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from remit.domain.fronting import KeyScope
from tests.mcp.stand import ALL, LEGACY, MODERN, Stand, User, stand, upstream

ASK = (
    '@ask("owners") @reason("texts are looked at first")\n'
    'forbid (principal, action == Action::"call", resource == Tool::"far_test_simple_text");\n'
)
QUICK = "[server]\napproval_seconds = 1\n"
TOOL = "far_test_simple_text"


async def agree(here: Stand, verdict: str = "approved") -> str:
    """A person says yes, or no, to what waits."""
    waiting = await here.platform.inbox()
    assert len(waiting) == 1
    await (here.platform.approve if verdict == "approved" else here.platform.reject)(waiting[0].id)
    return waiting[0].id


async def call(client: Any, **more: Any) -> Any:
    """A call whose questions the test answers itself."""
    return await client.session.call_tool(TOOL, {}, allow_input_required=True, **more)


def times(far: Any) -> int:
    """How often the server was asked to do it."""
    return sum(request.get("mcp-method") == "tools/call" for request in far.requests)


async def test_s21_a_visitor_comes_back_with_a_sealed_state_and_meets_the_verdict_once(
    tmp_path: Path,
) -> None:
    async with (
        upstream(MODERN) as far,
        stand(tmp_path, {"far": far.url}, policy=ALL + ASK, settings=QUICK) as here,
        here.client(MODERN, user=User()) as client,
    ):
        asked = await call(client)
        question = asked.input_requests["agreed"].params.message
        assert "owners" in question
        assert "texts are looked at first" in question
        assert times(far) == 0
        answers = {"agreed": types.ElicitResult(action="accept")}
        again = await call(client, request_state=asked.request_state, input_responses=answers)
        assert isinstance(again, types.InputRequiredResult)  # nobody has decided yet
        with pytest.raises(MCPError, match="used before"):
            await call(client, request_state=asked.request_state, input_responses=answers)
        stranger = await here.another(KeyScope("other"))
        async with here.client(MODERN, stranger, user=User()) as thief:
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await call(thief, request_state=again.request_state)
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await client.session.call_tool(
                "far_test_image_content", {}, request_state=again.request_state, allow_input_required=True
            )
        await agree(here)
        done = await call(client, request_state=again.request_state)
        assert "simple text response" in done.content[0].text
        assert times(far) == 1
        with pytest.raises(MCPError, match="used before"):
            await call(client, request_state=again.request_state)
        assert times(far) == 1


async def test_s29_a_client_that_leaves_ends_what_it_waited_for(tmp_path: Path) -> None:
    async with upstream(MODERN) as far, stand(tmp_path, {"far": far.url}, policy=ALL + ASK) as here:
        for era in (MODERN, LEGACY):
            async with here.client(era) as client:
                waits = asyncio.create_task(call(client))
                while not await here.platform.inbox():
                    await here.platform.ground.database.wait_for_change(5)
                waits.cancel()
            while await here.platform.inbox():
                await here.platform.ground.database.wait_for_change(5)
            assert (await here.platform.runs())[0].status == "cancelled"
        assert times(far) == 0


async def test_s21_a_client_that_cannot_be_asked_waits_all_the_same(tmp_path: Path) -> None:
    """No elicitation: an answer with a state and no question; and a session is told whose word is missing."""
    async with (
        upstream(MODERN) as far,
        stand(tmp_path, {"far": far.url}, policy=ALL + ASK, settings=QUICK) as here,
    ):
        async with here.client(MODERN) as client:
            asked = await call(client)
            assert not asked.input_requests
            waits = asyncio.create_task(call(client, request_state=asked.request_state))
            await agree(here, "rejected")
            refused = await waits
            if isinstance(refused, types.InputRequiredResult):
                refused = await call(client, request_state=refused.request_state)
            assert refused.is_error
            assert times(far) == 0
        async with here.client(LEGACY) as client:
            held = await call(client)
            assert held.is_error, held
            assert await here.platform.inbox(), held
            approval = (await here.platform.inbox())[0].id
            assert held.is_error
            assert approval in held.content[0].text
            assert "again" in held.content[0].text
            await agree(here)
            done = await call(client)
            assert "simple text response" in done.content[0].text
            assert times(far) == 1
