"""What the printer and the verifier of loops need to see of steps and programs.

The classes themselves belong to the lowering (`edgec.lower.program`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgec.loops.buffer import Buffer
from edgec.loops.expr import Var
from edgec.loops.stmt import Stmt


class StepView(Protocol):
    """One step: buffers that it reads and writes, and its statements."""

    @property
    def name(self) -> str: ...

    @property
    def op(self) -> str: ...

    @property
    def kernel(self) -> str: ...

    @property
    def reads(self) -> tuple[Buffer, ...]: ...

    @property
    def writes(self) -> tuple[Buffer, ...]: ...

    @property
    def scratch(self) -> tuple[Buffer, ...]: ...

    @property
    def body(self) -> tuple[Stmt, ...]: ...

    @property
    def parameters(self) -> tuple[Var, ...]: ...

    @property
    def inplace(self) -> tuple[tuple[int, int], ...]: ...

    @property
    def macs(self) -> int: ...

    @property
    def nodes(self) -> tuple[str, ...]: ...


class PortView(Protocol):
    """A graph input or output in a buffer."""

    @property
    def name(self) -> str: ...

    @property
    def buffer(self) -> Buffer: ...


class ProgramView(Protocol):
    """Ports, constants and steps in order."""

    @property
    def name(self) -> str: ...

    @property
    def inputs(self) -> Sequence[PortView]: ...

    @property
    def outputs(self) -> Sequence[PortView]: ...

    @property
    def constants(self) -> Sequence[Buffer]: ...

    @property
    def steps(self) -> Sequence[StepView]: ...
