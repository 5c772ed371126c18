"""Tests mirror the tree: edgec/x/y.py is tested by tests/unit/x/test_y.py."""

from __future__ import annotations

import ast

from tests.contracts import tree

# Tests that state the facts of several modules together, with those modules.
SHARED_TESTS = {
    "tests/unit/cli/test_listings.py": ("boards", "doctor", "explain", "ops", "targets"),
    "tests/unit/cli/test_verbs.py": ("bench", "check", "gen", "verify"),
}
TESTED_ELSEWHERE = {
    f"edgec/{test.split('/')[2]}/{name}.py": test
    for test, names in SHARED_TESTS.items()
    for name in names
}
SOURCES = tuple(
    f
    for f in tree.files_in("edgec", suffix=".py")
    if not f.endswith(("__init__.py", "__main__.py"))
)
TESTS = tuple(f for f in tree.files_in("tests/unit", suffix=".py") if "/test_" in f)


def mirror(path: str) -> str:
    """The test file of a source file."""
    folder, _, name = path.removeprefix("edgec/").rpartition("/")
    return "/".join(part for part in ("tests/unit", folder, f"test_{name}") if part)


def has_logic(path: str) -> bool:
    """True if a module has a function that is more than one statement beside its docstring."""
    return any(len(_statements(function)) > 1 for function in tree.functions(path))


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    body = function.body
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented else body


def test_modules_with_logic_have_their_test() -> None:
    expected = {f: TESTED_ELSEWHERE.get(f, mirror(f)) for f in SOURCES if has_logic(f)}
    assert {f: test for f, test in expected.items() if test not in tree.files()} == {}


def mirrors(path: str) -> bool:
    """True if a test file is the one of a module, or is named like the package it is about."""
    folder, _, name = path.removeprefix("tests/unit/").rpartition("/")
    subject = name.removeprefix("test_").removesuffix(".py")
    if f"edgec/{folder}/{subject}.py".replace("//", "/") in SOURCES:
        return True
    return subject == folder.rpartition("/")[2] and f"edgec/{folder}/__init__.py" in tree.files()


def test_unit_tests_mirror_a_module_or_a_package() -> None:
    assert [path for path in TESTS if not mirrors(path) and path not in SHARED_TESTS] == []


def test_the_list_of_exceptions_is_current() -> None:
    for source, test in TESTED_ELSEWHERE.items():
        assert source in SOURCES
        assert test in tree.files()
        assert mirror(source) not in tree.files()
