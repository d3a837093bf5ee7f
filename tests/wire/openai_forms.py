"""What the two OpenAI dialects can express, for the property tests, and their SDK's own types as judges."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as AskChat
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming as AskChatStream
from pydantic import TypeAdapter

from remit.wire.messages import Audio, Reasoning, Refusal, Text
from tests.wire import strategies as draw
from tests.wire.strategies import Expressible

Json = Any

CHAT_COMPLETION = TypeAdapter(ChatCompletion)
CHAT_CHUNK = TypeAdapter(ChatCompletionChunk)
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
