"""Broken and hostile models: each is refused with the right diagnostic, never a traceback."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgec.diagnostics import EdgecError, ExitCode
from edgec.importer import convert, import_model
from edgec.ops.activation import Relu

from .models import F32, codes, external, failure, graph, model, node, relu, save, tensor

HOSTILE = '*/ "\n\\ int \x00'


# files -------------------------------------------------------------------------------

FILES = [
    (b"", "E0101", "empty"),
    (b"\x00\x00\x00\x00TFL3\x00\x00", "E0102", "TensorFlow Lite"),
    (b"PK\x03\x04rest", "E0102", "zip"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "E0102", "git-lfs"),
    (b"\x80\x02}q\x00.", "E0102", "pickle"),
    (b"\x89HDF\r\n\x1a\n", "E0102", "HDF5"),
    (b'{"model": 1}\n', "E0102", "text"),
    (b"\x08\x08", "E0102", "not an ONNX model"),
    (bytes(range(256)) * 4, "E0102", "not an ONNX model"),
    (b"\xff" * 100, "E0102", "not an ONNX model"),
]


@pytest.mark.parametrize(("data", "code", "message"), FILES)
def test_files_that_are_no_models(tmp_path: Path, data: bytes, code: str, message: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    error = failure(path)
    assert codes(error) == [code]
    assert message in error.diagnostics[0].what
    assert error.diagnostics[0].where.file == str(path)


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    save(relu(), tmp_path / "other.onnx")
    missing = failure(tmp_path / "m.onnx").diagnostics[0]
    assert missing.code == "E0101"
    assert "other.onnx" in missing.help
    assert codes(failure(tmp_path)) == ["E0101"]
    assert codes(failure(tmp_path / "other.onnx" / "m.onnx")) == ["E0101"]
    assert codes(failure(Path("a\0b"))) == ["E0101"]


def test_a_model_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    whole = relu().SerializeToString()
    path = tmp_path / "m.onnx"
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        try:
            import_model(path)
        except EdgecError as error:
            assert error.exit_code is ExitCode.USAGE
        else:  # what follows the graph may be missing: the opset has a default
            assert onnx.ModelProto.FromString(whole[:end]).graph == relu().graph


def test_random_damage_never_ends_in_a_traceback(tmp_path: Path) -> None:
    whole = bytearray(external("w.bin").SerializeToString())
    path = tmp_path / "m.onnx"
    rng = random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            import_model(path)
        except EdgecError as error:
            assert error.exit_code is ExitCode.USAGE


# versions ----------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [0, 1, 6, 999])
def test_opsets_outside_the_supported_ones(opset: int) -> None:
    built = relu()
    built.opset_import[0].version = opset
    error = failure(built)
    assert codes(error) == ["E0103"]
    assert f"opset {opset}" in error.diagnostics[0].what


def test_an_ir_version_from_the_future_and_no_opset() -> None:
    future = relu()
    future.ir_version = 1000
    assert codes(failure(future)) == ["E0103"]
    silent = relu()
    del silent.opset_import[:]
    assert codes(failure(silent)) == ["E0103"]


# external data -----------------------------------------------------------------------

OUTSIDE = ["../w.bin", "/etc/passwd", "a/../../w.bin", "..\\w.bin", "C:\\w.bin", "", "\\\\host\\w"]


@pytest.mark.parametrize("location", [*OUTSIDE, "link.bin", "folder/w.bin", "a\0b"])
def test_external_data_outside_the_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(16))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.bin").symlink_to(tmp_path / "w.bin")
    (inside / "folder").symlink_to(tmp_path)
    error = failure(save(external(location), inside / "m.onnx"))
    assert codes(error) == ["E0104"]
    assert "outside the model's folder" in error.diagnostics[0].what


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": "9"}, "has only 24"),
        ({"offset": "99999999999"}, "has only 24"),
        ({"offset": "-1"}, "not a byte count"),
        ({"offset": "x"}, "not a byte count"),
        ({"length": "15"}, "need 16"),
        ({"length": "1" * 30}, "not a byte count"),
    ],
)
def test_external_data_out_of_range(tmp_path: Path, entries: dict[str, str], message: str) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(24))
    error = failure(save(external("w.bin", **entries), tmp_path / "m.onnx"))
    assert codes(error) == ["E0104"]
    assert message in error.diagnostics[0].what


def test_external_data_that_is_missing_a_folder_or_has_no_folder(tmp_path: Path) -> None:
    path = save(external("w.bin"), tmp_path / "m.onnx")
    assert "is missing" in failure(path).diagnostics[0].what
    (tmp_path / "w.bin").mkdir()
    assert codes(failure(path)) == ["E0104"]
    assert codes(failure(external("w.bin"))) == ["E0104"]


# graphs ------------------------------------------------------------------------------


def cyclic() -> onnx.ModelProto:
    return model(
        [node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"]), node("Abs", ["a"], ["y"])]
    )


def own_reader() -> onnx.ModelProto:
    return model([node("Add", ["x", "y"], ["y"], name="loop")])


def undefined() -> onnx.ModelProto:
    return model([node("Add", ["x", "nowhere"], ["y"]), node("Neg", ["gone"], ["z"])])


def undefined_output() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], outputs=["y", "z"])


def defined_twice() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])])


def redefines_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["x"])], outputs=["x"])


def same_initializers() -> onnx.ModelProto:
    built = model([node("Mul", ["x", "w"], ["y"])], weights={"w": np.ones(4, np.float32)})
    built.graph.initializer.append(built.graph.initializer[0])
    return built


def same_inputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x"), tensor("x")])


def no_outputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], outputs=[])


def empty_graph() -> onnx.ModelProto:
    return onnx.ModelProto(ir_version=8, graph=onnx.GraphProto())


def string_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), TensorProto.STRING)])


def complex_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), TensorProto.COMPLEX64)])


def unknown_type() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), 77)])


def float8_weights() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(
        name="w", data_type=TensorProto.FLOAT8E4M3FN, dims=[2], raw_data=b"ab"
    )
    return built


def int4_weights() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(name="w", data_type=TensorProto.INT4, dims=[2], raw_data=b"a")
    return built


def sequence_output() -> onnx.ModelProto:
    built = model([node("SequenceConstruct", ["x"], ["y"])])
    item = helper.make_tensor_type_proto(F32, (1, 4))
    built.graph.output[0].type.CopyFrom(helper.make_sequence_type_proto(item))
    return built


def weights(dims: list[int], data: bytes) -> onnx.ModelProto:
    built = model([node("Add", ["x", "w"], ["y"])])
    built.graph.initializer.add(name="w", data_type=F32, dims=dims, raw_data=data)
    return built


def too_few_values() -> onnx.ModelProto:
    built = weights([4], b"")
    built.graph.initializer[0].ClearField("raw_data")
    built.graph.initializer[0].float_data.extend([1, 2])
    return built


def value_out_of_range() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(name="w", data_type=TensorProto.INT8, dims=[1], int32_data=[300])
    return built


def sparse_outside() -> onnx.ModelProto:
    built = model([node("Add", ["x", "w"], ["y"])])
    values = helper.make_tensor("w", F32, [1], [1.0])
    at = helper.make_tensor("i", TensorProto.INT64, [1], [99])
    built.graph.sparse_initializer.append(helper.make_sparse_tensor(values, at, [4]))
    return built


def attribute_twice() -> onnx.ModelProto:
    built = model([node("LeakyRelu", ["x"], ["y"], alpha=0.1)])
    built.graph.node[0].attribute.append(helper.make_attribute("alpha", 0.2))
    return built


def attribute_type() -> onnx.ModelProto:
    return model([node("LeakyRelu", ["x"], ["y"], alpha="steep")])


def wrong_types() -> onnx.ModelProto:
    return model([node("Add", ["x", "w"], ["y"])], weights={"w": np.ones(4, np.int8)})


def wrong_shapes() -> onnx.ModelProto:
    return model([node("Add", ["x", "w"], ["y"])], weights={"w": np.ones(5, np.float32)})


def missing_operand() -> onnx.ModelProto:
    return model([node("Add", ["x"], ["y"])])


def huge_result() -> onnx.ModelProto:
    shape = {"s": np.int64([1 << 20, 1 << 20, 4])}
    return model([node("Expand", ["x", "s"], ["y"])], weights=shape)


def negative_reshape() -> onnx.ModelProto:
    return model([node("Reshape", ["x", "s"], ["y"])], weights={"s": np.int64([-5])})


def run_time_shape() -> onnx.ModelProto:
    inputs = [tensor("x"), tensor("s", (1,), TensorProto.INT64)]
    return model([node("Reshape", ["x", "s"], ["y"])], inputs)


def recursive() -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    call = node("F", ["a"], ["b"], domain="my")
    f = helper.make_function("my", "F", ["a"], ["b"], [call], opsets)
    return model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])


def exploding() -> onnx.ModelProto:
    """Each function calls the one below it eight times: 8^9 nodes."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    functions = []
    for level in range(9):
        op, domain = (f"F{level - 1}", "my") if level else ("Neg", "")
        names = ["a", *(f"t{k}" for k in range(7)), "b"]
        calls = [node(op, [i], [o], domain=domain) for i, o in itertools.pairwise(names)]
        functions.append(helper.make_function("my", f"F{level}", ["a"], ["b"], calls, opsets))
    top = node("F8", ["x"], ["y"], domain="my")
    return model([top], functions=functions, domains=["my"])


