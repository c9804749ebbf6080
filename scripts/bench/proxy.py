"""One Envoy with the listeners side by side, and the upstream behind it."""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import routing

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULE = ROOT / "target" / "wasm32-wasip1" / "release" / "pointsman.wasm"
RIG = ROOT / "target" / "rig"
NOOP = RIG / "wasm32-wasip1" / "release" / "noop.wasm"
NOOP_STRIPPED = RIG / "noop-stripped.wasm"
UPSTREAM = RIG / "release" / "upstream"
OUT = ROOT / "target" / "bench"

TYPE = "type.googleapis.com/envoy.extensions.filters"
BUFFER_BYTES = 4 << 20
START_SECONDS = 60

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


def buffer():
    """Envoy's own buffer filter: what holding a body costs without reading it."""
    return named("buffer", "buffer.v3.Buffer", max_request_bytes=BUFFER_BYTES)


def wasm(vm_id, module, document):
    """A wasm filter in VMs of its own."""
    return named("wasm", "wasm.v3.Wasm", config={
        "name": vm_id,
        "failure_policy": "FAIL_RELOAD",
        "allow_on_headers_stop_iteration": True,
        "vm_config": {"vm_id": vm_id, "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(module)}}},
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(document)},
    })


def pointsman(document):
    """Pointsman with that configuration, nothing else."""
    return lambda name: [wasm(name, MODULE, document)]


def all_listeners():
    """By name: the filters before the router, made for that name."""
    return {
        "buffer": lambda _: [buffer()],
        "no-op": lambda name: [wasm(name, NOOP, {}), buffer()],
        "no-op stripped": lambda name: [wasm(name, NOOP_STRIPPED, {}), buffer()],
        "3 routes": pointsman(routing.three()),
        "100 routes": pointsman(routing.hundred(True)),
        "100 named": pointsman(routing.hundred(False)),
        "early": pointsman(routing.early()),
        "lua": lambda _: [named("lua", "lua.v3.Lua", default_source_code={"inline_string": LUA})],
    }


def address(port):
    """An address on this machine; of port 0, Envoy chooses."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, filters):
    """One listener; those with Pointsman leave the choice of the cluster to it."""
    is_pointsman = any(str(MODULE) in json.dumps(one) for one in filters)
    action = {"cluster_header": "x-llm-cluster"} if is_pointsman else {"cluster": "upstream"}
    router = named("router", "router.v3.Router")
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name.replace(" ", "_"),
        "http_filters": [*filters, router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"}, "request_headers_to_remove": ["x-llm-cluster", "x-llm-model"],
            "route": {**action, "timeout": "0s"}}]}]},
    }
    return {"name": name, "address": address(0), "per_connection_buffer_limit_bytes": BUFFER_BYTES,
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}


def envoy_config(listeners, upstream_port):
    """Envoy's configuration."""
    most = 4096
    cluster = {
        "name": "upstream", "type": "STATIC", "connect_timeout": "5s", "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "circuit_breakers": {"thresholds": [{"max_connections": most, "max_pending_requests": most, "max_requests": most}]},
        "load_assignment": {"cluster_name": "upstream", "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": address(upstream_port)}}]}]},
    }
    return {"admin": {"address": address(0)},
            "static_resources": {"listeners": [listener(name, make(name)) for name, make in listeners.items()],
                                 "clusters": [cluster]}}


def cpus():
    """The CPU of the proxy and those of everything else; of a single one, both."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, set(available[1:]) or {available[0]}


class Stack:
    """Envoy and the upstream, for the length of a `with` block."""

    def __init__(self, listeners, label, workers=1):
        self.listeners = listeners
        self.label = label
        self.workers = workers
        self.children = []
        self.ports = {}

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

    def _start(self):
        proxy_cpus, other_cpus = cpus()
        upstream = self._spawn([UPSTREAM], other_cpus, stdout=subprocess.PIPE)
        upstream_port = int(upstream.stdout.readline())
        OUT.mkdir(parents=True, exist_ok=True)
        config, admin, log = (OUT / f"{self.label}.{end}" for end in ("json", "admin", "log"))
        config.write_text(json.dumps(envoy_config(self.listeners, upstream_port), indent=1))
        admin.unlink(missing_ok=True)
        with open(log, "wb") as output:
            self.envoy = self._spawn(
                [os.environ.get("ENVOY", "envoy"), "-c", config, "--concurrency", str(self.workers), "--disable-hot-restart",
                 "-l", "warning", "--admin-address-path", admin], proxy_cpus, stdout=output, stderr=output)
        deadline = time.monotonic() + START_SECONDS
        while not self.ports:
            if self.envoy.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"Envoy did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)
            self.ports = self._listening(admin)

    def _listening(self, admin):
        try:
            base = f"http://{admin.read_text().strip()}"
            with urllib.request.urlopen(f"{base}/ready", timeout=2):
                pass
            with urllib.request.urlopen(f"{base}/listeners?format=json", timeout=2) as answer:
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

    def cpu_seconds(self):
        """What Envoy has used of the CPU so far, user and system."""
        fields = pathlib.Path(f"/proc/{self.envoy.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
