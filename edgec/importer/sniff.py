"""Recognises files that are something other than an ONNX model, to say so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """Bytes at an offset that identify a format, and what to do with such a file."""

    offset: int
    magic: bytes
    format: str
    help: str


_PYTORCH = "export it with torch.onnx.export(model, args, 'model.onnx')"
_KERAS = "convert it: python -m tf2onnx.convert --keras MODEL --output model.onnx"

_SIGNATURES = (
    Signature(
        4,
        b"TFL3",
        "a TensorFlow Lite model",
        "convert it: python -m tf2onnx.convert --tflite MODEL --output model.onnx",
    ),
    Signature(4, b"ORTM", "an ONNX Runtime .ort model", "use the .onnx file it was made from"),
    Signature(
        0,
        b"version https://git-lfs",
        "a git-lfs pointer, not the file itself",
        "fetch the file: git lfs pull",
    ),
    Signature(0, b"PK\x03\x04", "a zip archive (a PyTorch or Keras file?)", _PYTORCH),
    Signature(0, b"\x80\x02", "a pickle (a PyTorch file?)", _PYTORCH),
    Signature(0, b"\x89HDF", "an HDF5 file (a Keras model?)", _KERAS),
    Signature(0, b"\x1f\x8b", "a gzip archive", "unpack it first"),
    Signature(0, b"\x93NUMPY", "a numpy array", "give the model, not its data"),
    Signature(0, b"\x7fELF", "an ELF binary", "give the .onnx file"),
)


def other_format(data: bytes) -> Signature | None:
    """The format that `data` (the start of a file) belongs to, if it is a known other one."""
    for signature in _SIGNATURES:
        if data[signature.offset :].startswith(signature.magic):
            return signature
    if data and _is_text(data[:512]):
        return Signature(0, b"", "a text file", "give the binary .onnx file")
    return None


def _is_text(head: bytes) -> bool:
    return all(c in b"\t\n\r" or 32 <= c < 127 for c in head)
