"""A compiled model, before and after its C is compiled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgec.boards import Board
from edgec.build.bound import ModelCode, model_code
from edgec.emit.folder import Emission, with_stack_bound, write_folder
from edgec.emit.header import StackNote
from edgec.ir.graph import Graph
from edgec.lower.program import Program
from edgec.plan.candidates import estimate
from edgec.plan.result import MemoryPlan
from edgec.report.records import Trade
from edgec.targets import Target


@dataclass(frozen=True)
class Compiled:
    """A model after every stage that needs no C compiler.

    code: what the target's compiler makes of it, where that was asked for and it is installed.
    trade: what a budget of RAM costs, if there is one.
    """

    graph: Graph  # after all passes: what the C computes, and the integer reference executes
    program: Program
    plan: MemoryPlan
    emission: Emission
    target: Target
    board: Board  # with its memories as `--place` says
    code: ModelCode | None = None
    trade: Trade | None = None

    @property
    def stack(self) -> int | None:
        """Bytes of stack that the entry function needs at most, if that is known."""
        return None if self.code is None else self.code.stack

    @property
    def code_bytes(self) -> int | None:
        """Bytes of its code, if that is known."""
        return None if self.code is None else self.code.size

    @property
    def arena(self) -> int:
        """Bytes of the arena."""
        return self.plan.arena_bytes

    @property
    def cost(self) -> float:
        """Estimated instructions."""
        return estimate(self.program)

    @property
    def weights(self) -> int:
        """Bytes of the weights."""
        return self.emission.manifest.weights_bytes


@contextmanager
def workspace(compiled: Compiled) -> Iterator[Path]:
    """A temporary generated folder."""
    place = Path(tempfile.mkdtemp(prefix="edgec-"))
    try:
        folder = place / compiled.program.name
        write_folder(compiled.emission, folder)
        yield folder
    finally:
        shutil.rmtree(place, ignore_errors=True)


def with_code(compiled: Compiled) -> Compiled:
    """`compiled` with its code, and the bound of its stack in header and manifest."""
    if compiled.code is not None:
        return compiled
    with workspace(compiled) as place:
        code = model_code(place, place.parent / "build")
    if code is None or code.stack is None:
        return replace(compiled, code=code)
    note = StackNote(code.stack, code.compiler)
    return replace(compiled, code=code, emission=with_stack_bound(compiled.emission, note))
