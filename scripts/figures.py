"""Measures how the code is built, beside the goals for it.

What is measured, in src/ without test code (all that is under `#[cfg(test)]`):

- functions: lines from the line of `fn` to that of the closing brace; closures and
  functions without a body are none.
- types that share their name: structs, enums, unions, traits and type aliases (not those of
  an impl or a trait) whose name another type in src/ has too.
- doc comments of one line: of all runs of `///` lines, those that are one line.
- comments in functions: lines with nothing but a comment between the braces of functions, as
  a share of all lines of code.
- import circles: files that import each other, in one or several steps, by paths with
  `crate::`, `super::`, `self::` or a child's name. A name that a mod.rs re-exports leads to
  the file that defines it; declaring and re-exporting a child is no import. A mod.rs calls
  its children and defines what they share, so it is left out; the row below the goal's
  counts it in. Methods of one type in several files import nothing, so they do not show.
- lines of code: neither blank nor a comment.

Files are measured in every folder with code, tests included.

--all lists what is beyond each goal. --check says nothing but what is beyond the goals for
functions, files and circles, and fails if there is anything.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
# Where files are kept short; of some folders all is generated or borrowed.
FOLDERS = ["src", "tests", "examples", "benches", "scripts", "fuzz/fuzz_targets", "playground/src", "playground/tests", "tools"]

MOST_FUNCTION_LINES = 50
MOST_FILE_LINES = 400
MOST_SHARED_PERCENT = 12
MOST_ONE_LINE_PERCENT = 65
LEAST_COMMENT_PERCENT = 3
MOST_LINES = 25_500

# Comments and texts, raw ones and those of bytes too; a lifetime is no character.
OPAQUE = re.compile(r"""//[^\n]*|/\*.*?\*/|\bb?c?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\[^\n]+?|[^\\'\n])'""", re.DOTALL)
TEST = re.compile(r"#\[cfg\((?:all\(|any\()?\s*test\b")
ATTRIBUTE = re.compile(r"\s*#!?\[")
QUALIFIERS = r"(?:pub(?:\s*\([^)]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+(?:\"\s*\"\s+)?)?"
FUNCTION = re.compile(rf"{QUALIFIERS}fn\s+(\w+)")
MEMBERS = re.compile(rf"{QUALIFIERS}(?:impl|trait)\b")
TYPE = re.compile(rf"{QUALIFIERS}(struct|enum|union|trait|type)\s+(\w+)")
USE = re.compile(r"\b(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);")
DEFINED = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static|mod)\s+(?:mut\s+)?(\w+)|\bmacro_rules!\s*(\w+)")
PATH = re.compile(r"(?<![\w:])((?:\w+::)+)(\w+)?")


@dataclasses.dataclass
class Function:
    """A function with a body, by lines from 1."""

    path: pathlib.Path
    name: str
    first: int
    opening: int
    last: int

    @property
    def length(self):
        return self.last - self.first + 1


