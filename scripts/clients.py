"""Asks through Envoy with the clients that applications use, where the first provider fails.

Started by the end-to-end test of failover, whose Envoy has the models that are asked for:
`down-first` has a provider that nobody listens for before the one that answers, and
`failing-first` one that is told to say 503. The clients make no retries of their own.
"""

import sys

import anthropic
import openai

TEXT = "Hello from beta."
USED = (7, 5)
MODELS = ("down-first", "failing-first")
FAILING = {"x-mock-only": "alpha", "x-mock-status": "503"}
HELLO = [{"role": "user", "content": "Hello"}]


def chat(client, model):
    answer = client.chat.completions.create(model=model, messages=HELLO, extra_headers=FAILING)
    return answer.choices[0].message.content, (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def chat_stream(client, model):
    stream = client.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}, extra_headers=FAILING)
    text, used = "", None
    for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        if chunk.usage:
            used = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
    return text, used


def responses(client, model):
    answer = client.responses.create(model=model, input="Hello", extra_headers=FAILING)
    return answer.output_text, (answer.usage.input_tokens, answer.usage.output_tokens)


def responses_stream(client, model):
    text, used = "", None
    for event in client.responses.create(model=model, input="Hello", stream=True, extra_headers=FAILING):
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.completed":
            used = event.response.usage.input_tokens, event.response.usage.output_tokens
    return text, used


def messages(client, model):
    answer = client.messages.create(model=model, max_tokens=50, messages=HELLO, extra_headers=FAILING)
    return answer.content[0].text, (answer.usage.input_tokens, answer.usage.output_tokens)


def messages_stream(client, model):
    with client.messages.stream(model=model, max_tokens=50, messages=HELLO, extra_headers=FAILING) as stream:
        text = "".join(stream.text_stream)
        used = stream.get_final_message().usage
    return text, (used.input_tokens, used.output_tokens)


def main():
    url = sys.argv[1]
    settings = {"max_retries": 0, "timeout": 60}
    of_openai = openai.OpenAI(base_url=url + "/v1", api_key="sk-of-the-client", **settings)
    of_anthropic = anthropic.Anthropic(base_url=url, api_key="sk-of-the-client", **settings)
    calls = [(of_openai, call) for call in (chat, chat_stream, responses, responses_stream)]
    calls += [(of_anthropic, call) for call in (messages, messages_stream)]
    for client, call in calls:
        for model in MODELS:
            got = call(client, model)
            if got != (TEXT, USED):
                sys.exit(f"{call.__name__} of {model}: got {got}, wanted {(TEXT, USED)}")
    print(f"{len(calls) * len(MODELS)} calls answered")


if __name__ == "__main__":
    main()
