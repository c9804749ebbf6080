// Asks through Envoy with the clients of npm, as clients.py does with those of Python. The test
// hands in the address and, as JSON, the ways in which a provider of each API fails.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const TEXT = "Hello from beta.";
const USED = [7, 5];
const HELLO = [{ role: "user", content: "Hello" }];
const [url, ways] = process.argv.slice(2);
const settings = { apiKey: "sk-of-the-client", maxRetries: 0, timeout: 60_000 };
const openai = new OpenAI({ baseURL: `${url}/v1`, ...settings });
const anthropic = new Anthropic({ baseURL: url, ...settings });

/** Each API's call, whole and as a stream: returns the text and the tokens. */
const CALLS = {
  chat: [
    async (model, options) => {
      const answer = await openai.chat.completions.create({ model, messages: HELLO }, options);
      return [answer.choices[0].message.content, answer.usage.prompt_tokens, answer.usage.completion_tokens];
    },
    async (model, options) => {
      const stream = await openai.chat.completions.create(
        { model, messages: HELLO, stream: true, stream_options: { include_usage: true } }, options);
      const got = ["", 0, 0];
      for await (const chunk of stream) {
        got[0] += chunk.choices.map((choice) => choice.delta.content ?? "").join("");
        if (chunk.usage) got.splice(1, 2, chunk.usage.prompt_tokens, chunk.usage.completion_tokens);
      }
      return got;
    },
  ],
  responses: [
    async (model, options) => {
      const answer = await openai.responses.create({ model, input: "Hello" }, options);
      return [answer.output_text, answer.usage.input_tokens, answer.usage.output_tokens];
    },
    async (model, options) => {
      const stream = await openai.responses.create({ model, input: "Hello", stream: true }, options);
      const got = ["", 0, 0];
      for await (const event of stream) {
        if (event.type === "response.output_text.delta") got[0] += event.delta;
        if (event.type === "response.completed") {
          const { usage } = event.response;
          got.splice(1, 2, usage.input_tokens, usage.output_tokens);
        }
      }
      return got;
    },
  ],
  messages: [
    async (model, options) => {
      const answer = await anthropic.messages.create({ model, max_tokens: 50, messages: HELLO }, options);
      return [answer.content[0].text, answer.usage.input_tokens, answer.usage.output_tokens];
    },
    async (model, options) => {
      const stream = anthropic.messages.stream({ model, max_tokens: 50, messages: HELLO }, options);
      const answer = await stream.finalMessage();
      return [answer.content[0].text, answer.usage.input_tokens, answer.usage.output_tokens];
    },
  ],
};

let answered = 0;
let broken = 0;
for (const [api, { failures, cut }] of Object.entries(JSON.parse(ways))) {
  for (const call of CALLS[api] ?? []) {
    const all = [["down-first", failures[0]], ...failures.map((failure) => ["failing-first", failure])];
    for (const [model, headers] of all) {
      const got = await call(model, { headers });
      if (JSON.stringify(got) !== JSON.stringify([TEXT, ...USED])) {
        throw new Error(`${api}: ${model} with ${JSON.stringify(headers)}: got ${JSON.stringify(got)}`);
      }
      answered += 1;
    }
  }
  // An answer that its provider has cut is no answer.
  const stream = CALLS[api]?.[1];
  if (stream) {
    const error = await stream("failing-first", { headers: cut }).then((got) => new Error(`got ${got}`), (error) => error);
    if (!String(error.message).includes("before it was complete")) throw error;
    broken += 1;
  }
}
console.log(`${answered} calls answered, ${broken} broken off`);
