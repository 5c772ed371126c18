"""Reading the file: what is no model, what is too new, what is damaged."""

from __future__ import annotations

import random
from pathlib import Path

import onnx
import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.importer import import_model

from .models import (
    codes,
    external,
    failure,
    relu,
    save,
)

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
