"""Data outside the model file is read, but only below the folder of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.importer import import_model

from .models import (
    codes,
    external,
    failure,
    save,
)


def test_external_data_below_the_folder_of_the_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"\0" * 8 + np.float32([1, 2, 3, 4]).tobytes())
    path = save(external("data/w.bin", offset="8", length="16"), tmp_path / "m.onnx")
    (data,) = import_model(path).constants.values()
    assert data.tolist() == [[1, 2, 3, 4]]


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
