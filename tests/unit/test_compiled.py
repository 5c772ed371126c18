"""What a compiler makes of a model is found once, and nothing is left behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgec.compiled import Compiled, with_code, workspace
from edgec.config import GenOptions
from edgec.driver import compile_model

INT8 = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits_int8.onnx"


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(INT8, GenOptions("cortex-m4"), lambda _: None)


def test_the_stack_is_in_the_manifest(compiled: Compiled) -> None:
    made = with_code(compiled)
    assert compiled.stack is None and compiled.emission.manifest.stack_bound is None
    assert made.code is not None and made.code.size > 500
    assert 0 < made.emission.manifest.stack_bound == made.stack  # type: ignore[operator]


def test_it_is_compiled_once(compiled: Compiled) -> None:
    made = with_code(compiled)
    assert with_code(made) is made


def test_without_the_compiler_nothing_is_known(compiled: Compiled) -> None:
    manifest = replace(compiled.emission.manifest, cc="no-such-gcc")
    files = {**compiled.emission.files, "manifest.json": manifest.json()}
    absent = replace(compiled, emission=replace(compiled.emission, manifest=manifest, files=files))
    made = with_code(absent)
    assert made.code is None and made.stack is None and made.emission is absent.emission


def test_a_workspace_goes_away(compiled: Compiled) -> None:
    with workspace(compiled) as folder:
        assert json.loads((folder / "manifest.json").read_text())["name"] == "digits_int8"
    assert not folder.parent.exists()
