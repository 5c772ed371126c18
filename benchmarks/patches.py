"""RAM of models with streams alone and with patches: python -m benchmarks.patches [--write].

Every figure is one inference of `NAME_run` for Cortex-M4 under QEMU; flash is all that is linked
of the model. `--write` puts the table into docs/patches.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.blocks import Block
from benchmarks.shared import model_path
from edgec.boards import load_board
from edgec.config import GenOptions
from edgec.driver import emitted, goal_of, optimised
from edgec.emit.folder import write_folder
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.ops.quantized_window import QConv
from edgec.plan.candidates import Goal
from edgec.plan.fit import Fit
from edgec.plan.patches import macs
from edgec.quantize import fixedpoint as fp
from edgec.targets import load_target
from edgec.verify.bench import measure

TARGET, BOARD = "cortex-m4", "mps2-an386"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "patches.md"
TABLE = Block("table")
BLOCKS = ((24, 2), (24, 1), (32, 2), (32, 1), (64, 2), (64, 1))  # channels and stride
LEAST = {"mcunet_vww": 21_500}  # where the smallest estimate is not what can be placed best
LIMITS = {
    "mobilenet_96": (45_000, 40_000, 36_000, 32_600),
    "mcunet_vww": (22_000,),
    "mltk_rock_paper_scissors": (12_600, 10_600),
    "face_detection_short_range": (245_000,),
    "yunet_s_160": (500_000, 430_000),
}


def conv(g: Graph, rng: np.random.Generator, x: Value, channels: int, k: int, stride: int) -> Value:
    """A k x k convolution of int8, of each channel on its own if `channels` is 0."""
    inputs = x.type.shape[-1]
    shape = (channels or inputs, k, k, inputs if channels else 1)
    w = rng.integers(-127, 128, shape).astype(np.int8)
    bias = rng.integers(-900, 900, shape[0]).astype(np.int32)
    real = np.full(shape[0], 0.01 / np.sqrt(np.prod(shape[1:])))
    m = fp.choose_multipliers(real, fp.accumulator_bound(w, bias, -3))
    group = 1 if channels else inputs
    pads = (k // 2,) * 4
    op = QConv((stride, stride), pads, (1, 1), group, -3, m.shift, 4, channels_last=True)
    return g.add(op, x, g.constant(w, "w"), g.constant(bias, "b"), g.constant(m.mult, "m"))


def mobilenet(size: int) -> Graph:
    """The first 21 layers of a MobileNetV2 on size x size x 3, with random weights."""
    rng, g = np.random.default_rng(0), Graph("mobilenet")
    y = g.value("image", TensorType(DType.I8, (1, size, size, 3)))
    g.inputs.append(y)
    for channels, k, stride in ((32, 3, 2), (0, 3, 1), (16, 1, 1)):
        y = conv(g, rng, y, channels, k, stride)
    for channels, stride in BLOCKS:
        y = conv(g, rng, y, 6 * y.type.shape[-1], 1, 1)
        y = conv(g, rng, y, 0, 3, stride)
        y = conv(g, rng, y, channels, 1, 1)
    g.outputs.append(y)
    return g


@dataclass(frozen=True)
class Row:
    """One schedule of a model; `macs` are those that are executed."""

    schedule: str
    arena: int
    flash: int
    instructions: int
    macs: int

    def line(self, model: str, first: Row, once: int) -> str:
        """A line of the table; `first` is the fastest schedule, `once` the model's own macs."""
        more = 100 * (self.instructions / first.instructions - 1)
        again = 100 * (self.macs / once - 1)
        cells = (
            model, self.schedule, f"{self.arena:,}", f"{again:.1f} %", f"{self.instructions:,}",
            f"{more:+.1f} %", f"{self.flash:,}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def measured(name: str, graph: Graph, schedule: str, goal: Goal) -> Row:
    """One schedule of `graph`, built and run."""
    options = GenOptions(TARGET, name=name)
    made = Fit.of(graph, load_target(TARGET).features, goal).best()
    compiled = emitted(Path(f"{name}.onnx"), graph, made, options, lambda _: None)
    with tempfile.TemporaryDirectory(prefix="edgec-patches-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        found = measure(folder, load_board(BOARD), Path(place) / "build", timeout_s=1200.0)
    flash = found.sizes.flash
    size = flash.weights + flash.code + flash.constants + flash.kernels
    done = sum(step.macs for step in compiled.program.steps)
    return Row(schedule, found.arena_bytes, size, found.total_instructions, done)


def rows(name: str) -> Iterator[str]:
    """The lines of one model."""
    size = name.removeprefix("mobilenet_")
    options = GenOptions(TARGET)
    graph = (
        mobilenet(int(size))
        if size != name
        else optimised(model_path(name), options, lambda _: None)
    )
    once = sum(macs(node) for node in graph.nodes)
    goal = goal_of(options)
    fast = measured(name, graph, "no streams", replace(goal, rows=0.0))
    yield fast.line(name, fast, once)
    yield measured(name, graph, "default", goal).line("", fast, once)
    least = replace(goal, ram=LEAST.get(name, 64), patches=False)
    yield measured(name, graph, "least by streams alone", least).line("", fast, once)
    for limit in LIMITS[name]:
        row = measured(name, graph, f"patches, arena <= {limit:,}", replace(goal, ram=limit))
        yield row.line("", fast, once)


def main() -> None:
    """Prints the table, or writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("models", nargs="*", default=list(LIMITS))
    arguments = parser.parse_args()
    lines = [
        "| model | schedule | arena | done again | instructions | against no streams | flash |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for line in lines:
        print(line)
    for name in arguments.models:
        for line in rows(name):
            print(line, flush=True)
            lines.append(line)
    if arguments.write:
        TABLE.write(PAGE, lines)


if __name__ == "__main__":
    main()
