"""What onnxruntime answers for the same inputs. It is optional: a second opinion."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import safe_text
from edgec.ir.graph import Graph
from edgec.verify.inputs import Sample

Array = npt.NDArray[np.generic]

_TYPES = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
}


@dataclass(frozen=True)
class Answers:
    """`outputs[k][j]`: output j of sample k, as the model gives it; None without an answer.

    `why` then says why there is none.
    """

    outputs: tuple[tuple[Array, ...], ...] | None
    why: str = ""


def onnx_answers(
    model: Path, graph: Graph, samples: Sequence[Sample], *, optimized: bool = True
) -> Answers:
    """onnxruntime's outputs on the CPU, in one thread.

    Without `optimized`, quantized operators are computed as the standard defines them, in float;
    with it, by onnxruntime's integer kernels, some of which saturate sums on older processors.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        return Answers(None, "onnxruntime is not installed: compared with edgec's reference only")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    names = [value.name for value in graph.open_outputs]
    try:
        session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        types = {i.name: str(i.type) for i in session.get_inputs()}
        return Answers(
            tuple(
                tuple(np.asarray(a) for a in session.run(names, _feed(graph, sample, types)))
                for sample in samples
            )
        )
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        return Answers(None, f"onnxruntime cannot run this model: {safe_text(str(error), 160)}")


def _feed(graph: Graph, sample: Sample, types: dict[str, str]) -> dict[str, Array]:
    """Inputs by name: the real values where the model takes floats but the compiled graph codes."""
    feed: dict[str, Array] = {}
    for value, array, real in zip(graph.inputs, sample.arrays, sample.reals, strict=True):
        wanted = _TYPES.get(types[value.name])
        chosen = array if wanted is None or real is None else real
        feed[value.name] = chosen if wanted is None else np.asarray(chosen, wanted)
    return feed
