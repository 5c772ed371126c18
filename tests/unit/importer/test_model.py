"""Importing sound models: what becomes of their constants, functions, branches and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec.importer import import_model
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.text import print_graph
from edgec.ir.types import DType
from edgec.ir.verify import verify

from .models import F32, Array, external, graph, model, node, relu, save, tensor

X = np.array([[-1, 2, -3, 4]], np.float32)


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


def test_values_have_the_names_of_the_model_and_nodes_their_origin() -> None:
    g = imported(model([node("Relu", ["x"], ["h"], name="first"), node("Neg", ["h"], ["y"])]))
    assert [v.name for v in g.inputs + g.outputs] == ["x", "y"]
    assert [n.output.name for n in g.nodes] == ["h", "y"]
    assert [n.origin for n in g.nodes] == [("first",), ("Neg_#1",)]


def test_nodes_in_any_order_are_sorted() -> None:
    assert answer(model([node("Neg", ["h"], ["y"]), node("Abs", ["x"], ["h"])])).tolist() == [
        [-1, -2, -3, -4]
    ]


def test_what_no_output_needs_is_not_imported() -> None:
    built = model([node("Relu", ["x"], ["y"]), node("NoSuchOp", ["x"], ["dead"])])
    assert ops(imported(built)) == ["Relu"]


def test_inputs_that_nobody_reads_stay() -> None:
    built = model([node("Relu", ["x"], ["y"])], [tensor("a"), tensor("x"), tensor("b")])
    assert [v.name for v in imported(built).inputs] == ["a", "x", "b"]


def test_operators_of_constants_are_folded() -> None:
    weights = {"a": np.float32([1, 2, 3, 4]), "b": np.float32([4, 3, 2, 1])}
    nodes = [node("Add", ["a", "b"], ["c"]), node("Mul", ["x", "c"], ["y"])]
    g = imported(model(nodes, weights=weights))
    assert ops(g) == ["Mul"]
    assert [a.tolist() for a in g.constants.values()] == [[5, 5, 5, 5]]


def test_quantized_weights_keep_their_dequantization() -> None:
    weights = {"q": np.int8([1, 2, 3, 4]), "s": np.float32(0.5), "z": np.int8(0)}
    nodes = [
        node("DequantizeLinear", ["q", "s", "z"], ["w"]),
        node("Mul", ["x", "w"], ["y"]),
    ]
    g = imported(model(nodes, weights=weights))
    assert ops(g) == ["Dequantize", "Mul"]
    assert any(v.type.dtype is DType.I8 and v.name == "q" for v in g.constants)


def test_constants_come_from_every_attribute_of_constant() -> None:
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("v", F32, [2], [7.0, 8.0]),
        helper.make_tensor("i", TensorProto.INT64, [2], [0, 3]),
        [4],
    )
    for attributes, expected in (
        ({"value_float": 2.0}, 2.0),
        ({"value_floats": [1.0, 2.0, 3.0, 4.0]}, [1, 2, 3, 4]),
        ({"value": numpy_helper.from_array(np.float32([5]))}, 5.0),
        ({"sparse_value": sparse}, [7, 0, 0, 8]),
    ):
        nodes = [node("Constant", [], ["c"], **attributes), node("Mul", ["x", "c"], ["y"])]
        assert answer(model(nodes)).tolist() == (X * np.float32(expected)).tolist()


def test_an_initializer_that_is_also_an_input_is_a_constant() -> None:
    inputs = [tensor("x"), tensor("w", (4,))]
    built = model([node("Mul", ["x", "w"], ["y"])], inputs, weights={"w": np.ones(4, np.float32)})
    g = imported(built)
    assert [v.name for v in g.inputs] == ["x"]
    assert [v.name for v in g.constants] == ["w"]


@pytest.mark.parametrize("rank", [1, 2])
def test_sparse_initializers_are_expanded(rank: int) -> None:
    built = model([node("Mul", ["x", "w"], ["y"])])
    indices = [1, 3] if rank == 1 else [0, 1, 0, 3]
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", F32, [2], [10.0, 20.0]),
        helper.make_tensor("i", TensorProto.INT64, [2] if rank == 1 else [2, 2], indices),
        [1, 4],
    )
    built.graph.sparse_initializer.append(sparse)
    assert answer(built).tolist() == [[0, 20, 0, 80]]


def test_half_floats_become_single_floats() -> None:
    half = np.float16([0.1, 65504, -2, 6e-8])
    pattern = np.uint16([0x3F80, 0x4000, 0xC000, 0x7F7F])  # 1, 2, -2, 3.39e38
    built = model(
        [node("Add", ["x", "h"], ["s"]), node("Max", ["s", "b"], ["y"])],
        [tensor("x", (1, 4), TensorProto.FLOAT16)],
        weights={"h": half},
    )
    b = built.graph.initializer.add(name="b", data_type=TensorProto.BFLOAT16, dims=[4])
    b.raw_data = pattern.tobytes()
    g = imported(built)
    assert g.inputs[0].type.dtype is DType.F32
    found = {v.name: a for v, a in g.constants.items()}
    assert found["h"].tolist() == half.astype(np.float32).tolist()
    assert found["b"][:3].tolist() == [1, 2, -2]
    assert found["b"].dtype == np.float32


def test_data_in_typed_fields_is_read() -> None:
    for kind, values, dtype in (
        (TensorProto.FLOAT16, np.float16([0.5, -2]).view(np.uint16).tolist(), np.float32),
        (TensorProto.BFLOAT16, [0x3F80, 0xBF80], np.float32),
        (TensorProto.INT8, [-128, 127], np.int8),
        (TensorProto.UINT64, [0, 2**64 - 1], np.uint64),
        (TensorProto.BOOL, [0, 1], np.bool_),
        (TensorProto.DOUBLE, [0.1, 0.2], np.float64),
    ):
        built = model([node("Identity", ["w"], ["y"])], [])
        w = built.graph.initializer.add(name="w", data_type=kind, dims=[2])
        field = helper.tensor_dtype_to_field(kind)
        getattr(w, field).extend(values)
        g = imported(built)
        (data,) = g.constants.values()
        assert data.dtype == dtype
        assert data.tolist() != [0, 0]


# names of outputs --------------------------------------------------------------------


def test_an_output_that_is_an_input_or_constant_is_copied_under_its_name() -> None:
    weights = {"w": np.float32([[1, 2, 3, 4]])}
    nodes = [node("Identity", ["x"], ["same"]), node("Identity", ["w"], ["known"])]
    built = model(nodes, outputs=["same", "known", "w"], weights=weights)
    results = run(imported(built), [X])
    assert list(results) == ["same", "known", "w"]
    assert results["same"].tolist() == X.tolist()
    assert results["known"].tolist() == results["w"].tolist() == [[1, 2, 3, 4]]


def test_one_value_under_two_output_names_is_two_outputs() -> None:
    nodes = [
        node("Relu", ["x"], ["h"]),
        node("Identity", ["h"], ["b"]),
        node("Identity", ["h"], ["c"]),
    ]
    results = run(imported(model(nodes, outputs=["c", "h", "b"])), [X])
    assert list(results) == ["c", "h", "b"]
    assert len({a.tobytes() for a in results.values()}) == 1


HOSTILE = ["*/", 'a"b', "a\nb", "back\\slash", "int", "", "\u202e", "%s%n", "a" * 3000, "../../x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_names(name: str) -> None:
    middle = name or "h"
    built = model([node("Relu", ["x"], [middle], name=name), node("Neg", [middle], ["y"])])
    g = imported(built)
    assert g.nodes[0].output.name == middle
    assert g.nodes[0].origin == (name or "Relu_#0",)


# functions and branches --------------------------------------------------------------


def function(name: str, nodes: list[onnx.NodeProto], **kwargs: object) -> onnx.FunctionProto:
    """A function of domain "my" from a to b."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    return helper.make_function("my", name, ["a"], ["b"], nodes, opsets, **kwargs)


