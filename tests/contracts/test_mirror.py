"""Tests mirror the tree: edgec/x/y.py is tested by tests/unit/x/test_y.py."""

from __future__ import annotations

import ast

from tests.contracts import tree

# Tests that state the facts of several modules together, with those modules.
SHARED_TESTS = {
    "tests/unit/cli/test_listings.py": ("boards", "doctor", "explain", "ops", "targets"),
    "tests/unit/cli/test_verbs.py": ("bench", "check", "gen", "verify"),
    "tests/unit/kernels/test_registry.py": ("base", "calls", "facts", "packing"),
    "tests/unit/ops/test_conv.py": ("conv_transpose",),
    "tests/unit/ops/test_ml_feature.py": ("ml_encode",),
    "tests/unit/ops/test_ml_linear.py": ("ml_post", "ml_svm", "ml_svm_classify"),
    "tests/unit/ops/test_ml_tree.py": ("ml_tree_forest", "ml_tree_import"),
    "tests/unit/ops/test_norm.py": ("local_norm",),
    "tests/unit/ops/test_pool.py": ("window",),
    "tests/unit/ops/test_rnn.py": ("rnn_base", "rnn_gates"),
}
TESTED_ELSEWHERE = {
    f"edgec/{test.split('/')[2]}/{name}.py": test
    for test, names in SHARED_TESTS.items()
    for name in names
}
# Runs every row of every kernel against the numeric law: a row is tested because it exists.
PARITY_TEST = "tests/kernels/test_parity.py"
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


def declares_rows(path: str) -> bool:
    """True for a module of kernel rows, which the registry lists, or of a layout they share."""
    if not path.startswith("edgec/kernels/") or path == "edgec/kernels/registry.py":
        return False
    if path.startswith("edgec/kernels/packing_"):
        return True
    assigned = (n for n in tree.syntax(path).body if isinstance(n, ast.Assign))
    targets = (t for n in assigned for t in n.targets if isinstance(t, ast.Name))
    return any(t.id.endswith("_ROWS") for t in targets)


def file_for(path: str) -> str:
    """The file that tests a module."""
    return PARITY_TEST if declares_rows(path) else TESTED_ELSEWHERE.get(path, mirror(path))


def has_logic(path: str) -> bool:
    """True if a module has a function that is more than one statement beside its docstring."""
    return any(len(_statements(function)) > 1 for function in tree.functions(path))


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    body = function.body
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented else body


def test_modules_with_logic_have_their_test() -> None:
    expected = {f: file_for(f) for f in SOURCES if has_logic(f)}
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
