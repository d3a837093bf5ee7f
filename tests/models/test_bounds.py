"""S25: what a call may use is known before it is made, and no provider can report more than that."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.models.bounds import bound, weigh, weigh_messages
from remit.models.catalog import ModelCard
from remit.models.prices import PriceBook
from remit.models.routes import need_of
from remit.wire.messages import (
    Audio,
    File,
    Foreign,
    Image,
    Message,
    ModelRequest,
    OutputSchema,
    Part,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from tests.models.catalogs import prices
from tests.wire.strategies import Expressible, requests

CARD = ModelCard("m", window=200_000, max_output=8_000, image_tokens=1_600)
SOUND = base64.b64encode(b"x" * 48_000).decode()


def asked(*parts: Part, **rest: object) -> ModelRequest:
    return ModelRequest("m", (Message("user", parts),), **rest)  # pyright: ignore[reportArgumentType]


@given(st.lists(st.text(max_size=60), max_size=8), prices(), st.integers(1, 8_000), st.data())
def test_s25_no_usage_within_the_limits_costs_more_than_the_bound(
    texts: list[str], price: object, most: int, data: st.DataObject
) -> None:
    book = PriceBook({"m": price})  # pyright: ignore[reportArgumentType]
    request = asked(*map(Text, texts))
    limit = bound(CARD, book, weigh(request), most, 5_000)
    assert limit is not None
    assert limit.money is not None
    prompt = data.draw(st.integers(0, limit.prompt))
    read = data.draw(st.integers(0, prompt))
    write = data.draw(st.integers(0, prompt - read))
    thought = data.draw(st.integers(0, most))
    usage = Usage(prompt - read - write, read, write, most - thought, thought)
    cost = book.cost("m", usage, 5_000)
    assert cost is not None
    assert cost.total <= limit.money
    assert usage.total <= limit.tokens


@given(requests(Expressible("openai_chat")), st.data())
def test_s25_a_conversation_that_is_weighed_as_it_grows_weighs_the_same(
    request: ModelRequest, data: st.DataObject
) -> None:
    weight, rest = weigh_messages(()), request.messages
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        before = weigh_messages((), weight)
        weight, rest = weigh_messages(rest[:count], weight), rest[count:]
        assert weigh_messages((), before) == before, "what was counted before is not touched"
    assert weigh(request, weight) == weigh(request)
    assert weigh(request, weight) == weigh(request), (
        "weighing a request leaves the count of its messages alone"
    )
    assert need_of(request, weigh(request, weight)) == need_of(request)


@given(st.text(max_size=200))
def test_s25_text_is_bounded_by_its_bytes(text: str) -> None:
    limit = bound(CARD, PriceBook({}), weigh(asked(Text(text))), 10, 0)
    assert limit is not None
    assert limit.prompt >= len(text.encode("utf-8", "surrogatepass"))
    assert limit.money is None, "no price, no amount"


@pytest.mark.parametrize(
    "part",
    [
        ToolCall("1", "find", '{"q": "' + "x" * 3_000 + '"}'),
        ToolResult("1", "find", (Text("x" * 3_000),)),
        Text("", opaque={"citations": ["x" * 3_000]}),
        File(name="a.txt", media_type="text/plain", data=base64.b64encode(b"x" * 3_000).decode()),
        Audio(SOUND),
    ],
)
def test_s25_every_part_counts(part: Part) -> None:
    limit = bound(CARD, PriceBook({}), weigh(asked(part)), 10, 0)
    assert limit is not None
    assert limit.prompt >= 3_000
    assert not limit.because


def test_s25_tools_and_schemas_count_and_so_does_every_choice() -> None:
    schema = {"type": "object", "properties": {"x" * 2_000: {"type": "string"}}}
    tools = bound(CARD, PriceBook({}), weigh(asked(tools=(ToolSpec("t", "d", schema),))), 10, 0)
    output = bound(CARD, PriceBook({}), weigh(asked(output=OutputSchema(schema=schema))), 10, 0, choices=3)
    assert tools is not None
    assert output is not None
    assert tools.prompt > 3_000, "the schema, and what providers say about tools"
    assert output.prompt > 2_000
    assert output.completion == 30


@pytest.mark.parametrize(
    ("request_", "because"),
    [
        (asked(File(name="a.pdf", media_type="application/pdf", data="AAAA")), "the file a.pdf"),
        (asked(File(id="file-7")), "file-7"),
        (asked(File(url="https://example.com/a")), "example.com"),
        (asked(Foreign("anthropic", {"type": "web_search_tool_result"})), "web_search_tool_result"),
        (asked(extra={"previous_response_id": "resp_1"}), "previous_response_id"),
        (asked(tools=(ToolSpec("search", opaque={"type": "web_search"}),)), "search"),
    ],
)
def test_s25_what_nothing_bounds_reserves_the_whole_window_and_says_why(
    request_: ModelRequest, because: str
) -> None:
    limit = bound(CARD, PriceBook({}), weigh(request_), 10, 0)
    assert limit is not None
    assert (limit.prompt, limit.completion) == (200_000, 10)
    assert because in limit.because
    unknown = ModelCard("m", window=None)
    assert bound(unknown, PriceBook({}), weigh(request_), 10, 0) is None, (
        "no window, no bound: refused or allowed above"
    )


def test_s25_a_picture_costs_at_most_what_its_model_charges_for_one() -> None:
    pictures = asked(Image(url="https://example.com/1.png"), Image("image/png", "AAAA"))
    limit = bound(CARD, PriceBook({}), weigh(pictures), 10, 0)
    assert limit is not None
    assert 3_200 <= limit.prompt < 4_000
    nobody_knows = bound(ModelCard("m", window=9_000), PriceBook({}), weigh(pictures), 10, 0)
    assert nobody_knows is not None
    assert nobody_knows.prompt == 9_000
    assert "pictures" in nobody_knows.because


def test_s25_a_missing_max_tokens_is_the_models_own_most() -> None:
    weight = weigh(asked(Text("hi")))
    assert bound(CARD, PriceBook({}), weight, None, 0).completion == 8_000  # pyright: ignore[reportOptionalMemberAccess]
    only_window = bound(ModelCard("m", window=9_000), PriceBook({}), weight, None, 0)
    assert only_window is not None
    assert only_window.completion == 9_000


def test_s25_a_prompt_larger_than_the_window_is_not_billed_beyond_it() -> None:
    limit = bound(CARD, PriceBook({}), weigh(asked(Text("x" * 1_000_000))), 10, 0)
    assert limit is not None
    assert limit.prompt == 200_000