def test_functions_of_the_model_are_expanded_with_their_attributes() -> None:
    leaky = node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    inner = function("Inner", [leaky], attributes=["slope"])
    call = node("Inner", ["a"], ["b"], domain="my", slope=0.5)
    outer = function("Outer", [call])
    built = model(
        [node("Outer", ["x"], ["y"], domain="my", name="top")],
        functions=[inner, outer],
        domains=["my"],
    )
    assert answer(built).tolist() == [[-0.5, 2, -1.5, 4]]
    assert all(n.origin == ("top",) for n in imported(built).nodes)


def test_function_attributes_have_defaults_and_may_be_absent() -> None:
    leaky = node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    default = helper.make_attribute("slope", 0.25)
    for attributes, alpha in (({"attribute_protos": [default]}, 0.25), ({}, 0.01)):
        f = function("F", [leaky], **attributes)
        built = model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])
        assert answer(built)[0, 0] == np.float32(-1) * np.float32(alpha)


def test_names_inside_a_function_do_not_reach_outside() -> None:
    f = function("F", [node("Add", ["a", "x"], ["b"])])
    built = model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])
    with pytest.raises(Exception, match="tensor 'x' is used but nothing defines it"):
        import_model(built)


def test_an_operator_that_onnx_defines_by_others_is_expanded() -> None:
    """MeanVarianceNormalization has a function body in the ONNX standard."""
    x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    built = model([node("MeanVarianceNormalization", ["x"], ["y"])], [tensor("x", (1, 2, 3, 4))])
    y = answer(built, x)
    mean, std = x.mean((0, 2, 3), keepdims=True), x.std((0, 2, 3), keepdims=True)
    assert np.allclose(y, (x - mean) / std, atol=1e-5)


