"""Runs the commands of a page of the documentation, as they stand, against Envoy.

Every ```sh block is given to one shell, in order, so that later ones know the
variables of earlier ones. A ```text or ```json block right behind it is what the
commands print: `…` stands for anything within a line, a line of its own for any
lines. Only ports are replaced, so that the walk can go beside `make run`. Exits 0
if every command ends with 0 and prints what the page says.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import stack

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- the end of a block ---"


class Wrong(Exception):
    """A command failed, or printed something else."""


def blocks(page):
    """(line, commands, what they print or None) of every shell block."""
    found = [(match.start(), match.end(), match[1], match[2]) for match in BLOCK.finditer(page)]
    for at, (start, end, language, text) in enumerate(found):
        if language != "sh":
            continue
        printed = None
        if at + 1 < len(found):
            next_start, _, next_language, next_text = found[at + 1]
            # Nothing but space between them.
            if next_language in ("text", "json") and not page[end:next_start].strip():
                printed = next_text
        yield page.count("\n", 0, start) + 2, text, printed


def pattern(expected):
    """The expected lines as a regular expression."""
    lines = []
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n")
    return re.compile("".join(lines))


def is_printed(expected, printed):
    """Whether that is what was expected; line breaks at the end do not count."""
    return pattern(expected).fullmatch(printed.strip("\n") + "\n") is not None


class Shell:
    """One bash for the whole page."""

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(
            ["bash", "-eu", "-o", "pipefail", "-s"], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, commands):
        """What the commands print."""
        # Commands that read standard input must not eat the next block.
        self.process.stdin.write(f"{{\n{commands}\n}} </dev/null\necho '{END}'\n")
        self.process.stdin.flush()
        printed = []
        for line in self.process.stdout:
            if line.rstrip("\n").endswith(END):
                printed.append(line.rstrip("\n").removesuffix(END))
                return "".join(printed)
            printed.append(line)
        raise Wrong("".join(printed) + f"\nthe shell ended with status {self.process.wait()}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def walk(page, running, folder):
    """Runs the blocks of a page; how many there were."""
    ports = {f"127.0.0.1:{old}": f"127.0.0.1:{running.ports[name]}" for name, old in stack.PORTS.items()}
    tool = stack.ROOT / "target" / "debug"
    environment = stack.SECRETS | os.environ | {"PATH": f"{tool}:{os.environ['PATH']}"}
    # Pages name files of the repository, and write some of their own.
    for name in ("envoy", "target"):
        (pathlib.Path(folder) / name).symlink_to(stack.ROOT / name)
    shell = Shell(folder, environment)
    count = 0
    try:
        for line, commands, expected in blocks(page.read_text()):
            count += 1
            for old, new in ports.items():
                commands = commands.replace(old, new)
            where = f"{page.relative_to(stack.ROOT)}:{line}"
            try:
                printed = shell.run(commands)
            except Wrong as problem:
                raise Wrong(f"{where}: {commands}\nfailed:\n{problem}") from None
            for old, new in ports.items():
                printed = printed.replace(new, old)
            if expected is not None and not is_printed(expected, printed):
                raise Wrong(f"{where}: {commands}\nthe page says:\n{expected}\nit printed:\n{printed}")
    finally:
        shell.close()
    return count


def main():
    stack.stop_on_signals()
    pages = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    config, _ = stack.choose(os.environ.get("CONFIG"))
    try:
        for page in pages:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
                with stack.Stack(config, stack.free_ports(), log) as running:
                    count = walk(page, running, folder)
            if count == 0:
                raise Wrong(f"{page.relative_to(stack.ROOT)}: no commands in it")
            print(f"{page.relative_to(stack.ROOT)}: {count} blocks, each as the page says")
    except (stack.Failed, Wrong) as problem:
        sys.exit(f"walk: {problem}")


if __name__ == "__main__":
    main()
