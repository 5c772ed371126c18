"""Literals of the text IR: how attribute values, numbers and names are written and read."""

from __future__ import annotations

import dataclasses
import json
import re
import types
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


@dataclass(frozen=True)
class Word:
    """A bare word: an enum member or a keyword."""

    text: str


@dataclass(frozen=True)
class Record:
    """`Name(field=value, ...)`: a nested dataclass."""

    name: str
    fields: tuple[tuple[str, Literal], ...]


Literal = int | float | bool | str | None | Word | Record | tuple["Literal", ...]


def show_name(name: str) -> str:
    """`%name`, quoted and escaped unless it is a plain word; always one line of ASCII."""
    return f"%{name}" if _PLAIN.fullmatch(name) else "%" + json.dumps(name)


def show_literal(value: object) -> str:
    """The text of an attribute value. TypeError for a type that has none."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return enum_word(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(show_literal(v) for v in value) + "]"
    if dataclasses.is_dataclass(value):
        return f"{type(value).__name__}({show_fields(value, all_fields=True)})"
    raise TypeError(f"attributes of type {type(value).__name__} have no text form")


def show_fields(record: object, all_fields: bool = False) -> str:
    """`name=value, ...` of a dataclass; fields that have their default are left out."""
    assert dataclasses.is_dataclass(record)
    parts: list[str] = []
    for f in dataclasses.fields(record):
        value: object = getattr(record, f.name)
        text = show_literal(value)
        default = f.default is not dataclasses.MISSING and show_literal(f.default) == text
        if all_fields or not default:
            parts.append(f"{f.name}={text}")
    return ", ".join(parts)


def enum_word(member: Enum) -> str:
    """The word of an enum member: its value if that is one, else its name."""
    value: object = member.value
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value
    return member.name


def read_as(literal: Literal, hint: object) -> object:
    """`literal` as a value of the type that a dataclass field declares. ValueError if it is
    none."""
    origin = get_origin(hint)
    if origin is Union or origin is types.UnionType:
        return _read_union(literal, get_args(hint))
    if origin is tuple:
        return _read_tuple(literal, get_args(hint))
    if hint is None or hint is types.NoneType:
        return _require(literal is None, None, literal, "none")
    if hint is bool:
        return _require(isinstance(literal, bool), literal, literal, "true or false")
    if hint is int:
        good = isinstance(literal, int) and not isinstance(literal, bool)
        return _require(good, literal, literal, "an integer")
    if hint is float:
        return _read_float(literal)
    if hint is str:
        return _require(isinstance(literal, str), literal, literal, "a string")
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _read_enum(literal, hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _read_record(literal, hint)
    raise ValueError(f"a field of type {hint} has no text form")


def make(cls: type[object], fields: Sequence[tuple[str, Literal]]) -> object:
    """An instance of a dataclass from fields as they are read. ValueError if they do not fit."""
    hints = get_type_hints(cls)
    declared = {f.name for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    for name, _ in fields:
        if name not in declared:
            raise ValueError(f"{cls.__name__} has no attribute '{name}'")
    try:
        return cls(**{name: read_as(value, hints[name]) for name, value in fields})
    except TypeError as error:
        raise ValueError(str(error)) from None


def _read_union(literal: Literal, hints: Sequence[object]) -> object:
    exact = {int: int, float: float, bool: bool, str: str}.get(type(literal))
    if exact is not None and exact in hints:
        return literal
    for hint in hints:
        try:
            return read_as(literal, hint)
        except ValueError:
            continue
    raise ValueError(f"{literal} is none of {', '.join(str(h) for h in hints)}")


def _read_tuple(literal: Literal, hints: tuple[object, ...]) -> object:
    if not isinstance(literal, tuple):
        raise ValueError(f"{literal} is not a list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(read_as(v, hints[0]) for v in literal)
    if len(hints) != len(literal):
        raise ValueError(f"a list of {len(literal)} where {len(hints)} belong")
    return tuple(read_as(v, h) for v, h in zip(literal, hints, strict=True))


def _read_float(literal: Literal) -> float:
    if isinstance(literal, bool) or not isinstance(literal, int | float):
        raise ValueError(f"{literal} is not a number")
    return float(literal)


def _read_enum(literal: Literal, hint: type[Enum]) -> Enum:
    for member in hint:
        if isinstance(literal, Word) and enum_word(member) == literal.text:
            return member
    raise ValueError(f"{literal} is not one of {', '.join(enum_word(m) for m in hint)}")


def _read_record(literal: Literal, hint: type[object]) -> object:
    if not isinstance(literal, Record) or literal.name != hint.__name__:
        raise ValueError(f"{literal} is not a {hint.__name__}")
    return make(hint, literal.fields)


def _require(good: bool, value: object, literal: Literal, what: str) -> object:
    if not good:
        raise ValueError(f"{literal} is not {what}")
    return value
