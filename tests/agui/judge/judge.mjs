// Runs an agent by the official client, resumes it where it asks, and prints what the client made of it. The client
// refuses events out of order or of the wrong shape, and then this ends with an error.
import { HttpAgent } from "@ag-ui/client";

const [url, key, question] = process.argv.slice(2);
const agent = new HttpAgent({ url, headers: { Authorization: `Bearer ${key}` }, threadId: "t-1" });
agent.addMessage({ id: "m-1", role: "user", content: question });
const seen = [];
const subscriber = { onEvent: ({ event }) => void seen.push(event.type) };
const first = await agent.runAgent({ runId: "x-1" }, subscriber);
const asked = agent.pendingInterrupts.map((each) => each.message);
let second = null;
if (agent.pendingInterrupts.length) {
  const resume = agent.pendingInterrupts.map((each) => ({
    interruptId: each.id, status: "resolved", payload: { decision: "approve" },
  }));
  second = await agent.runAgent({ runId: "x-2", resume }, subscriber);
}
const messages = agent.messages.map((each) => ({
  role: each.role, content: each.content, tools: each.toolCalls?.map((call) => call.function.name),
}));
console.log(JSON.stringify({ seen, asked, messages, result: (second ?? first).result }));
