"""Generates, compiles and runs one shared model on each target, and holds it to its answers."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.exact import exact_graph, exact_row
from benchmarks.records import ModelResult, OutputFigures, TargetRun
from benchmarks.shared import MODELS, WARNINGS, io_path, model_path, shapes_of
from edgec.boards import load_board
from edgec.build.firmware import BuildOptions, Firmware, build_firmware
from edgec.config import GenOptions
from edgec.diagnostics import EdgecError
from edgec.driver import Compiled, compile_model
from edgec.emit.folder import write_folder
from edgec.targets import load_target
from edgec.verify.compare import Row, reference_row, run_samples
from edgec.verify.count import count_instructions
from edgec.verify.inputs import Sample, load_inputs
from edgec.verify.judge import (
    Arithmetic,
    arithmetic_of,
    is_right,
    match_output,
    native_codes,
    within_tolerance,
)

Array = npt.NDArray[np.generic]

FAST_ENOUGH_S = 180.0
TIMEOUT_S = 1500.0


@dataclass(frozen=True)
class Expected:
    """What a model should answer: the numpy reference, and onnxruntime's stored answers."""

    reference: tuple[Row, ...]
    optimized: tuple[Row, ...]
    plain: tuple[Row, ...] | None  # with all graph optimizations off, where that differs


def measure_model(name: str, targets: Sequence[str], *, time_gen: bool = True) -> ModelResult:
    """Measure one model on `targets`; without `time_gen`, not how long `edgec gen` takes.

    The numpy reference is computed once: all targets compile the same graph.
    """
    notes: list[str] = []
    runs: list[TargetRun] = []
    expected: Expected | None = None
    arithmetic, macs = "", 0
    exact: tuple[float | None, float | None] = (None, None)
    for target in targets:
        try:
            compiled = compile_model(model_path(name), _options(name, target), lambda _: None)
            samples = load_inputs(io_path(name), None, compiled.graph)
            if expected is None:
                expected = _expected(name, compiled, samples)
                exact = _exactness(name, compiled, expected)
            arithmetic = arithmetic_of(compiled.graph).value
            macs = compiled.emission.manifest.macs
            runs.append(_run_target(compiled, samples, expected))
        except EdgecError as error:
            board = load_target(target).default_board
            runs.append(TargetRun(target, board, f"{error.diagnostics[0].code}: {error}"[:200]))
        if runs[-1].inputs and runs[-1].inputs < 4:
            notes.append(f"{runs[-1].inputs} inputs only on {target}, where one takes minutes")
    seconds = gen_seconds(name) if time_gen else 0.0
    return ModelResult(name, arithmetic, macs, seconds, tuple(runs), tuple(notes), *exact)


def _options(name: str, target: str) -> GenOptions:
    return GenOptions(target=target, shapes=shapes_of(name))


def gen_seconds(name: str) -> float:
    """Processor time of the whole command `edgec gen`, Python's start included."""
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        command = [sys.executable, "-m", "edgec.cli.main", "gen", str(model_path(name))]
        command += ["--target", "cortex-m4", "-o", f"{place}/out"]
        for key, shape in shapes_of(name).items():
            command += ["--shape", f"{key}={','.join(str(d) for d in shape)}"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=False, capture_output=True, cwd=MODELS)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _expected(name: str, compiled: Compiled, samples: Sequence[Sample]) -> Expected:
    reference = tuple(reference_row(compiled.graph, sample) for sample in samples)
    stored = np.load(io_path(name))
    order = [str(n) for n in stored["output_names"]]
    places = [order.index(value.name) for value in compiled.graph.outputs]

    def rows(prefix: str) -> tuple[Row, ...]:
        return tuple(
            tuple(
                stored[key if (key := f"{prefix}{k}_{j}") in stored else f"out{k}_{j}"]
                for j in places
            )
            for k in range(len(samples))
        )

    plain = rows("outnoopt") if any(k.startswith("outnoopt") for k in stored) else None
    return Expected(reference, rows("out"), plain)


