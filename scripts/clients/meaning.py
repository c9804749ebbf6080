"""What an answer means, apart from any API, and how providers of each API write it.

A meaning is a dict: `blocks` is a list of `("text", text)`, `("thinking", text)` and
`("tool", id, name, input)`; `stop` is one of `done`, `length`, `tools`, `sequence` and `refused`;
`usage` is a dict of `input` (all of it), `cached` (read from a cache), `output` (all of it) and
`reasoning`.

Written by the documentation of the providers, not by the filter's code: it is what that is held
against.
"""

import json
import struct
import zlib

STOPS = {
    "chat": {"done": "stop", "length": "length", "tools": "tool_calls", "sequence": "stop", "refused": "content_filter"},
    "messages": {"done": "end_turn", "length": "max_tokens", "tools": "tool_use", "sequence": "stop_sequence", "refused": "refusal"},
    "converse": {"done": "end_turn", "length": "max_tokens", "tools": "tool_use", "sequence": "stop_sequence", "refused": "content_filtered"},
    "gemini": {"done": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "sequence": "STOP", "refused": "SAFETY"},
}


def pieces(text, size=3):
    return [text[at:at + size] for at in range(0, len(text), size)] or [""]


def event(data, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def frame(name, data):
    """One frame of Amazon's event stream."""
    def header(key, value):
        return bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    headers = header(":event-type", name) + header(":content-type", "application/json") + header(":message-type", "event")
    payload = json.dumps(data).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    whole = prelude + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def chat_usage(used):
    return {"prompt_tokens": used["input"], "completion_tokens": used["output"],
            "total_tokens": used["input"] + used["output"],
            "prompt_tokens_details": {"cached_tokens": used["cached"]},
            "completion_tokens_details": {"reasoning_tokens": used["reasoning"]}}


def chat_whole(m):
    text = "".join(block[1] for block in m["blocks"] if block[0] == "text")
    thought = "".join(block[1] for block in m["blocks"] if block[0] == "thinking")
    calls = [{"id": block[1], "type": "function", "function": {"name": block[2], "arguments": json.dumps(block[3])}}
             for block in m["blocks"] if block[0] == "tool"]
    message = {"role": "assistant", "content": text or None}
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = calls
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "served",
            "choices": [{"index": 0, "message": message, "finish_reason": STOPS["chat"][m["stop"]]}],
            "usage": chat_usage(m["usage"])}


def chat_stream(m):
    def chunk(delta, reason=None, usage=None):
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
        return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "served",
                      "choices": choices, "usage": usage})
    out = [chunk({"role": "assistant", "content": ""})]
    index = 0
    for block in m["blocks"]:
        if block[0] == "text":
            out += [chunk({"content": piece}) for piece in pieces(block[1])]
        elif block[0] == "thinking":
            out += [chunk({"reasoning_content": piece}) for piece in pieces(block[1])]
        else:
            head = {"index": index, "id": block[1], "type": "function", "function": {"name": block[2], "arguments": ""}}
            out.append(chunk({"tool_calls": [head]}))
            out += [chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
                    for piece in pieces(json.dumps(block[3]), 5)]
            index += 1
    out.append(chunk({}, STOPS["chat"][m["stop"]]))
    out.append(chunk(None, usage=chat_usage(m["usage"])))
    return b"".join(out) + b"data: [DONE]\n\n"


def messages_usage(used):
    return {"input_tokens": used["input"] - used["cached"], "cache_read_input_tokens": used["cached"],
            "cache_creation_input_tokens": 0, "output_tokens": used["output"]}


def messages_block(block):
    if block[0] == "text":
        return {"type": "text", "text": block[1]}
    if block[0] == "thinking":
        return {"type": "thinking", "thinking": block[1], "signature": "c2ln"}
    return {"type": "tool_use", "id": block[1], "name": block[2], "input": block[3]}


def messages_whole(m):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "served",
            "content": [messages_block(block) for block in m["blocks"]],
            "stop_reason": STOPS["messages"][m["stop"]], "stop_sequence": "END" if m["stop"] == "sequence" else None,
            "usage": messages_usage(m["usage"])}


