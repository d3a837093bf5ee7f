"""OpenLLMetry, as traceloop's SDK and instrumentations write it: workflows and tasks of its own beside older names of
the conventions, with messages as numbered attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.wire.otlp.dialects import conventions
from remit.wire.otlp.values import text_of

if TYPE_CHECKING:
    from remit.wire.otlp.foreign_span import ForeignSpan
    from remit.wire.otlp.meaning import Meaning

NAME = "openllmetry"
KIND, REQUEST = "traceloop.span.kind", "llm.request.type"
_KINDS = {"workflow": "flow", "task": "step", "agent": "agent", "tool": "tool"}
_REQUESTS = {"chat": "model", "completion": "model", "embedding": "embedding", "rerank": "retrieval"}
_CALL = re.compile(r"gen_ai\.completion\.(\d+)\.tool_calls\.(\d+)\.")
_REASON = re.compile(r"gen_ai\.completion\.\d+\.finish_reason")
_ASSOCIATION = "traceloop.association.properties."


def read(span: ForeignSpan) -> Meaning:
    """What it says."""
    found, said = span.attributes, conventions.read(span)
    said.dialect = NAME
    kind, name = text_of(found, KIND), text_of(found, "traceloop.entity.name")
    said.kind = _KINDS.get(kind) or _REQUESTS.get(text_of(found, REQUEST)) or said.kind
    said.workflow = text_of(found, "traceloop.workflow.name") or said.workflow
    if kind == "agent":
        said.agent = said.agent or name
    if kind == "tool":
        said.tool = said.tool or name
    said.session = said.session or text_of(
        found, f"{_ASSOCIATION}session_id", f"{_ASSOCIATION}conversation_id", f"{_ASSOCIATION}thread_id"
    )
    said.user = said.user or text_of(found, f"{_ASSOCIATION}user_id")
    version = text_of(found, "traceloop.prompt.version_hash", "traceloop.prompt.version")
    said.prompt = conventions.named(text_of(found, "traceloop.prompt.key"), version) or said.prompt
    if text_of(found, "gen_ai.prompt.0.role") in {"system", "developer"}:
        said.instructions = said.instructions or text_of(found, "gen_ai.prompt.0.content")
    calls = {match.groups() for each in found if (match := _CALL.match(each))}
    reasons = [value for each, value in found.items() if _REASON.fullmatch(each)]
    said.calls = max(said.calls, len(calls), conventions.asked_for(reasons))
    return said
