"""What routing costs: one Envoy, listeners side by side, each with another filter.

Prints a table and writes target/bench/envoy.json. Shares and differences are
taken within one run, since machines differ and are noisy; rounds of all
listeners alternate, and medians are shown. ROUNDS and SECONDS set how long.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

from stack import ROOT, Failed, free_ports, stop_on_signals

OUT = ROOT / "target" / "bench"
MODULE = ROOT / "target" / "wasm32-wasip1" / "release" / "pointsman.wasm"
NOOP = ROOT / "benches" / "noop" / "target" / "wasm32-wasip1" / "release" / "noop.wasm"
UPSTREAM = ROOT / "target" / "release" / "examples" / "bench_upstream"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS", "2"))
BUFFER = 18 << 20

# Listener -> what the issue of speed wants of it, by body: share of the no-op
# listener's requests, and CPU added over the buffer listener in microseconds.
TARGETS = {
    "0.3 KB": {"3 routes": (0.93, 13), "100 routes": (0.88, 17)},
    "12 KB": {"3 routes": (0.92, 16), "100 routes": (0.82, 45)},
    "600 KB text": {"3 routes": (0.75, 150), "100 routes": (0.65, 300), "early": (0.97, 40)},
    "900 KB image": {"3 routes": (0.78, 160), "100 routes": (0.75, 200)},
}
LISTENERS = ["buffer", "no-op", "3 routes", "100 routes", "early", "lua"]

LUA = """
function envoy_on_request(handle)
  local body = handle:body()
  local text = tostring(body:getBytes(0, body:length()))
  local changed = string.gsub(text, '"model":"[^"]*"', '"model":"up"', 1)
  handle:headers():replace("content-length", tostring(body:setBytes(changed)))
  handle:headers():replace("x-llm-cluster", "upstream")