def _exactness(
    name: str, compiled: Compiled, expected: Expected
) -> tuple[float | None, float | None]:
    """Fractions of an integer graph's reference outputs that are exact, and within one step."""
    if arithmetic_of(compiled.graph) is not Arithmetic.INTEGER:
        return None, None
    graph = exact_graph(model_path(name), shapes_of(name))
    stored = np.load(io_path(name))
    order = [str(n) for n in stored["input_names"]]
    places = [order.index(value.name) for value in graph.inputs]
    errors: list[npt.NDArray[np.float64]] = []
    for k, reference in enumerate(expected.reference):
        row = exact_row(graph, tuple(stored[f"in{k}_{i}"] for i in places))
        for value, ours, theirs in zip(compiled.graph.outputs, reference, row, strict=True):
            codes = native_codes(value, theirs).reshape(ours.shape)
            errors.append(np.abs(ours.astype(np.float64) - codes.astype(np.float64)).ravel())
    every = np.concatenate(errors)
    return float((every == 0).mean()), float((every <= 1).mean())


def _run_target(compiled: Compiled, samples: Sequence[Sample], expected: Expected) -> TargetRun:
    target = compiled.target
    board = load_board(target.default_board)
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        options = BuildOptions(extra_cflags=WARNINGS)
        firmware = build_firmware(folder, board, Path(place) / "build", options)
        rows, seconds = _run_what_time_allows(firmware, compiled, samples)
        instructions = None
        if target.name == "cortex-m4":
            counted = count_instructions(firmware, [samples[0].data], timeout_s=TIMEOUT_S)
            instructions = counted.count.total
    problem, exact = _verdict(compiled, rows, expected)
    return TargetRun(
        target=target.name,
        board=board.name,
        problem=problem,
        inputs=len(rows),
        arena=compiled.plan.arena_bytes,
        weights=firmware.manifest.weights_bytes,
        digest=hashlib.sha256(b"".join(a.tobytes() for row in rows for a in row)).hexdigest(),
        exact=exact,
        optimized=_figures(compiled, rows, expected.optimized),
        plain=() if expected.plain is None else _figures(compiled, rows, expected.plain),
        instructions=instructions,
        seconds=seconds,
    )


def _run_what_time_allows(
    firmware: Firmware, compiled: Compiled, samples: Sequence[Sample]
) -> tuple[list[Row], float]:
    """Outputs of all samples, or of fewer where one inference takes minutes; and its seconds."""
    start = time.perf_counter()
    rows = run_samples(firmware, compiled.graph, samples[:1], timeout_s=TIMEOUT_S)
    seconds = time.perf_counter() - start
    more = min(len(samples) - 1, int(FAST_ENOUGH_S / seconds))
    if more:
        rest = samples[1 : 1 + more]
        rows += run_samples(firmware, compiled.graph, rest, timeout_s=TIMEOUT_S)
    return rows, seconds


def _column(rows: Sequence[Row], j: int) -> list[Array]:
    return [row[j] for row in rows]


def _verdict(
    compiled: Compiled, rows: Sequence[Row], expected: Expected
) -> tuple[str, bool | None]:
    """What is wrong by the rule of `edgec verify` ("" if nothing), and bit-exactness."""
    arithmetic = arithmetic_of(compiled.graph)
    wrong: list[str] = []
    exact: list[bool] = []
    for j, value in enumerate(compiled.graph.outputs):
        got = _column(rows, j)
        reference = _column(expected.reference, j)[: len(rows)]
        answers = _column(expected.optimized, j)[: len(rows)]
        match = match_output(value, arithmetic, got, reference, answers)
        if match.bit_exact is not None:
            exact.append(match.bit_exact)
        if not is_right(match, arithmetic, got, reference):
            said = "differs from the reference" if match.bit_exact is False else "not tolerable"
            wrong.append(f"'{value.name}' {said}")
    return "; ".join(wrong), all(exact) if exact else None


def _figures(
    compiled: Compiled, rows: Sequence[Row], answers: Sequence[Row]
) -> tuple[OutputFigures, ...]:
    figures: list[OutputFigures] = []
    for j, value in enumerate(compiled.graph.outputs):
        got, wanted = _column(rows, j), _column(answers, j)[: len(rows)]
        match = match_output(value, Arithmetic.FLOAT, got, got, wanted)
        error = match.max_abs_error or 0.0
        largest = max(float(np.abs(a.astype(np.float64)).max(initial=0.0)) for a in wanted)
        figures.append(
            OutputFigures(
                name=value.name,
                dtype=value.type.dtype.value,
                tolerable=all(
                    bool(within_tolerance(a, b.reshape(a.shape)).all())
                    for a, b in zip(got, wanted, strict=True)
                ),
                error=error,
                relative=error / largest if largest else error,
                near=match.within_one_step,
                top1=match.top1_agreement,
            )
        )
    return tuple(figures)
