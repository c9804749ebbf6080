"""Asks through Envoy with the clients of three APIs, where the providers speak four others.

Started by the end-to-end test of translation: `translated.py ENVOY_URL PROVIDER_URL FAILING_URL`. The models are
`on-API`, and `FIRST-then-SECOND` for a first provider that fails. What the client has put together of an answer is
compared with what the provider meant (`meaning.py`), and what the provider got with what the client asked.
"""

import base64
import json
import sys
import urllib.request

import anthropic
import httpx2
import openai

from meaning import STREAM, STREAM_TYPE, WHOLE, event, frame

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SYSTEM, RESULT = "Be brief.", "18 degrees"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "at": {"type": "number"}}, "required": ["city"]}
USED = {"input": 40, "cached": 16, "output": 9, "reasoning": 0}
TOOL = ("tool", "call_1", "get_weather", {"city": "Paris, \"é\"", "at": 1.5})
OTHER = ("tool", "call_2", "get_time", {})
MEANINGS = {
    "text": {"blocks": [("text", "Hello, wörld! 😀")], "stop": "done", "usage": USED},
    "nothing": {"blocks": [], "stop": "done", "usage": USED},
    "tools": {"blocks": [("text", "Let me see."), TOOL, OTHER], "stop": "tools", "usage": USED},
    "one tool": {"blocks": [TOOL], "stop": "tools", "usage": USED},
    "thinking": {"blocks": [("thinking", "Hm, let me think."), ("text", "Yes.")], "stop": "done",
                 "usage": {**USED, "reasoning": 4}},
    "length": {"blocks": [("text", "And then")], "stop": "length", "usage": USED},
    "sequence": {"blocks": [("text", "And then")], "stop": "sequence", "usage": USED},
    "refused": {"blocks": [("text", "I")], "stop": "refused", "usage": USED},
}

LONG = {"blocks": [("text", "word " * 40)], "stop": "done", "usage": USED}


def chat_request(model):
    call = {"id": "call_0", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
    return {"model": model, "max_completion_tokens": 500, "messages": [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": [
            {"type": "text", "text": "Weather there?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_0", "content": RESULT}],
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}},
                  {"type": "function", "function": {"name": "get_time"}}]}


def messages_request(model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    return {"model": model, "max_tokens": 500, "system": SYSTEM, "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Weather there?"}, {"type": "image", "source": source}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_0", "name": "get_weather", "input": {"city": "Oslo"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_0", "content": RESULT}]}],
        "tools": [{"name": "get_weather", "input_schema": SCHEMA},
                  {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}]}


def responses_request(model):
    return {"model": model, "max_output_tokens": 500, "instructions": SYSTEM, "input": [
        {"role": "user", "content": [
            {"type": "input_text", "text": "Weather there?"},
            {"type": "input_image", "image_url": "data:image/png;base64," + PIXEL, "detail": "auto"}]},
        {"type": "function_call", "call_id": "call_0", "name": "get_weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_0", "output": RESULT}],
        "tools": [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False},
                  {"type": "function", "name": "get_time", "parameters": {"type": "object", "properties": {}}, "strict": False}]}


STOPPED = {"stop": "done", "length": "length", "tool_calls": "tools", "content_filter": "refused"}


def chat_used(used):
    return {"input": used.prompt_tokens, "cached": used.prompt_tokens_details.cached_tokens,
            "output": used.completion_tokens, "reasoning": used.completion_tokens_details.reasoning_tokens or 0}


def of_completion(answer):
    """What a completion of OpenAI's client means."""
    choice = answer.choices[0]
    message = choice.message
    blocks = []
    thought = (message.model_extra or {}).get("reasoning_content")
    blocks += [("thinking", thought)] if thought else []
    blocks += [("text", message.content)] if message.content else []
    for call in message.tool_calls or []:
        blocks.append(("tool", call.id, call.function.name, json.loads(call.function.arguments)))
    return {"blocks": blocks, "stop": STOPPED[choice.finish_reason], "usage": chat_used(answer.usage)}


def chat(clients, request):
    return of_completion(clients["openai"].chat.completions.create(**request))


def chat_stream(clients, request):
    thought = ""
    with clients["openai"].chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
        try:
            for item in stream:
                if item.type == "chunk" and item.chunk.choices:
                    thought += (item.chunk.choices[0].delta.model_extra or {}).get("reasoning_content") or ""
            answer = of_completion(stream.get_final_completion())
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            # The client's helper stops here, before the usage, whoever the provider is.
            return chat_chunks(clients, request)
    # The client's own accumulation leaves out what it does not know.
    blocks = [block for block in answer["blocks"] if block[0] != "thinking"]
    return {**answer, "blocks": ([("thinking", thought)] if thought else []) + blocks}


