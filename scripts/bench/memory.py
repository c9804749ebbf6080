"""What a VM takes of memory, and whether that grows with requests."""

import pathlib
import re

import load
import proxy

WORKERS = 8
WARM_REQUESTS = 10_000
REQUESTS = 100_000
# Of one worker's VM with 100 routes above one with the no-op module.
MOST_MIB = 4
# What Envoy's own allocator may keep more after many requests than before.
SLACK_MIB = 2

# V8 reserves this much behind every wasm memory, so that no address is out of bounds.
GUARD_BYTES = 3 << 30


def resident_mib(stack):
    """What Envoy has in memory."""
    status = pathlib.Path(f"/proc/{stack.envoy.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def vm_memories_kib(stack):
    """Sizes of the wasm memories: what lies before a guard, in which nothing can be."""
    sizes, before = [], (0, 0, "")
    for line in pathlib.Path(f"/proc/{stack.envoy.pid}/maps").read_text().splitlines():
        span, access = line.split()[:2]
        start, end = (int(one, 16) for one in span.split("-"))
        if access == "---p" and end - start > GUARD_BYTES and before[1] == start and before[2].startswith("rw"):
            sizes.append((start - before[0]) // 1024)
        before = (start, end, access)
    return sorted(sizes)


def of_worker(name, make, all_bodies):
    """With that listener: Envoy's memory with one worker, what each worker more takes, in MiB; and its wasm memory, in KiB."""
    measured = []
    for workers in (1, 1 + WORKERS):
        with proxy.Stack({name: make}, "memory", workers) as stack:
            for content, _ in all_bodies.values():
                load.probe(stack, name, content)
            measured.append(resident_mib(stack))
            largest = max(vm_memories_kib(stack), default=0)
    return measured[0], (measured[1] - measured[0]) / WORKERS, largest


def measure(oha, listeners, all_bodies):
    """The table's rows, and the same as data."""
    plain = of_worker("buffer", listeners["buffer"], all_bodies)
    noop = noop_process_mib, noop_mib, noop_kib = of_worker("no-op", listeners["no-op"], all_bodies)
    full = full_process_mib, full_mib, full_kib = of_worker("100 routes", listeners["100 routes"], all_bodies)
    body, _ = all_bodies["0.3 KB"]
    body_file = proxy.OUT / "body-memory.json"
    body_file.write_bytes(body)
    with proxy.Stack({"100 routes": listeners["100 routes"]}, "memory") as stack:
        for content, _ in all_bodies.values():
            load.probe(stack, "100 routes", content)
        load.run(stack, oha, "100 routes", body_file, 32, requests=WARM_REQUESTS)
        before_mib, before_kib = resident_mib(stack), vm_memories_kib(stack)
        load.run(stack, oha, "100 routes", body_file, 32, requests=REQUESTS)
        after_mib, after_kib = resident_mib(stack), vm_memories_kib(stack)
    found = {
        "plain_process_mib": plain[0], "noop_process_mib": noop_process_mib, "process_mib": full_process_mib,
        "noop_worker_mib": noop_mib, "worker_mib": full_mib, "above_noop_mib": full_mib - noop_mib,
        "noop_wasm_kib": noop_kib, "wasm_kib": full_kib, "requests": REQUESTS,
        "before_mib": before_mib, "after_mib": after_mib, "before_wasm_kib": before_kib, "after_wasm_kib": after_kib,
    }
    is_flat = after_kib == before_kib and after_mib - before_mib <= SLACK_MIB
    # Envoy reuses what compiling took, so the first may come out too small.
    is_small = max(full_mib - noop_mib, (full_kib - noop_kib) / 1024) <= MOST_MIB
    rows = [("memory", "MiB", "wasm KiB", "target")]
    for title, (process_mib, _, kib) in (("without wasm", plain), ("no-op", noop), ("100 routes", full)):
        rows.append((f"Envoy with one worker, {title}", f"{process_mib:.1f}", str(kib or ""), ""))
    rows += [
        ("each worker more, no-op", f"{noop_mib:.2f}", str(noop_kib), ""),
        ("each worker more, 100 routes", f"{full_mib:.2f}", str(full_kib), f"≤ no-op + {MOST_MIB}{'' if is_small else ' ✗'}"),
        (f"Envoy after {WARM_REQUESTS} requests", f"{before_mib:.1f}", str(before_kib[-1]), ""),
        (f"Envoy after {REQUESTS} more", f"{after_mib:.1f}", str(after_kib[-1]), f"no more{'' if is_flat else ' ✗'}"),
    ]
    return rows, found
