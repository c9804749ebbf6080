"""How long an Envoy that has just been started takes to answer, and what its first requests wait."""

import http.client
import statistics
import time

import proxy

NAMES = ("buffer", "no-op", "3 routes")
REQUESTS = 100
BODY = "0.3 KB"
COLUMNS = (("ready_ms", "ready after ms"), ("cpu_ms", "CPU ms"), ("answer_ms", "first answer after ms"), ("first_ms", "first request ms"),
           ("slowest_ms", "slowest of the next 99"), ("median_ms", "median of those"))
# Milliseconds of the start; those of a request have two digits more.
WHOLE = ("ready_ms", "cpu_ms", "answer_ms")


def started_anew(name, make, content):
    """What a fresh Envoy takes until it is ready (of time and of CPU) and has answered, and its first requests, one after the other."""
    with proxy.Stack({name: make}, "start") as stack:
        ready, cpu, times = time.monotonic(), stack.cpu_seconds(), []
        connection = http.client.HTTPConnection("127.0.0.1", stack.ports[name], timeout=proxy.START_SECONDS)
        for _ in range(REQUESTS):
            before = time.monotonic()
            connection.request("POST", "/v1/chat/completions", content, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            times.append(time.monotonic() - before)
            if answer.status != 200 or (name == "3 routes") != (answer.getheader("x-llm-model") is not None):
                raise proxy.Failed(f"{name}: an answer of status {answer.status}, of model {answer.getheader('x-llm-model')}")
        connection.close()
        first, *others = times
        seconds = (ready - stack.started, cpu, ready - stack.started + first, first, max(others), statistics.median(others))
        return {key: one * 1e3 for (key, _), one in zip(COLUMNS, seconds)}


def measure(asked, listeners, all_bodies):
    """The table's rows, and the rounds as data."""
    content, _ = all_bodies[BODY]
    rounds = {name: [] for name in NAMES}
    # The first reads the files from the disk.
    for turn in range(asked.rounds + 1):
        for name in NAMES:
            result = started_anew(name, listeners[name], content)
            if turn:
                rounds[name].append(result)
    rows = [("start", *(title for _, title in COLUMNS))]
    for name, runs in rounds.items():
        rows.append((name, *(f"{statistics.median(run[key] for run in runs):.{0 if key in WHOLE else 2}f}" for key, _ in COLUMNS)))
    return rows, [{"listener": name, "rounds": of_one} for name, of_one in rounds.items()]
