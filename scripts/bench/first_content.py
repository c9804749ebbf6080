"""How much later the first content of a healthy stream comes where all before it is held.

The upstream sends its head, an event without content, and 0.3 ms later the first content. Until
then a client has nothing to show, whether it has the head or not.
"""

import socket
import statistics
import time

import bodies
import load
import proxy
import routing
from report import mark, quartiles

CONTENT = b'"content":" word"'
# Milliseconds at the median.
MOST_MS = 0.2
# Answers of each listener in a round.
ANSWERS = 200


def listeners():
    """By name: the head goes on at once, and it is held."""
    def way(commit_bytes, *names):
        document = routing.failing_over(*names)
        document["failover"]["commit_bytes"] = commit_bytes
        return proxy.failing_over(document, dict.fromkeys(names))
    return {"at once": way(0, "first", "second"), "held": way(16384, "third", "fourth")}


def first_content_ms(stack, name, content):
    """How long a client waits for the first content of an answer, of which it then takes no more."""
    with socket.create_connection(("127.0.0.1", stack.ports[name]), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        connection.sendall(load.one_request(content))
        answer = b""
        while CONTENT not in answer and (piece := connection.recv(1 << 16)):
            answer += piece
        took = time.perf_counter() - began
    if CONTENT not in answer:
        raise proxy.Failed(f"{name}: the answer was {answer[:80]!r}")
    return took * 1e3


def measure(asked, _):
    """The table's rows, and the rounds as data."""
    content = bodies.stream_body()
    rounds = {name: [] for name in listeners()}
    with proxy.Stack(listeners(), "first-content") as stack:
        for turn in range(asked.rounds + 1):
            waits = {name: [] for name in rounds}
            # One by one, so that both meet the same machine.
            for _ in range(ANSWERS):
                for name, of_one in waits.items():
                    of_one.append(first_content_ms(stack, name, content))
            if turn:
                for name, of_one in waits.items():
                    rounds[name].append(statistics.median(of_one))
    return rows(rounds), [{"listener": name, "p50_ms": of_one} for name, of_one in rounds.items()]


def rows(rounds):
    """What the rounds come to: medians, and of the differences within each round."""
    found = [("first content of a stream", "p50 ms", "added", "target", "±")]
    for name, medians in rounds.items():
        added = [one - plain for one, plain in zip(medians, rounds["at once"])]
        first, third = quartiles(added)
        middle = statistics.median(added)
        target = "" if name == "at once" else f"≤ {MOST_MS}{mark(middle <= MOST_MS)}"
        found.append((name, f"{statistics.median(medians):.3f}", f"{middle:+.3f}", target, f"{(third - first) / 2:.3f}"))
    return found
