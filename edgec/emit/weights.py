"""The constants of a model as C arrays, or as one binary file that an assembler file includes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edgec.emit.cexpr import integer_literal
from edgec.ir.types import DType
from edgec.loops.buffer import Buffer

CHUNK = 1 << 16  # elements that become text at once
LINE = 96
WIDTH = {1: 6, 2: 8, 4: 13, 8: 32}  # columns of an element by its size, with comma and space


def symbol(model: str, buffer: Buffer) -> str:
    """The C name of a constant."""
    return f"{model}_w_{buffer.name}"


def declaration(model: str, buffer: Buffer) -> str:
    """`const int8_t name[n]`, without a semicolon."""
    return f"const {buffer.dtype.c_name} {symbol(model, buffer)}[{max(buffer.size, 1)}]"


def alignment(buffer: Buffer) -> int:
    """Alignment of a constant in bytes: words may be loaded from it."""
    return max(buffer.alignment, 4)


def weights_header(model: str, constants: Sequence[Buffer]) -> str:
    """Declarations of all constants."""
    guard = f"{model.upper()}_WEIGHTS_H"
    lines = [
        f"/* Constants of {model}. Private to {model}.c. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stdbool.h>",
        "#include <stdint.h>",
        "",
        *(f"extern {declaration(model, b)};" for b in constants),
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def weights_c(model: str, constants: Sequence[Buffer]) -> Iterator[str]:
    """The C file with all constants, in pieces."""
    math = "#include <math.h>\n\n" if _needs_math(constants) else ""
    yield f'/* Constants of {model}. */\n#include "{model}_weights.h"\n\n{math}'
    yield '#include "edgec_hal.h"\n'
    if not constants:
        yield f"\ntypedef int {model}_has_no_weights;\n"
    for buffer in constants:
        yield f"\nEDGEC_WEIGHTS EDGEC_ALIGN({alignment(buffer)})\n"
        yield f"{declaration(model, buffer)} = {{\n"
        yield from _elements(buffer)
        yield "};\n"


def _needs_math(constants: Sequence[Buffer]) -> bool:
    return any(
        b.dtype.is_float and b.data is not None and not np.all(np.isfinite(b.data))
        for b in constants
    )


def _elements(buffer: Buffer) -> Iterator[str]:
    assert buffer.data is not None
    flat = buffer.data.reshape(-1)
    if flat.size == 0:
        yield "    0\n"
    per_line = LINE // (17 if buffer.dtype is DType.F32 else WIDTH[buffer.dtype.size])
    chunk = CHUNK // per_line * per_line
    for at in range(0, flat.size, chunk):
        words = _literals(flat[at : at + chunk], buffer.dtype)
        lines = (
            "    " + ", ".join(words[k : k + per_line]) + ",\n"
            for k in range(0, len(words), per_line)
        )
        yield "".join(lines)


def _literals(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], dtype: DType) -> list[str]:
    numbers = values.tolist()
    if dtype.is_float:
        form = "%#.9gf" if dtype is DType.F32 else "%#.17g"  # "#" keeps the point: 1f is no C
        words = (",".join([form] * len(numbers)) % tuple(numbers)).split(",")
        if np.all(np.isfinite(values.astype(np.float64))):
            return words
        suffix = "f" if dtype is DType.F32 else ""
        known = {"nan": "NAN", "inf": "INFINITY", "-inf": "-INFINITY"}
        special = {text + suffix: macro for text, macro in known.items()}
        return [special.get(w, w) for w in words]
    if dtype is DType.BOOL:
        return ["1" if v else "0" for v in numbers]
    if dtype.size < 4:
        return [str(v) for v in numbers]
    return [integer_literal(v, dtype)[0] for v in numbers]


def weights_binary(constants: Sequence[Buffer]) -> tuple[bytes, tuple[int, ...]]:
    """All constants one after another, little endian, aligned; and the offset of each."""
    blob = bytearray()
    offsets = []
    for buffer in constants:
        assert buffer.data is not None
        blob.extend(b"\0" * (-len(blob) % max(alignment(buffer), 8)))
        offsets.append(len(blob))
        data = buffer.data
        blob.extend(data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes() or b"\0")
    return bytes(blob), tuple(offsets)


def weights_assembly(model: str, constants: Sequence[Buffer], offsets: Sequence[int]) -> str:
    """The assembler file that includes the binary and gives each constant its symbol."""
    lines = [
        f"/* Constants of {model}, from {model}_weights.bin. */",
        "#ifndef EDGEC_WEIGHTS_SECTION",
        "#define EDGEC_WEIGHTS_SECTION .rodata.edgec_weights",
        "#endif",
        '    .section EDGEC_WEIGHTS_SECTION, "a"',
        f"    .balign {max([16, *map(alignment, constants)])}",
        f"{model}_weights_begin:",
        f'    .incbin "{model}_weights.bin"',
        f"    .size {model}_weights_begin, . - {model}_weights_begin",
    ]
    for buffer, offset in zip(constants, offsets, strict=True):
        name = symbol(model, buffer)
        lines += [
            f"    .globl {name}",
            f"    .type {name}, %object",
            f"    .set {name}, {model}_weights_begin + {offset}",
            f"    .size {name}, {max(buffer.bytes, 1)}",
        ]
    lines += ["#if defined(__linux__) && defined(__ELF__)"]
    lines += ['    .section .note.GNU-stack, "", %progbits', "#endif", ""]
    return "\n".join(lines)