def if_at_run_time() -> onnx.ModelProto:
    nodes = [
        node("ReduceMax", ["x"], ["m"], keepdims=0),
        node("Cast", ["m"], ["c"], to=TensorProto.BOOL),
        node(
            "If",
            ["c"],
            ["y"],
            then_branch=graph([node("Neg", ["x"], ["t"])], [], ["t"]),
            else_branch=graph([node("Abs", ["x"], ["e"])], [], ["e"]),
        ),
    ]
    return model(nodes)


def hostile_names() -> onnx.ModelProto:
    return model([node("Add", ["x", HOSTILE], ["y"], name=HOSTILE)])


def negative_dim() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1, -4))])


def zero_dim() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1, 0))])


def huge_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1 << 16, 1 << 15))])


def map_input() -> onnx.ModelProto:
    built = relu()
    value = helper.make_tensor_type_proto(F32, (1,))
    built.graph.input[0].type.CopyFrom(helper.make_map_type_proto(TensorProto.INT64, value))
    return built


GRAPHS: list[tuple[Callable[[], onnx.ModelProto], str, str]] = [
    (cyclic, "E0110", "cycle through 'Add_#0', 'Neg_#1'"),
    (own_reader, "E0110", "cycle through 'loop'"),
    (undefined, "E0111", "'nowhere' is used"),
    (undefined_output, "E0111", "'z' is used"),
    (defined_twice, "E0112", "'y' is defined twice"),
    (redefines_input, "E0112", "'x' is defined twice"),
    (same_initializers, "E0112", "initializer 'w'"),
    (same_inputs, "E0112", "input 'x'"),
    (no_outputs, "E0114", "no outputs"),
    (empty_graph, "E0114", "no outputs"),
    (string_input, "E0106", "string"),
    (complex_input, "E0106", "complex64"),
    (unknown_type, "E0106", "number 77"),
    (float8_weights, "E0106", "float8e4m3fn"),
    (int4_weights, "E0106", "int4"),
    (sequence_output, "E0106", "'y' is not a tensor"),
    (map_input, "E0106", "'x' is a map"),
    (lambda: weights([4], b"12345"), "E0107", "has 5 bytes"),
    (lambda: weights([-4], b""), "E0107", "[-4] is not possible"),
    (lambda: weights([1 << 40, 1 << 40], b""), "E0107", "not possible"),
    (too_few_values, "E0107", "has 2 elements"),
    (value_out_of_range, "E0107", "does not fit int8"),
    (sparse_outside, "E0107", "indices of a sparse tensor"),
    (negative_dim, "E0107", "[1, -4]"),
    (zero_dim, "E0107", "[1, 0]"),
    (huge_input, "E0107", "[65536, 32768]"),
    (attribute_twice, "E0108", "'alpha' is given twice"),
    (attribute_type, "E0206", "'alpha'"),
    (missing_operand, "E0203", "no input number 1"),
    (run_time_shape, "E0204", "run time"),
    (recursive, "E0113", "levels deep"),
    (if_at_run_time, "E0201", "If (opset 17)"),
    (hostile_names, "E0111", HOSTILE),
]


