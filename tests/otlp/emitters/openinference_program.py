"""The openai client under OpenInference's instrumentation, asking the gateway that its spans go to as well."""

from __future__ import annotations

import os

from openai import OpenAI
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource({"service.name": "desk", "service.version": "7"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{os.environ['DOOR']}/v1/traces")))
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = OpenAI(base_url=f"{os.environ['DOOR']}/v1", api_key=os.environ["KEY"])
messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}]
with provider.get_tracer("desk").start_as_current_span("desk"):
    client.chat.completions.create(model="fast", messages=messages)
provider.shutdown()
