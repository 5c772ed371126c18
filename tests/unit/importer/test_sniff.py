"""Other formats are recognised by their first bytes."""

from __future__ import annotations

import pytest

from edgec.importer.sniff import other_format

from .models import relu


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x20\x00\x00\x00TFL3", "TensorFlow Lite"),
        (b"\x20\x00\x00\x00ORTM", "ONNX Runtime"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x93NUMPY\x01", "numpy"),
        (b"\x7fELF", "ELF"),
        (b"hello\n", "text"),
    ],
)
def test_a_format_is_named_and_help_is_given(data: bytes, name: str) -> None:
    found = other_format(data)
    assert found is not None
    assert name in found.format
    assert found.help


def test_a_model_and_nothing_are_no_other_format() -> None:
    assert other_format(relu().SerializeToString()) is None
    assert other_format(b"") is None