@pytest.mark.parametrize(("build", "code", "message"), GRAPHS)
def test_broken_graphs(build: Callable[[], onnx.ModelProto], code: str, message: str) -> None:
    first = failure(build()).diagnostics[0]
    assert first.code == code
    assert message in first.what
    assert first.where.file == "model"


@pytest.mark.parametrize("build", [wrong_types, wrong_shapes, huge_result, negative_reshape])
def test_operands_that_do_not_fit_their_operator(build: Callable[[], onnx.ModelProto]) -> None:
    (problem,) = failure(build()).diagnostics
    assert problem.code.startswith("E02")
    assert "(1st of 1), opset 17" in problem.where.node


def test_functions_that_expand_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "MAX_NODES", 1000)
    (problem,) = failure(exploding()).diagnostics
    assert problem.code == "E0113"
    assert problem.what == "the model has more than 1000 nodes"


def test_all_undefined_tensors_are_reported_at_once() -> None:
    assert [d.where.tensor for d in failure(undefined()).diagnostics] == ["'nowhere'", "'gone'"]


# operators ---------------------------------------------------------------------------


def test_all_unsupported_operators_are_listed_at_once() -> None:
    nodes = [
        node("Relux", ["x"], ["a"], name="first"),
        node("Magic", ["a"], ["b"], domain="my.domain", name="second"),
        *(node("Magic", ["b"], [f"c{k}"], domain="my.domain") for k in range(5)),
        node("Sum", ["c0", "c1", "c2", "c3", "c4"], ["d"]),
        node("Det", ["d"], ["y"]),
    ]
    (problem,) = failure(model(nodes, domains=["my.domain"])).diagnostics
    assert problem.code == "E0201"
    assert problem.what == (
        "3 operators are not supported: Relux (opset 17) in 1 node: 'first'; "
        "my.domain.Magic in 6 nodes: 'second', 'Magic_#2', 'Magic_#3' and 3 more; "
        "Det (opset 17) in 1 node: 'Det_#8'"
    )
    assert "did you mean Relu for Relux?" in problem.help


