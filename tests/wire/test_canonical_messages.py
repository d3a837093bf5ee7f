"""Messages take a shorter way into the journal than other values; it must lead to the same place."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from remit.domain.errors import NotEncodable
from remit.wire import canonical
from remit.wire.messages import Message, ModelRequest, Text, ToolCall
from tests.wire.strategies import Expressible, requests


class Turn(msgspec.Struct):
    """Nothing that canonical JSON knows of, so what it holds is looked at value by value."""

    messages: list[object]


@given(requests(Expressible("openai_chat")))
def test_a_message_is_digested_as_its_plain_form_is(request: ModelRequest) -> None:
    for message in request.messages:
        plain = canonical.plain(message)
        assert plain == canonical.plain(msgspec.to_builtins(message))
        assert canonical.digest(canonical.plain(Turn([message]))) == canonical.digest({"messages": [plain]})
        assert msgspec.convert(plain, Message) == message


@pytest.mark.parametrize("odd", [float("nan"), 2**53, -(2**60)])
def test_what_a_provider_made_up_is_still_looked_at(odd: float) -> None:
    for message in (
        Message("assistant", (Text("hi", {"openai_chat": {"odd": odd}}),)),
        Message("assistant", (ToolCall("c", "look", "{}", {"gemini": {"odd": [odd]}}),)),
        Message("assistant", (), "", {"anthropic": {"odd": odd}}),
    ):
        with pytest.raises(NotEncodable):
            canonical.plain(message)