end
"""


def prose(size, seed):
    """Sentences of common words with quotes and line ends in them."""
    words = (
        "the of and to in is that for it as was with be by on not he this are or his from at which "
        "but have an they you had we been their has would what will there if can all more when who "
        "time about into only other some could new than its people first also after through number "
        "model request routes provider customer invoice because different important development "
        "information government understanding configuration international university"
    ).split()
    draw = random.Random(seed)
    out, length = [], 0
    while length < size:
        sentence = " ".join(draw.choice(words) for _ in range(draw.randint(6, 18))).capitalize()
        if draw.random() < 0.15:
            sentence = f'"{sentence}," he said'
        end = draw.choice([". ", ". ", "? ", ".\n", ".\n\n"])
        out.append(sentence + end)
        length += len(sentence) + len(end)
    return "".join(out)[:size]


def chat(messages):
    return json.dumps(
        {"model": "assistant", "stream": False, "messages": messages},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def bodies():
    user = lambda content: {"role": "user", "content": content}
    turns = [
        {"role": ["user", "assistant"][at % 2], "content": prose(1450, at)} for at in range(8)
    ]
    draw = random.Random(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    image = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAIAAADwf7zU"
    image += "".join(draw.choices(alphabet, k=900_000))
    parts = [
        {"type": "image_url", "image_url": {"url": image}},
        {"type": "text", "text": prose(200, 9)},
    ]
    return {
        "0.3 KB": chat([user(prose(220, 1))]),
        "12 KB": chat([{"role": "system", "content": "Be brief."}, *turns]),
        "600 KB text": chat([user(prose(600_000, 2))]),
        "900 KB image": chat([user(parts)]),
    }


def document(routes):
    """A configuration of which the last models serve what no route takes."""
    return {
        "providers": {"p": {"cluster": "upstream"}},
        "deployments": {
            "a": {"provider": "p", "model": "up-a"},
            "b": {"provider": "p", "model": "up-b"},
            "c": {"provider": "p", "model": "up-c"},
        },
        "models": {
            "assistant": {"strategy": "ordered_fallback", "candidates": ["a", "b"]},
            "vision": {"strategy": "single", "candidates": ["b"]},
            "long": {"strategy": "single", "candidates": ["c"]},
        },
        "routes": routes,
        "limits": {"max_body_bytes": 16 << 20},
        "default_cluster": "upstream",
    }


def three():
    return document([
        {"name": "pictures", "priority": 300, "when": {"has_images": True},
         "then": {"target_model": "vision"}},
        {"name": "premium", "priority": 200, "when": {"tag_equals": "premium"},
         "then": {"target_model": "b"}},
        {"name": "long", "priority": 100, "when": {"input_tokens_gt": 32000},
         "then": {"target_model": "long"}},
    ])


def hundred():
    """Models, tokens, 200 keywords, modalities, tags, headers; few name this model."""
    routes = []
    add = lambda when, target="vision": routes.append(
        {"name": f"r{len(routes)}", "when": when, "then": {"target_model": target}})
    for at in range(30):
        add({"model_in": [f"team-{at}", f"team-{at}-*"], "has_tools": at % 2 == 0})
    for at in range(20):
        words = [f"{word} {at}" for word in (
            "stack trace", "refactor", "kubernetes", "invoice number", "legal advice",
            "confidential", "straße", "diagnosis", "password reset", "tax return")]
        add({"prompt_contains_any_of": words}, "b")
    for at in range(20):
        add({"input_tokens_gt": 8000 + at * 50_000, "tag_in": [f"tier-{at}"]}, "long")
    for at in range(15):
        add({"has_images": True, "header_equals": {"x-team": f"t{at}"}})
    for at in range(10):
        add({"params_equal": {"tier": f"p{at}"}, "message_count_gt": at})
    add({"has_images": True})
    add({"input_tokens_gt": 100_000}, "long")
    add({"has_audio": True})
    add({"has_files": True, "max_output_tokens_gt": 4000})
    add({"not": {"format_in": ["openai-chat"]}})
    return document(routes)


def wasm(name, path, configuration):
    return {
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "allow_on_headers_stop_iteration": configuration is not None,
                "vm_config": {"vm_id": name, "runtime": "envoy.wasm.runtime.v8",
                              "code": {"local": {"filename": str(path)}}},
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": json.dumps(configuration or {})},
            },
        },
    }


def filters(listener):
    kind = "type.googleapis.com/envoy.extensions.filters.http"
    buffer = {"name": "buffer", "typed_config": {
        "@type": f"{kind}.buffer.v3.Buffer", "max_request_bytes": BUFFER}}
    lua = {"name": "lua", "typed_config": {
        "@type": f"{kind}.lua.v3.Lua", "default_source_code": {"inline_string": LUA}}}
    return {
        "buffer": [buffer],
        "no-op": [wasm("noop", NOOP, None), buffer],
        "3 routes": [wasm("three", MODULE, three())],
        "100 routes": [wasm("hundred", MODULE, hundred())],
        "early": [wasm("early", MODULE, document([]))],
        "lua": [lua],
    }[listener]


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, port):
    kind = "type.googleapis.com/envoy.extensions.filters"
    router = {"name": "router", "typed_config": {"@type": f"{kind}.http.router.v3.Router"}}
    decided = name in ("3 routes", "100 routes", "early", "lua")
    route = {"cluster_header": "x-llm-cluster"} if decided else {"cluster": "upstream"}
    return {
        "name": name,
        "address": address(port),
        "per_connection_buffer_limit_bytes": BUFFER,
        "filter_chains": [{"filters": [{
            "name": "hcm",
            "typed_config": {
                "@type": f"{kind}.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "bench",
                "http_filters": [*filters(name), router],
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
                    "match": {"prefix": "/"},
                    "request_headers_to_remove": ["x-llm-cluster", "x-llm-model"],
                    "route": {**route, "timeout": "0s"}}]}]},
            },
        }]}],
    }


def envoy_config(ports, listeners, upstream, admin):
    cluster = {
        "name": "upstream", "type": "STATIC", "connect_timeout": "5s",
        "per_connection_buffer_limit_bytes": BUFFER,
        "circuit_breakers": {"thresholds": [{"max_connections": 4096, "max_requests": 4096,
                                             "max_pending_requests": 4096}]},
        "load_assignment": {"cluster_name": "upstream", "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": address(upstream)}}]}]},
    }
    return {
        "admin": {"address": address(admin)},
        "static_resources": {
            "listeners": [listener(name, ports[name]) for name in listeners],
            "clusters": [cluster]},
    }


def ports_for(names):
    found = {}
    while len(found) < len(names):
        fresh = free_ports().values()
        found.update(zip([name for name in names if name not in found], fresh))
    return found


class Bench:
    """Envoy and the upstream, for the length of a `with` block."""

    def __init__(self, listeners):
        self.listeners = listeners
        self.ports = ports_for([*listeners, "upstream", "admin"])
        self.children = []

    def __enter__(self):
        OUT.mkdir(parents=True, exist_ok=True)
        config = OUT / "envoy.config.json"
        ports = self.ports
        config.write_text(json.dumps(
            envoy_config(ports, self.listeners, ports["upstream"], ports["admin"])))
        self._start([str(UPSTREAM), str(ports["upstream"])])
        envoy = os.environ.get("ENVOY", "envoy")
        self.envoy = self._start(
            [envoy, "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "error"])
        self._wait()
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            child.wait()

    def _start(self, command):
        child = subprocess.Popen(command)
        self.children.append(child)
        return child

    def _wait(self):
        for _ in range(600):
            if self.envoy.poll() is not None:
                raise Failed("Envoy did not start; its messages are above")
            try:
                if self.admin("/ready").startswith("LIVE"):
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise Failed("Envoy did not become ready")

    def admin(self, path):
        url = f"http://127.0.0.1:{self.ports['admin']}{path}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()

    def cpu_seconds(self):
        """User and system time of Envoy so far."""
        fields = pathlib.Path(f"/proc/{self.envoy.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident memory of Envoy, in MiB."""
        status = pathlib.Path(f"/proc/{self.envoy.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def load(self, name, body, seconds):
        """Requests for some seconds: how many a second, and Envoy's CPU for each in us."""
        connections = 4 if body.stat().st_size > 100_000 else 32
        url = f"http://127.0.0.1:{self.ports[name]}/v1/chat/completions"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
                   "-s", str(ROOT / "scripts" / "bench.lua"), url, "--", str(body)]
        before = self.cpu_seconds()
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        cpu = self.cpu_seconds() - before
        found = json.loads(result.stdout.strip().splitlines()[-1])
        if found["errors"] or not found["requests"]:
            raise Failed(f"{name}: {found}")
        return {"rps": found["requests"] / found["seconds"],
                "cpu_us": cpu * 1e6 / found["requests"], "p99_us": found["p99_us"]}


