"""pydantic-ai with its own instrumentation: an agent that calls a tool, over the model it ships for tests."""

from __future__ import annotations

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.test import TestModel

provider = TracerProvider(resource=Resource({"service.name": "desk", "service.version": "7"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{os.environ['DOOR']}/v1/traces")))
Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))
agent = Agent(TestModel(), name="desk", instructions="Be kind.")


@agent.tool_plain
def get_order(number: int) -> str:
    """An order."""
    return f"order {number}"


agent.run_sync("Where is my order?")
provider.shutdown()
