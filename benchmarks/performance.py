"""Instructions of the MLPerf Tiny models on every core: python -m benchmarks.performance.

Prints the table of docs/performance.md, and writes the page with --write. Every figure is one
inference of `NAME_run`, counted exactly under QEMU, next to what it was asked to be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import MODELS, io_path, model_path
from edgec.boards import load_board
from edgec.config import GenOptions, Optimize
from edgec.driver import compile_model
from edgec.emit.folder import write_folder
from edgec.targets import load_target, target_names
from edgec.verify.bench import BenchResult, measure
from edgec.verify.inputs import load_inputs

NAMES = ("ad01", "resnet8", "kws", "vww")
BALANCED, SPEED = Optimize.BALANCED, Optimize.SPEED
M0_BOARD = "mps2-an385"  # the same instructions, with room for every model


@dataclass(frozen=True)
class Row:
    """One core: the bars of ad01, resnet8, kws and vww in thousands of instructions.

    `incumbent` is what the best other tool needs, in the same order and unit.
    """

    target: str
    optimize: Optimize
    bars: tuple[float | None, ...]
    incumbent: tuple[float, ...] = ()
    kind: str = "int8_qdq"
    board: str = ""


ROWS = (
    Row("cortex-m4", BALANCED, (360, 13_000, 3_400, 6_200), (573, 28_500, 7_230, 22_600)),
    Row("cortex-m4", SPEED, (330, 9_200, 3_000, 5_600), (573, 28_500, 7_230, 22_600)),
    Row("cortex-m55", BALANCED, (65, 2_600, 1_050, 2_500), (150, 4_810, 1_790, 6_430)),
    Row("cortex-m3", BALANCED, (640, 26_000, 6_200, 10_500), (953, 41_800, 10_500, 32_100)),
    Row("cortex-m0", BALANCED, (1_350, 68_000, 17_500, 30_000), (1_760, 97_600, 29_000, 86_900),
        board=M0_BOARD),
    Row("riscv32imac", BALANCED, (930, 36_000, 8_800, 16_000), (1_340, 54_700, 14_900, 44_700)),
    Row("riscv32imac", SPEED, (None, 24_000, 8_500, None), (1_340, 54_700, 14_900, 44_700)),
    Row("riscv64gcv", BALANCED, (90, 3_600, 1_300, 3_200)),
    Row("cortex-m4", BALANCED, (None, 50_007, None, 29_959), kind="fp32"),
    Row("cortex-m55", BALANCED, (None, 15_002, None, 8_988), kind="fp32"),
)  # fmt: skip
CYCLES = {
    BALANCED: (500, 18_000, 4_700, 8_300),
    SPEED: (470, 13_000, 4_300, 7_700),
}  # thousands, cortex-m4 int8
FLASH = (276, 96, 40, 60)  # KB of code and constants, cortex-m4 balanced int8


def cost(row: Row, name: str) -> BenchResult:
    """One model on one core, for its first stored input."""
    model = f"{name}_{row.kind}"
    options = GenOptions(target=row.target, optimize=row.optimize)
    compiled = compile_model(model_path(model), options, lambda _: None)
    (sample,) = load_inputs(io_path(model), 1, compiled.graph)
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        board = load_board(row.board or load_target(row.target).default_board)
        return measure(folder, board, Path(place) / "build", sample.data, timeout_s=1200.0)


def thousands(value: float) -> str:
    """A count as the tables have it: 360 k, 13.0 M."""
    return f"{value / 1000:.2f} M" if value >= 1000 else f"{value:.0f} k"


def against(value: float, bar: float | None) -> str:
    """A figure in thousands and the bar it should stay below."""
    if bar is None:
        return thousands(value)
    mark = "" if value <= bar else " **over**"
    return f"{thousands(value)} (<= {thousands(bar)}){mark}"


def lines() -> Iterator[str]:
    """The page, line by line; measuring as it goes."""
    yield from HEAD.splitlines()
    yield ""
    yield "| core | ad01 | resnet8 | kws | vww |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    details: list[str] = []
    known = target_names()
    for row in ROWS:
        if row.target not in known:
            continue
        cells = []
        for k, name in enumerate(NAMES):
            if row.kind == "fp32" and row.bars[k] is None:
                cells.append("")
                continue
            result = cost(row, name)
            text = against(result.total_instructions / 1000, row.bars[k])
            if row.incumbent:
                text += f", {row.incumbent[k] * 1000 / result.total_instructions:.1f}x fewer"
            cells.append(text)
            details.append(_detail(row, name, k, result))
        yield f"| {row.target} {row.optimize.value} {row.kind} | {' | '.join(cells)} |"
    yield ""
    yield from SIZES.splitlines()
    yield ""
    yield "| core | model | flash KB | arena B | stack B | estimated cycles |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    yield from details


def _detail(row: Row, name: str, k: int, result: BenchResult) -> str:
    """Flash, arena, stack and cycles of one measurement."""
    flash = result.sizes.flash
    total = (flash.weights + flash.constants + flash.code + flash.kernels + flash.libraries) / 1024
    plain = row.target == "cortex-m4" and row.kind == "int8_qdq"
    size = against_kb(total, FLASH[k] if plain and row.optimize is BALANCED else None)
    cycles = ""
    if result.total_cycles is not None:
        bar = CYCLES[row.optimize][k] if plain else None
        cycles = against(result.total_cycles / 1000, bar)
    head = f"{row.target} {row.optimize.value}"
    return (
        f"| {head} | {name}_{row.kind} | {size} | {result.arena_bytes:,} | "
        f"{result.stack_painted:,} | {cycles} |"
    )


def against_kb(value: float, bar: float | None) -> str:
    """A size in KB (of 1024 bytes) and its bar."""
    if bar is None:
        return f"{value:.1f}"
    return f"{value:.1f} (<= {bar}){'' if value <= bar else ' **over**'}"


HEAD = """# Performance

What one inference costs, measured by

```
python -m benchmarks.performance --write docs/performance.md
```

Instructions are exact: QEMU executes the firmware, and a plugin counts everything between the
entry and the return of `NAME_run`. A figure stands before the bar it was asked to stay below;
"x fewer" compares with the best other tool measured the same way (TensorFlow Lite Micro with
CMSIS-NN on Cortex-M4 and M55, CMSIS-NN or muRISCV-NN called directly elsewhere). All int8 outputs
are the same bits on all cores. Cortex-M0 code runs on a board with enough memory.
"""
SIZES = """## Size and cycles

Flash is the model's constants, its own code, the kernels and the C library functions they call, in
KB of 1024 bytes. Cycles are estimated for a Cortex-M4 without wait states
(`edgec/verify/cycles.py`).
"""


def main() -> int:
    """Print the page; write it with --write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="file to write, docs/performance.md")
    arguments = parser.parse_args()
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    page = []
    for line in lines():
        print(line, flush=True)
        page.append(line)
    if arguments.write is not None:
        arguments.write.write_text("\n".join(page) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
