"""Small ONNX models for the tests of the importer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec.diagnostics import EdgecError, ExitCode
from edgec.importer import import_model
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.verify import verify

Array = npt.NDArray[np.generic]
F32 = TensorProto.FLOAT
X: Array = np.array([[-1, 2, -3, 4]], np.float32)
Dims = Sequence[int | str | None] | None
Refused = tuple[Callable[[], onnx.ModelProto], str, str]  # a model, the code, words of the message


def tensor(name: str, dims: Dims = (1, 4), kind: int = F32) -> onnx.ValueInfoProto:
    """A graph input or output."""
    return helper.make_tensor_value_info(name, kind, dims)


def node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], **kwargs: object
) -> onnx.NodeProto:
    return helper.make_node(op, inputs, outputs, **kwargs)


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[str],
    weights: Mapping[str, Array] | None = None,
) -> onnx.GraphProto:
    """A graph; types of outputs are left out."""
    initializers = [numpy_helper.from_array(a, n) for n, a in (weights or {}).items()]
    values = [onnx.ValueInfoProto(name=n) for n in outputs]
    return helper.make_graph(nodes, "g", inputs, values, initializers)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto] | None = None,
    outputs: Sequence[str] = ("y",),
    weights: Mapping[str, Array] | None = None,
    opset: int = 17,
    functions: Sequence[onnx.FunctionProto] = (),
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    """A model with one input x: f32[1,4] unless told otherwise."""
    ins = [tensor("x")] if inputs is None else inputs
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(
        graph(nodes, ins, outputs, weights),
        opset_imports=opsets,
        functions=functions,
        ir_version=10,
    )


def relu() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"], name="r")])


def external(location: str, **entries: str) -> onnx.ModelProto:
    """y = x + w with w: f32[1,4] stored in the file `location`."""
    built = model([node("Add", ["x", "w"], ["y"])])
    w = built.graph.initializer.add(name="w", data_type=F32, dims=[1, 4])
    w.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        w.external_data.add(key=key, value=value)
    return built


def save(built: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(built.SerializeToString())
    return path


def failure(
    source: Path | onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> EdgecError:
    """The error that importing `source` ends with; always one of usage."""
    with pytest.raises(EdgecError) as caught:
        import_model(source, shapes or {})
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def check_refused(build: Callable[[], onnx.ModelProto], code: str, message: str) -> None:
    """The first diagnostic of a model that is not imported, which names its file."""
    first = failure(build()).diagnostics[0]
    assert first.code == code
    assert message in first.what
    assert first.where.file == "model"


def codes(error: EdgecError) -> list[str]:
    """Codes of all diagnostics of an error."""
    return [d.code for d in error.diagnostics]


def imported(built: onnx.ModelProto, **shapes: tuple[int, ...]) -> Graph:
    result = import_model(built, shapes)
    verify(result, "import")
    return result


def answer(built: onnx.ModelProto, x: Array = X) -> Array:
    result = imported(built)
    (y,) = run(result, [x]).values()
    return y


def ops(g: Graph) -> list[str]:
    return [n.op.name for n in g.nodes]
