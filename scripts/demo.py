"""Sends a dozen varied requests through Envoy and shows where each one went.

The provider and the upstream model come from what the mock providers recorded,
not from what the filter says about itself; route and attempts come from its
response headers. Exits 0 only if every request went where the configuration
sends it: envoy/failover.yaml, or envoy/envoy.yaml for an Envoy that is too old
for it, and with CONFIG=envoy.
"""

import dataclasses
import json
import os
import sys
import tempfile
import urllib.request

import openai

import stack

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwACggF/yZ2pWwAAAABJRU5ErkJggg=="
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
HEADINGS = ("request", "result", "route", "attempts", "provider", "upstream model")


@dataclasses.dataclass
class Row:
    """What became of one request, or what should have."""

    result: str
    route: str = "-"
    attempts: str = "-"
    provider: str = "-"
    upstream_model: str = "-"


def user(content):
    return [{"role": "user", "content": content}]


class Demo:
    """One running stack and the client that talks to it."""

    def __init__(self, running):
        self.running = running
        self.fails_over = stack.fails_over(running.config)
        self.count = 0
        self.rows = []
        self.client = openai.OpenAI(
            base_url=running.url("listener") + "/v1", api_key="sk-of-the-client", max_retries=0, timeout=60)

    def seen(self, case):
        """(provider, request) of every request the providers recorded for this case."""
        for provider in ("north", "south"):
            with urllib.request.urlopen(self.running.url(provider) + "/__mock/seen", timeout=10) as answer:
                for request in json.load(answer):
                    if dict(request["headers"]).get("x-demo-case") == case:
                        yield provider, request

    def send(self, title, want, call, **arguments):
        """Makes one call and notes what happened beside what was wanted."""
        self.count += 1
        case = f"case-{self.count}"
        headers = {"x-demo-case": case} | arguments.pop("extra_headers", {})
        try:
            answer = call(extra_headers=headers, **arguments)
            response_headers, result = answer.headers, self.text(answer.parse())
        except openai.APIStatusError as error:
            response_headers, result = error.response.headers, f"{error.status_code} {type(error).__name__}"
        got = Row(result, response_headers.get("x-llm-route") or "-", response_headers.get("x-llm-attempts") or "-")
        problems = []
        seen = list(self.seen(case))
        if seen:
            got.provider = ", ".join(provider for provider, _ in seen)
            got.upstream_model = ", ".join(request["upstream_model"] for _, request in seen)
        for provider, request in seen:
            problems += self.leaks(provider, dict(request["headers"]))
        if got != want:
            problems.append(f"wanted {want}")
        self.rows.append((title, got, problems))

    @staticmethod
    def leaks(provider, headers):
        """What reached a provider and should not have."""
        internal = [name for name in headers if name.startswith("x-llm-")]
        wanted = "Bearer sk-north-of-the-proxy" if provider == "north" else "Bearer sk-of-the-client"
        if headers.get("authorization") != wanted:
            internal.append(f"authorization {headers.get('authorization')}")
        return [f"{provider} received {name}" for name in internal]

    @staticmethod
    def text(answer):
        """The generated text, streamed or not; a stand-in where there is none."""
        if isinstance(answer, openai.Stream):
            chunks = [chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices]
            return f"{''.join(chunks)} ({len(chunks)} events)"
        if hasattr(answer, "choices"):
            return answer.choices[0].message.content
        if hasattr(answer, "output_text"):
            return answer.output_text
        return f"{len(answer.data[0].embedding)} numbers"

    def all(self):
        """The requests, in an order that matters: the last ones cool deployments."""
        chat = self.client.chat.completions.with_raw_response.create
        hello = {"messages": user("Hello")}
        north, south = "Hello from north.", "Hello from south."
        mini = ("-", "north-small=200", "north", "gpt-4o-mini")

        self.send("model", Row(north, *mini), chat, model="assistant", **hello)
        self.send("alias of an alias", Row(north, *mini), chat, model="default", **hello)
        self.send("stream", Row(f"{north} (5 events)", *mini), chat, model="gpt-4", stream=True, **hello)
        self.send("content in parts, and a tool", Row(north, *mini), chat, model="gpt-4",
                  messages=user([{"type": "text", "text": "Is it "}, {"type": "text", "text": "raining?"}]),
                  tools=[WEATHER])
        self.send("image", Row(north, "pictures", "north-large=200", "north", "gpt-4o"), chat, model="gpt-4",
                  messages=user([{"type": "text", "text": "What is this?"},
                                 {"type": "image_url", "image_url": {"url": PIXEL}}]))
        self.send("tag in a header", Row(north, "premium", "north-large=200", "north", "gpt-4o"), chat,
                  model="gpt-4", extra_headers={"x-llm-tag": "premium"}, **hello)
        self.send("long prompt", Row(south, "long-prompts", "south-long=200", "south", "qwen-long"), chat,
                  model="gpt-4", messages=user("All of this has to be summarized. " * 600))
        self.send("keyword", Row(south, "code", "south-coder=200", "south", "qwen3-coder"), chat,
                  model="gpt-4", messages=user("Please REFACTOR this function."))
        self.send("embedding", Row("3 numbers", "-", "south-embed=200", "south", "bge-m3"),
                  self.client.embeddings.with_raw_response.create, model="embedder", input="Hello")
        for model, deployment, provider, answer in (
                ("gpt-4o", "north-large", "north", north), ("qwen3-coder", "south-coder", "south", south),
                ("qwen-long", "south-long", "south", south)):
            self.send("round robin", Row(answer, "-", f"{deployment}=200", provider, model), chat, model="spread", **hello)
        self.send("unknown model", Row("404 NotFoundError"), chat, model="gpt-nil", **hello)
        self.failures(chat, hello, south)

    def failures(self, chat, hello, south):
        """One provider fails: in the same request where the configuration can, the other one answers."""
        broken = {"x-mock-reset": "before-headers", "x-mock-only": "north"}
        limited = {"x-mock-status": "429", "x-mock-retry-after": "60", "x-mock-only": "north"}
        if self.fails_over:
            went = Row(f"{south} (5 events)", "-", "north-large=network,south-coder=200", "north, south", "gpt-4o, qwen3-coder")
            self.send("connection breaks", went, chat, model="spread", stream=True, extra_headers=broken, **hello)
            went = Row(south, "-", "north-small=429,south-small=200", "north, south", "gpt-4o-mini, llama-3.1-8b")
        else:
            went = Row("429 RateLimitError", "-", "north-small=429", "north", "gpt-4o-mini")
        self.send("provider says 429", went, chat, model="assistant", **hello, extra_headers=limited)
        self.send("… is passed over", Row(south, "-", "south-small=200", "south", "llama-3.1-8b"), chat,
                  model="assistant", **hello)

    def report(self, why):
        """Prints the table, and why it is that configuration; true if all went as wanted."""
        lines = [HEADINGS] + [(title, *dataclasses.astuple(got)) for title, got, _ in self.rows]
        widths = [max(len(str(line[at])) for line in lines) for at in range(len(HEADINGS))]
        problems = iter([[]] + [problems for _, _, problems in self.rows])
        for line in lines:
            print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip())
            for problem in next(problems):
                print(f"    ✗ {problem}")
        wrong = sum(bool(problems) for _, _, problems in self.rows)
        where = self.running.config.relative_to(stack.ROOT)
        why = f" ({why[0].upper()}{why[1:]}.)" if why else ""
        print(f"\n{len(self.rows) - wrong} of {len(self.rows)} requests went where {where} sends them.{why}")
        return not wrong


def main():
    stack.stop_on_signals()
    with tempfile.TemporaryFile("w+") as log:
        try:
            config, why = stack.choose(os.environ.get("CONFIG"))
            with stack.Stack(config, stack.free_ports(), log) as running:
                demo = Demo(running)
                demo.all()
        except (stack.Failed, openai.APIError) as problem:
            log.seek(0)
            sys.exit(f"{log.read()}\ndemo: {problem}")
        if not demo.report(why):
            log.seek(0)
            print(f"\nEnvoy's log:\n{log.read()}", file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
