"""Cost of the MLPerf Tiny int8 models on Cortex-M4: python -m benchmarks.cost.

Instructions of one inference, arena, painted and bounded stack, and flash, against the bars that
hold before any tuning.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import MODELS, io_path, model_path
from edgec.boards import load_board
from edgec.config import GenOptions
from edgec.driver import compile_model
from edgec.emit.folder import write_folder
from edgec.targets import load_target
from edgec.verify.bench import BenchResult, measure
from edgec.verify.inputs import load_inputs

TARGET = "cortex-m4"


@dataclass(frozen=True)
class Bar:
    """The most that a model may cost: arena bytes, and instructions where a bar is set."""

    model: str
    arena: int
    instructions: int | None = None


BARS = (
    Bar("kws_int8_qdq", 16_400, 11_000_000),
    Bar("resnet8_int8_qdq", 50_000, 42_000_000),
    Bar("vww_int8_qdq", 56_000),
    Bar("ad01_int8_qdq", 1_300),
)


def cost(model: str) -> BenchResult:
    """Measured under QEMU on the target's board, for the model's first stored input."""
    compiled = compile_model(model_path(model), GenOptions(target=TARGET), lambda _: None)
    (sample,) = load_inputs(io_path(model), 1, compiled.graph)
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        board = load_board(load_target(TARGET).default_board)
        return measure(folder, board, Path(place) / "build", sample.data, timeout_s=1200.0)


def misses(bar: Bar, result: BenchResult) -> list[str]:
    """What is above the bar."""
    found = []
    if result.arena_bytes > bar.arena:
        found.append(f"arena above {bar.arena:,}")
    if bar.instructions is not None and result.total_instructions > bar.instructions:
        found.append(f"instructions above {bar.instructions:,}")
    return found


def main() -> int:
    """Print one line per model; 1 if a bar is missed."""
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    print(
        f"{'model':18} {'instructions':>12} {'arena':>7} {'stack':>6} {'bound':>6} "
        f"{'weights':>8} {'code':>7} {'kernels':>7}"
    )
    failed = False
    for bar in BARS:
        result = cost(bar.model)
        flash = result.sizes.flash
        wrong = misses(bar, result)
        failed = failed or bool(wrong)
        print(
            f"{bar.model:18} {result.total_instructions:12,} {result.arena_bytes:7,} "
            f"{result.stack_painted:6,} {result.stack_bound.bytes:6,} {flash.weights:8,} "
            f"{flash.code + flash.constants:7,} {flash.kernels:7,}  {'; '.join(wrong) or 'ok'}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