@pytest.mark.parametrize(("condition", "expected"), [(True, [1, 2, 3, 4]), (False, [0, 2, 0, 4])])
def test_a_branch_with_a_constant_condition_is_inlined(
    condition: bool, expected: list[int]
) -> None:
    then = graph([node("Abs", ["x"], ["t"])], [], ["t"])
    otherwise = graph([node("Relu", ["x"], ["e"])], [], ["e"])
    nodes = [
        node("Not", ["n"], ["c"]),
        node("If", ["c"], ["y"], then_branch=then, else_branch=otherwise),
    ]
    built = model(nodes, weights={"n": np.array(not condition)})
    assert answer(built).tolist() == [expected]
    assert len(imported(built).nodes) == 1


def test_a_branch_may_have_initializers_and_read_outer_values() -> None:
    then = graph([node("Mul", ["h", "k"], ["t"])], [], ["t"], {"k": np.float32([2])})
    nodes = [
        node("If", ["c"], ["y"], then_branch=then, else_branch=graph([], [], ["h"])),
        node("Neg", ["x"], ["h"]),  # after its reader: only the branch reads it
    ]
    assert answer(model(nodes, weights={"c": np.array([True])})).tolist() == [[2, -4, 6, -8]]


# shapes ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["batch", "N", "batch_size", "unk__12", None])
def test_a_leading_batch_dimension_is_one(name: str | None) -> None:
    built = model([node("Relu", ["x"], ["y"])], [tensor("x", (name, 4))])
    assert imported(built).inputs[0].type.shape == (1, 4)


def test_bound_dimensions_reach_other_inputs_by_name() -> None:
    inputs = [tensor("x", ("N", "time", 4)), tensor("m", ("N", "time", 1))]
    g = imported(model([node("Mul", ["x", "m"], ["y"])], inputs), x=(2, 7, 4))
    assert [v.type.shape for v in g.inputs] == [(2, 7, 4), (2, 7, 1)]


def test_an_input_without_rank_gets_the_bound_shape() -> None:
    g = imported(model([node("Relu", ["x"], ["y"])], [tensor("x", None)]), x=(2, 3))
    assert g.outputs[0].type.shape == (2, 3)


# files -------------------------------------------------------------------------------


def test_the_graph_is_named_after_the_file(tmp_path: Path) -> None:
    assert import_model(save(relu(), tmp_path / "wake word.onnx")).name == "wake word"


def test_external_data_below_the_folder_of_the_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"\0" * 8 + np.float32([1, 2, 3, 4]).tobytes())
    path = save(external("data/w.bin", offset="8", length="16"), tmp_path / "m.onnx")
    (data,) = import_model(path).constants.values()
    assert data.tolist() == [[1, 2, 3, 4]]


def test_the_result_is_the_same_every_time() -> None:
    built = model([node("Softmax", ["x"], ["h"]), node("HardSwish", ["h"], ["y"])])
    assert print_graph(import_model(built)) == print_graph(import_model(built))
