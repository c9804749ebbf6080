"""One listener under load for a while, and what that cost the proxy."""

import json
import subprocess
import time
import urllib.request

import proxy


def probe(stack, name, body):
    """One request: what the upstream received, and who the filter says served."""
    request = urllib.request.Request(stack.url(name), data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        received = json.load(answer)
        return received["model"], received["received"], answer.headers.get("x-llm-route")


def one_request(content):
    """A chat as it goes over a connection that is closed after its answer."""
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n")
    return head.encode() + content


def run(stack, oha, name, body_file, connections, seconds=None, requests=None):
    """Requests a second, CPU microseconds a request (of what is counted, and of Envoy alone), and how busy Envoy was."""
    amount = ["-n", requests] if requests else ["-z", f"{seconds}s"]
    command = [oha, *amount, "-c", connections, "-m", "POST", "-D", body_file, "-H", "content-type: application/json",
               "--no-tui", "--output-format", "json", stack.url(name)]
    _, other_cpus = proxy.cpus()
    before, envoy_before, started = stack.cpu_seconds(), stack.cpu_seconds(stack.envoy), time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          preexec_fn=lambda: proxy.os.sched_setaffinity(0, other_cpus))
    used, took = stack.cpu_seconds() - before, time.monotonic() - started
    used_by_envoy = stack.cpu_seconds(stack.envoy) - envoy_before
    if done.returncode != 0:
        raise proxy.Failed(f"oha: {done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    statuses = result["statusCodeDistribution"]
    answered = sum(statuses.values())
    if set(statuses) != {"200"}:
        raise proxy.Failed(f"{name}: answers were {statuses}, errors {result['errorDistribution']}")
    return {
        "requests": answered,
        "rps": answered / result["summary"]["total"],
        "cpu_us": used / answered * 1e6,
        "envoy_cpu_us": used_by_envoy / answered * 1e6,
        "busy": used_by_envoy / took,
        "p50_ms": (result["latencyPercentiles"]["p50"] or 0) * 1e3,
        "p99_ms": (result["latencyPercentiles"]["p99"] or 0) * 1e3,
    }
