"""Counts what one request costs: instructions and misses of the instruction cache.

Runs the requests of tests/budget/ under callgrind, each in a process of its own, and
compares with benches/count/expected.txt. Counts are the same in every run with the same
toolchain, C library and valgrind; docs/performance.md says how to read them.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

import inputs

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "target" / "count"
PROGRAM = TARGET / "release" / "count"
EXPECTED = ROOT / "benches" / "count" / "expected.txt"

# How much worse than expected a count may be, in percent.
MOST_WORSE = {"instructions": 2, "I1 misses": 3}
# Most that a request may cost whose length is doubled, as a multiple. More than 2, because the C
# library's allocator takes longer where more is allocated.
MOST_GROWTH = 2.5
# The same for translations alone, which allocate little. One that is quadratic is hidden among other pairs of APIs.
MOST_GROWTH_TRANSLATED = 2.2
# So few more or fewer are no difference, whatever the share.
FEW = 20
# From here on better than expected is to be written down, for it would hide what is lost later.
MOST_BETTER = {"instructions": 5, "I1 misses": 15}

# A line may lie anywhere in the instruction cache. So misses count how much code a request
# touches, wherever the linker has put it; in the eight ways of a real cache, code that falls on
# the same lines misses more, and every change moves that. The other levels decide nothing here.
CACHES = ["--I1=32768,512,64", "--D1=32768,8,64", "--LL=8388608,16,64"]
# Counts what happens in the one function but not in the other, which is the host's side,
# and forgets the requests that warm up.
TOGGLES = ["--toggle-collect=*one_request*", "--toggle-collect=*outside*", "--zero-before=*last_request*"]

HELP = """valgrind is missing, which counts the instructions. To get it:
  apt-get install valgrind    (Debian, Ubuntu)
  dnf install valgrind        (Fedora)
  brew install valgrind       (Linux alone; there is none for macOS on ARM: use a container)
Calls and allocations need none: cargo test --test budget"""


def profile():
    """Returns the module's profile as arguments of cargo, with symbols kept."""
    release = tomllib.loads((ROOT / "Cargo.toml").read_text())["profile"]["release"]
    packages = release.pop("package", {})
    # The SDK is no part of a native build.
    packages.pop("proxy-wasm", None)
    settings = {**{f"profile.release.{key}": value for key, value in release.items()},
                **{f"profile.release.package.{name}.{key}": value for name, one in packages.items() for key, value in one.items()},
                "profile.release.strip": False, "profile.release.debug": "line-tables-only"}
    write = {bool: lambda value: str(value).lower(), str: lambda value: f'"{value}"', int: str}
    return [part for key, value in settings.items() for part in ("--config", f"{key}={write[type(value)](value)}")]


def build():
    """Builds the program that sends the requests."""
    command = ["cargo", "build", "--quiet", "--release", "--manifest-path", "benches/count/Cargo.toml", "--target-dir", TARGET]
    # A build for the machine at hand would count what no other machine does. Every function begins
    # with a line of the cache: otherwise a function more moves all that follow, and misses by 2 %.
    environment = {**os.environ, "RUSTFLAGS": "-Cllvm-args=-align-all-functions=6"}
    if subprocess.run([*command, *profile()], cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("bench-count: the program was not built")


def run(*command):
    """Runs it with an empty environment and at fixed addresses, and returns what it prints."""
    fixed = ["setarch", "-R"] if shutil.which("setarch") else []
    done = subprocess.run([*fixed, *map(str, command)], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench-count: {command[0]}:\n{done.stderr}")
    return done.stdout


def gauge(name, *times):
    """Returns the counts of one scenario, or the instructions of a shape at so many times its length."""
    out = TARGET / f"callgrind.{re.sub('[^a-zA-Z0-9]+', '-', '-'.join([name, *times]))}.out"
    run("valgrind", "--tool=callgrind", *([] if times else ["--cache-sim=yes", *CACHES]), *TOGGLES, f"--callgrind-out-file={out}", PROGRAM, name, *times)
    text = out.read_text()
    events = re.search(r"^events: (.*)$", text, re.MULTILINE)[1].split()
    totals = dict(zip(events, map(int, re.search(r"^(?:totals|summary): (.*)$", text, re.MULTILINE)[1].split())))
    if not totals.get("Ir"):
        sys.exit(f"bench-count: {name}: nothing was counted; is one_request still a function of its own?")
    return {"instructions": totals["Ir"], "I1 misses": totals.get("I1mr")}


def growth(name):
    """Returns how many times the instructions of a shape are where it is twice as long."""
    once, twice = (gauge(name, times)["instructions"] for times in "12")
    return twice / once


def grown(pool):
    """Returns a line for every shape, whose length a client or a provider chooses, that costs more than in proportion."""
    shapes = run(PROGRAM, "shapes").splitlines()
    growths = dict(zip(shapes, pool.map(growth, shapes)))
    most = lambda name: MOST_GROWTH_TRANSLATED if name.startswith("translation of ") else MOST_GROWTH
    return [f"{name}: twice as long it costs {times:.2f} times as much" for name, times in growths.items() if times > most(name)]


def read_expected():
    """Returns the counts by scenario, as they are checked in."""
    rows = [line.split("|") for line in EXPECTED.read_text().splitlines() if "|" in line] if EXPECTED.exists() else []
    return {name.strip(): dict(zip(MOST_WORSE, map(int, counts.split()))) for name, counts in rows[1:]}


def as_text(counted):
    """Returns the table as it is checked in."""
    toolchain = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    longest = max(map(len, counted))
    lines = ["# What one request costs: instructions of the module's code, natively, and misses of a",
             f"# 32 KB instruction cache. Rust {toolchain}, {run('valgrind', '--version').strip()}.",
             "# To accept a change: make bench-count UPDATE=1", "",
             f"{'scenario':{longest}} | instructions I1_misses"]
    lines += [f"{name:{longest}} | {one['instructions']:>12} {one['I1 misses']:>9}" for name, one in counted.items()]
    return "\n".join(lines) + "\n"


def differences(counted, expected):
    """Returns a line for everything that is not as expected."""
    found = [f"{name}: no longer counted" for name in expected if name not in counted]
    for name, counts in counted.items():
        if name not in expected:
            found.append(f"{name}: nothing is expected yet")
            continue
        for what, count in counts.items():
            was = expected[name][what]
            change = 100 * (count - was) / max(was, 1)
            if abs(count - was) <= FEW:
                continue
            if change > MOST_WORSE[what]:
                found.append(f"{name}: {count} {what}, {change:.1f} % more than the {was} expected")
            elif -change > MOST_BETTER[what]:
                found.append(f"{name}: {count} {what}, {-change:.1f} % fewer than the {was} expected: write that down")
    return found


def print_report(names, calls, counted, expected):
    """Prints all counts, and how far they are from what was expected."""
    longest = max(map(len, names))
    print(f"{'':{longest}}  instructions           I1 misses         allocations  host calls  returns  entries")
    for name in names:
        text = f"{name:{longest}}"
        for what, width in (("instructions", 12), ("I1 misses", 9)):
            was = expected.get(name, {}).get(what)
            change = f"{100 * (counted[name][what] - was) / max(was, 1):+.1f} %" if was is not None else ""
            text += f"  {counted[name][what]:>{width},} {change:>8}"
        allocations, entries, total, returns = calls[name][:4]
        print(f"{text}  {allocations:>11}  {total:>10}  {returns:>7}  {entries:>7}")
    print(f"By function: callgrind_annotate --auto=no --threshold=100 --show=Ir,I1mr {TARGET.relative_to(ROOT)}/callgrind.….out")


def main():
    parser = argparse.ArgumentParser(prog="bench-count", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write down what is counted now")
    asked = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit(f"bench-count: {HELP}")
    if inputs.outdated():
        sys.exit(f"bench-count: tests/budget/inputs: {', '.join(inputs.outdated())} not as scripts/bench has it; run: python3 scripts/bench/inputs.py")
    build()
    rows = [line.split("|") for line in run(PROGRAM).splitlines()[1:]]
    calls = {name.strip(): [int(value) for value in values.split()] for name, values in rows}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(calls, pool.map(gauge, calls)))
        too_steep = grown(pool)
    expected = read_expected()
    print_report(list(calls), calls, counted, expected)
    if too_steep:
        sys.exit("\n" + "\n".join(too_steep))
    if asked.update:
        EXPECTED.write_text(as_text(counted))
        budget = subprocess.run(["cargo", "test", "--quiet", "--test", "budget"], cwd=ROOT, env={**os.environ, "UPDATE_BUDGETS": "1"},
                                capture_output=True, text=True, check=False)
        if budget.returncode:
            sys.exit(f"bench-count: {budget.stdout}{budget.stderr}")
        print(f"wrote {EXPECTED.relative_to(ROOT)} and tests/budget/budgets.txt")
    elif found := differences(counted, expected):
        sys.exit("\n" + "\n".join(found) + "\n\nIf that is meant to be so: make bench-count UPDATE=1")


if __name__ == "__main__":
    main()