def chat_chunks(clients, request):
    """The same without the client's helper, for an answer of text that is cut short."""
    text, reason, used = "", None, None
    create = clients["openai"].chat.completions.create
    for chunk in create(**request, stream=True, stream_options={"include_usage": True}):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
        used = chunk.usage or used
    return {"blocks": [("text", text)], "stop": STOPPED[reason], "usage": chat_used(used)}


def of_message(answer):
    """What a message of Anthropic's client means."""
    used = answer.usage
    blocks = []
    for block in answer.content:
        if block.type == "text":
            # An answer without content has an empty block.
            blocks += [("text", block.text)] if block.text else []
        elif block.type == "thinking":
            blocks.append(("thinking", block.thinking))
        else:
            blocks.append(("tool", block.id, block.name, block.input))
    stops = {"end_turn": "done", "max_tokens": "length", "tool_use": "tools", "stop_sequence": "sequence", "refusal": "refused"}
    cached = used.cache_read_input_tokens or 0
    total = used.input_tokens + cached + (used.cache_creation_input_tokens or 0)
    return {"blocks": blocks, "stop": stops[answer.stop_reason],
            "usage": {"input": total, "cached": cached, "output": used.output_tokens, "reasoning": 0}}


def messages(clients, request):
    return of_message(clients["anthropic"].messages.create(**request))


def messages_stream(clients, request):
    with clients["anthropic"].messages.stream(**request) as stream:
        text = "".join(stream.text_stream)
        answer = of_message(stream.get_final_message())
    assert text == "".join(block[1] for block in answer["blocks"] if block[0] == "text")
    return answer


def of_response(answer):
    """What a response of OpenAI's client means."""
    used = answer.usage
    blocks = []
    for item in answer.output:
        if item.type == "message":
            blocks.append(("text", "".join(part.text for part in item.content)))
        elif item.type == "reasoning":
            blocks.append(("thinking", "".join(part.text for part in item.summary)))
        else:
            blocks.append(("tool", item.call_id, item.name, json.loads(item.arguments)))
    if answer.status == "completed":
        stop = "tools" if any(block[0] == "tool" for block in blocks) else "done"
    else:
        stop = {"max_output_tokens": "length", "content_filter": "refused"}[answer.incomplete_details.reason]
    return {"blocks": blocks, "stop": stop, "usage": {
        "input": used.input_tokens, "cached": used.input_tokens_details.cached_tokens,
        "output": used.output_tokens, "reasoning": used.output_tokens_details.reasoning_tokens}}


def responses(clients, request):
    return of_response(clients["openai"].responses.create(**request))


def responses_stream(clients, request):
    text, last = "", None
    with clients["openai"].responses.stream(**request) as stream:
        for item in stream:
            if item.type == "response.output_text.delta":
                text += item.delta
            elif item.type in ("response.completed", "response.incomplete"):
                last = item.response
    answer = of_response(last)
    assert text == "".join(block[1] for block in answer["blocks"] if block[0] == "text")
    return answer


CLIENTS = {"chat": (chat_request, chat, chat_stream), "messages": (messages_request, messages, messages_stream),
           "responses": (responses_request, responses, responses_stream)}


def wanted(meaning, client, provider):
    """The meaning as far as that provider can say it and that client can be told it."""
    blocks = [block for block in meaning["blocks"] if block[0] != "text" or block[1]]
    stop = meaning["stop"]
    if stop == "sequence" and (client != "messages" or provider in ("chat", "gemini")):
        stop = "done"
    used = dict(meaning["usage"])
    if client == "messages" or provider in ("messages", "converse"):
        used["reasoning"] = 0
    return {"blocks": blocks, "stop": stop, "usage": used}


def without_ids(meaning):
    blocks = [("tool", *block[2:]) if block[0] == "tool" else block for block in meaning["blocks"]]
    return {**meaning, "blocks": blocks}


