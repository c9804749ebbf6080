"""What a filter costs for each chunk of a streamed answer."""

import json
import socket
import statistics

import bodies
import load
import proxy
from report import mark, quartiles

NAMES = ("buffer", "no-op", "skeleton", "3 routes")
# CPU microseconds of a chunk, above the buffer listener.
MOST_US = {"3 routes": 3.5}
# As the upstream sends them, and how few may be left of them where Envoy has read several at once.
CHUNKS = 500
LEAST_CHUNKS = 250
CONNECTIONS = 8
# About what an answer takes; it decides how many are asked for.
ANSWER_SECONDS = 0.25
# What HTTP/1.1 puts around a chunk of 256 to 4095 bytes: three digits and two ends of lines.
FRAME_BYTES = 7
END_BYTES = len(b"0\r\n\r\n")


def read_answer(stack, name, content):
    """One answer as it comes: its head, and its chunks as Envoy has framed them."""
    with socket.create_connection(("127.0.0.1", stack.ports[name]), timeout=30) as connection:
        connection.sendall(load.one_request(content))
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, rest = answer.partition(b"\r\n\r\n")
    chunks = []
    while rest and not rest.startswith(b"0\r\n"):
        digits, _, rest = rest.partition(b"\r\n")
        chunks.append(rest[:int(digits, 16)])
        rest = rest[int(digits, 16) + 2:]
    return head, chunks


def check(stack, name, content):
    """That the answer is the whole stream, in pieces, of the model that the listener makes of it; its size without frames."""
    head, chunks = read_answer(stack, name, content)
    body = b"".join(chunks)
    events = [event for event in body.decode().split("\n\n") if event]
    model = json.loads(events[0].removeprefix("data: "))["model"]
    is_rewritten = model != bodies.MODEL
    is_whole = len(events) == CHUNKS and events[-1] == "data: [DONE]"
    if is_rewritten != (name not in ("buffer", "no-op")) or not is_whole or len(chunks) < LEAST_CHUNKS:
        raise proxy.Failed(f"{name}, stream: {len(events)} events of {model} in {len(chunks)} chunks")
    return len(head) + len(b"\r\n\r\n") + len(body) + END_BYTES


def run(stack, asked, name, body_file, seconds, plain_bytes, frame_bytes=FRAME_BYTES):
    """One listener under load; and how many chunks its filters saw of an answer, by the bytes that Envoy sent."""
    counter = f"http.{name.replace(' ', '_')}.downstream_cx_tx_bytes_total"
    before = stack.stat(counter)
    answers = max(CONNECTIONS, round(CONNECTIONS * seconds / ANSWER_SECONDS))
    result = load.run(stack, asked.oha, name, body_file, CONNECTIONS, requests=answers)
    chunks = ((stack.stat(counter) - before) / answers - plain_bytes) / frame_bytes
    if chunks < LEAST_CHUNKS:
        raise proxy.Failed(f"{name}: Envoy saw only {chunks:.0f} chunks of an answer; the machine is too busy to measure streams")
    return {**result, "chunks": chunks, "chunk_us": result["cpu_us"] / chunks}


def measure(asked, listeners):
    """The table's rows, and the rounds as data."""
    content = bodies.stream_body()
    body_file = proxy.OUT / "body-stream.json"
    rounds, plain_bytes = {name: [] for name in NAMES}, {}
    with proxy.Stack({name: listeners[name] for name in NAMES}, "stream") as stack:
        body_file.write_bytes(content)
        for turn in range(asked.rounds + 1):
            for name in NAMES:
                if turn == 0:
                    plain_bytes[name] = check(stack, name, content)
                result = run(stack, asked, name, body_file, asked.seconds if turn else 1, plain_bytes[name])
                if turn:
                    rounds[name].append(result)
    return rows(rounds), [{"listener": name, "rounds": of_one} for name, of_one in rounds.items()]


def rows(rounds):
    """What the rounds come to: medians, and of the differences within each round."""
    found = [("stream of 500 chunks", "chunks seen", "CPU µs a chunk", "added", "target", "±", "busy")]
    for name, runs in rounds.items():
        added = [one["chunk_us"] - plain["chunk_us"] for one, plain in zip(runs, rounds["buffer"])]
        first, third = quartiles(added)
        most, middle = MOST_US.get(name), statistics.median(added)
        found.append((name, *(f"{statistics.median(one[key] for one in runs):{form}}" for key, form in (("chunks", ".0f"), ("chunk_us", ".2f"))),
                      f"{middle:+.2f}", "" if most is None else f"≤ {most}{mark(middle <= most)}",
                      f"{(third - first) / 2:.2f}", f"{statistics.median(one['busy'] for one in runs):.0%}"))
    return found
