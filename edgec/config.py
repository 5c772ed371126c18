"""Every option of edgec: one schema for the command line and for the Python API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from edgec.diagnostics import Where, fail


class Optimize(Enum):
    """What kernel selection prefers."""

    SIZE = "size"
    BALANCED = "balanced"
    SPEED = "speed"


class Io(Enum):
    """Element types at the graph's boundary."""

    NATIVE = "native"  # what the boundary has after quantization: int8 behind a Q node
    FLOAT = "float"


class WeightsFormat(Enum):
    """How the weights are written: as C arrays, or as one binary file that `.incbin` reads."""

    C = "c"
    INCBIN = "incbin"


@dataclass(frozen=True)
class GenOptions:
    """How to compile one model.

    `target` is a name of `edgec targets`, `board` one of `edgec boards` (it brings the memory
    sizes). `ram` and `flash` are budgets in bytes; without them the board's sizes count, if there
    is a board. `shapes` binds inputs with symbolic dimensions: {"x": (1, 3, 96, 96)}. `stack`:
    compile the code, where the compiler is installed, to tell the bound of its stack. `plan_svg`:
    a file for a picture of the memory plan. `stream_input`: the model takes its only input row by
    row, so that it need not be in memory as a whole. `place`: rules of `--place`.
    `hop`: every so many further rows are another input, together with the last rows before them
    (0: inputs share no rows). `states`: pairs
    of an input and an output, which the model keeps from run to run.
    """

    target: str
    board: str | None = None
    output: Path | None = None
    name: str | None = None
    optimize: Optimize = Optimize.BALANCED
    ram: int | None = None
    flash: int | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    io: Io = Io.NATIVE
    weights: WeightsFormat = WeightsFormat.C
    dump_ir: Path | None = None
    stack: bool = True
    plan_svg: Path | None = None
    stream_input: bool = False
    place: tuple[str, ...] = ()
    hop: int = 0
    states: tuple[tuple[str, str], ...] = ()

    def model_name(self, model: Path) -> str:
        """The C prefix of all public names: `name`, or the file's stem made an identifier.

        Raises E0005 when `name` is given and is no usable C identifier.
        """
        if self.name is None:
            return c_identifier(model.stem)
        if not is_usable_name(self.name):
            raise fail(
                "E0005",
                f"'{self.name}' cannot be the name of a model",
                Where(note="--name"),
                rule="a name is a C identifier of at most 48 characters, starts with a letter, "
                "is no keyword and names no header of the C library",
                help=f"--name {c_identifier(self.name)} would do",
            )
        return self.name

    def output_folder(self, model: Path) -> Path:
        """The folder that `gen` writes: `output`, or the model's name below the current folder."""
        return self.output if self.output is not None else Path(self.model_name(model))


NAME_LIMIT = 48

_C_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while alignas alignof bool constexpr false nullptr "
    "static_assert thread_local true typeof typeof_unqual asm main".split()
)
# NAME.h would hide <math.h> and its like from the generated code, or be the HAL's header.
_HEADERS = frozenset(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal "
    "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string tgmath threads time "
    "uchar wchar wctype edgec".split()
)


def is_usable_name(name: str) -> bool:
    """True if `name` can prefix C symbols and name the files `NAME.h` and `NAME.c`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name, re.ASCII) or len(name) > NAME_LIMIT:
        return False
    return name not in _C_KEYWORDS and name.lower() not in _HEADERS


def c_identifier(text: str) -> str:
    """`text` made a usable name: "3d-net (v2)" gives "m_3d_net_v2", "int" gives "int_model"."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text, flags=re.ASCII).strip("_")[:NAME_LIMIT].rstrip("_")
    if not name:
        return "model"
    if name[0].isdigit():
        name = f"m_{name}"[:NAME_LIMIT]
    return name if is_usable_name(name) else f"{name}_model"


_UNITS = {"": 1, "k": 1024, "kb": 1024, "kib": 1024, "m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20}


def parse_bytes(text: str, option: str, example: str = "") -> int:
    """A number of bytes: "16384", "0x4000", "16K" or "1M" (binary units).

    Raises E0006, with `example` as help if the option takes more than a number.
    """
    match = re.fullmatch(r"(0x[0-9a-f]{1,8}|[0-9]{1,10}) ?([a-z]*)", text.strip().lower(), re.ASCII)
    number, unit = (match[1], match[2]) if match else ("0", "")
    size = int(number, 16 if number.startswith("0x") else 10) * _UNITS.get(unit, 0)
    if size == 0:
        raise fail(
            "E0006",
            f"{option} '{text}' is not a size",
            Where(note=option),
            rule="a size is a positive whole number of bytes, K or M (of 1024)",
            help=example or f"for example {option} 16384, {option} 16K or {option} 0x4000",
        )
    return size


def parse_shape(text: str) -> tuple[str, tuple[int, ...]]:
    """An input's name and shape from "NAME=1,3,96,96". Raises E0007."""
    name, equals, dims = text.rpartition("=")
    if not name or not equals or not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", dims, re.ASCII):
        raise fail(
            "E0007",
            f"--shape '{text}' does not bind a shape",
            Where(note="--shape"),
            rule="--shape NAME=D0,D1,... with an input's name and whole numbers",
            help="for example --shape input=1,3,96,96",
        )
    return name, tuple(int(d) for d in dims.split(","))


def parse_state(text: str) -> tuple[str, str]:
    """Names of an input and an output from "INPUT=OUTPUT". Raises E0009."""
    old, equals, fresh = text.partition("=")
    if not old or not equals or not fresh:
        raise fail(
            "E0009",
            f"--state '{text}' does not name a state",
            Where(note="--state"),
            rule="--state INPUT=OUTPUT: the input takes what the output gave in the run before",
            help="for example --state h0=hn",
        )
    return old, fresh
