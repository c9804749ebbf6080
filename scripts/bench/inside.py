"""Counts what one request costs inside a real Envoy: instructions, and misses of the instruction cache.

Runs Envoy under callgrind, where the same request takes the same instructions however busy the
machine is, and says how many of them are the module's. Other than `make bench`, it sees what the
calls of the host cost; other than `make bench-count`, the code that V8 makes of the module.
"""

import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import bodies
import count
import proxy

# More Envoys than one, because each VM reserves ten gigabytes of addresses, of which valgrind has few.
GROUPS = [("buffer", "no-op", "skeleton", "3 routes"), ("100 routes",)]
BODIES = ("0.3 KB", "12 KB")
# The calls are those for a short chat.
SKIPPED = {("12 KB", "skeleton")}
WARM, COUNTED = 30, 100
# Envoy compiles the module first, under valgrind.
START_SECONDS = 600
DUMP_SECONDS = 60
# V8 puts its code where no program is.
PROGRAMS_END = 1 << 32


def binary():
    """Returns Envoy itself: what is on the path may be a script that starts it."""
    found = pathlib.Path(shutil.which(os.environ.get("ENVOY", "envoy")) or sys.exit("bench-inside: Envoy is missing; run: make bench-inside"))
    if found.read_bytes()[:2] != b"#!":
        return found
    python = found.read_text().splitlines()[0].removeprefix("#!")
    where = "import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / '_bin' / 'envoy')"
    return pathlib.Path(subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip())


class Counting(proxy.Stack):
    """An Envoy under callgrind, and the upstream."""

    def __init__(self, listeners, out):
        program = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--cache-sim=yes", *count.CACHES, "--smc-check=all",
                   f"--callgrind-out-file={out}/callgrind", binary()]
        super().__init__(listeners, "inside", program=program, start_seconds=START_SECONDS)
        self.out = pathlib.Path(out)

    def control(self, *words):
        """Tells callgrind to do something."""
        subprocess.run(["callgrind_control", *words, str(self.envoy.pid)], check=True, capture_output=True)

    def send(self, name, body, times):
        """Sends a request so many times over one connection."""
        to = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=60)
        for _ in range(times):
            to.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            answer = to.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise proxy.Failed(f"{name}: answers {answer.status}")
        to.close()

    def count(self, name, body):
        """Returns what one request costs, by whose code it is."""
        self.send(name, body, WARM)
        self.control("--instr=on")
        self.send(name, body, WARM)
        self.control("--zero")
        self.send(name, body, COUNTED)
        self.control("--dump")
        counts = self.dumped()
        self.control("--instr=off")
        return {key: value / COUNTED for key, value in counts.items()}

    def dumped(self):
        """Returns the counts of a dump. Callgrind writes it when Envoy does something next."""
        deadline = time.monotonic() + DUMP_SECONDS
        while time.monotonic() < deadline:
            urllib.request.urlopen(f"{self.admin}/ready", timeout=DUMP_SECONDS).close()
            for dump in self.out.glob("callgrind.*"):
                text = dump.read_text(errors="replace")
                if "totals:" in text:
                    dump.unlink()
                    return by_owner(text)
            time.sleep(0.2)
        raise proxy.Failed("callgrind has written nothing")


def by_owner(text):
    """Returns the counts of callgrind's output: of the module's code, and of all else."""
    counts = dict.fromkeys([(what, whose) for what in ("Ir", "I1mr") for whose in ("module", "Envoy")], 0)
    names, owner, events, is_call = {}, "Envoy", [], False
    for line in text.splitlines():
        if line.startswith("events:"):
            events = line.split()[1:]
        elif function := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
            is_callee, number, name = function.groups()
            # Code without a name has its address for one.
            if name:
                address = re.match(r"0x[0-9a-f]+", name)
                names[number] = "module" if address and int(address[0], 16) > PROGRAMS_END else "Envoy"
            owner = owner if is_callee else names[number]
        elif line.startswith("calls="):
            is_call = True
        elif line[:1] in "0123456789+-*" and events:
            # What follows a call is what the function cost that was called, and is counted there.
            for what, value in [] if is_call else zip(events, line.split()[1:]):
                if (what, owner) in counts:
                    counts[what, owner] += int(value)
            is_call = False
    return counts


def main():
    if not shutil.which("valgrind"):
        sys.exit(f"bench-inside: {count.HELP}")
    listeners, all_bodies = proxy.all_listeners(), bodies.all_bodies()
    print("| body | listener | instructions | the module's | I1 misses | the module's |\n|---|---|---|---|---|---|")
    for group in GROUPS:
        with tempfile.TemporaryDirectory() as out, Counting({name: listeners[name] for name in group}, out) as stack:
            for body in BODIES:
                for name in group:
                    if (body, name) not in SKIPPED:
                        one = stack.count(name, all_bodies[body][0])
                        total = [one[what, "module"] + one[what, "Envoy"] for what in ("Ir", "I1mr")]
                        print(f"| {body} | {name} | {total[0]:,.0f} | {one['Ir', 'module']:,.0f} | {total[1]:,.0f} | {one['I1mr', 'module']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
