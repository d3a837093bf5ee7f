// The SDK of OpenTelemetry for JavaScript, whose exporter sends JSON.
import { ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const exporter = new OTLPTraceExporter({
  url: `${process.env.DOOR}/v1/traces`,
  headers: { authorization: `Bearer ${process.env.KEY}` },
});
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "desk", "service.version": "7" }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer("hand");
const root = tracer.startSpan("desk", {
  attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "desk" },
});
const below = trace.setSpan(ROOT_CONTEXT, root);
const chat = tracer.startSpan("chat", {
  attributes: {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5, "gen_ai.system_instructions": "Be kind.",
    "gen_ai.response.finish_reasons": ["tool_calls"], "a.fraction": 0.5, "a.truth": true,
  },
}, below);
chat.end();
const tool = tracer.startSpan("refund", { attributes: { "gen_ai.tool.name": "refund" } }, below);
tool.recordException(new TypeError("no"));
tool.setStatus({ code: SpanStatusCode.ERROR });
tool.end();
root.end();
await provider.forceFlush();
await provider.shutdown();
