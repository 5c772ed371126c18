"""Every diagnostic code in the source is explained, and every explanation has a user."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from edgec.explain import CODES
from tests.contracts import tree

CODE = re.compile(r"E0[0-9]{3}")


def used_codes() -> dict[str, list[str]]:
    """Places of every string literal that is a code, by code."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in tree.files_in("edgec", suffix=".py"):
        if path.startswith("edgec/explain"):
            continue
        for node in ast.walk(tree.syntax(path)):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if CODE.fullmatch(node.value):
                found[node.value].append(f"{path}:{node.lineno}")
    return found


def test_every_code_is_explained() -> None:
    used = used_codes()
    assert {code: used[code] for code in sorted(used.keys() - CODES.keys())} == {}


def test_every_explanation_belongs_to_a_code_in_use() -> None:
    assert sorted(CODES.keys() - used_codes().keys()) == []


def test_codes_have_their_area() -> None:
    areas = "E000 E001 E002 E01 E02 E03 E04 E05 E06 E07 E09".split()
    assert [code for code in CODES if not code.startswith(tuple(areas))] == []


def test_explanations_are_sentences() -> None:
    for code, entry in CODES.items():
        assert entry.title and not entry.title.endswith("."), code
        assert entry.text.endswith((".", "?")), code
        assert entry.fix, code