def test_other_problems_are_reported_beside_unsupported_operators() -> None:
    nodes = [
        node("Relux", ["x"], ["a"]),
        node("LeakyRelu", ["x"], ["b"], alpha="steep"),
        node("Add", ["x"], ["c"]),
        node("Sum", ["a", "b", "c"], ["y"]),
    ]
    assert codes(failure(model(nodes))) == ["E0201", "E0206", "E0203"]


def test_an_unsupported_operator_inside_a_function_names_the_caller() -> None:
    opsets = [helper.make_opsetid("", 17)]
    f = helper.make_function("my", "F", ["a"], ["b"], [node("Det", ["a"], ["b"])], opsets)
    built = model([node("F", ["x"], ["y"], domain="my", name="f1")], functions=[f], domains=["my"])
    assert "Det (opset 17) in 1 node: 'f1'" in failure(built).diagnostics[0].what


def test_an_operator_of_another_domain_is_found() -> None:
    nodes = [node("Relu", ["x"], ["y"], domain="com.microsoft")]
    help_ = failure(model(nodes, domains=["com.microsoft"])).diagnostics[0].help
    assert "Relu is known in domain 'ai.onnx'" in help_


# surprises ---------------------------------------------------------------------------


def test_an_unexpected_exception_names_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def infer(self: Relu, x: object) -> object:
        raise KeyError("surprise")

    monkeypatch.setattr(Relu, "infer", infer)
    (problem,) = failure(relu()).diagnostics
    assert problem.code == "E0299"
    assert "KeyError: 'surprise'" in problem.what
    assert problem.where.node == "'r' (1st of 1), opset 17"
