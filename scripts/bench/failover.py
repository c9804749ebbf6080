"""What failing over costs: a request that need not, and one whose first provider is not there."""

import statistics
import urllib.request

import load
import proxy
import routing
from report import mark

# Of the requests a second that the same routes serve without failover.
LEAST_SHARE = 0.90
# CPU microseconds that it may add to a short chat.
MOST_US = {"0.3 KB": 22}
# What an attempt that is refused may add.
MOST_MS = 1
BODIES = ("0.3 KB", "12 KB")
# Nothing listens there.
CLOSED = 1


def listeners():
    """By name: without failover, with it, and with a first provider that refuses connections."""
    names = "first", "second"
    return {
        "3 routes": proxy.pointsman(routing.three()),
        "failover": proxy.failing_over(routing.failing_over(*names), dict.fromkeys(names)),
        "refused": proxy.failing_over(routing.failing_over("closed", "other"), {"closed": CLOSED, "other": None}),
    }


def check(stack, name, content):
    """That a request takes as many attempts as are to be measured."""
    request = urllib.request.Request(stack.url(name), data=content, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        attempts = answer.headers.get("x-llm-attempts")
    came = [attempt.rpartition("=")[2] for attempt in attempts.split(",")]
    if came != (["network", "200"] if name == "refused" else ["200"]):
        raise proxy.Failed(f"{name}: attempts were {attempts}")


def measure(asked, all_bodies):
    """The table's rows, and the rounds as data."""
    # Throughput of many connections, the time of a request on one.
    runs = [(body, name, all_bodies[body][1]) for body in BODIES for name in ("3 routes", "failover")]
    runs += [(BODIES[0], name, 1) for name in ("failover", "refused")]
    rounds = {run: [] for run in runs}
    with proxy.Stack(listeners(), "failover") as stack:
        for turn in range(asked.rounds + 1):
            for run in runs:
                body, name, connections = run
                content, _ = all_bodies[body]
                file = proxy.OUT / f"body-{body.replace(' ', '-')}.json"
                if turn == 0:
                    check(stack, name, content)
                file.write_bytes(content)
                result = load.run(stack, asked.oha, name, file, connections, seconds=asked.seconds if turn else 1)
                if turn:
                    rounds[run].append(result)
    return rows(rounds, all_bodies), [{"body": body, "listener": name, "connections": connections, "rounds": of_run}
                                      for (body, name, connections), of_run in rounds.items()]


def rows(rounds, all_bodies):
    """What the rounds come to: medians of what is compared within each round."""
    found = [("failover", "without", "with", "", "target")]
    for body in BODIES:
        connections = all_bodies[body][1]
        without, failing = (rounds[body, name, connections] for name in ("3 routes", "failover"))
        share = statistics.median(one["rps"] / other["rps"] for one, other in zip(failing, without))
        cpu = statistics.median(one["cpu_us"] - other["cpu_us"] for one, other in zip(failing, without))
        found.append((f"{body}, requests a second", *(f"{median(one, 'rps'):.0f}" for one in (without, failing)),
                      f"{share:.2f}", f"≥ {LEAST_SHARE:.2f}{mark(share >= LEAST_SHARE)}"))
        most = MOST_US.get(body)
        found.append((f"{body}, CPU µs", *(f"{median(one, 'cpu_us'):.0f}" for one in (without, failing)), f"{cpu:+.0f}",
                      "" if most is None else f"≤ {most}{mark(cpu <= most)}"))
    served, refused = (rounds[BODIES[0], name, 1] for name in ("failover", "refused"))
    later = statistics.median(one["p50_ms"] - other["p50_ms"] for one, other in zip(refused, served))
    found.append((f"{BODIES[0]}, first provider refuses, p50 ms", *(f"{median(one, 'p50_ms'):.2f}" for one in (served, refused)),
                  f"{later:+.2f}", f"≤ {MOST_MS}{mark(later <= MOST_MS)}"))
    return found


def median(runs, key):
    """Over the rounds."""
    return statistics.median(run[key] for run in runs)
