"""Habits that a linter does not know."""

from __future__ import annotations

import ast
import re
import tomllib

from tests.contracts import tree

ROOT_NAMES = {
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "edgec",
    "targets",
    "runtime_c",
    "boards",
    "tests",
    "benchmarks",
    "examples",
    "docs",
}
# Folders that exist on one developer's machine only.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+|Users/\w+)/")
PYTHON = tree.files_in("edgec", suffix=".py")


def test_root_holds_only_what_the_design_names() -> None:
    names = {f.split("/")[0] for f in tree.files()}
    assert {name for name in names if not name.startswith(".")} <= ROOT_NAMES


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{path}:{node.lineno}"
        for path in PYTHON
        if not path.startswith("edgec/cli/")
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = {}
    for path in tree.files():
        content = (tree.ROOT / path).read_bytes().decode("utf-8", errors="replace")
        if paths := MACHINE_PATH.findall(content):
            found[path] = paths
    assert found == {}


def test_every_dependency_has_a_lower_bound() -> None:
    project = tomllib.loads(tree.text("pyproject.toml"))["project"]
    extras = [r for group in project["optional-dependencies"].values() for r in group]
    requirements = project["dependencies"] + extras
    assert [r for r in requirements if not re.fullmatch(r"[\w-]+>=[\d.]+", r)] == []


def test_modules_say_what_they_are() -> None:
    modules = tree.files_in("edgec", "tests", "benchmarks", "examples", suffix=".py")
    silent = [p for p in modules if tree.text(p).strip() and not ast.get_docstring(tree.syntax(p))]
    assert silent == []


def test_c_files_start_with_what_they_do() -> None:
    folders = ("runtime_c", "boards", "targets", "examples")
    sources = tree.files_in(*folders, suffix=".c") + tree.files_in(*folders, suffix=".h")
    assert [p for p in sources if not tree.text(p).lstrip().startswith(("/*", "//"))] == []
