"""What a request may hold, whatever describes it, and the rows made of that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Callable, Iterator

MARK = "@@"
# Of Gemini: what has the type of a turn, and is none.
NO_TURN = ("systemInstruction", "content")
# The member of a map, and the value of a member of any shape.
ANY_NAME = "any"


class Node:
    """A value of some shape."""


@dataclass
class Text(Node):
    """A string: any, one of `values` (an enum), or always the same (a constant)."""

    values: list[str] = field(default_factory=list)
    kind: str = ""

    @property
    def constant(self) -> str | None:
        return self.values[0] if len(self.values) == 1 else None


@dataclass
class Scalar(Node):
    """A number, a switch or nothing: no string."""

    value: object = 1


class Any(Node):
    """JSON of any shape."""


@dataclass
class Map(Node):
    value: Node


@dataclass
class List(Node):
    item: Node


@dataclass
class Union(Node):
    variants: list[Node]


@dataclass
class Obj(Node):
    """An object. `members` returns its members: name, shape, whether one must be there."""

    name: str
    members: Callable[[], list[tuple[str, Node, bool]]]
    # Whether its members tell it apart, so that no label has to.
    bare: bool = False

    @cached_property
    def fields(self) -> list[tuple[str, Node, bool]]:
        return self.members()


@dataclass
class Variant:
    """One shape a value may have: a label, and what tells that shape from the others."""

    node: Node
    label: str = ""
    fixed: dict = field(default_factory=dict)


@dataclass
class Row:
    """One string: where, in which value, and what is known of it."""

    at: str
    body: object
    kind: str
    values: list[str]
    label: str = ""
    # The members on the way to it, the inmost first, each as TYPE.MEMBER.
    way: tuple[str, ...] = ()


def variants(node: Node) -> list[Variant]:
    """Returns every shape of a value. Objects have a label if several kinds are possible."""
    flat = list(flatten(node))
    objects = [variant for variant in flat if isinstance(variant.node, Obj)]
    if len(objects) < 2:
        for variant in objects:
            if "role" not in variant.fixed:
                variant.label = ""
    return flat


def flatten(node: Node) -> Iterator[Variant]:
    if isinstance(node, Union):
        for each in node.variants:
            yield from flatten(each)
        return
    if not isinstance(node, Obj):
        yield Variant(node)
        return
    texts = {name: each for name, each, _ in node.fields if isinstance(each, Text) and each.values}
    fixed = {name: each.values[0] for name, each in texts.items() if each.constant is not None}
    kind = texts.get("type")
    if kind is not None and "type" not in fixed and is_discriminator(node):
        fixed["type"] = kind.values[0]
    roles = texts.get("role")
    if roles is not None and fixed.get("type") in (None, "message", "agent_message"):
        for role in roles.values:
            yield Variant(node, role, {**fixed, "role": role})
        return
    label = "" if node.bare else fixed.get("type") or next(iter(fixed.values()), short(node.name))
    yield Variant(node, label, fixed)


def is_discriminator(node: Obj) -> bool:
    """Returns whether the values of `type` are names of one shape, as versions are."""
    return any(name == "type" and needed for name, _, needed in node.fields)


def short(name: str) -> str:
    return re.sub(r"(TypedDict|Param|Params)$", "", name.rsplit(".", 1)[-1])


def minimal(node: Node, name: str = "", seen: frozenset = frozenset()) -> object:
    """Returns the least value of that shape."""
    if isinstance(node, Text):
        if node.values:
            return node.values[0]
        # Data is in base64.
        return "m" if name == "model" else "AAAA" if node.kind == "data" else "x"
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, (Any, Map)):
        return {}
    if isinstance(node, List):
        item = minimal(node.item, name, seen)
        return [] if item is None else [item]
    best = None
    for variant in variants(node):
        if isinstance(variant.node, Obj):
            if variant.node.name in seen:
                continue
            value = build(variant, seen)
        else:
            value = minimal(variant.node, name, seen)
        rank = (
            variant.label not in ("", "user", "text", "function"),
            variant.fixed.get("role", "user") != "user",
            simplicity(value),
            len(json.dumps(value)),
        )
        if best is None or rank < best[0]:
            best = (rank, value)
    return best[1] if best else None


def simplicity(value: object) -> tuple[int, ...]:
    """Returns what to sort by, so that strings come first, and lists last."""
    kinds = (str, int, float, bool, dict, list)
    at = next((at for at, kind in enumerate(kinds) if isinstance(value, kind)), len(kinds))
    return (at, *simplicity(value[0])) if isinstance(value, list) and value else (at,)


def build(variant: Variant, seen: frozenset, extra: dict | None = None) -> dict:
    """Returns an object with what it must have, and `extra`: what tells its shape comes first."""
    node = variant.node
    seen = seen | {node.name}
    extra = extra or {}
    value = {}
    for name in ("type", "role", "model"):
        if name in extra:
            value[name] = extra[name]
        elif name in variant.fixed:
            value[name] = variant.fixed[name]
        elif name == "model" and any(each == "model" for each, _, _ in node.fields) and len(seen) == 1:
            value[name] = "m"
    for name, each, needed in node.fields:
        if name in value:
            continue
        if name in extra:
            value[name] = extra[name]
        elif name in variant.fixed:
            value[name] = variant.fixed[name]
        elif needed:
            filled = minimal(each, name, seen)
            if filled is not None:
                value[name] = filled
    return value


def rows(node: Node, name: str = "", seen: frozenset = frozenset()) -> Iterator[Row]:
    """Yields a row for each string of a value. A type is opened once on each way down."""
    if isinstance(node, Text):
        if node.constant is None:
            yield Row("", MARK, kind_of(node, name), node.values)
    elif isinstance(node, Any):
        yield Row("", {ANY_NAME: {"deep": [MARK]}}, "any", [])
    elif isinstance(node, Map):
        for row in rows(node.value, name, seen):
            yield placed(row, f".*{parenthesis(row)}", {ANY_NAME: row.body})
    elif isinstance(node, List):
        for row in rows(node.item, name, seen):
            yield placed(row, f"[{row.label}]", [row.body])
    elif isinstance(node, (Union, Obj)):
        for variant in variants(node):
            if name in NO_TURN and "role" in variant.fixed:
                if variant.fixed["role"] != "user":
                    continue
                variant = Variant(variant.node)
            if isinstance(variant.node, Obj):
                for row in object_rows(variant, seen):
                    row.label = variant.label
                    yield row
            else:
                yield from rows(variant.node, name, seen)


def object_rows(variant: Variant, seen: frozenset) -> Iterator[Row]:
    node = variant.node
    again = node.name in seen
    inner = seen | {node.name}
    members = node.fields if not again else sample(node)
    for name, each, _ in members:
        if name == "role" and ("role" in variant.fixed or isinstance(each, Text)):
            continue
        for row in rows(each, name, inner):
            row = placed(row, f".{name}{parenthesis(row)}", None)
            if not row.way and row.kind == "data" and variant.fixed.get("type") == "text":
                # A document as plain text.
                row.kind = "text"
            row.way += (f"{node.name}.{name}",)
            row.body = build(variant, seen, {name: row.body})
            yield row


def sample(node: Obj) -> list[tuple[str, Node, bool]]:
    """Returns one string of a type that holds itself: enough to show that the depth is read."""
    texts = [field for field in node.fields if isinstance(field[1], Text) and not field[1].values]
    for wanted in ("text", "description", "content", "value"):
        for each in texts:
            if each[0] == wanted:
                return [each]
    return texts[:1]


def placed(row: Row, before: str, body: object) -> Row:
    return Row(before + row.at, body if body is not None else row.body, row.kind, row.values, "", row.way)


def parenthesis(row: Row) -> str:
    return f"({row.label})" if row.label else ""


KINDS = [
    ("id", re.compile(r"(^id|^ids|_id|_ids|[a-z]Id|[a-z]Ids)$")),
    ("url", re.compile(r"(^ur[li]s?|_ur[li]s?|[a-z]Ur[li]s?)$")),
    ("data", re.compile(r"^(data|bytes|file_data|b64_json|partial_images)$")),
    ("opaque", re.compile(r"(signature|Signature|encrypted|redacted|_token$|token_|Token$)")),
    ("mime", re.compile(r"^(media_type|mime_type|mimeType)$")),
]


def kind_of(node: Text, name: str) -> str:
    """Returns what a string is for, as far as its type and its name tell."""
    if node.kind:
        return node.kind
    if node.values:
        return "enum"
    return next((kind for kind, pattern in KINDS if pattern.search(name)), "text")