def call(url, method, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def script(url, body, of, **further):
    """Has the provider answer with that body from now on, in pieces of 37 bytes."""
    call(f"{url}/__mock/script", "DELETE")
    call(f"{url}/__mock/script", "POST", {"body_base64": base64.b64encode(body).decode(),
                                          "header": f"content-type: {of}", "piece_bytes": "37", **further})


def answers(url, provider, meaning, is_stream, **further):
    if is_stream:
        script(url, STREAM[provider](meaning), STREAM_TYPE.get(provider, "text/event-stream"), **further)
    else:
        script(url, json.dumps(WHOLE[provider](meaning)).encode(), "application/json", **further)


def check_asked(url, what):
    """Checks that the provider has got what the client asked."""
    seen = call(f"{url}/__mock/seen", "GET")[-1]
    body = seen.get("body") or base64.b64decode(seen["body_base64"]).decode()
    body = body if isinstance(body, str) else json.dumps(body)
    for text in [SYSTEM, PIXEL, RESULT, "Weather there?", "get_weather", "get_time", "Oslo", "city"]:
        if text not in body:
            sys.exit(f"{what}: the provider has not got {text!r}: {body}")
    call(f"{url}/__mock/seen", "DELETE")


BEGUN = {
    "chat": event({"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
    + event({"error": {"message": "Overloaded", "type": "overloaded_error", "code": 503}}),
    "messages": event({"type": "message_start", "message": {"id": "x", "role": "assistant", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}, "message_start")
    + event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"),
    "converse": frame("messageStart", {"role": "assistant"}),
    "gemini": event({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
}


def failures(provider):
    """The ways in which the first provider fails: before its head, after it, in its stream, and with an error in the place of an answer."""
    of = STREAM_TYPE.get(provider, "text/event-stream")
    return [(b"{}", "application/json", {"status": "503"}), (BEGUN[provider], of, {}),
            (b'{"error":{"message":"Overloaded","type":"server_error","code":503}}', "application/json", {}),
            (b"", of, {"reset": "before-headers"}), (b"", of, {"reset": "mid-body"})]


def check_cut(clients, urls, name, first, second):
    """Checks that no client takes an answer for whole whose connection breaks after its first content.

    Nothing of a whole answer that is translated has gone to the client by then, so another provider serves it.
    """
    provider_url, failing_url = urls
    request, *calls = CLIENTS[name]
    for ask in calls:
        answers(provider_url, second, MEANINGS["tools"], ask is calls[1])
        answers(failing_url, first, LONG, ask is calls[1], reset="mid-body")
        try:
            got = ask(clients, request(f"{first}-then-{second}"))
        except (openai.APIError, anthropic.APIError, httpx2.TransportError) as error:
            got = error
        is_translated_whole = ask is calls[0] and first != name
        is_right = (without_ids(got) == without_ids(wanted(MEANINGS["tools"], name, second)) if is_translated_whole
                    else isinstance(got, Exception))
        if not is_right:
            sys.exit(f"{ask.__name__} of {first}-then-{second}, cut: got {got!r}")
    return len(calls)


def main():
    url, provider_url, failing_url = sys.argv[1:]
    settings = {"max_retries": 0, "timeout": 60}
    clients = {"openai": openai.OpenAI(base_url=url + "/v1", api_key="sk-of-the-client", **settings),
               "anthropic": anthropic.Anthropic(base_url=url, api_key="sk-of-the-client", **settings)}
    counted = failed_over = cut = 0
    for name, (request, *calls) in CLIENTS.items():
        for provider in WHOLE:
            for kind, meaning in MEANINGS.items():
                for ask in calls:
                    what = f"{ask.__name__} on {provider}, {kind}"
                    answers(provider_url, provider, meaning, ask is calls[1])
                    got = ask(clients, request(f"on-{provider}"))
                    want = wanted(meaning, name, provider)
                    if provider == "gemini":
                        got, want = without_ids(got), without_ids(want)
                    if got != want:
                        sys.exit(f"{what}:\n got {got}\nwant {want}")
                    check_asked(provider_url, what)
                    counted += 1
        for first in WHOLE:
            cut += check_cut(clients, (provider_url, failing_url), name, first, "messages")
            for second in WHOLE:
                for ask in calls:
                    answers(provider_url, second, MEANINGS["tools"], ask is calls[1])
                    for body, of, further in failures(first):
                        what = f"{ask.__name__} of {first}-then-{second}, {further or of}"
                        script(failing_url, body, of, **further)
                        got = ask(clients, request(f"{first}-then-{second}"))
                        if without_ids(got) != without_ids(wanted(MEANINGS["tools"], name, second)):
                            sys.exit(f"{what}: got {got}")
                        check_asked(provider_url, what)
                        failed_over += 1
    print(f"{counted} answers, {failed_over} after a failure, {cut} cut")


if __name__ == "__main__":
    main()
