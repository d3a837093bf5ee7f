"""What a front end asks for, read and checked: a thread, what was said in it, and answers to what was asked back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.wire import canonical
from remit.wire.tasks import attachment

Json = Any
MESSAGE = "message"
"""The interrupt that wants another message."""
_SAID = ("user", "assistant")
_MEDIA = ("image", "audio", "video", "document")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a front end."""

    thread: str
    run: str
    """As the front end calls this exchange; the run behind it has an id of its own."""
    said: list[dict[str, Json]]
    """Parts of the last message, and of what was said before it."""
    task: str = ""
    """The run that goes on, where this answers what it asked."""
    answers: list[dict[str, Json]] | None = None
    tools: tuple[str, ...] = ()
    """Tools of the front end, which nobody here calls."""


def read(raw: bytes) -> Asked:
    """A request, or one sentence on what it lacks."""
    body = object_of(canonical.parse(raw.decode("utf-8", "replace")))
    thread, run = _text(body, "threadId"), _text(body, "runId")
    tools = tuple(str(object_of(each).get("name", "")) for each in _list(body.get("tools")))
    resume = [object_of(each) for each in _list(body.get("resume"))]
    if resume:
        return _resumed(thread, run, resume, tools)
    messages = [object_of(each) for each in _list(body.get("messages"))]
    last = next((each for each in reversed(messages) if each.get("role") == "user"), None)
    if last is None:
        raise InvalidInput(
            "no message of a user is in the request.", "Send messages, the last one of the user."
        )
    before = [
        {"role": each["role"], "text": text}
        for each in messages[: messages.index(last)]
        if each.get("role") in _SAID and (text := _words(each.get("content")))
    ]
    context = [object_of(each) for each in _list(body.get("context"))]
    known: dict[str, Json] = ({"conversation": before} if before else {}) | (
        {"context": context} if context else {}
    )
    said = _parts(last.get("content"))
    return Asked(thread, run, [*said, *([{"data": known}] if known else [])], tools=tools)


def _resumed(thread: str, run: str, resume: list[dict[str, Json]], tools: tuple[str, ...]) -> Asked:
    task, said = "", list[dict[str, Json]]()
    answers: list[dict[str, Json]] = []
    for each in resume:
        of, _, question = str(each.get("interruptId", "")).partition(":")
        if not of or not question or task not in {"", of}:
            raise InvalidInput("the request answers no interrupt of one run.", "Send its id as it was sent.")
        task, payload = of, each.get("payload")
        if question == MESSAGE:
            said += [{"text": payload}] if isinstance(payload, str) else [{"data": payload}]
        else:
            answers.append(_answer(question, each.get("status") == "resolved", payload))
    return Asked(thread, run, said, task, answers, tools)


def _answer(question: str, yes: bool, payload: Json) -> dict[str, Json]:
    """A verdict: as the payload says, else by whether the interrupt was resolved; what is no verdict is a value."""
    said = object_of(payload)
    if "decision" in said or "approved" in said:
        decision = str(said.get("decision") or ("approve" if said.get("approved") is True else "reject"))
        kept = {name: said[name] for name in ("value", "comment") if name in said}
        return {"question": question, "decision": decision if yes else "reject", **kept}
    answer = {"question": question, "decision": "approve" if yes else "reject"}
    return answer | ({"value": payload} if yes and payload not in (None, True) else {})


def _parts(content: Json) -> list[dict[str, Json]]:
    if isinstance(content, str):
        return [{"text": content}]
    found: list[dict[str, Json]] = []
    for part in map(object_of, _list(content)):
        if part.get("type") == "text":
            found.append({"text": str(part.get("text", ""))})
            continue
        source = object_of(part.get("source"))
        if part.get("type") not in _MEDIA or source.get("type") != "data":
            raise InvalidInput(
                "a part of the message is neither text nor a file that came along.", "Send its bytes."
            )
        import base64

        kind = str(source.get("mimeType", ""))
        found.append({"file": attachment(base64.b64decode(str(source.get("value", ""))), kind)})
    return found


def _words(content: Json) -> str:
    if isinstance(content, str):
        return content
    texts = (object_of(part) for part in _list(content))
    return "\n".join(str(part["text"]) for part in texts if part.get("type") == "text")


def _text(body: dict[str, Json], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"the request has no {name}.", "Send threadId, runId and messages.")
    return value


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []
