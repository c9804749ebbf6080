"""Writes what the gauge of tests/budget/ sends, from what `make bench` sends.

The gauge is plain Rust and runs without Python, so its inputs are checked in.
"""

import json
import pathlib
import sys

import bodies
import routing

INPUTS = pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "budget" / "inputs"


def all_inputs():
    """Returns the contents of every file, by its name."""
    sizes = bodies.all_bodies()
    failover = routing.failing_over("first", "second")
    # Cooldown is on for everyone who does not turn it off.
    del failover["cooldown"]
    anthropic = routing.three()
    for provider in anthropic["providers"].values():
        provider["api"] = "anthropic"
    configurations = {"anthropic": anthropic, "three": routing.three(), "hundred": routing.hundred(True), "early": routing.early(), "failover": failover}
    for one in configurations.values():
        # Where requests go that are not for a model; else a warning says that there is no such cluster.
        one["default_cluster"] = "upstream"
    return {**{f"{name}.json": json.dumps(one, indent=1).encode() + b"\n" for name, one in configurations.items()},
            "chat-0.3-kb": sizes["0.3 KB"][0], "chat-12-kb": sizes["12 KB"][0]}


def outdated():
    """Returns the names of files that are not what they should be."""
    return [name for name, content in all_inputs().items()
            if not (INPUTS / name).exists() or (INPUTS / name).read_bytes() != content]


if __name__ == "__main__":
    INPUTS.mkdir(parents=True, exist_ok=True)
    for name in outdated():
        (INPUTS / name).write_bytes(all_inputs()[name])
        print(f"wrote {name}", file=sys.stderr)