def blanked(text):
    """Returns the text with spaces for comments and the contents of texts; lines stay."""
    return OPAQUE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def end_of_item(code, start):
    """Returns where the item ends that starts there: after its `;` or its last brace."""
    depth = 0
    for at in range(start, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
            if depth == 0 and code[at] == "}":
                return at + 1
        elif code[at] == ";" and depth == 0:
            return at + 1
    return len(code)


def after_attributes(code, start):
    """Returns where what follows the attributes that stand there begins."""
    while found := ATTRIBUTE.match(code, start):
        depth, at = 1, found.end()
        while depth and at < len(code):
            depth += {"[": 1, "]": -1}.get(code[at], 0)
            at += 1
        start = at
    return start + len(code[start:]) - len(code[start:].lstrip())


class File:
    """A file of src/ without its tests."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.code = blanked(self.text)
        self.tested = set()
        self.test_modules = []
        for found in list(TEST.finditer(self.code)):
            start = after_attributes(self.code, found.start())
            end = end_of_item(self.code, start)
            if module := re.match(r"(?:pub\S*\s+)?mod\s+(\w+)\s*;", self.code[start:end]):
                self.test_modules.append(module[1])
            first, last = (self.code.count("\n", 0, at) for at in (found.start(), end))
            self.tested.update(range(first, last + 1))
        kept = [("" if at in self.tested else line, "" if at in self.tested else code)
                for at, (line, code) in enumerate(zip(self.text.split("\n"), self.code.split("\n")))]
        self.lines, code = zip(*kept)
        self.code = "\n".join(code)
        self.length = sum(bool(line.strip()) for line in code)
        self.functions, self.types = [], []
        self._read()

    def _line(self, at):
        return self.code.count("\n", 0, at) + 1

    def _read(self):
        """Finds functions and types, by the braces and what stands before them."""
        blocks, parens, start = [], 0, 0
        for found in re.finditer(r"[(){}\[\];]", self.code):
            at, sign = found.start(), found[0]
            if sign in "([":
                parens += 1
            elif sign in ")]":
                parens -= 1
            elif sign == ";" and parens:
                continue
            else:
                head = after_attributes(self.code, start)
                kind = self._item(head, at, blocks[-1][0] if blocks else None) if sign != "}" else None
                if sign == "{":
                    blocks.append((kind, parens))
                    parens = 0
                elif sign == "}" and blocks:
                    kind, parens = blocks.pop()
                    if isinstance(kind, Function):
                        kind.last = self._line(at)
                        self.functions.append(kind)
                start = at + 1

    def _item(self, head, at, outer):
        """Returns what the item is that has its brace or end there."""
        if found := FUNCTION.match(self.code, head, at):
            return Function(self.path, found[1], self._line(found.start()), self._line(at), 0) if self.code[at] == "{" else None
        if outer != "members" and (found := TYPE.match(self.code, head, at)):
            self.types.append((found[2], self.path, self._line(found.start())))
        return "members" if MEMBERS.match(self.code, head, at) else None

    def docs(self):
        """Returns how many lines each doc comment has."""
        runs, run = [], 0
        for line in [*self.lines, ""]:
            if line.lstrip().startswith("///"):
                run += 1
            elif run:
                runs.append(run)
                run = 0
        return runs

    def comments(self):
        """Returns how many lines between the braces of functions are comments."""
        inside = {line for one in self.functions for line in range(one.opening + 1, one.last)}
        return sum(self.lines[line - 1].lstrip().startswith("//") for line in inside)


def read_all():
    """Returns all files of src/ that are no tests, by path."""
    files = {path: File(path) for path in sorted(SRC.rglob("*.rs"))}
    for one in list(files.values()):
        for module in one.test_modules:
            folder = module_folder(one.path)
            for path in [path for path in files if path == folder / f"{module}.rs" or folder / module in path.parents]:
                del files[path]
    return files


def module_folder(path):
    """Returns where the children of a file's module are."""
    return path.parent if path.name in ("mod.rs", "lib.rs", "main.rs") else path.with_suffix("")


class Imports:
    """Which file imports which."""

    def __init__(self, files):
        self.files = files
        self.modules = {self._name(path): path for path in files}
        self.reexports = {path: {} for path in files}
        for path, one in files.items():
            for visible, tree in USE.findall(one.code):
                if visible:
                    for parts, name in leaves(tree):
                        self.reexports[path][name] = parts
        self.defined = {path: {a or b for a, b in DEFINED.findall(one.code)} for path, one in files.items()}
        self.edges = {path: self._imported(one) - {path} for path, one in files.items()}

    @staticmethod
    def _name(path):
        parts = path.relative_to(SRC).with_suffix("").parts
        return parts[:-1] if parts[-1] in ("mod", "lib") else parts

    def _imported(self, one):
        own, found = self._name(one.path), set()
        code = one.code
        for visible, tree in USE.findall(code):
            if not visible:
                found.update(self._resolve(own, parts) for parts, _ in leaves(tree))
        for start, end in PATH.findall(USE.sub("", code)):
            found.add(self._resolve(own, [part for part in [*start.split("::"), end] if part]))
        return found - {None}

    def _resolve(self, own, parts, depth=0):
        """Returns the file that defines what a path in the module `own` names."""
        at, parts = list(own), list(parts)
        if parts[0] == "crate":
            at, parts = [], parts[1:]
        elif parts[0] in ("super", "self"):
            while parts and parts[0] in ("super", "self"):
                if parts.pop(0) == "super":
                    if not at:
                        return None
                    at.pop()
        elif tuple([*at, parts[0]]) not in self.modules:
            return None
        while parts and tuple([*at, parts[0]]) in self.modules:
            at.append(parts.pop(0))
        path = self.modules.get(tuple(at))
        if path and parts and depth < 9 and parts[0] not in self.defined[path]:
            known = self.reexports[path].get(parts[0])
            if known:
                return self._resolve(at, known, depth + 1) or path
        return path

    def circles(self, has_parents):
        """Returns the strongly connected components of more than one file (Tarjan)."""
        edges = {path: {other for other in others if has_parents or not is_parent(other)}
                 for path, others in self.edges.items() if has_parents or not is_parent(path)}
        numbers, lowest, stack, found = {}, {}, [], []

        def visit(path):
            numbers[path] = lowest[path] = len(numbers)
            stack.append(path)
            for other in edges[path]:
                if other not in numbers:
                    visit(other)
                    lowest[path] = min(lowest[path], lowest[other])
                elif other in stack:
                    lowest[path] = min(lowest[path], numbers[other])
            if lowest[path] == numbers[path]:
                circle = [stack.pop()]
                while circle[-1] != path:
                    circle.append(stack.pop())
                if len(circle) > 1:
                    found.append(sorted(circle))

        for path in edges:
            if path not in numbers:
                visit(path)
        return sorted(found, key=len, reverse=True)


def is_parent(path):
    return path.name in ("mod.rs", "lib.rs")


def leaves(tree, before=()):
    """Returns the paths of a `use`, each with the name that it brings."""
    tree = tree.strip()
    if (start := tree.find("{")) >= 0:
        before = (*before, *[part for part in tree[:start].strip().split("::") if part])
        depth, last, parts = 0, start + 1, []
        for at in range(start, len(tree)):
            depth += {"{": 1, "}": -1}.get(tree[at], 0)
            if (tree[at] == "," and depth == 1) or (tree[at] == "}" and depth == 0):
                parts.append(tree[last:at])
                last = at + 1
        return [leaf for part in parts if part.strip() for leaf in leaves(part, before)]
    path, _, renamed = tree.partition(" as ")
    parts = [*before, *[part.strip() for part in path.split("::") if part.strip()]]
    if parts[-1] == "self":
        parts.pop()
    name = renamed.strip() or parts[-1]
    return [([part for part in parts if part != "*"] or ["self"], name)]


def shown(path):
    return str(path.relative_to(ROOT))


def file_lengths():
    """Returns the lengths of all files with code, tests included."""
    paths = [path for folder in FOLDERS for end in ("*.rs", "*.py") for path in sorted((ROOT / folder).rglob(end))]
    return {path: path.read_text().count("\n") for path in paths if "target" not in path.parts}


def sizes(circles):
    """Returns how many files there are in circles, and of which sizes those are."""
    return f"{sum(map(len, circles))} in {len(circles)}" + (f" ({', '.join(str(len(circle)) for circle in circles)})" if circles else "")


def listed(circles):
    return [f"{len(circle)} files: {', '.join(circle)}" for circle in circles]


def measure():
    """Returns the rows of the table: what, how much, the goal, whether it is met, and what is beyond it."""
    files = read_all()
    functions = sorted((f for one in files.values() for f in one.functions), key=lambda f: f.length)
    lengths = [one.length for one in functions]
    p50, p90 = (lengths[min(len(lengths) - 1, len(lengths) * share // 100)] for share in (50, 90))
    long_functions = [f"{shown(f.path)}:{f.first} {f.name}: {f.length} lines" for f in reversed(functions) if f.length > MOST_FUNCTION_LINES]
    named = collections.defaultdict(list)
    for name, path, line in (each for one in files.values() for each in one.types):
        named[name].append(f"{shown(path)}:{line}")
    types = sum(map(len, named.values()))
    shared = {name: places for name, places in named.items() if len(places) > 1}
    count = sum(map(len, shared.values()))
    of_name = [f"{name}: {', '.join(places)}" for name, places in sorted(shared.items(), key=lambda one: (-len(one[1]), one[0]))]
    docs = [run for one in files.values() for run in one.docs()]
    one_line = 100 * docs.count(1) / len(docs)
    comments = sum(one.comments() for one in files.values())
    imports = Imports(files)
    circles, with_parents = ([[shown(path) for path in circle] for circle in imports.circles(has_parents)] for has_parents in (False, True))
    lines = sum(one.length for one in files.values())
    long_files = [f"{shown(path)}: {length} lines" for path, length in file_lengths().items() if length > MOST_FILE_LINES]
    percent = 100 * count / types
    return [
        ("function lines, p50 / p90 / max", f"{p50} / {p90} / {lengths[-1]}", f"max {MOST_FUNCTION_LINES}", not long_functions, []),
        (f"functions over {MOST_FUNCTION_LINES} lines", f"{len(long_functions)} of {len(functions)}", "0", not long_functions, long_functions),
        ("types that share their name", f"{percent:.0f} % ({count} of {types})", f"≤ {MOST_SHARED_PERCENT} %", percent <= MOST_SHARED_PERCENT, of_name),
        ("doc comments of one line", f"{one_line:.0f} % ({docs.count(1)} of {len(docs)})", f"≤ {MOST_ONE_LINE_PERCENT} %", one_line <= MOST_ONE_LINE_PERCENT, []),
        ("comment lines in functions : code", f"{100 * comments / lines:.1f} % ({comments} : {lines})", f"≥ {LEAST_COMMENT_PERCENT} %", 100 * comments / lines >= LEAST_COMMENT_PERCENT, []),
        ("files in import circles", sizes(circles), "0", not circles, listed(circles)),
        ("  with every mod.rs", sizes(with_parents), "", True, listed(with_parents)),
        ("lines of code in src/", f"{lines:,}", f"≤ {MOST_LINES:,}", lines <= MOST_LINES, []),
        (f"files over {MOST_FILE_LINES} lines, tests too", str(len(long_files)), "0", not long_files, long_files),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="list what is beyond each goal")
    parser.add_argument("--check", action="store_true", help="fail where a function or file is too long, or files import each other")
    asked = parser.parse_args()
    rows = measure()
    if asked.check:
        # What has a list and has to be none of it; names are not among it.
        wrong = [(what, beyond) for what, _, goal, _, beyond in rows if goal == "0" and beyond]
        sys.exit("\n".join(f"{what}:\n  " + "\n  ".join(beyond) for what, beyond in wrong) or 0)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for what, value, goal, is_met, beyond in rows:
        print(f"{what:{widths[0]}}  {value:{widths[1]}}  {goal:{widths[2]}}  {'' if is_met else '✗'}".rstrip())
        if asked.all:
            for line in beyond:
                print(f"    {line}")


if __name__ == "__main__":
    main()
