"""Measures what Pointsman costs in Envoy, beside what else one could do.

docs/performance.md says what is measured and how to read it.
"""

import argparse
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

import bodies
import failover
import first_content
import load
import memory
import proxy
import report
import start
import stream
import translated

WARM_SECONDS = 1

# Where nothing is decided early, there is nothing to see of it, and the other way round.
SKIPPED = {(body, "early") for body in ("0.3 KB", "12 KB", "900 KB image")}
# The calls are those for a short chat.
SKIPPED |= {(body, "skeleton") for body in ("12 KB", "600 KB", "900 KB image")}
# It is not the text that costs an external process, but its length.
SKIPPED |= {("900 KB image", "ext_proc")}
# Counting and logging cost the same whatever the body.
SKIPPED |= {(body, name) for body in ("12 KB", "600 KB", "900 KB image") for name in ("uncounted", "logged")}

# What is measured with Envoys of its own, by the word that asks for it: each returns rows and data.
PARTS = {
    "stream": lambda asked, listeners, _: stream.measure(asked, listeners),
    "failover": lambda asked, _, all_bodies: failover.measure(asked, all_bodies),
    "translated": lambda asked, _, all_bodies: translated.measure(asked, all_bodies),
    "first content": lambda asked, _, all_bodies: first_content.measure(asked, all_bodies),
    "start": lambda asked, listeners, all_bodies: start.measure(asked, listeners, all_bodies),
    "memory": lambda asked, listeners, all_bodies: memory.measure(asked.oha, listeners, all_bodies),
}


def arguments():
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--oha", required=True, type=pathlib.Path, help="the load generator")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", default="", help=f"bodies and listeners, as in the table, or {', '.join(PARTS)}; with commas between")
    parser.add_argument("--label", default="latest", help="name of the JSON file in target/bench")
    return parser.parse_args()


def chosen(everything, only, always=()):
    """Those that were asked for, or all if none of them was."""
    found = {name: one for name, one in everything.items() if name in only}
    return {name: one for name, one in everything.items() if name in found or name in always} if found else everything


def check(stack, body, name, content):
    """That the listener does its work at all."""
    model, received, route = load.probe(stack, name, content)
    is_rewritten = model != bodies.MODEL
    if is_rewritten != (name not in ("buffer", "no-op", "no-op stripped")) or (not is_rewritten and received != len(content)):
        raise proxy.Failed(f"{name}, {body}: the upstream received {received} bytes for {model}, route {route}")


def measure(stack, asked, all_bodies):
    """By body and listener, a result for each round."""
    files = {}
    for body, (content, _) in all_bodies.items():
        files[body] = proxy.OUT / f"body-{body.replace(' ', '-')}.json"
        files[body].write_bytes(content)
    pairs = [(body, name) for body in all_bodies for name in stack.listeners if (body, name) not in SKIPPED]
    rounds = {body: {name: [] for one, name in pairs if one == body} for body in all_bodies}
    for turn in range(asked.rounds + 1):
        for body, name in pairs:
            content, connections = all_bodies[body]
            if turn == 0:
                # Until V8 has compiled what is hot.
                check(stack, body, name, content)
                load.run(stack, asked.oha, name, files[body], connections, seconds=WARM_SECONDS)
            else:
                result = load.run(stack, asked.oha, name, files[body], connections, seconds=asked.seconds)
                rounds[body][name].append(result)
        print(f"round {turn} of {asked.rounds}" if turn else "warmed up", file=sys.stderr, flush=True)
    return rounds


def machine():
    """Where it was measured."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "")
    version = subprocess.run([os.environ.get("ENVOY", "envoy"), "--version"], capture_output=True, text=True, check=True)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {"cpu": model, "cpus": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "envoy": version.stdout.strip().rpartition("version: ")[2], "commit": commit.stdout.strip(),
            "module_bytes": proxy.MODULE.stat().st_size, "load": os.getloadavg()[0],
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def main():
    asked = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    only = {one.strip() for one in asked.only.split(",") if one.strip()}
    all_listeners, all_bodies = proxy.all_listeners(), bodies.all_bodies()
    listeners = chosen(all_listeners, only, always=("buffer", "no-op"))
    proxy.OUT.mkdir(parents=True, exist_ok=True)
    rounds, parts, problems = {}, {}, []
    # What fails is told at the end; what has been measured is kept.
    try:
        if not only or only - set(PARTS):
            with proxy.Stack(listeners, asked.label) as stack:
                rounds = measure(stack, asked, chosen(all_bodies, only))
    except proxy.Failed as problem:
        problems.append(f"bench: {problem}")
    for name, measure_part in PARTS.items():
        try:
            if not only or name in only:
                parts[name] = measure_part(asked, all_listeners, all_bodies)
        except proxy.Failed as problem:
            problems.append(f"bench: {name}: {problem}")
    rows = report.summary(rounds)
    where = machine()
    path = proxy.OUT / f"{asked.label}.result.json"
    path.write_text(json.dumps({"machine": where, "asked": {"rounds": asked.rounds, "seconds": asked.seconds}, "summary": rows,
                                **{name: data for name, (_, data) in parts.items()}, "rounds": rounds}, indent=1) + "\n")
    tables = [table for table, _ in parts.values()]
    (proxy.OUT / f"{asked.label}.md").write_text("\n".join([report.markdown(rows), *map(report.plain_markdown, tables)]))
    for text in (report.table(rows) if rows else "", *(report.aligned(table, 1) for table in tables)):
        print(f"{text}\n" if text else "", end="")
    print(f"{where['cpu']}, {where['cpus']} CPUs, Envoy {where['envoy'].split('/')[1]}, {where['commit']}, "
          f"load {where['load']:.1f}; {asked.rounds} rounds of {asked.seconds:g} s\n{path.relative_to(proxy.ROOT)}")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
