"""Readers of what providers publish: Python types, protocol buffers, discovery documents,
models of AWS. Each returns nodes."""

from __future__ import annotations

import collections.abc
import datetime
import enum
import gzip
import inspect
import json
import os
import pathlib
import re
import types
import typing

import typing_extensions
from pydantic import BaseModel

from nodes import Any, List, Map, Node, Obj, Scalar, Text, Union

# Members that are headers of HTTP, or, of Perplexity's messages, only of answers.
LEFT_OUT = re.compile(
    r"^([A-Z]|anthropic-|(betas|user_profile_id|workspace_id|reasoning_steps)$)"
)
# Models that stand for no value, or for one that the SDK does not know.
NO_VALUE = re.compile(r"^(Unset|Unknown\w*)$")

# Types of Python


class PythonTypes:
    """Typed dictionaries, pydantic models and signatures.

    `models`: whether pydantic models are members of requests. Where typed dictionaries are,
    models stand for answers that may be sent again, and have the same members.
    """

    def __init__(
        self,
        models: bool = True,
        roles: dict[str, list[str]] | None = None,
        instead: dict[str, Node] | None = None,
    ):
        self.models = models
        # The roles of messages whose type says only that they are strings.
        self.roles = roles or {}
        # Nodes of models whose JSON is another.
        self.instead = instead or {}
        self.known: dict[object, Node] = {}

    def signature(self, function, leave: set[str]) -> Obj:
        """Returns the arguments of a function as an object, without those to leave out."""
        hints = typing_extensions.get_type_hints(function, include_extras=True)
        needed = {
            name: each.default is inspect.Parameter.empty
            for name, each in inspect.signature(function).parameters.items()
        }
        leave = leave | {"self", "return"}
        return Obj(
            function.__qualname__,
            lambda: [
                (name, self.node(hint), needed.get(name, False))
                for name, hint in hints.items()
                if name not in leave
            ],
        )

    def node(self, hint, kind: str = "") -> Node | None:
        """Returns the node of a type; nothing for what no JSON can hold."""
        origin = typing_extensions.get_origin(hint)
        if origin is not None:
            return self.generic(hint, origin, kind)
        if hint is None or hint is type(None) or hint in (bool, int, float):
            return Scalar(None if hint in (None, type(None)) else hint(1))
        if hint in (typing.Any, object) or isinstance(hint, typing.TypeVar):
            return Any()
        if isinstance(hint, typing_extensions.TypeAliasType):
            return self.node(hint.__value__, kind)
        if hint is bytes or hint is os.PathLike:
            return Text(kind=kind or "file")
        if hint in (datetime.datetime, datetime.date):
            return Text(kind="time")
        if not isinstance(hint, type):
            return Any() if isinstance(hint, typing.ForwardRef) else None
        return self.class_node(hint, kind)

    def generic(self, hint, origin, kind: str) -> Node | None:
        arguments = typing_extensions.get_args(hint)
        if origin in (typing_extensions.Required, typing_extensions.NotRequired):
            return self.node(arguments[0], kind)
        if origin is typing_extensions.Annotated:
            base64 = any(getattr(each, "format", None) == "base64" for each in arguments[1:])
            return self.node(arguments[0], "data" if base64 else kind)
        if origin in (typing.Literal, typing_extensions.Literal):
            texts = [each for each in arguments if isinstance(each, str)]
            return Text(texts) if texts else Scalar(arguments[0])
        if origin in (typing.Union, types.UnionType):
            return self.union(arguments, kind)
        if isinstance(origin, typing_extensions.TypeAliasType):
            return self.node(origin.__value__[arguments], kind)
        if origin is tuple:
            return None
        if isinstance(origin, type) and issubclass(origin, typing.IO):
            return Text(kind="file")
        if origin is os.PathLike:
            return Text(kind=kind or "file")
        if issubclass(origin, collections.abc.Mapping):
            value = self.node(arguments[1]) if len(arguments) > 1 else Any()
            return value if isinstance(value, Any) else Map(value)
        if issubclass(origin, collections.abc.Iterable) or "Sequence" in origin.__name__:
            item = self.node(arguments[0], kind)
            return List(item) if item is not None else None
        return None

    def union(self, arguments, kind: str) -> Node | None:
        arguments = [each for each in arguments if each not in (None, type(None))]
        found = [node for node in (self.node(each, kind) for each in arguments) if node is not None]
        texts = [node for node in found if isinstance(node, Text)]
        if any(node.values for node in texts) and any(isinstance(each, Any) for each in found):
            # An enum that may grow.
            found = [node for node in found if not isinstance(node, Any)]
        if self.models and any(isinstance(each, Obj) for each in found):
            # A dictionary in place of the model of it.
            found = [node for node in found if not isinstance(node, Any)]
        if len(texts) > 1:
            found = [node for node in found if not isinstance(node, Text)]
            open_ones = [node for node in texts if not node.values and node.kind != "file"]
            files = [node for node in texts if node.kind == "file"]
            values = list(dict.fromkeys(value for node in texts for value in node.values))
            found.insert(0, open_ones[0] if open_ones else files[0] if files else Text(values))
        if not found:
            return None
        return found[0] if len(found) == 1 else Union(found)

    def class_node(self, hint: type, kind: str) -> Node | None:
        if hint in self.known:
            return self.known[hint]
        if typing_extensions.is_typeddict(hint):
            node = Obj(identity(hint), lambda: self.dictionary(hint))
        elif issubclass(hint, BaseModel):
            if not self.models or NO_VALUE.match(hint.__name__):
                return None
            if identity(hint) in self.instead:
                return self.instead[identity(hint)]
            if getattr(hint, "__pydantic_root_model__", False):
                return self.node(hint.model_fields["root"].annotation, kind)
            node = Obj(identity(hint), lambda: self.model(hint))
        elif issubclass(hint, enum.Enum):
            texts = [str(each.value) for each in hint if "UNSPECIFIED" not in str(each.value)]
            return Text(texts)
        elif issubclass(hint, str):
            return Text(kind=kind) if hint is str else None
        elif issubclass(hint, pathlib.PurePath) or issubclass(hint, typing.IO):
            return Text(kind=kind or "file")
        elif issubclass(hint, dict):
            return Any()
        elif issubclass(hint, list):
            return List(Any())
        else:
            return None
        self.known[hint] = node
        return node

    def dictionary(self, hint: type) -> list[tuple[str, Node, bool]]:
        hints = typing_extensions.get_type_hints(hint, include_extras=True)
        whole = getattr(hint, "__total__", True)
        members = []
        for name, each in hints.items():
            required, optional, alias = False, False, None
            inner = each
            while True:
                origin = typing_extensions.get_origin(inner)
                if origin is typing_extensions.Required:
                    required, inner = True, typing_extensions.get_args(inner)[0]
                elif origin is typing_extensions.NotRequired:
                    optional, inner = True, typing_extensions.get_args(inner)[0]
                elif origin is typing_extensions.Annotated:
                    for note in typing_extensions.get_args(inner)[1:]:
                        alias = alias or getattr(note, "alias", None)
                    if getattr(note, "format", None) == "base64":
                        break
                    inner = typing_extensions.get_args(inner)[0]
                else:
                    break
            self.member(members, hint, alias or name, inner, required or (whole and not optional))
        return members

    def model(self, hint: type) -> list[tuple[str, Node, bool]]:
        members = []
        for name, each in hint.model_fields.items():
            alias = each.serialization_alias or each.alias or name
            for note in each.metadata:
                alias = getattr(note, "alias", None) or alias
            self.member(members, hint, alias, each.annotation, each.is_required())
        return members

    def member(self, members, owner: type, name: str, hint, required: bool) -> None:
        if LEFT_OUT.match(name):
            return
        node = self.node(hint)
        if name == "role" and isinstance(node, Text) and not node.values:
            roles = next((r for key, r in self.roles.items() if owner.__name__.startswith(key)), [])
            node = Text(roles)
        if node is not None:
            members.append((name, node, required))


