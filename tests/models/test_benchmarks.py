"""What the benchmarks compute and write, without running anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import boards
from benchmarks.accuracy import area_under_curve
from benchmarks.big_model import write_model
from benchmarks.blocks import Block
from benchmarks.boards_page import Case, Outcome, page_lines
from benchmarks.exact import exact_row
from benchmarks.memory import Cost, against, more
from benchmarks.records import ModelResult, OutputFigures, TargetRun, load, save
from benchmarks.table import document, near_fraction
from edgec.boards import board_names
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.quantize import Dequantize, Quantize

CODES = OutputFigures("y", "s8", True, 1.0, 0.01, 0.995, 1.0)
FLOATS = OutputFigures("y", "f32", True, 2e-6, 1e-6, None, 1.0)
RUN = TargetRun(
    "x86_64", "host", "", 4, 16_000, 28_248, "ab", True, (CODES,), (replace(CODES, near=1.0),)
)
M4 = replace(RUN, target="cortex-m4", board="mps2-an386", instructions=6_175_036)
KWS = ModelResult("kws", "integer", 2_600_000, 1.25, (RUN, M4), (), 0.975, 1.0)


def row(result: ModelResult) -> list[str]:
    (line,) = [t for t in document([result], ["x86_64"]).splitlines() if t.startswith("| kws")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_a_row_of_figures_per_model() -> None:
    assert row(KWS) == [
        "kws",
        "identical bits",
        "16,000",
        "28,248",
        "1 LSB",
        "99.5 % / 100 %",
        "100 % / 100 %",
        "97.5 %",
        "1.2",
        "6,175,036",
    ]


def test_different_bits_on_one_target_are_seen() -> None:
    assert row(replace(KWS, runs=(RUN, replace(M4, digest="cd"))))[1] == "**bits differ**"
    assert row(replace(KWS, runs=(replace(RUN, exact=False), M4)))[1] == "**bits differ**"


def test_a_problem_is_named_in_table_and_remarks() -> None:
    broken = replace(KWS, runs=(RUN, replace(M4, problem="E0602: no such register")))
    assert row(broken)[1] == "**wrong** on cortex-m4"
    assert "- kws, cortex-m4: E0602: no such register" in document([broken], ["cortex-m4"])


def test_float_models_show_absolute_and_relative_error() -> None:
    run = replace(RUN, exact=None, optimized=(FLOATS,), plain=())
    shown = row(ModelResult("kws", "float", 1, 1.0, (run,)))
    assert shown[1] == "within tolerance" and shown[4] == "2.0e-06 (1e-06)"
    assert shown[5:7] == ["", "100 %"]


def test_the_better_of_onnxruntimes_levels_counts() -> None:
    assert near_fraction(KWS) == 1.0
    worse = replace(RUN, plain=(replace(CODES, near=0.9),))
    assert near_fraction(replace(KWS, runs=(worse,))) == 0.995


def test_results_survive_the_cache(tmp_path: Path) -> None:
    save(tmp_path / "deep" / "kws.json", KWS)
    assert load(tmp_path / "deep" / "kws.json") == KWS
    assert load(tmp_path / "none.json") is None


def test_the_area_under_the_curve_counts_ordered_pairs() -> None:
    labels = np.array([0, 0, 1, 1])
    assert area_under_curve(np.array([1.0, 2, 3, 4]), labels) == 1.0
    assert area_under_curve(np.array([1.0, 3, 2, 4]), labels) == 0.75
    assert area_under_curve(np.array([1.0, 1, 1, 1]), labels) == 0.5


def test_exact_arithmetic_rounds_half_to_even_whatever_float32_makes_of_the_scale() -> None:
    graph = Graph("g")
    codes = graph.value("codes", TensorType(DType.I8, (4,)))
    graph.inputs.append(codes)
    fine, coarse = graph.constant(np.float32(0.1)), graph.constant(np.float32(0.2))
    zero = graph.constant(np.int8(0))
    real = graph.add(Dequantize(), codes, fine, zero)
    graph.outputs = [graph.add(Quantize(DType.I8), real, coarse, zero)]
    (result,) = exact_row(graph, (np.array([1, 3, 5, -1], np.int8),))
    assert result.tolist() == [0, 2, 2, 0]


@pytest.mark.slow
def test_the_big_model_has_20_million_parameters(tmp_path: Path) -> None:
    assert write_model(tmp_path / "big.onnx") >= 20_000_000


def test_what_is_over_its_bar_is_marked() -> None:
    assert against(1_200, 1_200) == "1,200 (<= 1,200)"
    assert against(1_201, 1_200) == "1,201 (<= 1,200) **over**"
    assert against(1_201, None) == "1,201"


def test_instructions_are_compared_where_they_were_counted() -> None:
    assert more(Cost(1, 2, 110), Cost(1, 2, 100)) == "+10.0 %"
    assert more(Cost(1), Cost(1, 2, 100)) == more(Cost(1, 2, 100), Cost(1)) == ""
    assert (Cost(100, 20).total, Cost(100).total) == (120, 100)


def test_a_block_of_a_page_is_replaced_and_the_rest_is_kept() -> None:
    block = Block("rows")
    page = f"# Page\n\n{block.held('')}\n\n## More\n"
    written = block.replaced(page, ["| a |"])
    assert written == "# Page\n\n<!-- rows: begin -->\n\n| a |\n\n<!-- rows: end -->\n\n## More\n"
    assert block.replaced(written, ["| b |"]) == written.replace("| a |", "| b |")
    assert block.held(written) in written and "| a |" in block.held(written)


def test_a_board_has_a_row_that_says_what_did_not_fit() -> None:
    fits = (Outcome("no streams", 9), Outcome("default", 9, same_as="no streams"))
    large = (
        Outcome("no streams", 99, misfit="RAM is too small by 8 bytes"),
        Outcome("default", 99, same_as="no streams"),
        Outcome("`--stream-input`", 8),
    )
    board = ("microbit", "cortex-m0")
    results = {Case(*board, "kws_int8_qdq"): fits, Case(*board, "vww_int8_qdq"): large}
    *_, line, _, total = page_lines(results, 60.0)
    assert line == (
        "| microbit | 16,384 | cortex-m0 | 2 | identical bits | vww no streams and default |"
    )
    assert total == "2 programs in 1 minute of processor time, all with identical bits."


def test_a_difference_on_a_board_is_seen() -> None:
    wrong = (Outcome("no streams", 9), Outcome("default", 8, wrong=("output 0 is not the one",)))
    *_, line, _, total = page_lines({Case("host", "x86_64", "kws_int8_qdq"): wrong}, 600.0)
    assert "| **differs** |" in line and "1 of them **wrong**" in total


def test_outputs_are_held_against_the_plan_without_streams_and_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "reference", lambda _: (b"ab", b"cd"))
    case = Case("host", "x86_64", "kws_int8_qdq")
    assert boards.differences([b"ab", b"cd"], case, [b"ab", b"cd"]) == ()
    assert boards.differences([b"ab", b"ce"], case, [b"ab", b"ce"]) == (
        "output 1 is not the one of the reference",
    )
    assert boards.differences([b"ab", b"cd"], case, [b"aa", b"cd"]) == (
        "output 0 is not the one without streams",
    )


def test_every_board_and_every_target_is_tried() -> None:
    found = boards.places()
    assert {board for board, _ in found} == set(board_names())
    assert ("sifive_e", "riscv32imc") in found and ("microbit", "cortex-m0") in found
