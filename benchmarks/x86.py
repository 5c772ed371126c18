"""Speed on this computer against onnxruntime: python -m benchmarks.x86 [--models NAME ...].

One thread of each, in one process, by turns: a round times a few milliseconds of edgec's folder
(compiled as a shared library with the manifest's own compiler and flags), then as much of every
onnxruntime session. A ratio is the median over rounds of onnxruntime's time by edgec's. Times are
of the processor, so a busy computer only adds what sharing caches costs.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime as ort

from benchmarks.shared import MODELS, io_path, model_path, shapes_of
from edgec.config import GenOptions
from edgec.diagnostics import EdgecError
from edgec.driver import Compiled, compile_model
from edgec.emit.folder import write_folder
from edgec.verify.inputs import load_inputs

TARGET = "x86_64-v3"
ROUNDS = 75
ROUND_S = 0.004

Run = Callable[[], object]


@dataclass(frozen=True)
class Bar:
    """How many times as fast as onnxruntime's best of `rivals` a model has to be."""

    model: str
    rivals: tuple[str, ...]
    ratio: float


BARS = (
    Bar("ad01_int8_qdq", ("ad01_int8_qdq", "ad01_fp32"), 3.0),
    Bar("resnet8_int8_qdq", ("resnet8_int8_qdq", "resnet8_fp32"), 1.3),
    Bar("kws_int8_qdq", ("kws_int8_qdq", "kws_fp32"), 2.0),
    Bar("vww_int8_qdq", ("vww_int8_qdq", "vww_fp32"), 3.0),
)
NEVER_BELOW = 0.5


@dataclass(frozen=True)
class Result:
    """Microseconds of one inference: edgec's, and the best of onnxruntime's; their ratio."""

    model: str
    ours: float
    theirs: float
    ratio: float


def float_bars() -> tuple[Bar, ...]:
    """The float models, each against itself; what they have to reach is a mean."""
    names = [p.stem for p in sorted(MODELS.glob("*.onnx"))]
    chosen = [n for n in names if n.startswith("torch_") or n.endswith("_fp32")]
    floats = [n for n in chosen if not n.endswith(("_qdq", "_qop", "_dynq", "_u8"))]
    return tuple(Bar(n, (n,), NEVER_BELOW) for n in floats if io_path(n).exists())


def shared_library(compiled: Compiled, place: Path) -> ctypes.CDLL:
    """The generated folder, compiled as its manifest says."""
    folder = place / compiled.program.name
    write_folder(compiled.emission, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    library = place / "model.so"
    command = [manifest["cc"], *manifest["cflags"], "-fPIC", "-shared", f"-I{folder}"]
    command += [str(folder / name) for name in manifest["sources"]]
    subprocess.run([*command, "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def edgec_run(name: str, place: Path, target: str) -> Run:
    """One inference of the generated code on the model's first stored input."""
    options = GenOptions(target=target, shapes=shapes_of(name))
    compiled = compile_model(model_path(name), options, lambda _: None)
    library = shared_library(compiled, place)
    manifest = compiled.emission.manifest
    memory = np.zeros(manifest.arena.bytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    (sample,) = load_inputs(io_path(name), 1, compiled.graph)
    inputs = [
        (start + tensor.offset, np.frombuffer(array.tobytes(), np.uint8))
        for tensor, array in zip(manifest.inputs, sample.arrays, strict=True)
        if tensor.offset is not None
    ]
    entry = getattr(library, manifest.entry)
    arena = ctypes.c_void_p(memory.ctypes.data + start)

    def run() -> object:
        for offset, data in inputs:
            memory[offset : offset + data.size] = data
        return entry(arena)

    return run


def onnxruntime_run(name: str) -> Run:
    """One inference of onnxruntime on one thread on the model's first stored input."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(
        str(model_path(name)), options, providers=["CPUExecutionProvider"]
    )
    stored = np.load(io_path(name))
    feeds = {str(key): stored[f"in0_{i}"] for i, key in enumerate(stored["input_names"])}
    return lambda: session.run(None, feeds)


def seconds(run: Run, times: int) -> float:
    """Processor time of one of `times` calls in a row: other programs do not count."""
    start = time.thread_time()
    for _ in range(times):
        run()
    return (time.thread_time() - start) / times


def compare(bar: Bar, target: str) -> Result:
    """Time all by turns, one round after another."""
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        runs = [edgec_run(bar.model, Path(place), target), *map(onnxruntime_run, bar.rivals)]
        times = [max(1, int(ROUND_S / max(seconds(run, 3), 1e-7))) for run in runs]
        rounds = [
            [seconds(run, count) for run, count in zip(runs, times, strict=True)]
            for _ in range(ROUNDS)
        ]
    middle = [median(column) for column in zip(*rounds, strict=True)]
    best = middle.index(min(middle[1:]), 1)
    ratio = median(row[best] / row[0] for row in rounds)
    return Result(bar.model, middle[0] * 1e6, middle[best] * 1e6, ratio)


def geometric_mean(ratios: Sequence[float]) -> float:
    return exp(sum(map(log, ratios)) / len(ratios))


def report(bars: Sequence[Bar], target: str) -> list[Result]:
    """Measure and print one line per model; those that cannot be compiled are named."""
    results: list[Result] = []
    for bar in bars:
        try:
            result = compare(bar, target)
        except EdgecError as error:
            print(f"{bar.model:36} {error}", flush=True)
            continue
        verdict = "ok" if result.ratio >= bar.ratio else f"below {bar.ratio}"
        print(
            f"{result.model:36} {result.ours:9.1f} us {result.theirs:9.1f} us "
            f"{result.ratio:6.2f}x  {verdict}",
            flush=True,
        )
        results.append(result)
    return results


def main() -> int:
    """Print edgec's and onnxruntime's times; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--target", default=TARGET)
    options = parser.parse_args()
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    wanted = set(options.models)
    integer = [bar for bar in BARS if not wanted or bar.model in wanted]
    floats = [bar for bar in float_bars() if not wanted or bar.model in wanted]
    results = report([*integer, *floats], options.target)
    of_floats = [r.ratio for r in results if r.model in {bar.model for bar in floats}]
    mean = geometric_mean(of_floats) if of_floats else 1.0
    if of_floats:
        print(f"geometric mean of {len(of_floats)} float models: {mean:.2f}x")
    bars = {bar.model: bar.ratio for bar in (*integer, *floats)}
    return 1 if mean < 1.0 or any(r.ratio < bars[r.model] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
