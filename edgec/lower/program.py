"""The lowered program: buffers and an ordered list of steps, each a loop nest or a kernel call.

A step becomes one C function. The memory planner reads `reads`, `writes`, `scratch` and
`inplace`; the C emitter reads `body`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.stmt import Stmt

__all__ = ["Buffer", "Port", "Program", "Step", "Storage"]


@dataclass(frozen=True, eq=False)
class Step:
    """One C function: reads and writes buffers, and may use a private scratch buffer.

    `inplace` lists pairs (index into `writes`, index into `reads`) that may share one
    address if the read buffer dies here: the step reads each element of the read buffer
    before it writes the byte range of the same element, and never again.
    """

    name: str  # C identifier without the model's prefix, for example "l03_conv"
    op: str
    kernel: str  # row name, or "loops"
    reads: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    body: tuple[Stmt, ...]
    scratch: tuple[Buffer, ...] = ()
    inplace: tuple[tuple[int, int], ...] = ()
    macs: int = 0
    nodes: tuple[str, ...] = ()  # names of the ONNX nodes that it computes
    value: str = ""  # graph value that writes[0] holds, for layer-by-layer comparison


@dataclass(frozen=True)
class Port:
    """A graph input or output: a typed view of a buffer."""

    name: str  # name in the model
    c_name: str
    buffer: Buffer
    dtype: DType
    shape: tuple[int, ...]
    layout: str = ""
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class Program:
    """What `plan` and `emit` consume. `steps` are in a valid execution order."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    steps: tuple[Step, ...]
    constants: tuple[Buffer, ...] = field(default_factory=tuple)
    notes: tuple[str, ...] = ()  # remarks for the report, for example float left on an MCU
