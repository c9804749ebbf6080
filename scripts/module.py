"""Checks the size of the module and of its largest function.

    module.py MODULE MOST_BYTES MOST_BYTES_OF_A_FUNCTION

Envoy's V8 compiles the whole module before it serves. How long that takes follows the module's size.
How much memory it takes, and keeps, follows the largest function: a single one of 45 KB has cost
14 MiB. A function becomes large where the compiler inlines what is called once; `#[inline(never)]`
on the parts keeps them apart.

It also fails if the module prints doubles with the standard library, which takes 40 KB with the
errors of serde that cause it.
"""

import pathlib
import sys

CODE_SECTION = 10
# The first entry of the table that the standard library prints doubles with.
POWERS_OF_TEN = bytes.fromhex("df451a3d03cf1ae6c1fbccfe")


def number(data, at):
    """Returns a LEB128 number and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def function_sizes(module):
    """Returns the size of each function's body, in the order of the module."""
    at = 8
    while at < len(module):
        section, (length, start) = module[at], number(module, at + 1)
        at = start + length
        if section == CODE_SECTION:
            count, place = number(module, start)
            sizes = []
            for _ in range(count):
                size, place = number(module, place)
                sizes.append(size)
                place += size
            return sizes
    raise SystemExit("the module has no code")


def main():
    path, most, most_of_function = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    module = pathlib.Path(path).read_bytes()
    sizes = function_sizes(module)
    print(f"{path}: {len(module)} bytes, {len(sizes)} functions, the largest of {max(sizes)}")
    if len(module) >= most:
        sys.exit(f"the module must stay below {most} bytes")
    if POWERS_OF_TEN in module:
        sys.exit("the module prints doubles with the standard library: see \"Doubles are printed\" in ARCHITECTURE.md")
    if max(sizes) >= most_of_function:
        sys.exit(f"every function must stay below {most_of_function} bytes: keep its parts out of line with #[inline(never)]")


if __name__ == "__main__":
    main()