def measure(bench, files):
    results = {}
    for body, file in files.items():
        names = [n for n in bench.listeners if n != "early" or body == "600 KB text"]
        rounds = {name: [] for name in names}
        for name in names:
            bench.load(name, file, 1)
        for at in range(ROUNDS):
            for name in names if at % 2 == 0 else reversed(names):
                rounds[name].append(bench.load(name, file, SECONDS))
        results[body] = {
            name: {key: statistics.median(one[key] for one in found) for key in found[0]}
            for name, found in rounds.items()}
    return results


def table(results):
    print(f"{'body':14}{'listener':12}{'req/s':>9}{'of no-op':>10}{'wanted':>8}"
          f"{'CPU us':>9}{'added':>8}{'at most':>9}")
    for body, found in results.items():
        for name, one in found.items():
            share, most = TARGETS[body].get(name, (None, None))
            print(f"{body:14}{name:12}{one['rps']:9.0f}{one['rps'] / found['no-op']['rps']:10.2f}"
                  f"{share or '':>8}{one['cpu_us']:9.1f}"
                  f"{one['cpu_us'] - found['buffer']['cpu_us']:8.1f}{most or '':>9}")


def growth(file):
    """Memory of Envoy with one listener, at the start and while 100,000 requests come."""
    found = {}
    for name in ("no-op", "100 routes"):
        with Bench([name]) as bench:
            bench.load(name, file, 1)
            at_start = bench.memory()
            sent = [at_start]
            while len(sent) < 6:
                bench.load(name, file, max(2, SECONDS))
                sent.append(bench.memory())
            found[name] = {"start_mib": at_start, "later_mib": sent}
    above = found["100 routes"]["start_mib"] - found["no-op"]["start_mib"]
    print(f"\nmemory: {above:.1f} MiB above the no-op module (three VMs); then "
          + " ".join(f"{mib:.1f}" for mib in found["100 routes"]["later_mib"]))
    return found


def main():
    stop_on_signals()
    if not shutil.which("wrk"):
        raise Failed("wrk is missing: install it (Debian: apt install wrk)")
    wanted = os.environ.get("BODIES", "").split(",") if os.environ.get("BODIES") else None
    OUT.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, body in bodies().items():
        file = OUT / f"{name.replace(' ', '-')}.json"
        file.write_bytes(body)
        if wanted is None or name in wanted:
            files[name] = file
    with Bench(LISTENERS) as bench:
        results = measure(bench, files)
    table(results)
    report = {"rounds": ROUNDS, "seconds": SECONDS, "bodies": results}
    if wanted is None:
        report["memory"] = growth(OUT / "0.3-KB.json")
    (OUT / "envoy.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"bench: {failed}")
