"""Starts a release as its START.md says, in an empty folder, and prints how long that takes.

On the PATH are Envoy and what the system has, but no cargo and no rustc. The page's commands run as they
stand, but for the ports. The time is from the unpacking to the answer of the first routed request. Exits 0
if every command prints what the page says.
"""

import os
import pathlib
import re
import shutil
import signal
import sys
import tarfile
import tempfile
import time

import stack
import walk

DIST = stack.ROOT / "target" / "dist"
# Of the system alone: curl, and what a shell needs.
SYSTEM = ["/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
# The page waits for Envoy without end.
MOST_SECONDS = 120


def path(folder):
    """A PATH with Envoy and the system, and without Rust."""
    envoy = shutil.which(os.environ.get("ENVOY", "envoy"))
    if not envoy:
        raise stack.Failed("no Envoy: give its path as ENVOY")
    (folder / "envoy").symlink_to(envoy)
    found = os.pathsep.join([str(folder), *SYSTEM])
    if toolchain := [name for name in ("cargo", "rustc") if shutil.which(name, path=found)]:
        raise stack.Failed(f"{', '.join(toolchain)}: found on {found}, where only Envoy and the system may be")
    return found


def start(archive, folder):
    """Runs START.md of an archive; returns the seconds until a request was answered, and the number of blocks."""
    environment = {"PATH": path(pathlib.Path(tempfile.mkdtemp(dir=folder))), "HOME": str(folder)}
    ports = {str(old): str(new) for (_, new), old in zip(stack.free_ports().items(), stack.PORTS.values())}
    begun, routed, count = time.monotonic(), None, 0
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    unpacked = folder / archive.name.removesuffix(".tar.gz")
    page = (unpacked / "START.md").read_text()
    shell = walk.Shell(unpacked, environment)
    try:
        shell.run("trap 'kill $(jobs -p) 2>/dev/null' EXIT")
        for line, commands, expected in walk.blocks(page):
            commands = re.sub(r"\b(\d{4,5})\b", lambda port: ports.get(port[1], port[1]), commands)
            printed = shell.run(commands)
            if expected is not None and not walk.is_printed(expected, printed.replace("\r", "")):
                raise walk.Wrong(f"START.md:{line}: {commands}\nthe page says:\n{expected}\nit printed:\n{printed}")
            count += 1
            if routed is None and expected and "x-llm-attempts" in expected:
                routed = time.monotonic() - begun
    except walk.Wrong as problem:
        log = unpacked / "envoy.log"
        raise walk.Wrong(f"{problem}\nEnvoy:\n{log.read_text() if log.exists() else 'was not started'}") from None
    finally:
        shell.close()
    if routed is None:
        raise walk.Wrong("START.md: no request in it")
    return routed, count


def main():
    stack.stop_on_signals()
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"dist-test: not done after {MOST_SECONDS} s"))
    signal.alarm(MOST_SECONDS)
    archives = [pathlib.Path(name).resolve() for name in sys.argv[1:]] or sorted(DIST.glob("*.tar.gz"))
    try:
        if not archives:
            raise stack.Failed("no archive in target/dist: make dist")
        for archive in archives:
            with tempfile.TemporaryDirectory(prefix="pointsman release ") as folder:
                seconds, count = start(archive, pathlib.Path(folder))
            print(f"{archive.name}: {count} blocks of START.md, each as the page says; the first request was answered "
                  f"{seconds:.1f} s after the unpacking began")
    except (stack.Failed, walk.Wrong) as problem:
        sys.exit(f"dist-test: {problem}")


if __name__ == "__main__":
    main()
