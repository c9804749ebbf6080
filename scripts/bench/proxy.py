"""One Envoy with the listeners side by side, and the upstream behind it."""

import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import routing

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULE = ROOT / "target" / "wasm32-wasip1" / "release" / "pointsman.wasm"
RIG = ROOT / "target" / "rig"
NOOP = RIG / "wasm32-wasip1" / "release" / "noop.wasm"
NOOP_STRIPPED = RIG / "noop-stripped.wasm"
SKELETON = RIG / "wasm32-wasip1" / "release" / "skeleton.wasm"
UPSTREAM = RIG / "release" / "upstream"
EXT_PROC = RIG / "release" / "extproc"
OUT = ROOT / "target" / "bench"

TYPE = "type.googleapis.com/envoy.extensions.filters"
BUFFER_BYTES = 4 << 20
START_SECONDS = 60
# How often it is looked whether Envoy has started.
LOOK_SECONDS = 0.005

LUA = """
function envoy_on_request(handle)
  local body = handle:body()
  if body == nil then return end
  local text, count = body:getBytes(0, body:length()):gsub('"model"%s*:%s*"[^"]*"', '"model":"north-small-2025-06-01"', 1)
  if count > 0 then
    handle:headers():replace("content-length", body:setBytes(text))
  end
end
"""


class Failed(Exception):
    """Something did not start, or did not do its work."""


def named(name, kind, **config):
    """An HTTP filter."""
    return {"name": name, "typed_config": {"@type": f"{TYPE}.http.{kind}", **config}}


@dataclasses.dataclass
class Way:
    """What is between a listener and the upstream."""

    filters: list
    # Where the route sends requests.
    action: dict
    # Clusters beside the one that all listeners share, by the upstream's port.
    clusters: Callable = lambda _: []
    # A program that has to run beside Envoy, and whose CPU counts as Envoy's does; or none.
    server: tuple = ()


def plain(*filters):
    """Filters that leave the cluster alone."""
    return Way(list(filters), {"cluster": "upstream"})


def buffer():
    """Envoy's own buffer filter: what holding a body costs without reading it."""
    return named("buffer", "buffer.v3.Buffer", max_request_bytes=BUFFER_BYTES)


def wasm(vm_id, module, document, **config):
    """A wasm filter in VMs of its own, or in those of another one of that id."""
    return named("wasm", "wasm.v3.Wasm", config={
        "name": vm_id,
        "failure_policy": "FAIL_RELOAD",
        "allow_on_headers_stop_iteration": True,
        "vm_config": {"vm_id": vm_id, "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(module)}}},
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(document)},
        **config,
    })


def pointsman(document):
    """Pointsman with that configuration, nothing else."""
    return lambda name: Way([wasm(name, MODULE, document)], {"cluster_header": "x-llm-cluster"})


def failing_over(document, ports):
    """Pointsman with attempts; `ports`: those of its clusters, None for the upstream's."""
    def way(name):
        attempts = [wasm(name, MODULE, document, root_id="attempt"), named("codec", "upstream_codec.v3.UpstreamCodec")]
        return Way([wasm(name, MODULE, document)], by_decision(ports), lambda upstream_port: [
            {**cluster(one, port or upstream_port), "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http_protocol_options": {}}, "http_filters": attempts}}}
            for one, port in ports.items()])
    return way


def by_decision(clusters):
    """The route of envoy/failover.yaml."""
    types = "type.googleapis.com/envoy.extensions"
    action = f"{types}.router.cluster_specifiers.matcher.v3.ClusterAction"
    key = {"@type": f"{types}.matching.common_inputs.network.v3.FilterStateInput", "key": "wasm.llm.cluster"}
    return {
        "inline_cluster_specifier_plugin": {"extension": {
            "name": "envoy.router.cluster_specifier_plugin.matcher",
            "typed_config": {
                "@type": f"{types}.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
                "cluster_matcher": {"matcher_tree": {
                    "input": {"name": "decision", "typed_config": key},
                    "exact_match_map": {"map": {
                        one: {"action": {"name": one, "typed_config": {"@type": action, "cluster": one}}} for one in clusters}},
                }},
            },
        }},
        "retry_policy": {
            "retry_on": "connect-failure,reset,refused-stream,retriable-headers",
            "retriable_headers": [{"name": "x-llm-retry", "present_match": True}],
            "num_retries": 1, "refresh_cluster_on_retry": True, "per_try_timeout": "120s",
            "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.01s"},
        },
    }


