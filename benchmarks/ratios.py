"""Instructions per MAC of models beyond MLPerf Tiny: python -m benchmarks.ratios [--target T ...]

Measures the other quantized models, networks of other sizes (`benchmarks.nets`) and a seeded set
of odd layers, each layer by the kernel that is chosen for it, and holds them to the ratios that
the best other tools reach on MLPerf Tiny models. Results are kept below build/benchmarks, one
file per target; --write makes docs/performance-models.md of all that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.choice import chosen_rows
from benchmarks.counting import BOARDS, Call, count_calls
from benchmarks.layers import Layer, macs
from benchmarks.nets import NETS, odd_layers
from benchmarks.ratios_page import KINDS, Measured, page
from benchmarks.regret import quantized_models
from benchmarks.shared import BUILD, model_path, shapes_of
from edgec.boards import load_board
from edgec.config import GenOptions
from edgec.driver import compile_model
from edgec.emit.folder import write_folder
from edgec.targets import load_target
from edgec.verify.bench import measure

TARGETS = ("cortex-m4", "cortex-m55", "cortex-m3", "cortex-m0", "riscv32imac", "riscv64gcv")
OFFICIAL = ("ad01_int8_qdq", "resnet8_int8_qdq", "kws_int8_qdq", "vww_int8_qdq")


def kind_of(layer: Layer) -> str:
    """The kind of a layer."""
    if layer.kind == "dwconv":
        return KINDS[2]
    if layer.kind == "gemm":
        return KINDS[3]
    return KINDS[1] if (layer.kh, layer.kw) == (1, 1) else KINDS[0]


def measure_model(name: str, target: str) -> list[Measured]:
    """Every function of a model."""
    options = GenOptions(target=target, shapes=shapes_of(name))
    compiled = compile_model(model_path(name), options, lambda _: None)
    with tempfile.TemporaryDirectory(prefix="edgec-ratios-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        board = load_board(BOARDS.get(target, load_target(target).default_board))
        cost = measure(folder, board, Path(place) / "build", timeout_s=1200.0)
    kernels = {entry.function: entry.kernel for entry in compiled.emission.manifest.layers}
    rows = [
        Measured(
            name, row.name, _named_kind(row.op, kernels.get(row.function) or ""),
            kernels.get(row.function) or "loops", row.macs, row.instructions,
        )
        for row in cost.layers
    ]  # fmt: skip
    return [*rows, Measured(name, "entry", "", "", 0, cost.entry_instructions)]


def _named_kind(op: str, kernel: str) -> str:
    """The kind of a model's layer, by its operator and kernel."""
    if kernel.startswith("dwconv"):
        return KINDS[2]
    if "Conv" in op and "Transpose" not in op:
        return KINDS[1] if "_1x1" in kernel else KINDS[0]
    return KINDS[3] if "Gemm" in op else ""


def measure_layers(target: str) -> list[Measured]:
    """The layers of the nets, and the odd ones, which are chosen for as for one model."""
    features = load_target(target).features
    groups = {net.name: net.layers for net in NETS} | {"odd": odd_layers()}
    wanted = [
        (of, Call(row, layer))
        for of, found in groups.items()
        for layer, row in zip(found, chosen_rows(found, features), strict=True)
    ]
    calls = list(dict.fromkeys(call for _, call in wanted))
    counts = dict(zip(calls, count_calls(target, calls), strict=True))
    return [
        Measured(
            of, str(c.layer), kind_of(c.layer), c.row.name, macs(c.layer), counts[c]
        )
        for of, c in wanted
    ]  # fmt: skip


def result_path(target: str) -> Path:
    """Where the measurements of a target are kept."""
    return BUILD / "ratios" / f"{target}.json"


def run(target: str, models: Sequence[str]) -> list[Measured]:
    """Measure everything on a target, and keep it."""
    found = measure_layers(target)
    for name in models:
        print(f"{target} {name}", file=sys.stderr, flush=True)
        found += measure_model(name, target)
    path = result_path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(m) for m in found]), encoding="utf-8")
    return found


def load(target: str) -> list[Measured]:
    """What `run` kept."""
    return [Measured(**row) for row in json.loads(result_path(target).read_text(encoding="utf-8"))]


def other_models() -> tuple[str, ...]:
    """Quantized models beside those of MLPerf Tiny."""
    return tuple(name for name in quantized_models() if name not in OFFICIAL)


def main() -> int:
    """Measure the targets and print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--model", nargs="+", default=list(other_models()), metavar="M")
    parser.add_argument("--write", type=Path, help="file to write, docs/performance-models.md")
    options = parser.parse_args()
    for target in options.target:
        run(target, options.model)
    text = page({t: load(t) for t in TARGETS if result_path(t).exists()})
    print(text)
    if options.write is not None:
        options.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
