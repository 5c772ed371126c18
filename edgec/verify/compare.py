"""Runs the machine code over inputs and holds its outputs against the references."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.build.firmware import Firmware
from edgec.diagnostics import EdgecError, ExitCode, fail
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.verify.first_difference import first_difference
from edgec.verify.inputs import Sample
from edgec.verify.judge import Arithmetic, arithmetic_of, is_right, match_output
from edgec.verify.match import LayerDifference, RunMatch
from edgec.verify.qemu import RunOptions, run_elf
from edgec.verify.reference_ort import onnx_answers
from edgec.verify.states import in_sequence, sent

Array = npt.NDArray[np.generic]
Row = tuple[Array, ...]

TIMEOUT_S = 600.0


def compare_runs(
    firmware: Firmware,
    graph: Graph,
    samples: Sequence[Sample],
    model: Path,
    *,
    timeout_s: float = TIMEOUT_S,
) -> RunMatch:
    """Run all `samples` in one run of `firmware` and compare every output.

    `graph` is what the firmware was compiled from: its numpy references decide for integers.
    onnxruntime, if installed, runs `model`. What counts as right is stated in `judge`. When an
    output is wrong, the firmware is built again with tracing to find the first layer that
    differs. The samples of a model with states are one sequence.

    Raises as `run_elf` does, and E0706 when the entry function returns an error.
    """
    samples = in_sequence(graph, samples)
    got = run_samples(firmware, graph, samples, timeout_s=timeout_s)
    reference = [reference_row(graph, sample) for sample in samples]
    arithmetic = arithmetic_of(graph)
    answers = onnx_answers(model, graph, samples, optimized=arithmetic is Arithmetic.FLOAT)
    matches = tuple(
        match_output(
            value,
            arithmetic,
            [row[j] for row in got],
            [row[j] for row in reference],
            None if answers.outputs is None else [row[j] for row in answers.outputs],
        )
        for j, value in enumerate(graph.open_outputs)
    )
    ok = all(
        is_right(match, arithmetic, [row[j] for row in got], [row[j] for row in reference])
        for j, match in enumerate(matches)
    )
    difference, why = None, list[str]()
    if not ok:
        worst = _first_wrong(got, reference)
        difference, why = _blamed(firmware, graph, samples[worst], worst, timeout_s)
    return RunMatch(
        target=firmware.manifest.target,
        board=firmware.board.name,
        inputs=len(samples),
        outputs=matches,
        ok=ok,
        first_difference=difference,
        notes=tuple([answers.why] * bool(answers.why) + why),
    )


def _blamed(
    firmware: Firmware, graph: Graph, sample: Sample, position: int, timeout_s: float
) -> tuple[LayerDifference | None, list[str]]:
    """The first layer that is wrong, or why none is named."""
    if graph.states:
        return None, ["layers of models with states are not traced"]
    difference = first_difference(firmware, graph, sample, position, timeout_s)
    if difference is None:
        return None, ["no single layer differs from the reference when layers are traced"]
    return difference, []


def run_samples(
    firmware: Firmware, graph: Graph, samples: Sequence[Sample], *, timeout_s: float = TIMEOUT_S
) -> list[Row]:
    """The outputs of every sample, in the order and with the types of `graph.open_outputs`.

    A model whose inputs overlap takes `samples` as such (`edgec.verify.inputs.overlapping`).
    """
    push = firmware.manifest.push
    inputs = [sent(graph, s) for s in samples]
    goes_on = bool(graph.states)
    if push is not None and push.hop:  # of overlapping inputs only what is new
        inputs[1:] = [s.last(push.hop, push.rows) for s in samples[1:]]
        goes_on = True
    options = RunOptions(reset_each=not goes_on, timeout_s=timeout_s)
    result = run_elf(firmware.board, firmware.elf, inputs, options)
    if result.status != 0:
        raise _refused(firmware, result.status, len(result.outputs) - 1)
    return [_split(graph, data) for data in result.outputs]


def reference_row(graph: Graph, sample: Sample) -> Row:
    """The outputs of one sample by the numpy references of the operators."""
    values = run(graph, sample.arrays)
    return tuple(values[value.name] for value in graph.open_outputs)


def _split(graph: Graph, data: bytes) -> Row:
    arrays: list[Array] = []
    at = 0
    for value in graph.open_outputs:
        part = data[at : at + value.type.bytes]
        arrays.append(np.frombuffer(part, value.type.dtype.numpy).reshape(value.type.shape))
        at += value.type.bytes
    return tuple(arrays)


def _first_wrong(got: Sequence[Row], reference: Sequence[Row]) -> int:
    """The sample that is furthest from the reference, for a trace."""
    distances = [
        max(
            (
                float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0.0))
                for a, b in zip(ours, theirs, strict=True)
            ),
            default=0.0,
        )
        for ours, theirs in zip(got, reference, strict=True)
    ]
    return int(np.argmax(distances))


def _refused(firmware: Firmware, status: int, position: int) -> EdgecError:
    return fail(
        "E0706",
        f"{firmware.manifest.entry}() returned {status} for input {position}",
        rule="a run returns 0",
        help="edgec.h lists the status codes",
        exit_code=ExitCode.FAILED,
    )
