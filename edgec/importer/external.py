"""Tensor data outside the model file, confined to the model's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx

from edgec.diagnostics import Where, fail


@dataclass(frozen=True)
class Folder:
    """The folder that external data may be read from; None if the model is not a file."""

    path: Path | None

    def read(self, tensor: onnx.TensorProto, expected: int, where: Where) -> bytes:
        """The `expected` bytes of a tensor that is stored outside; E0104 if it cannot be."""
        entries = {e.key: e.value for e in tensor.external_data}
        path = self._resolve(entries.get("location", ""), where)
        offset = _number(entries.get("offset", "0"), "offset", where)
        length = _number(entries.get("length", str(expected)), "length", where)
        if length != expected:
            raise fail(
                "E0104",
                f"external data has {length} bytes, its shape and type need {expected}",
                where,
            )
        try:
            size = path.stat().st_size
            if offset + length > size:
                raise fail(
                    "E0104",
                    f"external data at bytes {offset} to {offset + length} of '{path.name}', "
                    f"which has only {size}",
                    where,
                    help="the data file is truncated or belongs to another model",
                )
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise fail("E0104", f"external data cannot be read: {error}", where) from None

    def _resolve(self, location: str, where: Where) -> Path:
        if self.path is None:
            raise fail(
                "E0104",
                "external data in a model that has no folder",
                where,
                help="import the model by its path",
            )
        relative = Path(location)
        outside = relative.is_absolute() or ".." in relative.parts or _foreign(location)
        if not location or outside:
            raise _escape(location, where)
        try:
            base = self.path.resolve()
            path = (base / relative).resolve()
            inside = path.is_relative_to(base)
            found = path.is_file()
        except (OSError, ValueError, RuntimeError):
            raise _escape(location, where) from None
        if not inside:
            raise _escape(location, where)
        if not found:
            raise fail(
                "E0104",
                f"the external data file '{location}' is missing",
                where,
                help="copy it beside the model",
            )
        return path


def _foreign(location: str) -> bool:
    """True for paths that another operating system would take as absolute or as going up."""
    parts = location.replace("\\", "/").split("/")
    return "\0" in location or ".." in parts or location.startswith("\\") or location[1:2] == ":"


def _escape(location: str, where: Where) -> Exception:
    return fail(
        "E0104",
        f"external data at '{location}' is outside the model's folder",
        where,
        rule="external data is a file in the folder of the model or below it",
    )


def _number(text: str, what: str, where: Where) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise fail("E0104", f"the {what} of external data is '{text}', not a byte count", where)
    return int(text)