def identity(hint: type) -> str:
    return f"{hint.__module__}.{hint.__qualname__}"


# Discovery documents of Google


class Discovery:
    def __init__(self, path: str, roles: list[str]):
        self.schemas = json.loads(pathlib.Path(path).read_text())["schemas"]
        self.roles = roles
        self.known: dict[str, Obj] = {}

    def type(self, name: str, leave: tuple[str, ...] = ()) -> Obj:
        if name not in self.known:
            self.known[name] = Obj(name, lambda: self.members(name, leave))
        return self.known[name]

    def members(self, name: str, leave: tuple[str, ...]) -> list[tuple[str, Node, bool]]:
        members = []
        for each, schema in self.schemas[name].get("properties", {}).items():
            if each in leave or schema.get("readOnly"):
                continue
            node = Text(self.roles) if each == "role" else self.node(schema)
            members.append((each, node, schema.get("description", "").startswith("Required.")))
        return members

    def node(self, schema: dict) -> Node:
        if "$ref" in schema:
            return self.type(schema["$ref"])
        kind = schema.get("type")
        if kind == "array":
            return List(self.node(schema["items"]))
        if kind == "object":
            inner = schema.get("additionalProperties", {"type": "any"})
            value = self.node(inner)
            return value if isinstance(value, Any) else Map(value)
        if kind == "string":
            if schema.get("format") in ("int64", "uint64"):
                return Scalar("1")
            if schema.get("format") == "byte":
                return Text(kind="data")
            if schema.get("format", "").startswith("google-"):
                return Text(kind="time")
            return Text([each for each in schema.get("enum", []) if "UNSPECIFIED" not in each])
        if kind in ("integer", "number", "boolean"):
            return Scalar(True if kind == "boolean" else 1)
        return Any()


