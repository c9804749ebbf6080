"""Asks through Envoy with the clients that applications use, where the first provider fails.

Started by the end-to-end test of failover, whose Envoy has the models that are asked for:
`down-first` has a provider that nobody listens for before the one that answers, and
`failing-first` one that is told how to fail: before its answer, or after a head that says that all
is well. The clients make no retries of their own.

`clients.py ways` prints, as JSON, the ways in which a provider of each API fails, and how it cuts
a stream, for the clients of other languages.
"""

import base64
import json
import sys

import anthropic
import openai
from google import genai
from google.genai import errors, types

TEXT = "Hello from beta."
USED = (7, 5)
# What a stream of each API begins with, before any content, and the error that it may go on with.
BEGINNINGS = {
    "chat": (
        'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
        'data: {"error":{"message":"Overloaded","type":"overloaded_error","code":503}}\n\n'),
    "responses": (
        'event: response.created\ndata: {"type":"response.created","response":{"id":"x","status":"in_progress","output":[]}}\n\n',
        'event: response.failed\ndata: {"type":"response.failed","response":{"id":"x","status":"failed","error":{"code":"server_error","message":"Overloaded"}}}\n\n'),
    "messages": (
        'event: message_start\ndata: {"type":"message_start","message":{"id":"x","role":"assistant","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}\n\n'
        'event: ping\ndata: {"type":"ping"}\n\n',
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
    "generate": (
        'data: {"usageMetadata":{"promptTokenCount":7}}\n\n',
        'data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}\n\n'),
}
# What brings the first content, after which the stream ends without its mark.
CONTENT = {
    "chat": 'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
    "responses": 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"y","output_index":0,"content_index":0,"delta":"Hel","sequence_number":2}\n\n',
    "messages": (
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n'),
    "generate": 'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"index":0}]}\n\n',
}


def failing(body, of="text/event-stream", **further):
    """Headers that tell the first provider to answer 200 with that body, in small pieces."""
    return {"x-mock-only": "alpha", "x-mock-body-base64": base64.b64encode(body.encode()).decode(),
            "x-mock-header": f"content-type: {of}", "x-mock-piece-bytes": "40", **further}


def failures(api):
    """The ways in which a provider of that API fails, each as headers that tell it to."""
    begun, error = BEGINNINGS[api]
    return [
        {"x-mock-only": "alpha", "x-mock-status": "503"},
        failing(begun + error),
        failing(begun),
        failing(begun * 4, **{"x-mock-reset": "mid-body"}),
        # It sends its head and first event, or nothing at all, and then is silent.
        failing(begun, **{"x-mock-linger-ms": "60000"}),
        {"x-mock-only": "alpha", "x-mock-delay-ms": "60000"},
        failing('{"error":{"message":"Overloaded","type":"server_error","code":503}}', "application/json"),
    ]


def cut(api):
    """Headers that tell the first provider of that API to end its stream after some content."""
    # Its end comes after the content has gone on.
    return failing(BEGINNINGS[api][0] + CONTENT[api], **{"x-mock-linger-ms": "100"})


HELLO = [{"role": "user", "content": "Hello"}]


def chat(client, model, failure):
    answer = client.chat.completions.create(model=model, messages=HELLO, extra_headers=failure)
    return answer.choices[0].message.content, (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def chat_stream(client, model, failure):
    stream = client.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}, extra_headers=failure)
    text, used = "", None
    for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        if chunk.usage:
            used = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
    return text, used


def responses(client, model, failure):
    answer = client.responses.create(model=model, input="Hello", extra_headers=failure)
    return answer.output_text, (answer.usage.input_tokens, answer.usage.output_tokens)


def responses_stream(client, model, failure):
    text, used = "", None
    for event in client.responses.create(model=model, input="Hello", stream=True, extra_headers=failure):
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.completed":
            used = event.response.usage.input_tokens, event.response.usage.output_tokens
    return text, used


def messages(client, model, failure):
    answer = client.messages.create(model=model, max_tokens=50, messages=HELLO, extra_headers=failure)
    return answer.content[0].text, (answer.usage.input_tokens, answer.usage.output_tokens)


def messages_stream(client, model, failure):
    with client.messages.stream(model=model, max_tokens=50, messages=HELLO, extra_headers=failure) as stream:
        text = "".join(stream.text_stream)
        used = stream.get_final_message().usage
    return text, (used.input_tokens, used.output_tokens)


def asked(model, failure):
    options = types.HttpOptions(headers=failure)
    return {"model": model, "contents": "Hello", "config": types.GenerateContentConfig(http_options=options)}


def generate(client, model, failure):
    answer = client.models.generate_content(**asked(model, failure))
    return answer.text, (answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count)


def generate_stream(client, model, failure):
    text, used = "", None
    for chunk in client.models.generate_content_stream(**asked(model, failure)):
        text += chunk.text or ""
        if chunk.usage_metadata and chunk.usage_metadata.candidates_token_count:
            used = chunk.usage_metadata.prompt_token_count, chunk.usage_metadata.candidates_token_count
    return text, used


def main():
    url = sys.argv[1]
    if url == "ways":
        print(json.dumps({api: {"failures": failures(api), "cut": cut(api)} for api in BEGINNINGS}))
        return
    settings = {"max_retries": 0, "timeout": 60}
    of_openai = openai.OpenAI(base_url=url + "/v1", api_key="sk-of-the-client", **settings)
    of_anthropic = anthropic.Anthropic(base_url=url, api_key="sk-of-the-client", **settings)
    of_google = genai.Client(
        api_key="key-of-the-client", http_options=types.HttpOptions(base_url=url, timeout=60_000))
    calls = [(of_openai, call) for call in (chat, chat_stream, responses, responses_stream)]
    calls += [(of_anthropic, call) for call in (messages, messages_stream)]
    calls += [(of_google, call) for call in (generate, generate_stream)]
    answered = broken = 0
    for client, call in calls:
        api = call.__name__.removesuffix("_stream")
        ways = failures(api)
        for model, failure in [("down-first", ways[0]), *(("failing-first", way) for way in ways)]:
            got = call(client, model, failure)
            if got != (TEXT, USED):
                sys.exit(f"{call.__name__} of {model} with {failure}: got {got}, wanted {(TEXT, USED)}")
            answered += 1
        if call.__name__ == api:
            continue
        try:
            sys.exit(f"{call.__name__} takes a stream that was cut for whole: {call(client, 'failing-first', cut(api))}")
        except (openai.APIError, anthropic.APIError, errors.APIError) as error:
            if "before it was complete" not in str(error):
                sys.exit(f"{call.__name__} does not say that a stream was cut: {error!r}")
            broken += 1
    print(f"{answered} calls answered, {broken} broken off")


if __name__ == "__main__":
    main()
