"""Hand-made broken models and command lines: one diagnostic, the right exit code, no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec.cli.main import main

Change = Callable[[onnx.ModelProto, Path], None]
ONE_SCREEN = 40  # lines


def model(path: Path) -> onnx.ModelProto:
    """Relu(x + w) of f32 [1, 4]."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    w = numpy_helper.from_array(np.ones((1, 4), np.float32), "w")
    nodes = [
        helper.make_node("Add", ["x", "w"], ["s"], name="add"),
        helper.make_node("Relu", ["s"], ["y"], name="relu"),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], [w])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, path)
    return made


def rewrite(change: Callable[[onnx.ModelProto], None]) -> Callable[[Path], None]:
    """A model file that `change` has broken."""

    def make(path: Path) -> None:
        made = model(path)
        change(made)
        path.write_bytes(made.SerializeToString())

    return make


def raw(data: bytes) -> Callable[[Path], None]:
    """A file of these bytes."""
    return lambda path: void(path.write_bytes(data))


def void(_: object) -> None:
    """Nothing."""


def truncated(path: Path) -> None:
    whole = model(path).SerializeToString()
    path.write_bytes(whole[: len(whole) // 2])


def absent(path: Path) -> None:
    path.unlink(missing_ok=True)


def cyclic(m: onnx.ModelProto) -> None:
    m.graph.node[0].input[1] = "y"


def undefined(m: onnx.ModelProto) -> None:
    m.graph.node[1].input[0] = "nowhere"


def twice(m: onnx.ModelProto) -> None:
    m.graph.node[0].output[0] = "y"


def wrong_dtype(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((1, 4), np.int32), "w"))


def string_input(m: onnx.ModelProto) -> None:
    m.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING


def dim(value: int) -> Callable[[onnx.ModelProto], None]:
    def change(m: onnx.ModelProto) -> None:
        m.graph.input[0].type.tensor_type.shape.dim[1].dim_value = value

    return change


def symbolic(m: onnx.ModelProto) -> None:
    m.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "width"


def no_broadcast(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((1, 3), np.float32), "w"))


def external(location: str) -> Callable[[onnx.ModelProto], None]:
    def change(m: onnx.ModelProto) -> None:
        w = m.graph.initializer[0]
        w.ClearField("raw_data")
        w.data_location = TensorProto.EXTERNAL
        entry = w.external_data.add()
        entry.key, entry.value = "location", location

    return change


def short_data(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].raw_data = b"\0\0\0"


def unsupported(m: onnx.ModelProto) -> None:
    m.graph.node[0].op_type = "Bogus"
    m.graph.node[1].op_type = "NonMaxSuppression"


def foreign_domain(m: onnx.ModelProto) -> None:
    m.graph.node[0].domain = "com.example */ #include <x>"


def missing_operand(m: onnx.ModelProto) -> None:
    del m.graph.node[0].input[1:]


def opset(version: int) -> Callable[[onnx.ModelProto], None]:
    def change(m: onnx.ModelProto) -> None:
        m.opset_import[0].version = version

    return change


def no_outputs(m: onnx.ModelProto) -> None:
    del m.graph.output[:]


def hostile_unsupported(m: onnx.ModelProto) -> None:
    m.graph.node[0].name = '*/ int main(void) { } /* "\\\n\x1b[31m??/'
    m.graph.node[0].op_type = "Bad\nOp*/"


def bad_axis(m: onnx.ModelProto) -> None:
    m.graph.node[1].CopyFrom(helper.make_node("Softmax", ["s"], ["y"], axis=7))


def bad_attribute(m: onnx.ModelProto) -> None:
    m.graph.node[1].CopyFrom(helper.make_node("Softmax", ["s"], ["y"], axis="first"))


def run_time_shape(m: onnx.ModelProto) -> None:
    m.graph.input.append(helper.make_tensor_value_info("shape", TensorProto.INT64, [2]))
    m.graph.node[1].CopyFrom(helper.make_node("Reshape", ["s", "shape"], ["y"]))