# Protocol buffers


class Protobuf:
    def __init__(self, roles: list[str]):
        self.roles = roles
        self.known: dict[str, Obj] = {}

    def type(self, descriptor) -> Node:
        special = {
            "google.protobuf.Struct": Any(),
            "google.protobuf.Value": Any(),
            "google.protobuf.Timestamp": Text(kind="time"),
            "google.protobuf.Duration": Text(kind="time"),
        }
        if descriptor.full_name in special:
            return special[descriptor.full_name]
        name = descriptor.full_name
        if name not in self.known:
            self.known[name] = Obj(name, lambda: [self.member(each) for each in descriptor.fields])
        return self.known[name]

    def member(self, each) -> tuple[str, Node, bool]:
        from google.api import field_behavior_pb2

        behaviors = each.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        required = field_behavior_pb2.REQUIRED in behaviors
        kind = each.message_type
        if kind is not None and kind.GetOptions().map_entry:
            return each.json_name, Map(self.value(kind.fields_by_name["value"])), required
        node = Text(self.roles) if each.json_name == "role" else self.value(each)
        repeated = each.is_repeated if hasattr(each, "is_repeated") else each.label == each.LABEL_REPEATED
        return each.json_name, List(node) if repeated else node, required

    def value(self, each) -> Node:
        if each.message_type is not None:
            return self.type(each.message_type)
        if each.enum_type is not None:
            names = [value.name for value in each.enum_type.values]
            return Text([name for name in names if "UNSPECIFIED" not in name])
        if each.type == each.TYPE_STRING:
            return Text()
        if each.type == each.TYPE_BYTES:
            return Text(kind="data")
        return Scalar(True if each.type == each.TYPE_BOOL else 1)


# Models of AWS


class Botocore:
    def __init__(self, path: str):
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rt") as file:
            self.shapes = json.load(file)["shapes"]
        self.known: dict[str, Node] = {}

    def type(self, name: str) -> Node:
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure":
            if shape.get("document"):
                return Any()
            return self.structure(name, shape)
        if kind == "list":
            return List(self.type(shape["member"]["shape"]))
        if kind == "map":
            return Map(self.type(shape["value"]["shape"]))
        if kind == "string":
            return Text(shape.get("enum", []))
        if kind == "blob":
            return Text(kind="data")
        if kind == "timestamp":
            return Text(kind="time")
        return Scalar(True if kind == "boolean" else 1)

    def structure(self, name: str, shape: dict) -> Node:
        if name in self.known:
            return self.known[name]
        members = [
            (each.get("locationName", key), each["shape"], key in shape.get("required", []))
            for key, each in shape["members"].items()
            if each.get("location") not in ("uri", "header", "querystring")
        ]
        if shape.get("union"):
            node = Union([])
            self.known[name] = node
            node.variants += [self.choice(name, each, kind) for each, kind, _ in members]
            return node
        node = Obj(name, lambda: [(each, self.type(kind), need) for each, kind, need in members])
        self.known[name] = node
        return node

    def choice(self, name: str, member: str, kind: str) -> Obj:
        return Obj(f"{name}.{member}", lambda: [(member, self.type(kind), True)], bare=True)
