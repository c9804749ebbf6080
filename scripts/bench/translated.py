"""What translating costs: a chat whose provider speaks another API, beside the same where it speaks the client's.

Both are served with attempts, which translation needs.
"""

import json
import statistics
import urllib.request

import bodies
import load
import proxy
import routing
import stream
from report import mark

BODY = "12 KB"
# CPU microseconds that translating may add to a whole chat, and to a chunk of a stream.
MOST_US = 250
MOST_CHUNK_US = 12


def listeners():
    """By name: the provider speaks the client's API, or another."""
    def way(api, *names):
        document = routing.failing_over(*names) | {"translate": "strict"}
        for provider in document["providers"].values():
            provider["api"] = api
        return proxy.failing_over(document, dict.fromkeys(names))
    return {"same API": way("openai-chat", "first", "second"), "translated": way("anthropic", "third", "fourth")}


def check(stack, name, content):
    """That the answer is a chat's, and that the listener translates if it should."""
    request = urllib.request.Request(stack.url(name), data=content, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        document, translation = json.load(answer), answer.headers.get("x-llm-translation")
    if document["choices"][0]["message"]["content"] != "Hello." or (translation is None) != (name == "same API"):
        raise proxy.Failed(f"{name}: translation {translation}, answer {document}")


def sizes_of(stack, name, content):
    """Bytes of a streamed answer without the frames of its chunks, and of a frame in the middle."""
    head, chunks = stream.read_answer(stack, name, content)
    if not b"".join(chunks).endswith(b"data: [DONE]\n\n"):
        raise proxy.Failed(f"{name}: the stream is not whole")
    frame = len(f"{len(chunks[len(chunks) // 2]):x}\r\n\r\n")
    return len(head) + len(b"\r\n\r\n") + sum(map(len, chunks)) + stream.END_BYTES, frame


def measure(asked, all_bodies):
    """The table's rows, and the rounds as data."""
    content, connections = all_bodies[BODY]
    files = {"whole": proxy.OUT / "body-translated.json", "stream": proxy.OUT / "body-stream.json"}
    names = list(listeners())
    rounds = {(kind, name): [] for kind in files for name in names}
    with proxy.Stack(listeners(), "translated") as stack:
        files["whole"].write_bytes(content)
        files["stream"].write_bytes(bodies.stream_body())
        sizes = {name: sizes_of(stack, name, bodies.stream_body()) for name in names}
        for turn in range(asked.rounds + 1):
            seconds = asked.seconds if turn else 1
            for name in names:
                if turn == 0:
                    check(stack, name, content)
                whole = load.run(stack, asked.oha, name, files["whole"], connections, seconds=seconds)
                streamed = stream.run(stack, asked, name, files["stream"], seconds, *sizes[name])
                if turn:
                    rounds["whole", name].append(whole)
                    rounds["stream", name].append(streamed)
    return rows(rounds), [{"kind": kind, "listener": name, "rounds": of_one} for (kind, name), of_one in rounds.items()]


def rows(rounds):
    """What the rounds come to: medians, and of the differences within each round."""
    found = [("translated", "same API", "translated", "added", "target")]
    for label, kind, key, most in ((f"{BODY} chat, CPU µs", "whole", "cpu_us", MOST_US),
                                   ("a chunk of a stream, CPU µs", "stream", "chunk_us", MOST_CHUNK_US)):
        same, other = (rounds[kind, name] for name in ("same API", "translated"))
        added = statistics.median(one[key] - plain[key] for one, plain in zip(other, same))
        medians = (f"{statistics.median(one[key] for one in runs):.1f}" for runs in (same, other))
        found.append((label, *medians, f"{added:+.1f}", f"≤ {most}{mark(added <= most)}"))
    return found
