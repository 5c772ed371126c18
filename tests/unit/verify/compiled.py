"""Models of the repository, compiled for the host as `edgec verify` does it."""

from __future__ import annotations

from pathlib import Path

from edgec.boards import load_board
from edgec.build.firmware import Firmware, build_firmware
from edgec.config import GenOptions
from edgec.driver import Compiled, compile_model
from edgec.emit.folder import write_folder

DIGITS = Path(__file__).resolve().parents[3] / "examples" / "digits"
FLOAT_MODEL = DIGITS / "digits.onnx"
INT8_MODEL = DIGITS / "digits_int8.onnx"
INPUTS = DIGITS / "inputs.npz"


def compiled(model: Path, folder: Path) -> Compiled:
    """`model` for the host, its generated files in `folder`."""
    result = compile_model(model, GenOptions(target="x86_64"), lambda _: None)
    write_folder(result.emission, folder)
    return result


def host_firmware(folder: Path) -> Firmware:
    """The program of a generated folder, built beside it."""
    return build_firmware(folder, load_board("host"), folder.parent / f"{folder.name}-build")


def corrupt(file: Path, old: str, new: str) -> None:
    """Change the first `old` in a generated file, which must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
