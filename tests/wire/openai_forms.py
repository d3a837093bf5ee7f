"""What the two OpenAI dialects can express, for the property tests, and their SDK's own types as judges."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as AskChat
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming as AskChatStream
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming as AskResponse
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming as AskResponseStream
from pydantic import TypeAdapter

from remit.wire.messages import Audio, Reasoning, Refusal, Text
from tests.wire import strategies as draw
from tests.wire.strategies import Expressible

Json = Any

CHAT_COMPLETION = TypeAdapter(ChatCompletion)
CHAT_CHUNK = TypeAdapter(ChatCompletionChunk)
RESPONSE = TypeAdapter(Response)
RESPONSE_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
ASK_RESPONSE = TypeAdapter(AskResponse)
ASK_RESPONSE_STREAM = TypeAdapter(AskResponseStream)
ASK_CHAT = TypeAdapter(AskChat)
ASK_CHAT_STREAM = TypeAdapter(AskChatStream)


def _breakpoints() -> st.SearchStrategy[dict[str, Json]]:
    return st.sampled_from([{}, {}, {"prompt_cache_breakpoint": {"mode": "explicit"}}])


def _chat_thoughts() -> st.SearchStrategy[Reasoning]:
    return draw.texts().map(lambda text: Reasoning(text, "openai_chat", {"reasoning_content": text}))


def _sound_by_id() -> st.SearchStrategy[Audio]:
    return draw.names().map(lambda name: Audio("", "", {"openai_chat": {"id": name}}))


def _whole_sound() -> st.SearchStrategy[Audio]:
    def sound(data: str, words: str) -> Audio:
        return Audio(data, "", {"openai_chat": {"id": "audio_1", "expires_at": 9, "transcript": words}})

    return st.builds(sound, draw.base64_texts(), draw.texts())


_plain_chat = Expressible("openai_chat", opaque=_breakpoints())
_bare_chat = Expressible("openai_chat")

CHAT_REQUESTS = Expressible(
    "openai_chat",
    user_parts=(
        draw.images(_plain_chat, details=("", "low", "high", "auto")),
        draw.sounds(_plain_chat),
        draw.files(_plain_chat, ids=True),
    ),
    answer_parts=(st.builds(Refusal, draw.texts()), _sound_by_id()),
    reasoning=_chat_thoughts(),
    opaque=_breakpoints(),
    message_names=True,
    system_texts=2,
    later_systems=True,
    strict_tools=(None, True, False),
    outputs=draw.outputs(),
    settings=("max_tokens", "temperature", "top_p", "stop", "seed", "effort", "choices"),
    request_extra=st.sampled_from(
        [{}, {"logprobs": True, "top_logprobs": 2}, {"metadata": {"a": "b"}, "user": "u"}]
    ),
)

CHAT_ANSWERS = Expressible(
    "openai_chat",
    answer_parts=(st.builds(Refusal, draw.texts()), _whole_sound()),
    reasoning=_chat_thoughts(),
    opaque=st.sampled_from([{}, {}, {"extra_content": {"google": {"thought_signature": "c2ln"}}}]),
    words=st.builds(Text, draw.texts()),
    response_extra=st.sampled_from([{}, {"system_fingerprint": "fp_1", "service_tier": "default"}]),
    usage=("input", "cache_read", "cache_write", "output", "reasoning", "audio_input", "audio_output"),
    id_prefix="chatcmpl-",
)


# --- Responses -----------------------------------------------------------------------------------------------


def _items_of_thought() -> st.SearchStrategy[Reasoning]:
    """Thoughts as items: a summary, encrypted content, or both."""

    def thought(name: str, words: list[str], secret: str) -> Reasoning:
        item: dict[str, Json] = {
            "type": "reasoning",
            "id": f"rs_{name}",
            "summary": [{"type": "summary_text", "text": text} for text in words],
            "encrypted_content": secret,
        }
        return Reasoning("\n\n".join(words), "openai_responses", item)

    return st.builds(thought, draw.names(), st.lists(draw.texts(), max_size=2), draw.base64_texts())


def _in_message(kind: type[Text | Refusal], names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Words that remember the message they stood in."""

    def part(text: str, name: str, cited: list[Json]) -> Text | Refusal:
        keys: dict[str, Json] = {"item": {"id": f"msg_{name}"}}
        if kind is Text and cited:
            keys["annotations"] = cited
        return kind(text, {"openai_responses": keys})

    citation: Json = {
        "type": "url_citation",
        "url": "https://x.example",
        "title": "x",
        "start_index": 0,
        "end_index": 1,
    }
    return st.builds(part, draw.texts(), names, st.sampled_from([[], [citation]]))


_plain_responses = Expressible("openai_responses", opaque=_breakpoints())

RESPONSES_REQUESTS = Expressible(
    "openai_responses",
    user_parts=(
        draw.images(_plain_responses, details=("", "low", "high")),
        draw.files(_plain_responses, urls=True, ids=True),
    ),
    result_parts=(draw.images(_plain_responses), draw.files(_plain_responses)),
    answer_parts=(_in_message(Refusal, st.just("refusal")),),
    reasoning=_items_of_thought(),
    opaque=_breakpoints(),
    words=st.builds(Text, draw.texts()) | _in_message(Text, draw.names()),
    call_opaque=st.sampled_from(
        [{}, {"id": "fc_1"}, {"id": "fc_2", "status": "incomplete", "namespace": "n"}]
    ),
    later_systems=True,
    strict_tools=(None, True, False),
    outputs=draw.outputs(),
    settings=("max_tokens", "temperature", "top_p", "effort"),
    request_extra=st.sampled_from(
        [
            {},
            {"store": True, "metadata": {"a": "b"}},
            {"text": {"verbosity": "low"}, "reasoning": {"summary": "auto"}},
        ]
    ),
)

RESPONSES_ANSWERS = Expressible(
    "openai_responses",
    answer_parts=(_in_message(Refusal, st.just("refusal")),),
    reasoning=_items_of_thought(),
    words=st.builds(Text, draw.texts()) | _in_message(Text, draw.names()),
    call_opaque=st.sampled_from([{}, {"namespace": "n"}]),
    response_extra=st.sampled_from([{}, {"service_tier": "flex", "instructions": "i"}]),
    usage=("input", "cache_read", "cache_write", "output", "reasoning", "audio_input", "audio_output"),
    id_prefix="resp_",
)
