"""The source tree as the contracts see it: files, syntax trees and imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[str, ...]:
    """Every file of the repository that git does not ignore, as paths from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return tuple(sorted({name for name in listed if name and (ROOT / name).is_file()}))


def files_in(*folders: str, suffix: str) -> tuple[str, ...]:
    """Files below any of `folders` whose name ends in `suffix`."""
    prefixes = tuple(f"{folder}/" for folder in folders)
    return tuple(f for f in files() if f.startswith(prefixes) and f.endswith(suffix))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def syntax(path: str) -> ast.Module:
    return ast.parse(text(path), filename=path)


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a Python file."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported_modules(path: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a Python file imports, at any depth.

    `from a.b import c` gives "a.b.c": c may be a module of the package a.b. Imports that only
    the type checker sees count too: they are dependencies of the reader.
    """
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
