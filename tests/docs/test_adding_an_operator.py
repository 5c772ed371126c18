"""The operator of docs/adding-an-operator.md works: it imports, compiles, and passes its test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import blocks

PAGE = blocks.page("docs/adding-an-operator.md")
FILES = blocks.files(PAGE)
ENTRY = "edgec/ops/row_energy.py"

# A file added to edgec/ops is found because it is there. A process of its own keeps the example
# out of the registry that other tests read.
PRELUDE = """
import sys
import edgec.ops
edgec.ops.__path__.append(sys.argv[1])
"""
RUN_SCRIPT = PRELUDE + "import runpy; runpy.run_path(sys.argv[2], run_name='__main__')"
RUN_TESTS = (
    PRELUDE
    + """
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[2]]))
"""
)
RUN_SAMPLES = (
    PRELUDE
    + """
from tests.unit.ops.generated_c import answers, check, samples_of
found = list(answers(samples_of("row_energy", 10)))
for answer in found:
    check(answer)
sys.exit(0 if len(found) == 3 else 5)
"""
)


@pytest.fixture
def operators(tmp_path: Path) -> Path:
    """A folder with the new operator, as if it were edgec/ops."""
    folder = tmp_path / "ops"
    folder.mkdir()
    (folder / "row_energy.py").write_text(FILES[ENTRY], encoding="utf-8")
    return folder


def run(program: str, *arguments: Path) -> str:
    """The output of `program`, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=blocks.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_compiles_to_the_c_on_the_page(operators: Path, tmp_path: Path) -> None:
    script = tmp_path / "try_row_energy.py"
    script.write_text(FILES["try_row_energy.py"], encoding="utf-8")
    assert run(RUN_SCRIPT, operators, script) == blocks.block_after(PAGE, "became part of it:")


def test_the_test_of_the_example_passes(operators: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_row_energy.py"
    test.write_text(FILES["tests/unit/ops/test_row_energy.py"], encoding="utf-8")
    assert "2 passed" in run(RUN_TESTS, operators, test)


def test_c_and_reference_of_the_example_agree_on_its_samples(operators: Path) -> None:
    run(RUN_SAMPLES, operators)


def test_the_example_is_clean_and_formatted(tmp_path: Path) -> None:
    entry = tmp_path / "row_energy.py"
    entry.write_text(FILES[ENTRY], encoding="utf-8")
    for tool in (["ruff", "check"], ["ruff", "format", "--check"]):
        config = ["--config", str(blocks.ROOT / "pyproject.toml")]
        done = subprocess.run(
            [sys.executable, "-m", *tool, *config, str(entry)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
