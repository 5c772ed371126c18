"""Files and functions stay small enough to read."""

from __future__ import annotations

import subprocess
import sys

from tests.contracts import tree

FILE_LINES = 500
FUNCTION_LINES = 50
CODE = tuple(f for f in tree.files() if f.endswith((".py", ".c", ".h", ".j2", ".S")))
PYTHON = tuple(f for f in CODE if f.endswith(".py"))
C = tuple(f for f in CODE if f.endswith((".c", ".h")))


def long_c_functions(text: str) -> list[int]:
    """Line numbers at which a body of more than FUNCTION_LINES lines opens.

    The layout has every function's braces alone in the first column.
    """
    found = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start + 1 > FUNCTION_LINES:
                found.append(start)
            start = 0
    return found


def test_files_have_at_most_500_lines() -> None:
    lines = {path: len(tree.text(path).splitlines()) for path in CODE}
    assert {path: count for path, count in lines.items() if count > FILE_LINES} == {}


def test_python_functions_have_at_most_50_lines() -> None:
    long = [
        f"{path}:{f.lineno}: {f.name} has {f.end_lineno - f.lineno + 1} lines"
        for path in PYTHON
        for f in tree.functions(path)
        if f.end_lineno is not None and f.end_lineno - f.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_c_functions_have_at_most_50_lines() -> None:
    long = [f"{path}:{line}" for path in C for line in long_c_functions(tree.text(path))]
    assert long == []


def test_long_c_function_is_found() -> None:
    body = "\n".join(["{", *["    x++;"] * FUNCTION_LINES, "}"])
    assert long_c_functions(f"void f(void)\n{body}\n") == [2]


def test_no_function_is_too_complex() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "C901", "--quiet", "."],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
