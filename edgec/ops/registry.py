"""Finds every operator: loads all modules of `edgec.ops` and lists what they registered."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import edgec.ops
from edgec.ops.base import Op
from edgec.ops.onnx_import import Importer, importers


@cache
def load() -> None:
    """Import every module of the package `edgec.ops`."""
    for module in pkgutil.walk_packages(edgec.ops.__path__, "edgec.ops."):
        importlib.import_module(module.name)


def all_importers() -> Mapping[tuple[str, str], Importer]:
    """Import functions by (domain, ONNX operator)."""
    load()
    return importers()


def all_ops() -> tuple[type[Op], ...]:
    """Every operator class, by name."""
    load()
    found: dict[str, type[Op]] = {}
    stack = list(Op.__subclasses__())
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if cls.reference is not Op.reference:
            found[cls.__name__] = cls
    return tuple(found[name] for name in sorted(found))
