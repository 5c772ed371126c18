"""A float model of 20 million parameters: python -m benchmarks.big_model.

Makes it in a temporary folder and measures wall time and peak memory of `edgec gen`, and the time
to compile the generated folder with `--weights incbin`.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgec.build.manifest import read_manifest

GEN_SECONDS = 20.0
GEN_BYTES = 1_500_000_000
COMPILE_SECONDS = 10.0

# Channels of the convolutions (3 x 3, on 16 x 16 pixels) and widths of the dense layers after them.
CHANNELS = (3, 64, 128, 256, 512, 512)
WIDTHS = (512, 2048, 4096, 1700, 10)
SIZE = 16


@dataclass(frozen=True)
class BigResult:
    """Seconds, and bytes of the peak resident set of `edgec gen`."""

    parameters: int
    gen_seconds: float
    gen_bytes: int
    compile_seconds: float

    @property
    def good(self) -> bool:
        return (
            self.gen_seconds < GEN_SECONDS
            and self.gen_bytes < GEN_BYTES
            and self.compile_seconds < COMPILE_SECONDS
        )


def write_model(path: Path) -> int:
    """A small VGG with random weights at `path`; returns its number of parameters."""
    rng = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def constant(name: str, *shape: int) -> str:
        data = rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1]))
        weights.append(numpy_helper.from_array(data, name))
        return name

    last = "image"
    for k, (inner, outer) in enumerate(itertools.pairwise(CHANNELS)):
        operands = [last, constant(f"conv{k}.w", outer, inner, 3, 3), constant(f"conv{k}.b", outer)]
        nodes.append(helper.make_node("Conv", operands, [f"conv{k}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"conv{k}"], [f"relu{k}"]))
        last = f"relu{k}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"]))
    last = "flat"
    for k, (inner, outer) in enumerate(itertools.pairwise(WIDTHS)):
        operands = [last, constant(f"gemm{k}.w", outer, inner), constant(f"gemm{k}.b", outer)]
        nodes.append(helper.make_node("Gemm", operands, [f"gemm{k}"], transB=1))
        last = f"gemm{k}"
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, CHANNELS[0], SIZE, SIZE])
    scores = helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, WIDTHS[-1]])
    graph = helper.make_graph(nodes, "big", [image], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return sum(int(np.prod(w.dims)) for w in weights)


def measure_big(target: str) -> BigResult:
    """Generate with `--weights incbin` and compile every source, one after the other."""
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        model = Path(place) / "big.onnx"
        folder = Path(place) / "big"
        parameters = write_model(model)
        command = [sys.executable, "-m", "edgec.cli.main", "gen", str(model)]
        command += ["--target", target, "--weights", "incbin", "-o", str(folder)]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        gen_seconds = time.perf_counter() - start
        # Linux counts kilobytes; gen is the only child so far, so the maximum is its own.
        gen_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        return BigResult(parameters, gen_seconds, gen_bytes, _compile_seconds(folder))


def _compile_seconds(folder: Path) -> float:
    manifest = read_manifest(folder)
    start = time.perf_counter()
    for source in manifest.sources:
        command = [manifest.cc, *manifest.cflags, "-I.", "-c", source, "-o", "/dev/null"]
        subprocess.run(command, cwd=folder, check=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the three figures; 1 if one is above its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="cortex-m4")
    result = measure_big(parser.parse_args().target)
    print(f"parameters      {result.parameters:,}")
    print(f"edgec gen       {result.gen_seconds:.1f} s, at most {GEN_SECONDS:g}")
    print(f"peak memory     {result.gen_bytes / 1e6:,.0f} MB, at most {GEN_BYTES / 1e6:,.0f}")
    print(f"compiling       {result.compile_seconds:.1f} s, at most {COMPILE_SECONDS:g}")
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