def messages_stream(m):
    def of(name, **data):
        return event({"type": name, **data}, name)
    empty = {"id": "msg_1", "type": "message", "role": "assistant", "model": "served", "content": [],
             "stop_reason": None, "stop_sequence": None, "usage": {**messages_usage(m["usage"]), "output_tokens": 1}}
    out = [of("message_start", message=empty), of("ping")]
    for index, block in enumerate(m["blocks"]):
        start = messages_block(block)
        if block[0] == "text":
            start["text"] = ""
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block[1])]
        elif block[0] == "thinking":
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block[1])]
            deltas.append({"type": "signature_delta", "signature": "c2ln"})
        else:
            start["input"] = {}
            written = json.dumps(block[3]) if block[3] else ""
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(written, 5)]
        out.append(of("content_block_start", index=index, content_block=start))
        out += [of("content_block_delta", index=index, delta=delta) for delta in deltas]
        out.append(of("content_block_stop", index=index))
    end = {"stop_reason": STOPS["messages"][m["stop"]], "stop_sequence": "END" if m["stop"] == "sequence" else None}
    out.append(of("message_delta", delta=end, usage={"output_tokens": m["usage"]["output"]}))
    return b"".join([*out, of("message_stop")])


def converse_usage(used):
    return {"inputTokens": used["input"] - used["cached"], "outputTokens": used["output"],
            "totalTokens": used["input"] + used["output"], "cacheReadInputTokens": used["cached"],
            "cacheWriteInputTokens": 0}


def converse_whole(m):
    def of(block):
        if block[0] == "text":
            return {"text": block[1]}
        if block[0] == "thinking":
            return {"reasoningContent": {"reasoningText": {"text": block[1], "signature": "c2ln"}}}
        return {"toolUse": {"toolUseId": block[1], "name": block[2], "input": block[3]}}
    return {"output": {"message": {"role": "assistant", "content": [of(block) for block in m["blocks"]]}},
            "stopReason": STOPS["converse"][m["stop"]], "usage": converse_usage(m["usage"]), "metrics": {"latencyMs": 1}}


def converse_stream(m):
    out = [frame("messageStart", {"role": "assistant"})]
    for index, block in enumerate(m["blocks"]):
        if block[0] == "tool":
            start = {"toolUse": {"toolUseId": block[1], "name": block[2]}}
            out.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": start}))
            deltas = [{"toolUse": {"input": piece}} for piece in pieces(json.dumps(block[3]), 5)]
        elif block[0] == "text":
            deltas = [{"text": piece} for piece in pieces(block[1])]
        else:
            deltas = [{"reasoningContent": {"text": piece}} for piece in pieces(block[1])]
            deltas.append({"reasoningContent": {"signature": "c2ln"}})
        out += [frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}) for delta in deltas]
        out.append(frame("contentBlockStop", {"contentBlockIndex": index}))
    out.append(frame("messageStop", {"stopReason": STOPS["converse"][m["stop"]]}))
    out.append(frame("metadata", {"usage": converse_usage(m["usage"]), "metrics": {"latencyMs": 1}}))
    return b"".join(out)


def gemini_usage(used):
    return {"promptTokenCount": used["input"], "cachedContentTokenCount": used["cached"],
            "candidatesTokenCount": used["output"] - used["reasoning"], "thoughtsTokenCount": used["reasoning"],
            "totalTokenCount": used["input"] + used["output"]}


def gemini_answer(parts, reason=None, usage=None):
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
    if reason:
        candidate["finishReason"] = reason
    answer = {"candidates": [candidate], "modelVersion": "served", "responseId": "r1"}
    return {**answer, "usageMetadata": usage} if usage else answer


def gemini_parts(block, size):
    if block[0] == "text":
        return [{"text": piece} for piece in pieces(block[1], size)]
    if block[0] == "thinking":
        return [{"text": piece, "thought": True} for piece in pieces(block[1], size)]
    return [{"functionCall": {"name": block[2], "args": block[3]}}]


def gemini_whole(m):
    parts = [part for block in m["blocks"] for part in gemini_parts(block, 1000)]
    return gemini_answer(parts, STOPS["gemini"][m["stop"]], gemini_usage(m["usage"]))


def gemini_stream(m):
    out = [event(gemini_answer([part])) for block in m["blocks"] for part in gemini_parts(block, 3)]
    # The end comes in an event of its own, after the last call.
    return b"".join([*out, event(gemini_answer([{"text": ""}], STOPS["gemini"][m["stop"]], gemini_usage(m["usage"])))])


WHOLE = {"chat": chat_whole, "messages": messages_whole, "converse": converse_whole, "gemini": gemini_whole}
STREAM = {"chat": chat_stream, "messages": messages_stream, "converse": converse_stream, "gemini": gemini_stream}
STREAM_TYPE = {"converse": "application/vnd.amazon.eventstream"}
