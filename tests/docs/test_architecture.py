"""docs/architecture.md shows the IR as it is, and names stages and passes that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgec import driver
from edgec.cli.main import VERBS
from edgec.config import GenOptions
from edgec.kernels.registry import all_rows
from edgec.passes.pipeline import pipeline
from tests.contracts.test_imports import STAGES
from tests.docs import blocks

PAGE = blocks.page("docs/architecture.md")
MODEL = blocks.ROOT / "examples/digits/digits_int8.onnx"


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of `gen --dump-ir`, in order."""
    folder = tmp_path_factory.mktemp("ir")
    options = GenOptions("x86_64", dump_ir=folder)
    driver.compile_model(MODEL, options, lambda stage: None)
    return sorted(folder.iterdir())


def unmatched(excerpt: str, dump: Path) -> list[str]:
    """Lines of `excerpt`, cut at " ...", that do not start a line of `dump`."""
    whole = [line.strip() for line in dump.read_text(encoding="utf-8").splitlines()]
    shown = [line.strip().removesuffix(" ...") for line in excerpt.splitlines()]
    return [line for line in shown if not any(other.startswith(line) for other in whole)]


def test_the_graph_on_the_page_is_the_one_after_the_last_pass(dumps: list[Path]) -> None:
    assert unmatched(blocks.block_after(PAGE, "long lines cut:"), dumps[-2]) == []


def test_the_step_on_the_page_is_one_of_the_program(dumps: list[Path]) -> None:
    shown = blocks.block_after(PAGE, "and the Reshape behind it):")
    assert shown.startswith("step ")
    assert unmatched(shown, dumps[-1]) == []


def test_the_stages_are_those_that_imports_follow() -> None:
    assert f"`{', '.join(STAGES)}`" in PAGE


def test_the_passes_on_the_page_exist() -> None:
    assert {"recognize", "qdq-islands"} <= {step.name for step in pipeline()}


def test_what_is_said_not_to_be_built_is_not_there() -> None:
    missing = " ".join(PAGE.split("**Not built**:")[1].split())
    needed = {feature for row in all_rows() for feature in row.needs}
    vectors = re.search(r"kernels with ([\w, ]*) instructions", missing)
    names = re.findall(r"DSP|Helium|AVX2", vectors[1] if vectors else "")
    assert {
        {"DSP": "dsp", "Helium": "mve", "AVX2": "avx2"}[name] for name in names
    } & needed == set()
    assert ("`quantize`" in missing) == ("quantize" not in VERBS)
    assert ("`--package`" in missing) == (not (blocks.ROOT / "edgec/package").exists())