def bad_conv(m: onnx.ModelProto) -> None:
    m.graph.node[1].CopyFrom(helper.make_node("Conv", ["s", "w"], ["y"]))


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing file": (absent, "E0101"),
    "empty file": (raw(b""), "E0101"),
    "text instead of a model": (raw(b"hello\n" * 40), "E0102"),
    "TFLite instead of ONNX": (raw(b"\x1c\0\0\0TFL3" + b"\0" * 64), "E0102"),
    "truncated": (truncated, "E0102"),
    "cyclic": (rewrite(cyclic), "E0110"),
    "undefined tensor": (rewrite(undefined), "E0111"),
    "tensor made twice": (rewrite(twice), "E0112"),
    "mixed element types": (rewrite(wrong_dtype), "E0212"),
    "string input": (rewrite(string_input), "E0106"),
    "negative dimension": (rewrite(dim(-3)), "E0107"),
    "zero dimension": (rewrite(dim(0)), "E0107"),
    "huge dimension": (rewrite(dim(2**40)), "E0107"),
    "unbound dimension": (rewrite(symbolic), "E0105"),
    "shapes that do not broadcast": (rewrite(no_broadcast), "E0210"),
    "external data above the folder": (rewrite(external("../secret.bin")), "E0104"),
    "external data at an absolute path": (rewrite(external("/etc/passwd")), "E0104"),
    "external data that is missing": (rewrite(external("gone.bin")), "E0104"),
    "initializer with too little data": (rewrite(short_data), "E0107"),
    "unsupported operators": (rewrite(unsupported), "E0201"),
    "hostile domain": (rewrite(foreign_domain), "E0201"),
    "missing operand": (rewrite(missing_operand), "E02"),
    "opset from the future": (rewrite(opset(999)), "E0103"),
    "opset too old": (rewrite(opset(3)), "E0103"),
    "no outputs": (rewrite(no_outputs), "E0114"),
    "hostile names": (rewrite(hostile_unsupported), "E0201"),
    "axis outside": (rewrite(bad_axis), "E0205"),
    "attribute of a wrong type": (rewrite(bad_attribute), "E0206"),
    "shape known at run time only": (rewrite(run_time_shape), "E0204"),
    "convolution of a matrix": (rewrite(bad_conv), "E02"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_model_is_one_clear_error(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, code = BROKEN[case]
    path, out = tmp_path / "m.onnx", tmp_path / "out"
    make(path)
    status = main(["gen", str(path), "--target", "cortex-m4", "-o", str(out)])
    shown = capsys.readouterr()
    assert status == 2, shown.err
    first = next(line for line in shown.err.splitlines() if line.startswith("error["))
    assert first.startswith(f"error[{code}"), shown.err
    assert "Traceback" not in shown.err
    assert "\x1b" not in shown.err
    assert len(shown.err.splitlines()) <= ONE_SCREEN
    assert sorted(p.name for p in tmp_path.iterdir()) in ([], ["m.onnx"])


COMMANDS: dict[str, tuple[list[str], int, str]] = {
    "unknown target": (["--target", "cortex-m5"], 2, "E0010"),
    "unknown board": (["--board", "microbits"], 2, "E0011"),
    "no target": ([], 2, "E0003"),
    "board of another core": (["--target", "cortex-m4", "--board", "microbit"], 2, "E0004"),
    "keyword as name": (["--target", "cortex-m4", "--name", "while"], 2, "E0005"),
    "hostile name": (["--target", "cortex-m4", "--name", "a;rm -rf"], 2, "E0005"),
    "size of nothing": (["--target", "cortex-m4", "--ram", "0"], 2, "E0006"),
    "shape of words": (["--target", "cortex-m4", "--shape", "x=a,b"], 2, "E0007"),
    "shape of no input": (["--target", "cortex-m4", "--shape", "z=1,4"], 2, "E0109"),
    "contradicting shape": (["--target", "cortex-m4", "--shape", "x=1,5"], 2, "E0105"),
    "unknown option": (["--target", "cortex-m4", "--fast"], 2, "E0002"),
    "output is a file": (["--target", "cortex-m4", "-o", "m.onnx"], 2, "E0410"),
    "output holds other things": (["--target", "cortex-m4", "-o", "."], 2, "E0410"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_wrong_command_line_is_one_clear_error(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, expected, code = COMMANDS[case]
    monkeypatch.chdir(tmp_path)
    model(tmp_path / "m.onnx")
    status = main(["gen", "m.onnx", *arguments])
    shown = capsys.readouterr().err
    assert status == expected, shown
    assert f"error[{code}]" in shown
    assert "Traceback" not in shown
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_a_missing_compiler_is_a_matter_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model(tmp_path / "m.onnx")
    monkeypatch.setenv("PATH", str(tmp_path))
    status = main(["check", str(tmp_path / "m.onnx"), "--target", "cortex-m4"])
    shown = capsys.readouterr().err
    assert status == 3, shown
    assert "error[E0601]" in shown
    assert "apt-get install gcc-arm-none-eabi" in shown


def test_a_model_that_does_not_fit_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(tmp_path / "m.onnx")
    status = main(["check", str(tmp_path / "m.onnx"), "--target", "cortex-m4", "--ram", "8"])
    assert status == 1
    assert "more than the 8 there are" in capsys.readouterr().out


def test_nothing_is_written_beyond_a_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(tmp_path / "m.onnx")
    out = tmp_path / "out"
    arguments = ["gen", str(tmp_path / "m.onnx"), "--target", "cortex-m4", "-o", str(out)]
    assert main([*arguments, "--ram", "8"]) == 1
    assert "error[E0501]" in capsys.readouterr().err
    assert not out.exists()
    assert main([*arguments, "--ram", "4K"]) == 0