def ext_proc(_):
    """A router in a process of its own: it gets the head, then the whole body, and sends the body back."""
    # Of a folder that is not deep: a socket's path has at most 107 bytes.
    path = f"{tempfile.gettempdir()}/pointsman-bench-{os.getpid()}.sock"
    types = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    server = {**cluster("ext_proc", {"pipe": {"path": path}}),
              "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                  "@type": types, "explicit_http_config": {"http2_protocol_options": {}}}}}
    # It has no business with the answer.
    mode = {"request_header_mode": "SEND", "request_body_mode": "BUFFERED", "response_header_mode": "SKIP",
            "response_body_mode": "NONE", "request_trailer_mode": "SKIP", "response_trailer_mode": "SKIP"}
    hop = named("ext_proc", "ext_proc.v3.ExternalProcessor", grpc_service={"envoy_grpc": {"cluster_name": "ext_proc"}, "timeout": "0s"},
                processing_mode=mode, message_timeout="30s")
    return Way([hop], {"cluster_header": "x-llm-cluster"}, lambda _: [server], (EXT_PROC, path))


def all_listeners():
    """By name: what is before the upstream, made for that name."""
    return {
        "buffer": lambda _: plain(buffer()),
        "no-op": lambda name: plain(wasm(name, NOOP, {}), buffer()),
        "no-op stripped": lambda name: plain(wasm(name, NOOP_STRIPPED, {}), buffer()),
        "skeleton": lambda name: Way([wasm(name, SKELETON, {})], {"cluster_header": "x-llm-cluster"}),
        "3 routes": pointsman(routing.three()),
        "100 routes": pointsman(routing.hundred(True)),
        "100 named": pointsman(routing.hundred(False)),
        "early": pointsman(routing.early()),
        "uncounted": pointsman({**routing.three(), "metrics": {"enabled": False}}),
        "logged": pointsman({**routing.three(), "log_fields": True}),
        "lua": lambda _: plain(named("lua", "lua.v3.Lua", default_source_code={"inline_string": LUA})),
        "ext_proc": ext_proc,
    }


def address(port):
    """An address on this machine; of port 0, Envoy chooses."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, way):
    """One listener."""
    router = named("router", "router.v3.Router")
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name.replace(" ", "_"),
        "http_filters": [*way.filters, router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"}, "request_headers_to_remove": ["x-llm-cluster", "x-llm-model"],
            "route": {**way.action, "timeout": "0s"}}]}]},
    }
    return {"name": name, "address": address(0), "per_connection_buffer_limit_bytes": BUFFER_BYTES,
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}


def cluster(name, endpoint):
    """A cluster of one endpoint, without limits that would show; `endpoint`: its port or its address."""
    most = {f"max_{what}": 4096 for what in ("connections", "pending_requests", "requests", "retries")}
    return {
        "name": name, "type": "STATIC", "connect_timeout": "5s", "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "circuit_breakers": {"thresholds": [most]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": endpoint if isinstance(endpoint, dict) else address(endpoint)}}]}]},
    }


def envoy_config(ways, upstream_port):
    """Envoy's configuration."""
    further = [one for way in ways.values() for one in way.clusters(upstream_port)]
    return {"admin": {"address": address(0)},
            "static_resources": {"listeners": [listener(name, way) for name, way in ways.items()],
                                 "clusters": [cluster("upstream", upstream_port), *further]}}


def cpus():
    """The CPU of the proxy and those of everything else; of a single one, both."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, set(available[1:]) or {available[0]}


def cpu_seconds(pid):
    """What a process has used of the CPU so far, user and system: of its threads, where Linux tells nanoseconds."""
    try:
        threads = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9 or cpu_ticks(pid)
    except OSError:
        return cpu_ticks(pid)


def cpu_ticks(pid):
    """The same in ticks, which are some milliseconds long, as seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stack:
    """Envoy and the upstream, for the length of a `with` block."""

    def __init__(self, listeners, label, workers=1, program=None, start_seconds=START_SECONDS):
        self.listeners = listeners
        self.label = label
        self.workers = workers
        self.program = program or [os.environ.get("ENVOY", "envoy")]
        self.start_seconds = start_seconds
        self.ways = {name: make(name) for name, make in listeners.items()}
        self.servers = [way.server for way in self.ways.values() if way.server]
        self.children = []
        # Those whose CPU is what a request costs: Envoy, and what runs beside it.
        self.counted = []
        self.ports = {}
        self.admin = ""
        self.started = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for _, path in self.servers:
            pathlib.Path(path).unlink(missing_ok=True)

    def _start(self):
        proxy_cpus, other_cpus = cpus()
        upstream = self._spawn([UPSTREAM], other_cpus, stdout=subprocess.PIPE)
        upstream_port = int(upstream.stdout.readline())
        for command in self.servers:
            server = self._spawn(command, other_cpus, stdout=subprocess.PIPE)
            if not server.stdout.readline():
                raise Failed(f"{command[0]} did not start")
            self.counted.append(server)
        OUT.mkdir(parents=True, exist_ok=True)
        config, admin, log = (OUT / f"{self.label}.{end}" for end in ("json", "admin", "log"))
        config.write_text(json.dumps(envoy_config(self.ways, upstream_port), indent=1))
        admin.unlink(missing_ok=True)
        self.started = time.monotonic()
        with open(log, "wb") as output:
            self.envoy = self._spawn(
                [*self.program, "-c", config, "--concurrency", str(self.workers), "--disable-hot-restart",
                 "-l", "warning", "--admin-address-path", admin], proxy_cpus, stdout=output, stderr=output)
        self.counted.append(self.envoy)
        deadline = time.monotonic() + self.start_seconds
        while not self.ports:
            if self.envoy.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"Envoy did not start:\n{log.read_text()[-4000:]}")
            time.sleep(LOOK_SECONDS)
            self.ports = self._listening(admin)

    def _listening(self, admin):
        try:
            self.admin = f"http://{admin.read_text().strip()}"
            with urllib.request.urlopen(f"{self.admin}/ready", timeout=START_SECONDS):
                pass
            with urllib.request.urlopen(f"{self.admin}/listeners?format=json", timeout=2) as answer:
                found = json.load(answer)["listener_statuses"]
        except (OSError, ValueError, urllib.error.URLError):
            return {}
        return {one["name"]: one["local_address"]["socket_address"]["port_value"] for one in found}

    def _spawn(self, command, allowed, **streams):
        try:
            child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True,
                                     preexec_fn=lambda: os.sched_setaffinity(0, allowed), **streams)
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}; run: make bench") from error
        self.children.append(child)
        return child

    def url(self, name):
        """Where requests to that listener go."""
        return f"http://127.0.0.1:{self.ports[name]}/v1/chat/completions"

    def cpu_seconds(self, process=None):
        """What Envoy and the servers beside it have used of the CPU so far, user and system; or one of them."""
        return sum(cpu_seconds(one.pid) for one in ([process] if process else self.counted))

    def stat(self, name):
        """One of Envoy's counters."""
        with urllib.request.urlopen(f"{self.admin}/stats?filter=^{name}$", timeout=5) as answer:
            return int(answer.read().decode().rpartition(": ")[2])
