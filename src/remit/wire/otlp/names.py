"""What things are called in OpenTelemetry: the one table of the conventions for generative AI, of what was renamed in
them, and of the names of our own where they have none. It knows words only.

Read from open-telemetry/semantic-conventions-genai at SPEC, which is in development and has no release.
"""

from __future__ import annotations

from typing import Final

SPEC: Final = "6f98aef121ae3d5f224c5084d9fb4433bc6f7f67"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/gen-ai-dev/1.42"
SCOPE: Final = "remit"

# --- operations and the spans they make ------------------------------------------------------------------------------

OPERATION: Final = "gen_ai.operation.name"
CHAT: Final = "chat"
EMBEDDINGS: Final = "embeddings"
RETRIEVAL: Final = "retrieval"
EXECUTE_TOOL: Final = "execute_tool"
INVOKE_AGENT: Final = "invoke_agent"
INVOKE_WORKFLOW: Final = "invoke_workflow"
PLAN: Final = "plan"
CREATE_MEMORY: Final = "create_memory"
SEARCH_MEMORY: Final = "search_memory"
DELETE_MEMORY: Final = "delete_memory"

# --- attributes ------------------------------------------------------------------------------------------------------

WORKFLOW_NAME: Final = "gen_ai.workflow.name"
AGENT_NAME: Final = "gen_ai.agent.name"
CONVERSATION: Final = "gen_ai.conversation.id"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_TYPE: Final = "gen_ai.tool.type"
TOOL_CALL: Final = "gen_ai.tool.call.id"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
TOOL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_RESULT: Final = "gen_ai.tool.call.result"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
PROMPT_NAME: Final = "gen_ai.prompt.name"
PROMPT_VERSION: Final = "gen_ai.prompt.version"
DATA_SOURCE: Final = "gen_ai.data_source.id"
MEMORY_STORE: Final = "gen_ai.memory.store.id"
ERROR_TYPE: Final = "error.type"
MCP_METHOD: Final = "mcp.method.name"

# --- events, which are log records -----------------------------------------------------------------------------------

EVALUATION: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_SCORE: Final = "gen_ai.evaluation.score.value"
INFERENCE_FAILED: Final = "gen_ai.client.operation.exception"
TOOL_FAILED: Final = "gen_ai.execute_tool.exception"
EXCEPTION_TYPE: Final = "exception.type"

# --- metrics ---------------------------------------------------------------------------------------------------------

INFERENCE_DURATION: Final = "gen_ai.client.inference.duration"
INFERENCE_FIRST_CHUNK: Final = "gen_ai.client.inference.time_to_first_chunk"
INFERENCE_INPUT: Final = "gen_ai.client.inference.usage.input_tokens"
INFERENCE_OUTPUT: Final = "gen_ai.client.inference.usage.output_tokens"
INFERENCE_CACHE_READ: Final = "gen_ai.client.inference.usage.cache_read.input_tokens"
INFERENCE_CACHE_WRITE: Final = "gen_ai.client.inference.usage.cache_write.input_tokens"
INFERENCE_REASONING: Final = "gen_ai.client.inference.usage.reasoning.output_tokens"
CALL_INPUT: Final = "gen_ai.client.inference.operation.input_tokens"
CALL_OUTPUT: Final = "gen_ai.client.inference.operation.output_tokens"
AGENT_DURATION: Final = "gen_ai.invoke_agent.duration"
AGENT_INFERENCES: Final = "gen_ai.invoke_agent.inference_calls"
AGENT_TOOLS: Final = "gen_ai.invoke_agent.tool_calls"
TOOL_DURATION: Final = "gen_ai.execute_tool.duration"
WORKFLOW_DURATION: Final = "gen_ai.invoke_workflow.duration"

CALL_BUCKETS: Final = tuple(round(0.01 * 2**n, 2) for n in range(14))
AGENT_BUCKETS: Final = tuple(round(0.1 * 2**n, 1) for n in range(13))
WORKFLOW_BUCKETS: Final = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)
COUNT_BUCKETS: Final = tuple(float(2**n) for n in range(8))
TOKEN_BUCKETS: Final = tuple(float(4**n) for n in range(14))

# --- what was renamed ------------------------------------------------------------------------------------------------

OLDER: Final[dict[str, str]] = {
    PROVIDER: "gen_ai.system",
    CACHE_WRITE_TOKENS: "gen_ai.usage.cache_creation.input_tokens",
    INFERENCE_DURATION: "gen_ai.client.operation.duration",
    INFERENCE_FIRST_CHUNK: "gen_ai.client.operation.time_to_first_chunk",
    WORKFLOW_DURATION: "gen_ai.workflow.duration",
}
"""The name that came before, for those that readers still go by; what we send stands under both."""

USAGE_BY_KIND: Final = "gen_ai.client.token.usage"
USAGE_KIND: Final = "gen_ai.token.type"
"""The older counter had one name for all tokens, and this to tell them apart."""

# --- our own, where the conventions have no word ---------------------------------------------------------------------

RUN: Final = "remit.run.id"
PATH: Final = "remit.step.path"
TEAM: Final = "remit.team"
FLOW: Final = "remit.flow"
PRINCIPAL: Final = "remit.principal"
PURPOSE: Final = "remit.purpose"
RELEASE: Final = "remit.release.id"
KIND: Final = "remit.span.kind"
STATUS: Final = "remit.status"
COST: Final = "remit.cost.micros"
COST_TOTAL: Final = "llm.cost.total"
"""In dollars, as readers of OpenInference expect it."""
DECISION: Final = "remit.policy.decision"
EFFECT: Final = "remit.tool.effect"
ROUTE: Final = "remit.route"
CACHE: Final = "remit.cache"
RETRIES: Final = "remit.retries"
QUEUED: Final = "remit.latency.queue"
HUMAN: Final = "remit.latency.human"
PROMPT_HASH: Final = "remit.prompt.hash"
SIMULATED: Final = "remit.simulated"
